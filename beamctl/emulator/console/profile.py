"""The signed-in person's workspaces and invitations."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint

from beamctl.emulator.console.forms import FormError, Notice, Page, go, refused, shown
from beamctl.emulator.console.page_request import Visit, here
from beamctl.emulator.errors import Refusal

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

page = Blueprint("profile", __name__)


@page.get("/")
def start() -> AnyResponse:
    """Redirect to the start page."""
    return go("profile.show")


@page.get("/profile")
def show(form_error: FormError | None = None) -> Page:
    """Show my workspaces and invitations."""
    visit = here()
    mine = visit.call_api("GET", "/workspaces")
    return shown("profile.html", form_error, workspaces=mine, invitations=_invitations(visit))


@page.post("/profile/invitations/<name>/accept")
def accept(name: str) -> AnyResponse:
    """Accept an invitation."""
    try:
        here().call_api("POST", "/workspaces/<name>/join", name=name)
    except Refusal as refusal:
        return show(refused(refusal, "invitations"))
    return go("team.show", Notice.ACCEPTED, name=name)


@page.post("/profile/invitations/<name>/decline")
def decline(name: str) -> AnyResponse:
    """Decline an invitation."""
    try:
        here().call_api("POST", "/workspaces/<name>/decline", name=name)
    except Refusal as refusal:
        return show(refused(refusal, "invitations"))
    return go("profile.show", Notice.DECLINED)


@page.get("/profile/leave/<name>")
def ask_to_leave(name: str, form_error: FormError | None = None) -> Page:
    """Ask for confirmation to leave a workspace."""
    return shown("leave.html", form_error, space=here().workspace(name))


@page.post("/profile/leave/<name>")
def leave(name: str) -> AnyResponse:
    """Leave a workspace."""
    try:
        here().call_api("DELETE", "/workspaces/<name>/leave", name=name)
    except Refusal as refusal:
        return ask_to_leave(name, refused(refusal, "leave"))
    return go("profile.show", Notice.LEFT)


def _invitations(visit: Visit) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = visit.call_api("GET", "/profile/invitations")
    except Refusal as refusal:
        if refusal.status is not HTTPStatus.NOT_FOUND:  # the API's response if there are none
            raise
        return []
    return found
