"""Routes for invitees: list invitations, join, decline."""

from __future__ import annotations

import sqlite3
from typing import Any

from beamctl.emulator.call import Answer, Call, Reach, Route
from beamctl.emulator.errors import MISSING, not_found
from beamctl.emulator.permission import Permission
from beamctl.emulator.store import membership, workspace
from beamctl.emulator.store.workspace import ACCOUNT_ID, Workspace


def list_invitations(call: Call) -> Answer:
    """List the caller's invitations that can still be accepted."""
    mine = membership.invitations_to(call.db, call.person.email, call.moment)
    if not mine:
        raise not_found("no pending invitations")
    members = membership.addresses_where_invited(call.db, call.person.email, call.now)
    return Answer([_rendered(row, members.get(row["workspace_id"], [])) for row in mine])


def join(call: Call) -> Answer:
    """Accept an invitation; the caller becomes a member."""
    space, row = _invited(call)
    membership.accept(call.db, row, call.person.sub, call.moment)
    return Answer({"email": row["email"], "workspace": workspace.payload(space)})


def decline(call: Call) -> Answer:
    """Decline an invitation and delete it."""
    space, row = _invited(call)
    membership.remove_invitation(call.db, row["id"])
    return Answer(membership.invitation_payload(row, space.name, call.flags))


def _invited(call: Call) -> tuple[Workspace, sqlite3.Row]:
    """The workspace of the path and the caller's unexpired invitation to it."""
    space = workspace.find(call.db, call.inbound.path["name"])
    row = membership.find_invitation(call.db, space.id, call.person.email) if space else None
    if space is None or row is None or row["expires_at"] <= call.now:
        raise not_found("Workspace or invitation not found")
    return space, row


def _rendered(row: sqlite3.Row, emails: list[str]) -> dict[str, Any]:
    """A PendingInvitationRender."""
    space = {"name": row["workspace"], "displayName": row["display_name"]}
    rendered = {
        "email": row["email"],
        "role": row["role"],
        "invitedAt": row["created_at"],
        "expiresAt": row["expires_at"],
        "invitationId": row["id"],
        "type": "workspace",
        "account": {"id": ACCOUNT_ID},
        "workspace": {key: value for key, value in space.items() if value},
        "workspaceDetails": {"emails": emails, "user_number": len(emails)},
    }
    if row["inviter_sub"] is None:  # a service account, or the operator
        return rendered
    names = {"given_name": row["given_name"], "family_name": row["family_name"]}
    inviter = {"sub": row["inviter_sub"], "email": row["inviter_email"]}
    return {**rendered, "invitedBy": inviter | {key: value for key, value in names.items() if value}}


ROUTES = (
    Route(
        "GET",
        "/profile/invitations",
        Permission.INVITATIONS,
        list_invitations,
        response="invitation_list",
        errors=MISSING,
        reach=Reach.CALLER,
    ),
    Route(
        "POST",
        "/workspaces/<name>/join",
        Permission.ACCEPT,
        join,
        response="invitation_accept",
        errors=MISSING,
        reach=Reach.CALLER,
    ),
    Route(
        "POST",
        "/workspaces/<name>/decline",
        Permission.DECLINE,
        decline,
        response="pending_invitation",
        errors=MISSING,
        reach=Reach.CALLER,
    ),
)
