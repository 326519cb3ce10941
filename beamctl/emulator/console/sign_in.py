"""Pages that need no session: sign-in by API key or e-mailed link, and invitations. Sign-out and device logins, too."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from flask import Blueprint, Response, request, url_for

from beamctl.emulator import mail, rules
from beamctl.emulator.clock import stamp
from beamctl.emulator.console import session
from beamctl.emulator.console.forms import (
    FormError,
    Notice,
    Page,
    api_error,
    field,
    name_error,
    open_account,
    redirect_back,
    redirect_to,
    render,
)
from beamctl.emulator.console.session import current_visit
from beamctl.emulator.credentials import (
    TOKEN_LIFETIMES,
    TokenUse,
    digest,
    opens_invitation,
    sign_in_address,
    sign_in_link,
)
from beamctl.emulator.errors import ApiError
from beamctl.emulator.permission import Person
from beamctl.emulator.store import membership, people, service_account, signing_secret

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

page = Blueprint("sign_in", __name__)

_NO_SUCH_KEY = "No person has this API key. Keys of service accounts cannot be used to sign in."
_NO_SUCH_CODE = (
    "No pending login has this code. Codes are valid for ten minutes; start the login again to get a new one."
)


@page.get("/sign-in")
def show(form_error: FormError | None = None) -> Page:
    """Show both ways to sign in."""
    by_mail = bool(current_visit().plane.mailer.deliveries)
    return render(
        "sign_in.html", form_error, back=request.values.get("next", ""), email=field("email"), by_mail=by_mail
    )


@page.post("/sign-in")
def with_key() -> AnyResponse:
    """Sign in with a personal API key."""
    visit = current_visit()
    plane = visit.plane
    with plane.database.reading() as db:
        owner = service_account.key_owner(db, digest(field("key")), plane.now())
    if not isinstance(owner, Person):
        return show(FormError(_NO_SUCH_KEY, "key", 403))
    return session.begin_session(
        plane, visit.session, owner, cast("Response", redirect_back(field("next"), "workspaces.show_profile"))
    )


@page.post("/sign-in-link")
def send_link() -> AnyResponse:
    """Send a sign-in link. The response does not reveal whether the account exists."""
    plane, email = current_visit().plane, field("email")
    if rules.email(email):
        return show(FormError("Enter an e-mail address, such as kim@example.com.", "email"))
    with plane.database.reading() as db:
        known = people.find_person(db, email)
        email = known.email if known else email  # as the account spells it
        url = sign_in_link(str(plane.public_url), signing_secret(db), email, plane.now())
    plane.send(mail.sign_in_email(email, url, int(TOKEN_LIFETIMES[TokenUse.SIGN_IN].total_seconds() // 60)))
    return redirect_to("sign_in.show", Notice.LINK_SENT)


@page.get("/sign-in/<shown_token>")
def show_link(shown_token: str, form_error: FormError | None = None) -> Page:
    """Show a button behind the link, because mail scanners follow links too."""
    email = _address(shown_token)
    if not email:
        return render("link_ended.html", FormError("", "", 410))
    names = {"given_name": field("given_name"), "family_name": field("family_name")}
    return render("sign_in_link.html", form_error, email=email, is_known=_known(email), **names)


@page.post("/sign-in/<shown_token>")
def with_link(shown_token: str) -> AnyResponse:
    """Sign in with the link; new people get an account."""
    visit, email = current_visit(), _address(shown_token)
    if not email:
        return show_link(shown_token)
    if not _known(email) and (form_error := name_error()):
        return show_link(shown_token, form_error)
    person, _ = open_account(visit.plane, email)
    return session.begin_session(
        visit.plane, visit.session, person, cast("Response", redirect_to("workspaces.show_profile"))
    )


@page.post("/sign-out")
def out() -> AnyResponse:
    """Sign out."""
    return session.end_session(cast("Response", redirect_to("sign_in.show", Notice.SIGNED_OUT)))


def _address(shown_token: str) -> str:
    plane = current_visit().plane
    with plane.database.reading() as db:
        return sign_in_address(signing_secret(db), shown_token, plane.now()) or ""


def _known(email: str) -> bool:
    with current_visit().plane.database.reading() as db:
        return people.find_person(db, email) is not None


@page.get("/device")
def show_device(form_error: FormError | None = None) -> Page:
    """Ask for the code or, if the URL contains it, for the decision."""
    visit = current_visit()
    email, code = visit.person.email, request.values.get("user_code", "").strip()
    if code and not form_error:
        with visit.plane.database.reading() as db:
            login = people.login_by_user_code(db, code)
        if login and login.can_be_approved(visit.plane.now()):
            return render("device_confirm.html", email=email, code=code, client=login.client_id)
        form_error = FormError(_NO_SUCH_CODE, "user_code", HTTPStatus.NOT_FOUND)
    return render("device.html", form_error, email=email, code=code)


@page.post("/device")
def decide_device() -> AnyResponse:
    """Approve or deny."""
    visit = current_visit()
    sub, moment, approves = visit.person.sub, visit.plane.now(), field("decision") == "approve"
    with visit.plane.database.writing() as db:
        login = people.login_by_user_code(db, field("user_code"))
        done = login and (
            people.approve_login(db, login, sub, moment) if approves else people.deny_login(db, login, moment)
        )
    if not done:
        return show_device(FormError(_NO_SUCH_CODE, "user_code", HTTPStatus.NOT_FOUND))
    return render("device_done.html", approved=approves)


class InvitationState(Enum):
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

    state: InvitationState
    facts: dict[str, Any]
    invitee: Person | None = None


@page.get("/invitation/<invitation_id>/<key>")
def show_invitation(invitation_id: str, key: str, form_error: FormError | None = None) -> Page:
    """Show the invitation or its final state."""
    found = _find(invitation_id, key)
    if found.state is not InvitationState.OPEN:
        status = 403 if found.state is InvitationState.WRONG_KEY else 410
        values = {"state": found.state.name, "facts": found.facts}
        return render("invitation_ended.html", FormError(form_error.text if form_error else "", "", status), **values)
    names = {"given_name": field("given_name"), "family_name": field("family_name")}
    address = {"invitation_id": invitation_id, "key": key}
    return render("invitation.html", form_error, facts=found.facts, invitee=found.invitee, address=address, **names)


@page.post("/invitation/<invitation_id>/<key>/accept")
def accept(invitation_id: str, key: str) -> AnyResponse:
    """Accept the invitation. New people get an account and are signed in.

    People with an account are not signed in: the link gives access to one workspace, not to their account. They
    sign in at `/sign-in`.
    """
    visit, found = current_visit(), _find(invitation_id, key)
    if found.state is not InvitationState.OPEN:
        return show_invitation(invitation_id, key)
    if found.invitee is None and (form_error := name_error()):
        return show_invitation(invitation_id, key, form_error)
    name = found.facts["workspace"]
    invitee, is_new = open_account(visit.plane, found.facts["email"])
    try:
        visit.call_api_as(invitee, "POST", "/workspaces/<name>/join", name=name)
    except ApiError as error:
        return show_invitation(invitation_id, key, api_error(error, "accept"))
    into = redirect_to("team.show", Notice.ACCEPTED, name=name)
    if is_new:
        return session.begin_session(visit.plane, visit.session, invitee, cast("Response", into))
    if visit.session.person and visit.session.person.sub == invitee.sub:
        return into
    return redirect_to("sign_in.show", Notice.ACCEPTED_SIGNED_OUT, next=url_for("team.show", name=name))


@page.post("/invitation/<invitation_id>/<key>/decline")
def decline(invitation_id: str, key: str) -> AnyResponse:
    """Decline the invitation. No account is needed: the key in the link proves the address."""
    visit, found = current_visit(), _find(invitation_id, key)
    if found.state is not InvitationState.OPEN:
        return show_invitation(invitation_id, key)
    invitee = found.invitee or Person("", found.facts["email"])
    try:
        visit.call_api_as(invitee, "POST", "/workspaces/<name>/decline", name=found.facts["workspace"])
    except ApiError as error:
        return show_invitation(invitation_id, key, api_error(error, "decline"))
    return render("invitation_declined.html", facts=found.facts)


def _find(invitation_id: str, key: str) -> Found:
    plane = current_visit().plane
    with plane.database.reading() as db:
        if not opens_invitation(signing_secret(db), invitation_id, key):
            return Found(InvitationState.WRONG_KEY, {})
        row = membership.invitation_by_id(db, invitation_id)
        if row is None:
            joined = membership.workspace_joined_by(db, invitation_id)
            return Found(InvitationState.ACCEPTED, {"workspace": joined}) if joined else Found(InvitationState.GONE, {})
        facts = {name: row[name] for name in ("email", "role", "workspace", "display_name", "expires_at")}
        facts["inviter"] = people.profile(db, row["invited_by"])
        state = InvitationState.OPEN if row["expires_at"] > stamp(plane.now()) else InvitationState.EXPIRED
        return Found(state, facts, people.find_person(db, row["email"]))
