"""Rows of invitations, and their API representation."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.clock import stamp
from beamctl.emulator.credentials import new_identifier
from beamctl.emulator.permission import Role
from beamctl.emulator.rules import folded

LIFETIME = timedelta(days=7)
"""How long an invitation can be accepted (a guess: the real lifetime is not published)."""

_SHORT_LIFETIME = timedelta(days=1)
_ONE = """
SELECT invitation.*, person.sub FROM invitation LEFT JOIN person USING (folded)
WHERE workspace_id = :workspace
  AND invitation.folded = coalesce((SELECT folded FROM person WHERE sub = :who), :folded)
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """An invitation to create."""

    email: str
    role: str
    by: str
    created: datetime
    expires: datetime


def lifetime(flags: Collection[BehaviorFlag]) -> timedelta:
    """The lifetime of a new invitation."""
    return _SHORT_LIFETIME if BehaviorFlag.SHORT_INVITATIONS in flags else LIFETIME


def find(db: sqlite3.Connection, workspace_id: int, sub_or_email: str) -> sqlite3.Row | None:
    """The invitation to a workspace by its address, or by the sub of the account with that address."""
    parameters = {"workspace": workspace_id, "who": sub_or_email, "folded": folded(sub_or_email)}
    row: sqlite3.Row | None = db.execute(_ONE, parameters).fetchone()
    return row


def by_id(db: sqlite3.Connection, invitation_id: str) -> sqlite3.Row | None:
    """The invitation with this ID, expired or not, with the name of its workspace."""
    query = (
        "SELECT invitation.*, workspace.name AS workspace, workspace.display_name FROM invitation "
        "JOIN workspace ON workspace.id = workspace_id WHERE invitation.id = ?"
    )
    row: sqlite3.Row | None = db.execute(query, (invitation_id,)).fetchone()
    return row


def of_address(db: sqlite3.Connection, email: str, moment: datetime) -> list[sqlite3.Row]:
    """The unexpired invitations to an address, with the name of the workspace and the inviter."""
    query = (
        "SELECT invitation.*, workspace.name AS workspace, workspace.display_name, inviter.sub AS inviter_sub, "
        "inviter.email AS inviter_email, inviter.given_name, inviter.family_name FROM invitation "
        "JOIN workspace ON workspace.id = workspace_id LEFT JOIN person AS inviter ON inviter.sub = invited_by "
        "WHERE invitation.folded = ? AND expires_at > ? ORDER BY invitation.created_at"
    )
    return db.execute(query, (folded(email), stamp(moment))).fetchall()


def add(db: sqlite3.Connection, workspace_id: int, draft: Draft) -> sqlite3.Row:
    """Add an invitation. The address must not have one to this workspace."""
    created = stamp(draft.created)
    db.execute(
        "INSERT INTO invitation (id, workspace_id, email, folded, role, invited_by, expires_at, created_at, "
        "updated_at, updated_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            new_identifier(),
            workspace_id,
            draft.email,
            folded(draft.email),
            draft.role,
            draft.by,
            stamp(draft.expires),
            created,
            created,
            draft.by,
        ),
    )
    row: sqlite3.Row = find(db, workspace_id, draft.email)  # type: ignore[assignment]  # it was just added
    return row


def set_role(db: sqlite3.Connection, invitation_id: str, role: Role, by: str, moment: datetime) -> None:
    """Set the role that the invitee gets on acceptance."""
    db.execute(
        "UPDATE invitation SET role = ?, updated_at = ?, updated_by = ? WHERE id = ?",
        (role.value, stamp(moment), by, invitation_id),
    )


def remove(db: sqlite3.Connection, invitation_id: str) -> None:
    """Revoke the invitation."""
    db.execute("DELETE FROM invitation WHERE id = ?", (invitation_id,))


def payload(row: sqlite3.Row, workspace: str, flags: Collection[BehaviorFlag]) -> dict[str, Any]:
    """A PendingInvitation as the API returns it."""
    answer = {
        "email": row["email"],
        "role": row["role"],
        "workspace": workspace,
        "invitedBy": row["invited_by"],
        "expiresAt": row["expires_at"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "createdBy": row["invited_by"],
        "updatedBy": row["updated_by"],
    }
    if BehaviorFlag.NO_INVITED_ROLE in flags:
        del answer["role"]
    return answer
