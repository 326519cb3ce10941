"""Rows of service accounts, and their API representation. Only digests of secrets are handled here."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.clock import stamp
from beamctl.emulator.permission import ServiceAccount

_SHOWN = ("client_id", "name", "description", "role", "created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class Fields:
    """The writable fields of a service account; an empty description is not returned."""

    name: str
    role: str
    description: str


def find(db: sqlite3.Connection, client_id: str) -> ServiceAccount | None:
    """The service account with this client ID."""
    query = "SELECT client_id, workspace_id, role FROM service_account WHERE client_id = ?"
    row = db.execute(query, (client_id,)).fetchone()
    return ServiceAccount(row["client_id"], row["workspace_id"], row["role"]) if row else None


def name(db: sqlite3.Connection, client_id: str) -> str:
    """The name of the service account with this client ID; empty if there is none."""
    row = db.execute("SELECT name FROM service_account WHERE client_id = ?", (client_id,)).fetchone()
    return str(row["name"]) if row else ""


def has_secret(db: sqlite3.Connection, client_id: str, digest: str) -> bool:
    """Whether this is the digest of the account's client secret."""
    query = "SELECT 1 FROM service_account WHERE client_id = ? AND secret = ?"
    return bool(db.execute(query, (client_id, digest)).fetchone())


def of_workspace(db: sqlite3.Connection, workspace_id: int) -> list[sqlite3.Row]:
    """The service accounts of a workspace, for `payload`."""
    query = "SELECT * FROM service_account WHERE workspace_id = ? ORDER BY created_at, name"
    return db.execute(query, (workspace_id,)).fetchall()


def in_workspace(db: sqlite3.Connection, workspace_id: int, client_id: str) -> sqlite3.Row | None:
    """The service account with this client ID, if it is in this workspace, for `payload`."""
    query = "SELECT * FROM service_account WHERE workspace_id = ? AND client_id = ?"
    row: sqlite3.Row | None = db.execute(query, (workspace_id, client_id)).fetchone()
    return row


def fields(row: sqlite3.Row) -> Fields:
    """The writable fields of a row."""
    return Fields(row["name"], row["role"], row["description"] or "")


def add(
    db: sqlite3.Connection, workspace_id: int, client_id: str, digest: str, given: Fields, moment: datetime
) -> ServiceAccount:
    """Add a service account; the client ID must be free. `digest` is that of its secret."""
    now = stamp(moment)
    db.execute(
        "INSERT INTO service_account VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (client_id, workspace_id, given.name, given.description or None, given.role, digest, now, now),
    )
    return ServiceAccount(client_id, workspace_id, given.role)


def change(db: sqlite3.Connection, client_id: str, after: Fields, moment: datetime) -> None:
    """Replace the fields of a service account."""
    db.execute(
        "UPDATE service_account SET name = ?, description = ?, role = ?, updated_at = ? WHERE client_id = ?",
        (after.name, after.description or None, after.role, stamp(moment), client_id),
    )


def remove(db: sqlite3.Connection, client_id: str) -> None:
    """Delete a service account and its keys; its tokens stop working."""
    db.execute("DELETE FROM service_account WHERE client_id = ?", (client_id,))


def payload(row: sqlite3.Row, flags: Collection[BehaviorFlag]) -> dict[str, Any]:
    """A service account as the API returns it, without its secret and without empty fields."""
    hidden = {"role"} if BehaviorFlag.NO_SERVICE_ACCOUNT_ROLES in flags else set()
    return {key: row[key] for key in _SHOWN if row[key] and key not in hidden}


def payload_as_user(row: sqlite3.Row, flags: Collection[BehaviorFlag]) -> dict[str, Any]:
    """A service account among the users of its workspace, under a behavior flag."""
    shown = payload(row, flags)
    role = {"role": shown["role"]} if "role" in shown else {}
    return {"sub": row["client_id"], "accepted": True, **role}
