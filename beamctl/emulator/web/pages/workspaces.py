"""Create a workspace, and delete one after its name is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from beamctl.emulator.errors import Refusal, forbidden
from beamctl.emulator.web import field_text
from beamctl.emulator.web.form import FormError, field, refused
from beamctl.emulator.web.notice import Notice
from beamctl.emulator.web.page_request import here
from beamctl.emulator.web.response import Page, go, shown

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

page = Blueprint("workspaces", __name__)

_DELETE = "workspaces:delete"


@page.get("/new-workspace")
def show_new(form_error: FormError | None = None) -> Page:
    """Show the form for a new workspace."""
    visit = here()
    known = [region["name"] for region in visit.call_api("GET", "/configuration")["regions"]]
    regions = [("", "None"), *zip(known, known, strict=True)]
    given = {key: field(key) for key in ("name", "display_name", "region")}
    return shown("workspace_new.html", form_error, regions=regions, given=given)


@page.post("/new-workspace")
def create() -> AnyResponse:
    """Create a workspace; its creator becomes its admin."""
    given = {"name": field("name"), "displayName": field("display_name"), "region": field("region")}
    try:
        made = here().call_api("POST", "/workspaces", {key: value for key, value in given.items() if value})
    except Refusal as refusal:
        return show_new(refused(refusal, "display_name" if "displayName" in refusal.text else "name"))
    return go("team.show", Notice.WORKSPACE_CREATED, name=made["name"])


@page.get("/workspaces/<name>")
def show(name: str) -> AnyResponse:
    """Redirect to the members."""
    return go("team.show", name=here().workspace(name).name)


@page.get("/workspaces/<name>/delete")
def ask_to_delete(name: str, form_error: FormError | None = None) -> Page:
    """Show what would be deleted, and ask for the name."""
    visit = here()
    space = visit.workspace(name)
    if not space.may(_DELETE):
        raise forbidden()
    team = visit.call_api("GET", "/users", workspace=name)
    members = sum(user["accepted"] for user in team)
    counts = {"members": members, "invitations": len(team) - members, **space.shown["resourceCounts"]}
    return shown("workspace_delete.html", form_error, space=space, losses=field_text.losses(counts))


@page.post("/workspaces/<name>/delete")
def delete(name: str) -> AnyResponse:
    """Delete the workspace if its name was typed."""
    if field("typed") != name:
        return ask_to_delete(name, FormError(f"Type the name of the workspace, {name}, to delete it.", "typed"))
    try:
        here().call_api("DELETE", "/workspaces/<name>", name=name)
    except Refusal as refusal:
        return ask_to_delete(name, refused(refusal, "typed"))
    return go("profile.show", Notice.WORKSPACE_DELETED)
