"""Members and invitations of a workspace, and the caller's own invitations."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime
from typing import Any

from beamctl.emulator import mail, rules
from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.call import Answer, Call, json_object
from beamctl.emulator.credentials import invitation_link
from beamctl.emulator.errors import MISSING, TAKEN, bad_request, conflict, forbidden, not_found
from beamctl.emulator.mail import Email
from beamctl.emulator.permission import Permission, Person, Role
from beamctl.emulator.routes.workspaces import reject_if_managed, require_another_admin
from beamctl.emulator.routing import Reach, Route
from beamctl.emulator.store import membership, people, service_account, signing_secret, workspace
from beamctl.emulator.store.workspace import ACCOUNT_ID, Workspace

_NOT_FOUND = "Workspace or user not found"
_BAD_ROLE = "Invalid role provided"
_SELF_REMOVAL = "You cannot remove yourself; another workspace admin must remove you"


def list_users(call: Call) -> Answer:
    """List members and invitees and, under a behavior flag, service accounts."""
    team = membership.team(call.db, call.space.id)
    now, shows_mfa = call.now, call.may(Permission.SEE_MFA)
    shown = [membership.member_payload(row, now, call.flags, shows_mfa=shows_mfa) for row in team]
    return Answer(shown + _accounts(call))


def invite_user(call: Call) -> Answer:
    """Create an invitation, replacing an expired one."""
    reject_if_managed(call.space)
    content = json_object(call.inbound.body)
    email = content.get("email")
    if not isinstance(email, str) or rules.email(email):
        raise bad_request("invalid email format")
    role = _invited_role(call, content)
    if membership.find_member(call.db, call.space.id, email):
        raise conflict(f"{email} is already in the workspace")
    known = membership.find_invitation(call.db, call.space.id, email)
    if known:
        if known["expires_at"] > call.now or BehaviorFlag.REINVITE_CONFLICTS in call.flags:
            raise conflict(f"{email} already has a pending invitation")
        membership.remove_invitation(call.db, known["id"])
    expires = call.moment + membership.invitation_lifetime(call.flags)
    draft = membership.InvitationDraft(email, role, by=call.who.name, created=call.moment, expires=expires)
    row = membership.add_invitation(call.db, call.space.id, draft)
    return Answer(
        membership.invitation_payload(row, call.space.name, call.flags), emails=(_invitation_email(call, row, expires),)
    )


def set_role(call: Call) -> Answer:
    """Set the role of a member or invitee."""
    reject_if_managed(call.space)
    role = json_object(call.inbound.body).get("role")
    if rules.role(role):
        raise bad_request(_BAD_ROLE)
    known = membership.find_member(call.db, call.space.id, call.inbound.path["who"])
    if known is None:
        return _set_account_role(call, Role(str(role))) or _set_invited_role(call, Role(str(role)))
    if role != Role.ADMIN:
        require_another_admin(call, call.space, known["sub"])
    membership.set_role(call.db, call.space.id, known["sub"], Role(str(role)), call.moment)
    after = membership.find_member(call.db, call.space.id, known["sub"]) or known
    return Answer(membership.member_payload(after, call.now, call.flags, shows_mfa=call.may(Permission.SEE_MFA)))


def remove_user(call: Call) -> Answer:
    """Remove a member or revoke an invitation."""
    reject_if_managed(call.space)
    known = membership.find_member(call.db, call.space.id, call.inbound.path["who"])
    if known is None:
        membership.remove_invitation(call.db, _pending(call)["id"])
        return Answer({})
    if isinstance(call.caller, Person) and call.caller.sub == known["sub"]:
        raise (forbidden if BehaviorFlag.SELF_REMOVAL_IS_403 in call.flags else bad_request)(_SELF_REMOVAL)
    require_another_admin(call, call.space, known["sub"])
    membership.remove_member(call.db, call.space.id, known["sub"])
    return Answer({})


def _invited_role(call: Call, content: dict[str, object]) -> Role:
    """The requested role of an invitation, or the default if none is given or it is ignored."""
    usual = Role.ADMIN if BehaviorFlag.INVITES_AS_ADMIN in call.flags else Role.MEMBER
    asked = content.get("role", usual)
    if BehaviorFlag.INVITE_IGNORES_ROLE in call.flags:
        return usual
    if rules.role(asked):
        raise bad_request(_BAD_ROLE)
    return Role(str(asked))


def _invitation_email(call: Call, row: sqlite3.Row, expires: datetime) -> Email:
    """The invitation e-mail."""
    space, inviter = call.space, _display_name(call.db, row["invited_by"])
    invited = mail.Invited(row["email"], row["role"], space.name, space.settings.display_name, inviter, expires)
    return mail.invitation_email(invited, invitation_link(call.public_url, signing_secret(call.db), row["id"]))


def _display_name(db: sqlite3.Connection, invited_by: str) -> str:
    """The display name for an invitation's `invited_by`, such as `Ada Lovelace (ada@example.com)`."""
    if who := people.profile(db, invited_by):
        name = " ".join(who[key] for key in ("given_name", "family_name") if key in who)
        return f"{name} ({who['email']})" if name else who["email"]
    if name := service_account.name(db, invited_by):
        return f"The service account {name}"
    return "The operator of the control plane"


def _accounts(call: Call) -> list[dict[str, Any]]:
    """The service accounts listed among the users."""
    if BehaviorFlag.SERVICE_ACCOUNTS_IN_USERS not in call.flags:
        return []
    accounts = service_account.of_workspace(call.db, call.space.id)
    return [service_account.payload_as_user(row, call.flags) for row in accounts]


def _set_account_role(call: Call, role: Role) -> Answer | None:
    """Set the role of a service account, if the behavior flag allows it and the path names one."""
    client_id = call.inbound.path["who"]
    known = service_account.in_workspace(call.db, call.space.id, client_id)
    if known is None or BehaviorFlag.USERS_TAKE_CLIENT_IDS not in call.flags:
        return None
    service_account.change(call.db, client_id, replace(service_account.fields(known), role=role.value), call.moment)
    after = service_account.in_workspace(call.db, call.space.id, client_id) or known
    return Answer(service_account.payload_as_user(after, call.flags))


def _set_invited_role(call: Call, role: Role) -> Answer:
    known = _pending(call)
    if BehaviorFlag.NO_ROLE_ON_PENDING in call.flags:
        raise not_found(_NOT_FOUND)
    membership.set_invited_role(call.db, known["id"], role, call.who.name, call.moment)
    after = membership.find_invitation(call.db, call.space.id, known["email"]) or known
    return Answer(membership.pending_payload(after, call.now, call.flags))


def _pending(call: Call) -> sqlite3.Row:
    """The invitation named by the path."""
    who = call.inbound.path["who"]
    known = membership.find_invitation(call.db, call.space.id, who)
    if known is None or (BehaviorFlag.PENDING_WITHOUT_SUB in call.flags and who == known["sub"]):
        raise not_found(_NOT_FOUND)
    return known


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
    """The invitation as its invitee sees it, `PendingInvitationRender` in the API."""
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


_ONE = "/users/<path:who>"
ROUTES = (
    Route("GET", "/users", Permission.LIST, list_users, response="user_list"),
    Route(
        "POST",
        "/users",
        Permission.INVITE,
        invite_user,
        request="invite_request",
        response="pending_invitation",
        errors=TAKEN,
    ),
    Route("PUT", _ONE, Permission.UPDATE, set_role, request="role_request", response="workspace_user", errors=TAKEN),
    Route("DELETE", _ONE, Permission.REMOVE, remove_user, response="removal", errors=TAKEN),
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
