"""The page behind an invitation link, whose key proves control of the mailbox: accept or decline, and sign up.
Viewing it changes nothing, and it never signs in to an existing account."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, cast

from flask import Blueprint, Response, url_for

from beamctl.emulator.clock import stamp
from beamctl.emulator.console import security
from beamctl.emulator.console.forms import FormError, Notice, Page, field, go, open_account, refused, shown, wrong_names
from beamctl.emulator.console.page_request import here
from beamctl.emulator.credentials import opens_invitation
from beamctl.emulator.errors import Refusal
from beamctl.emulator.permission import Person
from beamctl.emulator.store import membership, people, signing_secret

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

page = Blueprint("invitation", __name__)


class State(Enum):
    """The state of an invitation."""

    OPEN = auto()
    EXPIRED = auto()
    ACCEPTED = auto()
    GONE = auto()
    WRONG_KEY = auto()


@dataclass(frozen=True, slots=True)
class Found:
    """The invitation that a link leads to.

    Attributes:
        state: Its state.
        facts: Workspace, inviter, expiry and so on; empty if the invitation is gone.
        invitee: The invitee's account, if there is one.
    """

    state: State
    facts: dict[str, Any]
    invitee: Person | None = None


@page.get("/invitation/<invitation_id>/<key>")
def show(invitation_id: str, key: str, form_error: FormError | None = None) -> Page:
    """Show the invitation or its final state."""
    found = _find(invitation_id, key)
    if found.state is not State.OPEN:
        status = 403 if found.state is State.WRONG_KEY else 410
        values = {"state": found.state.name, "facts": found.facts}
        return shown("invitation_ended.html", FormError(form_error.text if form_error else "", "", status), **values)
    names = {"given_name": field("given_name"), "family_name": field("family_name")}
    address = {"invitation_id": invitation_id, "key": key}
    return shown("invitation.html", form_error, facts=found.facts, invitee=found.invitee, address=address, **names)


@page.post("/invitation/<invitation_id>/<key>/accept")
def accept(invitation_id: str, key: str) -> AnyResponse:
    """Accept the invitation. New people get an account and are signed in.

    People with an account are not signed in: an account is worth more than this workspace, and e-mails are kept for
    long. They sign in at `/sign-in`.
    """
    visit, found = here(), _find(invitation_id, key)
    if found.state is not State.OPEN:
        return show(invitation_id, key)
    if found.invitee is None and (form_error := wrong_names()):
        return show(invitation_id, key, form_error)
    name = found.facts["workspace"]
    invitee, is_new = open_account(visit.plane, found.facts["email"])
    try:
        visit.call_api_as(invitee, "POST", "/workspaces/<name>/join", name=name)
    except Refusal as refusal:
        return show(invitation_id, key, refused(refusal, "accept"))
    into = go("team.show", Notice.ACCEPTED, name=name)
    if is_new:
        return security.begin_session(visit.plane, visit.session, invitee, cast("Response", into))
    if visit.session.person and visit.session.person.sub == invitee.sub:
        return into
    return go("sign_in.show", Notice.ACCEPTED_SIGNED_OUT, next=url_for("team.show", name=name))


@page.post("/invitation/<invitation_id>/<key>/decline")
def decline(invitation_id: str, key: str) -> AnyResponse:
    """Decline the invitation. No account is needed: the key proves the address, which is all the API checks."""
    visit, found = here(), _find(invitation_id, key)
    if found.state is not State.OPEN:
        return show(invitation_id, key)
    invitee = found.invitee or Person("", found.facts["email"])
    try:
        visit.call_api_as(invitee, "POST", "/workspaces/<name>/decline", name=found.facts["workspace"])
    except Refusal as refusal:
        return show(invitation_id, key, refused(refusal, "decline"))
    return shown("invitation_declined.html", facts=found.facts)


def _find(invitation_id: str, key: str) -> Found:
    plane = here().plane
    with plane.database.reading() as db:
        if not opens_invitation(signing_secret(db), invitation_id, key):
            return Found(State.WRONG_KEY, {})
        row = membership.invitation_by_id(db, invitation_id)
        if row is None:
            joined = membership.workspace_joined_by(db, invitation_id)
            return Found(State.ACCEPTED, {"workspace": joined}) if joined else Found(State.GONE, {})
        facts = {name: row[name] for name in ("email", "role", "workspace", "display_name", "expires_at")}
        facts["inviter"] = people.profile(db, row["invited_by"])
        state = State.OPEN if row["expires_at"] > stamp(plane.now()) else State.EXPIRED
        return Found(state, facts, people.find_person(db, row["email"]))
