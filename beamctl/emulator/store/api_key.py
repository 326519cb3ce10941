"""Rows of API keys, and their API representation. Only digests of keys are handled here."""

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

MASK = "bl_********"
"""A masked key; contains nothing of the real one."""


@dataclass(frozen=True, slots=True)
class Draft:
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


def is_known(db: sqlite3.Connection, digest: str) -> bool:
    """Whether a key with this digest exists."""
    return bool(db.execute("SELECT 1 FROM api_key WHERE digest = ?", (digest,)).fetchone())


def add(db: sqlite3.Connection, draft: Draft, moment: datetime) -> sqlite3.Row:
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


def owner(db: sqlite3.Connection, digest: str, moment: datetime) -> Person | ServiceAccount | None:
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


def of_account(db: sqlite3.Connection, client_id: str) -> list[sqlite3.Row]:
    """All keys of a service account, oldest first, including expired ones."""
    return db.execute("SELECT * FROM api_key WHERE client_id = ? ORDER BY created_at, id", (client_id,)).fetchall()


def remove(db: sqlite3.Connection, client_id: str, key_id: str) -> bool:
    """Delete a key of a service account; False if it has no such key."""
    cursor = db.execute("DELETE FROM api_key WHERE client_id = ? AND id = ?", (client_id, key_id))
    return cursor.rowcount > 0


def payload(row: sqlite3.Row, flags: Collection[BehaviorFlag]) -> dict[str, Any]:
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
