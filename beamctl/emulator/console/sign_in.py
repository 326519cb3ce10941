"""Sign-in by API key or by e-mailed link, sign-out, and the approval of device logins."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, request

from beamctl.emulator import mail, rules
from beamctl.emulator.console import security
from beamctl.emulator.console.forms import FormError, Notice, Page, back, field, go, open_account, shown, wrong_names
from beamctl.emulator.console.page_request import here
from beamctl.emulator.credentials import TOKEN_LIFETIMES, TokenUse, digest, sign_in_address, sign_in_link
from beamctl.emulator.permission import Person
from beamctl.emulator.store import people, service_account, signing_secret

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
    by_mail = bool(here().plane.mailer.deliveries)
    return shown("sign_in.html", form_error, back=request.values.get("next", ""), email=field("email"), by_mail=by_mail)


@page.post("/sign-in")
def with_key() -> AnyResponse:
    """Sign in with a personal API key."""
    visit = here()
    plane = visit.plane
    with plane.database.reading() as db:
        owner = service_account.key_owner(db, digest(field("key")), plane.now())
    if not isinstance(owner, Person):
        return show(FormError(_NO_SUCH_KEY, "key", 403))
    return security.begin_session(plane, visit.session, owner, cast("Response", back(field("next"), "profile.show")))


@page.post("/sign-in-link")
def send_link() -> AnyResponse:
    """Send a sign-in link. The response does not reveal whether the account exists."""
    plane, email = here().plane, field("email")
    if rules.email(email):
        return show(FormError("Enter an e-mail address, such as kim@example.com.", "email"))
    with plane.database.reading() as db:
        known = people.find_person(db, email)
        email = known.email if known else email  # the account's address, not one that merely compares equal
        url = sign_in_link(str(plane.public_url), signing_secret(db), email, plane.now())
    plane.send(mail.sign_in_email(email, url, int(TOKEN_LIFETIMES[TokenUse.SIGN_IN].total_seconds() // 60)))
    return go("sign_in.show", Notice.LINK_SENT)


@page.get("/sign-in/<shown_token>")
def show_link(shown_token: str, form_error: FormError | None = None) -> Page:
    """Show a button behind the link, because mail scanners follow links too."""
    email = _address(shown_token)
    if not email:
        return shown("link_ended.html", FormError("", "", 410))
    names = {"given_name": field("given_name"), "family_name": field("family_name")}
    return shown("sign_in_link.html", form_error, email=email, is_known=_known(email), **names)


@page.post("/sign-in/<shown_token>")
def with_link(shown_token: str) -> AnyResponse:
    """Sign in with the link; new people get an account."""
    visit, email = here(), _address(shown_token)
    if not email:
        return show_link(shown_token)
    if not _known(email) and (form_error := wrong_names()):
        return show_link(shown_token, form_error)
    person, _ = open_account(visit.plane, email)
    return security.begin_session(visit.plane, visit.session, person, cast("Response", go("profile.show")))


@page.post("/sign-out")
def out() -> AnyResponse:
    """Sign out."""
    return security.end_session(cast("Response", go("sign_in.show", Notice.SIGNED_OUT)))


def _address(shown_token: str) -> str:
    plane = here().plane
    with plane.database.reading() as db:
        return sign_in_address(signing_secret(db), shown_token, plane.now()) or ""


def _known(email: str) -> bool:
    with here().plane.database.reading() as db:
        return people.find_person(db, email) is not None


@page.get("/device")
def show_device(form_error: FormError | None = None) -> Page:
    """Ask for the code or, if the URL contains it, for the decision."""
    visit = here()
    email, code = visit.person.email, request.values.get("user_code", "").strip()
    if code and not form_error:
        with visit.plane.database.reading() as db:
            login = people.login_by_user_code(db, code)
        if login and login.can_be_approved(visit.plane.now()):
            return shown("device_confirm.html", email=email, code=code, client=login.client_id)
        form_error = FormError(_NO_SUCH_CODE, "user_code", HTTPStatus.NOT_FOUND)
    return shown("device.html", form_error, email=email, code=code)


@page.post("/device")
def decide_device() -> AnyResponse:
    """Approve or deny."""
    visit = here()
    sub, moment, approves = visit.person.sub, visit.plane.now(), field("decision") == "approve"
    with visit.plane.database.writing() as db:
        login = people.login_by_user_code(db, field("user_code"))
        done = login and (
            people.approve_login(db, login, sub, moment) if approves else people.deny_login(db, login, moment)
        )
    if not done:
        return show_device(FormError(_NO_SUCH_CODE, "user_code", HTTPStatus.NOT_FOUND))
    return shown("device_done.html", approved=approves)
