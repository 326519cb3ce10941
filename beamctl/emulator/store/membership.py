"""Rows of members and invitations, and their API representation."""

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

_MEMBERS = """
SELECT person.sub, person.email, folded, email_verified, given_name, family_name, mfa_enabled, role, source,
  NULL AS expires_at
FROM membership JOIN person USING (sub) WHERE workspace_id = :workspace
"""

_TEAM = f"""
{_MEMBERS}
UNION ALL
SELECT person.sub, invitation.email, folded, NULL, NULL, NULL, NULL, role, NULL, expires_at
FROM invitation LEFT JOIN person USING (folded) WHERE workspace_id = :workspace
ORDER BY folded
"""  # noqa: S608 - only our own words

_MEMBER = f"{_MEMBERS} AND sub = coalesce((SELECT sub FROM person WHERE folded = :folded), :who)"  # noqa: S608


def team(db: sqlite3.Connection, workspace_id: int) -> list[sqlite3.Row]:
    """The members and invitees of a workspace by address, for `member_payload`."""
    return db.execute(_TEAM, {"workspace": workspace_id}).fetchall()


def addresses_where_invited(db: sqlite3.Connection, email: str, now: str) -> dict[int, list[str]]:
    """For each workspace with an unexpired invitation to `email`: the addresses of its members."""
    query = (
        "SELECT workspace_id, email FROM membership JOIN person USING (sub) WHERE workspace_id IN "
        "(SELECT workspace_id FROM invitation WHERE folded = ? AND expires_at > ?) ORDER BY person.folded"
    )
    found: dict[int, list[str]] = {}
    for row in db.execute(query, (folded(email), now)):
        found.setdefault(row["workspace_id"], []).append(row["email"])
    return found


def find_member(db: sqlite3.Connection, workspace_id: int, sub_or_email: str) -> sqlite3.Row | None:
    """The member with this sub or address, for `member_payload`."""
    parameters = {"workspace": workspace_id, "who": sub_or_email, "folded": folded(sub_or_email)}
    row: sqlite3.Row | None = db.execute(_MEMBER, parameters).fetchone()
    return row


def member_payload(row: sqlite3.Row, now: str, flags: Collection[BehaviorFlag], *, shows_mfa: bool) -> dict[str, Any]:
    """A member as the API returns it; unknown fields are omitted, not null."""
    if row["expires_at"]:
        return pending_payload(row, now, flags)
    user = {
        "sub": row["sub"],
        "email": row["email"],
        "email_verified": bool(row["email_verified"]),
        "role": row["role"],
        "accepted": True,
    }
    for key in ("given_name", "family_name", "source"):
        if row[key]:
            user[key] = row[key]
    if shows_mfa:
        user["mfa_enabled"] = bool(row["mfa_enabled"])
    return user


def pending_payload(row: sqlite3.Row, now: str, flags: Collection[BehaviorFlag]) -> dict[str, Any]:
    """An invitation as the API returns it among the members."""
    user = {"email": row["email"], "accepted": False, "expired": row["expires_at"] <= now}
    if BehaviorFlag.NO_INVITED_ROLE not in flags:
        user["role"] = row["role"]
    if row["sub"] and BehaviorFlag.PENDING_WITHOUT_SUB not in flags:
        user["sub"] = row["sub"]
    return user


def role_of(db: sqlite3.Connection, workspace_id: int, sub: str) -> str | None:
    """The role of a member; None if the person is not a member."""
    query = "SELECT role FROM membership WHERE workspace_id = ? AND sub = ?"
    row = db.execute(query, (workspace_id, sub)).fetchone()
    return str(row["role"]) if row else None


def roles_of(db: sqlite3.Connection, sub: str) -> dict[str, str]:
    """The roles of a person, by the name of the workspace."""
    query = "SELECT name, role FROM membership JOIN workspace ON workspace.id = workspace_id WHERE sub = ?"
    return {row["name"]: row["role"] for row in db.execute(query, (sub,))}


def is_last_admin(db: sqlite3.Connection, workspace_id: int, sub: str) -> bool:
    """Whether the member is the only admin; invitations do not count."""
    query = "SELECT sub FROM membership WHERE workspace_id = ? AND role = ? LIMIT 2"
    admins = [row["sub"] for row in db.execute(query, (workspace_id, Role.ADMIN.value))]
    return admins == [sub]


def add_member(
    db: sqlite3.Connection, workspace_id: int, sub: str, role: str, source: str | None, moment: datetime
) -> None:
    """Make a person a member."""
    now = stamp(moment)
    db.execute("INSERT INTO membership VALUES (?, ?, ?, ?, ?, ?, NULL)", (workspace_id, sub, role, source, now, now))


def accept(db: sqlite3.Connection, invitation: sqlite3.Row, sub: str, moment: datetime) -> None:
    """Make an invitee a member, and delete the invitation."""
    remove_invitation(db, invitation["id"])
    add_member(db, invitation["workspace_id"], sub, invitation["role"], "invitation", moment)
    query = "UPDATE membership SET invitation = ? WHERE workspace_id = ? AND sub = ?"
    db.execute(query, (invitation["id"], invitation["workspace_id"], sub))


