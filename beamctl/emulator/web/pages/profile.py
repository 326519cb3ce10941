"""One's own page: the workspaces one is in, and the invitations to others. It must not know what is in a workspace."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint

from beamctl.emulator.errors import Refusal
from beamctl.emulator.web.form import Trouble, refused
from beamctl.emulator.web.notice import Notice
from beamctl.emulator.web.page_request import Visit, here
from beamctl.emulator.web.response import Page, go, shown

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

page = Blueprint("profile", __name__)


@page.get("/")
def start() -> AnyResponse:
    """Where everybody begins."""
    return go("profile.show")


@page.get("/profile")
def show(trouble: Trouble | None = None) -> Page:
    """My workspaces and my invitations."""
    visit = here()
    mine = visit.ask("GET", "/workspaces")
    return shown("profile.html", trouble, workspaces=mine, invitations=_invitations(visit))


@page.post("/profile/invitations/<name>/accept")
def accept(name: str) -> AnyResponse:
    """Joins the workspace."""
    try:
        here().ask("POST", "/workspaces/<name>/join", name=name)
    except Refusal as refusal:
        return show(refused(refusal, "invitations"))
    return go("team.show", Notice.ACCEPTED, name=name)


@page.post("/profile/invitations/<name>/decline")
def decline(name: str) -> AnyResponse:
    """Takes the invitation away."""
    try:
        here().ask("POST", "/workspaces/<name>/decline", name=name)
    except Refusal as refusal:
        return show(refused(refusal, "invitations"))
    return go("profile.show", Notice.DECLINED)


@page.get("/profile/leave/<name>")
def ask_to_leave(name: str, trouble: Trouble | None = None) -> Page:
    """Asks whether somebody means it."""
    return shown("leave.html", trouble, space=here().enter(name))


@page.post("/profile/leave/<name>")
def leave(name: str) -> AnyResponse:
    """Ends one's own membership."""
    try:
        here().ask("DELETE", "/workspaces/<name>/leave", name=name)
    except Refusal as refusal:
        return ask_to_leave(name, refused(refusal, "leave"))
    return go("profile.show", Notice.LEFT)


def _invitations(visit: Visit) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = visit.ask("GET", "/profile/invitations")
    except Refusal as refusal:
        if refusal.status is not HTTPStatus.NOT_FOUND:  # which is how the API says that there are none
            raise
        return []
    return found
