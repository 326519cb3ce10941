"""Sign-in by API key or by e-mailed link, and sign-out."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, request

from beamctl.emulator import link, rules
from beamctl.emulator.caller import Person
from beamctl.emulator.credential import digest
from beamctl.emulator.mail import emails
from beamctl.emulator.store import api_key, secret
from beamctl.emulator.store import person as people
from beamctl.emulator.token import LIFETIMES, Use
from beamctl.emulator.web import account, session
from beamctl.emulator.web.form import FormError, field
from beamctl.emulator.web.notice import Notice
from beamctl.emulator.web.page_request import here
from beamctl.emulator.web.response import Page, back, go, shown

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

page = Blueprint("sign_in", __name__)

_NO_SUCH_KEY = "No person has this API key. Keys of service accounts cannot be used to sign in."


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
        owner = api_key.owner(db, digest(field("key")), plane.now())
    if not isinstance(owner, Person):
        return show(FormError(_NO_SUCH_KEY, "key", 403))
    return session.begin(plane, visit.session, owner, cast("Response", back(field("next"), "profile.show")))


@page.post("/sign-in-link")
def send_link() -> AnyResponse:
    """Send a sign-in link. The response does not reveal whether the account exists."""
    plane, email = here().plane, field("email")
    if rules.email(email):
        return show(FormError("Enter an e-mail address, such as kim@example.com.", "email"))
    with plane.database.reading() as db:
        known = people.find(db, email)
        email = known.email if known else email  # the account's address, not one that merely compares equal
        url = link.to_sign_in(str(plane.public_url), secret.token_secret(db), email, plane.now())
    plane.send(emails.sign_in(email, url, int(LIFETIMES[Use.SIGN_IN].total_seconds() // 60)))
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
    if not _known(email) and (form_error := account.wrong_names()):
        return show_link(shown_token, form_error)
    person, _ = account.open_account(visit.plane, email)
    return session.begin(visit.plane, visit.session, person, cast("Response", go("profile.show")))


@page.post("/sign-out")
def out() -> AnyResponse:
    """Sign out."""
    return session.end(cast("Response", go("sign_in.show", Notice.SIGNED_OUT)))


def _address(shown_token: str) -> str:
    plane = here().plane
    with plane.database.reading() as db:
        return link.address_signing_in(secret.token_secret(db), shown_token, plane.now()) or ""


def _known(email: str) -> bool:
    with here().plane.database.reading() as db:
        return people.find(db, email) is not None
