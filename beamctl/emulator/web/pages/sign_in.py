"""Signing in, by an API key of one's own or by a link that is e-mailed, and signing out. It must not know what a page
shows to whom."""

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
from beamctl.emulator.web.form import Trouble, field
from beamctl.emulator.web.notice import Notice
from beamctl.emulator.web.page_request import here
from beamctl.emulator.web.response import Page, back, go, shown

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

page = Blueprint("sign_in", __name__)

_NO_SUCH_KEY = "No person has that API key. Keys of service accounts do not let people in."


@page.get("/sign-in")
def show(trouble: Trouble | None = None) -> Page:
    """The two ways in."""
    by_mail = bool(here().plane.post.deliveries)
    return shown("sign_in.html", trouble, back=request.values.get("next", ""), email=field("email"), by_mail=by_mail)


@page.post("/sign-in")
def with_key() -> AnyResponse:
    """Signs in whoever shows a key of a person."""
    visit = here()
    plane = visit.plane
    with plane.database.reading() as rows:
        owner = api_key.owner(rows, digest(field("key")), plane.now())
    if not isinstance(owner, Person):
        return show(Trouble(_NO_SUCH_KEY, "key", 403))
    return session.begin(plane, visit.session, owner, cast("Response", back(field("next"), "profile.show")))


@page.post("/sign-in-link")
def send_link() -> AnyResponse:
    """Sends a link to an address; what is answered does not tell whether there is an account."""
    plane, email = here().plane, field("email")
    if rules.email(email):
        return show(Trouble("Write an e-mail address, such as kim@example.com.", "email"))
    with plane.database.reading() as rows:
        known = people.find(rows, email)
        email = known.email if known else email  # the mailbox of the account, not one that is only compared as equal
        url = link.to_sign_in(str(plane.public_url), secret.token_secret(rows), email, plane.now())
    plane.send(emails.sign_in(email, url, int(LIFETIMES[Use.SIGN_IN].total_seconds() // 60)))
    return go("sign_in.show", Notice.LINK_SENT)


@page.get("/sign-in/<shown_token>")
def show_link(shown_token: str, trouble: Trouble | None = None) -> Page:
    """What is behind the link in a letter: a button, since programs that look at mail follow links too."""
    email = _address(shown_token)
    if not email:
        return shown("link_ended.html", Trouble("", "", 410))
    names = {"given_name": field("given_name"), "family_name": field("family_name")}
    return shown("sign_in_link.html", trouble, email=email, is_known=_known(email), **names)


@page.post("/sign-in/<shown_token>")
def with_link(shown_token: str) -> AnyResponse:
    """Signs in whoever has the link; somebody new gets an account."""
    visit, email = here(), _address(shown_token)
    if not email:
        return show_link(shown_token)
    if not _known(email) and (trouble := account.wrong_names()):
        return show_link(shown_token, trouble)
    somebody, _ = account.open_account(visit.plane, email)
    return session.begin(visit.plane, visit.session, somebody, cast("Response", go("profile.show")))


@page.post("/sign-out")
def out() -> AnyResponse:
    """Takes the session out of the browser."""
    return session.end(cast("Response", go("sign_in.show", Notice.SIGNED_OUT)))


def _address(shown_token: str) -> str:
    plane = here().plane
    with plane.database.reading() as rows:
        return link.address_signing_in(secret.token_secret(rows), shown_token, plane.now()) or ""


def _known(email: str) -> bool:
    with here().plane.database.reading() as rows:
        return people.find(rows, email) is not None
