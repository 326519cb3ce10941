"""Rows of service accounts and API keys, and their API representation. Only digests of secrets and keys are stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.clock import stamp
from beamctl.emulator.credentials import new_identifier
from beamctl.emulator.permission import Person, ServiceAccount

_SHOWN = ("client_id", "name", "description", "role", "created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class AccountFields:
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


def fields(row: sqlite3.Row) -> AccountFields:
    """The writable fields of a row."""
    return AccountFields(row["name"], row["role"], row["description"] or "")


def add(
    db: sqlite3.Connection, workspace_id: int, client_id: str, digest: str, given: AccountFields, moment: datetime
) -> ServiceAccount:
    """Add a service account; the client ID must be free. `digest` is that of its secret."""
    now = stamp(moment)
    db.execute(
        "INSERT INTO service_account VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (client_id, workspace_id, given.name, given.description or None, given.role, digest, now, now),
    )
    return ServiceAccount(client_id, workspace_id, given.role)


def change(db: sqlite3.Connection, client_id: str, after: AccountFields, moment: datetime) -> None:
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


MASK = "bl_********"
"""A masked key; contains nothing of the real one."""


@dataclass(frozen=True, slots=True)
class KeyDraft:
    """A key to create.

    Attributes:
        digest: The digest of the key.
        owner: Its owner.
        name: Its name; may be empty.
        by: Who creates it.
        expires_in: The requested lifetime as text; empty if it does not expire.
        lifetime: The same as a duration.
    """

    digest: str
    owner: Person | ServiceAccount
    name: str
    by: str
    expires_in: str = ""
    lifetime: timedelta | None = None


def key_is_known(db: sqlite3.Connection, digest: str) -> bool:
    """Whether a key with this digest exists."""
    return bool(db.execute("SELECT 1 FROM api_key WHERE digest = ?", (digest,)).fetchone())


def add_key(db: sqlite3.Connection, draft: KeyDraft, moment: datetime) -> sqlite3.Row:
    """Add a key for a person or service account. The digest must be new."""
    owner = draft.owner
    sub, client_id = (owner.sub, None) if isinstance(owner, Person) else (None, owner.client_id)
    identifier = f"ak_{new_identifier().replace('-', '')}"
    expires = stamp(moment + draft.lifetime) if draft.lifetime else None
    db.execute(
        "INSERT INTO api_key (digest, id, sub, client_id, name, expires_in, expires_at, created_at, created_by) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            draft.digest,
            identifier,
            sub,
            client_id,
            draft.name,
            draft.expires_in or None,
            expires,
            stamp(moment),
            draft.by,
        ),
    )
    row: sqlite3.Row = db.execute("SELECT * FROM api_key WHERE id = ?", (identifier,)).fetchone()
    return row


def key_owner(db: sqlite3.Connection, digest: str, moment: datetime) -> Person | ServiceAccount | None:
    """The owner of the key with this digest; None if it does not exist or has expired."""
    row = db.execute(
        "SELECT sub, email, client_id, workspace_id, role FROM api_key "
        "LEFT JOIN person USING (sub) LEFT JOIN service_account USING (client_id) "
        "WHERE digest = ? AND (api_key.expires_at IS NULL OR api_key.expires_at > ?)",
        (digest, stamp(moment)),
    ).fetchone()
    if row is None:
        return None
    if row["sub"]:
        return Person(row["sub"], row["email"])
    return ServiceAccount(row["client_id"], row["workspace_id"], row["role"])


def keys_of(db: sqlite3.Connection, client_id: str) -> list[sqlite3.Row]:
    """All keys of a service account, oldest first, including expired ones."""
    return db.execute("SELECT * FROM api_key WHERE client_id = ? ORDER BY created_at, id", (client_id,)).fetchall()


def remove_key(db: sqlite3.Connection, client_id: str, key_id: str) -> bool:
    """Delete a key of a service account; False if it has no such key."""
    cursor = db.execute("DELETE FROM api_key WHERE client_id = ? AND id = ?", (client_id, key_id))
    return cursor.rowcount > 0


def key_payload(row: sqlite3.Row, flags: Collection[BehaviorFlag]) -> dict[str, Any]:
    """An API key as the API lists it, without the key itself."""
    shown = {
        "id": row["id"],
        "name": row["name"],
        "apiKey": MASK if BehaviorFlag.MASKED_KEYS in flags else "",
        "expires_in": row["expires_in"],
        "sub": row["sub"] or row["client_id"],
        "sub_type": "user" if row["sub"] else "service_account",
        "createdAt": row["created_at"],
        "updatedAt": row["created_at"],
        "createdBy": row["created_by"],
        "updatedBy": row["created_by"],
    }
    return {key: value for key, value in shown.items() if value}