def workspace_joined_by(db: sqlite3.Connection, invitation_id: str) -> str | None:
    """The name of the workspace that was joined with this invitation."""
    query = (
        "SELECT name FROM workspace JOIN membership ON workspace.id = membership.workspace_id "
        "WHERE membership.invitation = ?"
    )
    row = db.execute(query, (invitation_id,)).fetchone()
    return str(row["name"]) if row else None


def set_role(db: sqlite3.Connection, workspace_id: int, sub: str, role: Role, moment: datetime) -> None:
    """Set the role of a member."""
    db.execute(
        "UPDATE membership SET role = ?, updated_at = ? WHERE workspace_id = ? AND sub = ?",
        (role.value, stamp(moment), workspace_id, sub),
    )


def remove_member(db: sqlite3.Connection, workspace_id: int, sub: str) -> None:
    """End a membership; the account stays."""
    db.execute("DELETE FROM membership WHERE workspace_id = ? AND sub = ?", (workspace_id, sub))


INVITATION_LIFETIME = timedelta(days=7)
"""How long an invitation can be accepted (a guess: the real lifetime is not published)."""

_SHORT_LIFETIME = timedelta(days=1)
_INVITATION = """
SELECT invitation.*, person.sub FROM invitation LEFT JOIN person USING (folded)
WHERE workspace_id = :workspace
  AND invitation.folded = coalesce((SELECT folded FROM person WHERE sub = :who), :folded)
"""


@dataclass(frozen=True, slots=True)
class InvitationDraft:
    """An invitation to create."""

    email: str
    role: str
    by: str
    created: datetime
    expires: datetime


def invitation_lifetime(flags: Collection[BehaviorFlag]) -> timedelta:
    """The lifetime of a new invitation."""
    return _SHORT_LIFETIME if BehaviorFlag.SHORT_INVITATIONS in flags else INVITATION_LIFETIME


def find_invitation(db: sqlite3.Connection, workspace_id: int, sub_or_email: str) -> sqlite3.Row | None:
    """The invitation to a workspace by its address, or by the sub of the account with that address."""
    parameters = {"workspace": workspace_id, "who": sub_or_email, "folded": folded(sub_or_email)}
    row: sqlite3.Row | None = db.execute(_INVITATION, parameters).fetchone()
    return row


def invitation_by_id(db: sqlite3.Connection, invitation_id: str) -> sqlite3.Row | None:
    """The invitation with this ID, expired or not, with the name of its workspace."""
    query = (
        "SELECT invitation.*, workspace.name AS workspace, workspace.display_name FROM invitation "
        "JOIN workspace ON workspace.id = workspace_id WHERE invitation.id = ?"
    )
    row: sqlite3.Row | None = db.execute(query, (invitation_id,)).fetchone()
    return row


def invitations_to(db: sqlite3.Connection, email: str, moment: datetime) -> list[sqlite3.Row]:
    """The unexpired invitations to an address, with the name of the workspace and the inviter."""
    query = (
        "SELECT invitation.*, workspace.name AS workspace, workspace.display_name, inviter.sub AS inviter_sub, "
        "inviter.email AS inviter_email, inviter.given_name, inviter.family_name FROM invitation "
        "JOIN workspace ON workspace.id = workspace_id LEFT JOIN person AS inviter ON inviter.sub = invited_by "
        "WHERE invitation.folded = ? AND expires_at > ? ORDER BY invitation.created_at"
    )
    return db.execute(query, (folded(email), stamp(moment))).fetchall()


def add_invitation(db: sqlite3.Connection, workspace_id: int, draft: InvitationDraft) -> sqlite3.Row:
    """Add an invitation. The address must not have one to this workspace."""
    email, by, created, expires = draft.email, draft.by, stamp(draft.created), stamp(draft.expires)
    db.execute(
        "INSERT INTO invitation (id, workspace_id, email, folded, role, invited_by, updated_by, expires_at, "
        "created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (new_identifier(), workspace_id, email, folded(email), draft.role, by, by, expires, created, created),
    )
    row: sqlite3.Row = find_invitation(db, workspace_id, draft.email)  # type: ignore[assignment]  # it was just added
    return row


def set_invited_role(db: sqlite3.Connection, invitation_id: str, role: Role, by: str, moment: datetime) -> None:
    """Set the role that the invitee gets on acceptance."""
    db.execute(
        "UPDATE invitation SET role = ?, updated_at = ?, updated_by = ? WHERE id = ?",
        (role.value, stamp(moment), by, invitation_id),
    )


def remove_invitation(db: sqlite3.Connection, invitation_id: str) -> None:
    """Revoke the invitation."""
    db.execute("DELETE FROM invitation WHERE id = ?", (invitation_id,))


def invitation_payload(row: sqlite3.Row, workspace: str, flags: Collection[BehaviorFlag]) -> dict[str, Any]:
    """The invitation as an admin sees it, `PendingInvitation` in the API."""
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
