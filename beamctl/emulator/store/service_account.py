"""The rows of service accounts, and how the API shows one. It must not know their keys, nor a secret that is not a
digest."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from beamctl.emulator.caller import ServiceAccount
from beamctl.emulator.clock import stamp


@dataclass(frozen=True, slots=True)
class Draft:
    """A service account before it has a row."""

    client_id: str
    secret: str
    """The digest of the client secret."""
    name: str
    role: str
    description: str | None


def find(rows: sqlite3.Connection, client_id: str) -> ServiceAccount | None:
    """The service account with that identifier."""
    query = "SELECT client_id, workspace_id, role FROM service_account WHERE client_id = ?"
    row = rows.execute(query, (client_id,)).fetchone()
    return ServiceAccount(row["client_id"], row["workspace_id"], row["role"]) if row else None


def has_secret(rows: sqlite3.Connection, client_id: str, digest: str) -> bool:
    """Whether that is the digest of the account's client secret."""
    query = "SELECT 1 FROM service_account WHERE client_id = ? AND secret = ?"
    return bool(rows.execute(query, (client_id, digest)).fetchone())


def add(rows: sqlite3.Connection, workspace_id: int, draft: Draft, moment: datetime) -> ServiceAccount:
    """Adds a service account whose identifier is free."""
    now = stamp(moment)
    rows.execute(
        "INSERT INTO service_account VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (draft.client_id, workspace_id, draft.name, draft.description, draft.role, draft.secret, now, now),
    )
    return ServiceAccount(draft.client_id, workspace_id, draft.role)


def of_workspace(rows: sqlite3.Connection, workspace_id: int) -> list[dict[str, Any]]:
    """The service accounts of a workspace as the API shows them: never with a secret."""
    query = (
        "SELECT client_id, name, description, role, created_at, updated_at FROM service_account "
        "WHERE workspace_id = ? ORDER BY created_at, name"
    )
    return [{key: row[key] for key in row.keys() if row[key]} for row in rows.execute(query, (workspace_id,))]  # noqa: SIM118
