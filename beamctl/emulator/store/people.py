"""Rows of people, their memberships and the organization's directory, and the API representation of members."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from datetime import datetime
from typing import Any

from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.clock import stamp
from beamctl.emulator.credentials import new_identifier
from beamctl.emulator.permission import Person, Role
from beamctl.emulator.rules import folded

_TEAM = """
SELECT person.sub, person.email, folded, email_verified, given_name, family_name, mfa_enabled, role, source,
  NULL AS expires_at
FROM membership JOIN person USING (sub) WHERE workspace_id = :workspace
UNION ALL
SELECT person.sub, invitation.email, folded, NULL, NULL, NULL, NULL, role, NULL, expires_at
FROM invitation LEFT JOIN person USING (folded) WHERE workspace_id = :workspace
ORDER BY folded
"""

_ONE = """
SELECT person.sub, person.email, folded, email_verified, given_name, family_name, mfa_enabled, role, source,
  NULL AS expires_at
FROM membership JOIN person USING (sub) WHERE workspace_id = :workspace
  AND sub = coalesce((SELECT sub FROM person WHERE folded = :folded), :who)
"""

DIRECTORY_SOURCE = "directory_sync"
"""The API's `source` of members added by the directory."""

_MISSING = """
SELECT workspace.name AS workspace, workspace_id, sub, email, person.folded, directory.role
FROM directory JOIN person USING (sub) JOIN workspace ON workspace.id = workspace_id
WHERE NOT EXISTS (
  SELECT 1 FROM membership
  WHERE membership.workspace_id = directory.workspace_id AND membership.sub = directory.sub
)
ORDER BY workspace.name, person.folded
"""


def find_person(db: sqlite3.Connection, email: str) -> Person | None:
    """The person with this address."""
    row = db.execute("SELECT sub, email FROM person WHERE folded = ?", (folded(email),)).fetchone()
    return Person(row["sub"], row["email"]) if row else None


def person_by_sub(db: sqlite3.Connection, sub: str) -> Person | None:
    """The person with this sub."""
    row = db.execute("SELECT sub, email FROM person WHERE sub = ?", (sub,)).fetchone()
    return Person(row["sub"], row["email"]) if row else None


def sign_up(db: sqlite3.Connection, email: str, moment: datetime) -> Person:
    """Return the person with this address, creating an account if needed."""
    known = find_person(db, email)
    if known:
        return known
    sub = new_identifier()
    db.execute(
        "INSERT INTO person (sub, email, folded, created_at) VALUES (?, ?, ?, ?)",
        (sub, email, folded(email), stamp(moment)),
    )
    return Person(sub, email)


def describe(db: sqlite3.Connection, sub: str, given_name: str | None, family_name: str | None, *, mfa: bool) -> None:
    """Set names and MFA of a person."""
    db.execute(
        "UPDATE person SET given_name = ?, family_name = ?, mfa_enabled = ? WHERE sub = ?",
        (given_name, family_name, int(mfa), sub),
    )


def set_billing(db: sqlite3.Connection, sub: str, *, linked: bool) -> None:
    """Link or unlink a billing account; new accounts have one."""
    db.execute("UPDATE person SET billing = ? WHERE sub = ?", (int(linked), sub))


def has_billing(db: sqlite3.Connection, sub: str) -> bool:
    """Whether a billing account is linked."""
    return bool(db.execute("SELECT 1 FROM person WHERE sub = ? AND billing", (sub,)).fetchone())


def profile(db: sqlite3.Connection, sub: str) -> dict[str, str] | None:
    """What an invitation shows of its sender; None if the sender is not a person."""
    row = db.execute("SELECT sub, email, given_name, family_name FROM person WHERE sub = ?", (sub,)).fetchone()
    return {key: row[key] for key in row.keys() if row[key]} if row else None  # noqa: SIM118 - a Row is not a mapping


def team(db: sqlite3.Connection, workspace_id: int) -> list[sqlite3.Row]:
    """The members and invitees of a workspace by address, for `payload`."""
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
    """The member with this sub or address, for `payload`."""
    parameters = {"workspace": workspace_id, "who": sub_or_email, "folded": folded(sub_or_email)}
    row: sqlite3.Row | None = db.execute(_ONE, parameters).fetchone()
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
    """Make an invitee a member; the row of the invitation must already be deleted."""
    now = stamp(moment)
    db.execute(
        "INSERT INTO membership VALUES (?, ?, ?, 'invitation', ?, ?, ?)",
        (invitation["workspace_id"], sub, invitation["role"], now, now, invitation["id"]),
    )


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


def add_to_directory(db: sqlite3.Connection, workspace_id: int, sub: str, role: str) -> None:
    """Add a person to the directory for a workspace, with a role."""
    db.execute("INSERT INTO directory VALUES (?, ?, ?)", (workspace_id, sub, role))


def synchronize_directory(db: sqlite3.Connection, moment: datetime) -> list[tuple[str, str]]:
    """Re-add directory members that are missing, with the directory's role, and delete their invitations.

    Members keep their roles.

    Returns:
        The address and workspace name of each person added.
    """
    missing = db.execute(_MISSING).fetchall()
    for row in missing:
        db.execute("DELETE FROM invitation WHERE workspace_id = ? AND folded = ?", (row["workspace_id"], row["folded"]))
        add_member(db, row["workspace_id"], row["sub"], row["role"], DIRECTORY_SOURCE, moment)
    return [(row["email"], row["workspace"]) for row in missing]
