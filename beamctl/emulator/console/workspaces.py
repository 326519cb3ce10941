"""My workspaces and invitations; create a workspace, change its settings, and delete it after its name is typed."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint

from beamctl.emulator.console import forms
from beamctl.emulator.console.forms import FormError, Notice, Page, field, fields, go, refused, restored, shown
from beamctl.emulator.console.session import Visit, here
from beamctl.emulator.errors import Refusal, forbidden

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

page = Blueprint("workspaces", __name__)

_DELETE = "workspaces:delete"
_WRITABLE = ("displayName", "labels", "region", "groupMappings", "runtime")


@page.get("/")
def start() -> AnyResponse:
    """Redirect to the start page."""
    return go("workspaces.show_profile")


@page.get("/profile")
def show_profile(form_error: FormError | None = None) -> Page:
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
        return show_profile(refused(refusal, "invitations"))
    return go("team.show", Notice.ACCEPTED, name=name)


@page.post("/profile/invitations/<name>/decline")
def decline(name: str) -> AnyResponse:
    """Decline an invitation."""
    try:
        here().call_api("POST", "/workspaces/<name>/decline", name=name)
    except Refusal as refusal:
        return show_profile(refused(refusal, "invitations"))
    return go("workspaces.show_profile", Notice.DECLINED)


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
    return go("workspaces.show_profile", Notice.LEFT)


def _invitations(visit: Visit) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = visit.call_api("GET", "/profile/invitations")
    except Refusal as refusal:
        if refusal.status is not HTTPStatus.NOT_FOUND:  # the API's response if there are none
            raise
        return []
    return found


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
    return shown("workspace_delete.html", form_error, space=space, losses=forms.losses(counts))


@page.post("/workspaces/<name>/delete")
def delete(name: str) -> AnyResponse:
    """Delete the workspace if its name was typed."""
    if field("typed") != name:
        return ask_to_delete(name, FormError(f"Type the name of the workspace, {name}, to delete it.", "typed"))
    try:
        here().call_api("DELETE", "/workspaces/<name>", name=name)
    except Refusal as refusal:
        return ask_to_delete(name, refused(refusal, "typed"))
    return go("workspaces.show_profile", Notice.WORKSPACE_DELETED)


@page.get("/workspaces/<name>/settings")
def show_settings(name: str, form_error: FormError | None = None) -> Page:
    """Show the settings."""
    return shown("settings.html", form_error, space=here().workspace(name), display_name=field("display_name"))


@page.post("/workspaces/<name>/settings/display-name")
def set_display_name(name: str) -> AnyResponse:
    """Set the display name."""
    return _save(name, {"displayName": field("display_name")}, "display_name")


@page.post("/workspaces/<name>/settings/labels")
def set_labels(name: str) -> AnyResponse:
    """Replace the labels; rows with an empty key are ignored."""
    known: dict[str, str] = here().workspace(name).shown.get("labels", {})
    pairs = zip(fields("label_key"), fields("label_value"), strict=False)
    labels = {restored(key, known): restored(value, known.values()) for key, value in pairs if key}
    typed = [key for key in fields("label_key") if key]
    if len(labels) < len(typed):
        return show_settings(name, FormError("Two labels have the same key. Keep one of them.", "label_key_1"))
    return _save(name, {"labels": labels}, "label_key_1")


@page.post("/workspaces/<name>/settings/groups")
def set_groups(name: str) -> AnyResponse:
    """Replace the group mappings; rows with an empty group are ignored."""
    known = [mapping["groupName"] for mapping in here().workspace(name).shown.get("groupMappings", [])]
    pairs = zip(fields("group_name"), fields("group_role"), strict=False)
    mappings = [{"groupName": restored(group, known), "role": role} for group, role in pairs if group]
    return _save(name, {"groupMappings": mappings}, "group_name_1")


def _save(name: str, change: dict[str, Any], about: str) -> AnyResponse:
    """Write all current settings with the change: a PUT may clear what it is not given."""
    visit = here()
    shown_now = visit.workspace(name).shown
    before = {key: shown_now[key] for key in _WRITABLE if key in shown_now}
    try:
        visit.call_api("PUT", "/workspaces/<name>", {**before, **change}, name=name)
    except Refusal as refusal:
        return show_settings(name, refused(refusal, about))
    return go("workspaces.show_settings", Notice.SETTINGS_CHANGED, name=name)
