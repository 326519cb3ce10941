"""My workspaces and invitations; create a workspace, change its settings, and delete it after its name is typed."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, url_for

from beamctl.emulator.console import wording
from beamctl.emulator.console.forms import (
    FormError,
    Notice,
    Page,
    Question,
    api_error,
    ask,
    field,
    fields,
    redirect_to,
    render,
    restored,
)
from beamctl.emulator.console.session import Visit, current_visit
from beamctl.emulator.errors import ApiError, forbidden
from beamctl.emulator.store import membership, people

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

page = Blueprint("workspaces", __name__)

_DELETE = "workspaces:delete"
_WRITABLE = ("displayName", "labels", "region", "groupMappings", "runtime")


@page.get("/")
def start() -> AnyResponse:
    """Redirect to the start page."""
    return redirect_to("workspaces.show_profile")


@page.get("/profile")
def show_profile(form_error: FormError | None = None) -> Page:
    """Show my workspaces and invitations."""
    visit = current_visit()
    mine = visit.call_api("GET", "/workspaces")
    with visit.plane.database.reading() as db:
        names = people.profile(db, visit.person.sub) or {}
        roles = membership.roles_of(db, visit.person.sub)
    values = {"full_name": wording.full_name(names), "roles_by_name": roles}
    return render("profile.html", form_error, workspaces=mine, invitations=_invitations(visit), **values)


@page.post("/profile/invitations/<name>/accept")
def accept(name: str) -> AnyResponse:
    """Accept an invitation."""
    try:
        current_visit().call_api("POST", "/workspaces/<name>/join", name=name)
    except ApiError as error:
        return show_profile(api_error(error, "invitations"))
    return redirect_to("team.show", Notice.ACCEPTED, name=name)


@page.post("/profile/invitations/<name>/decline")
def decline(name: str) -> AnyResponse:
    """Decline an invitation."""
    try:
        current_visit().call_api("POST", "/workspaces/<name>/decline", name=name)
    except ApiError as error:
        return show_profile(api_error(error, "invitations"))
    return redirect_to("workspaces.show_profile", Notice.DECLINED)


@page.get("/profile/leave/<name>")
def ask_to_leave(name: str, form_error: FormError | None = None) -> Page:
    """Ask for confirmation to leave a workspace."""
    space = current_visit().workspace(name)
    effect = "You will lose access. To come back, you need a new invitation from an admin."
    question = Question("Leave", space.title, effect, "Leave the workspace", url_for("workspaces.show_profile"))
    return ask(space, question, form_error)


@page.post("/profile/leave/<name>")
def leave(name: str) -> AnyResponse:
    """Leave a workspace."""
    try:
        current_visit().call_api("DELETE", "/workspaces/<name>/leave", name=name)
    except ApiError as error:
        return ask_to_leave(name, api_error(error, "confirm"))
    return redirect_to("workspaces.show_profile", Notice.LEFT)


def _invitations(visit: Visit) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = visit.call_api("GET", "/profile/invitations")
    except ApiError as error:
        if error.status is not HTTPStatus.NOT_FOUND:  # the API's response if there are none
            raise
        return []
    return found


@page.get("/new-workspace")
def show_new(form_error: FormError | None = None) -> Page:
    """Show the form for a new workspace."""
    visit = current_visit()
    known = [region["name"] for region in visit.call_api("GET", "/configuration")["regions"]]
    regions = [("", "None"), *zip(known, known, strict=True)]
    given = {key: field(key) for key in ("name", "display_name", "region")}
    return render("workspace_new.html", form_error, regions=regions, given=given)


@page.post("/new-workspace")
def create() -> AnyResponse:
    """Create a workspace; its creator becomes its admin."""
    given = {"name": field("name"), "displayName": field("display_name"), "region": field("region")}
    try:
        made = current_visit().call_api("POST", "/workspaces", {key: value for key, value in given.items() if value})
    except ApiError as error:
        return show_new(api_error(error, "display_name" if "displayName" in error.text else "name"))
    return redirect_to("team.show", Notice.WORKSPACE_CREATED, name=made["name"])


@page.get("/workspaces/<name>")
def show(name: str) -> AnyResponse:
    """Redirect to the members."""
    return redirect_to("team.show", name=current_visit().workspace(name).name)


@page.get("/workspaces/<name>/delete")
def ask_to_delete(name: str, form_error: FormError | None = None) -> Page:
    """Show what would be deleted, and ask for the name."""
    visit = current_visit()
    space = visit.workspace(name)
    if not space.may(_DELETE):
        raise forbidden()
    team = visit.call_api("GET", "/users", workspace=name)
    members = sum(user["accepted"] for user in team)
    counts = {"members": members, "invitations": len(team) - members, **space.shown["resourceCounts"]}
    return render("workspace_delete.html", form_error, space=space, deletions=wording.counted(counts))


@page.post("/workspaces/<name>/delete")
def delete(name: str) -> AnyResponse:
    """Delete the workspace if its name was typed."""
    if field("typed") != name:
        return ask_to_delete(name, FormError(f"Type the name of the workspace, {name}, to delete it.", "typed"))
    try:
        current_visit().call_api("DELETE", "/workspaces/<name>", name=name)
    except ApiError as error:
        return ask_to_delete(name, api_error(error, "typed"))
    return redirect_to("workspaces.show_profile", Notice.WORKSPACE_DELETED)


@page.get("/workspaces/<name>/settings")
def show_settings(name: str, form_error: FormError | None = None) -> Page:
    """Show the settings."""
    return render(
        "settings.html", form_error, space=current_visit().workspace(name), display_name=field("display_name")
    )


@page.post("/workspaces/<name>/settings/display-name")
def set_display_name(name: str) -> AnyResponse:
    """Set the display name."""
    return _save(name, {"displayName": field("display_name")}, "display_name")


@page.post("/workspaces/<name>/settings/labels")
def set_labels(name: str) -> AnyResponse:
    """Replace the labels; rows with an empty key are ignored."""
    known: dict[str, str] = current_visit().workspace(name).shown.get("labels", {})
    pairs = zip(fields("label_key"), fields("label_value"), strict=False)
    labels = {restored(key, known): restored(value, known.values()) for key, value in pairs if key}
    typed = [key for key in fields("label_key") if key]
    if len(labels) < len(typed):
        return show_settings(name, FormError("Two labels have the same key. Keep one of them.", "label_key_1"))
    return _save(name, {"labels": labels}, "label_key_1")


@page.post("/workspaces/<name>/settings/groups")
def set_groups(name: str) -> AnyResponse:
    """Replace the group mappings; rows with an empty group are ignored."""
    known = [mapping["groupName"] for mapping in current_visit().workspace(name).shown.get("groupMappings", [])]
    pairs = zip(fields("group_name"), fields("group_role"), strict=False)
    mappings = [{"groupName": restored(group, known), "role": role} for group, role in pairs if group]
    return _save(name, {"groupMappings": mappings}, "group_name_1")


def _save(name: str, change: dict[str, Any], about: str) -> AnyResponse:
    """Write all current settings with the change: a PUT may clear omitted fields."""
    visit = current_visit()
    shown_now = visit.workspace(name).shown
    before = {key: shown_now[key] for key in _WRITABLE if key in shown_now}
    try:
        visit.call_api("PUT", "/workspaces/<name>", {**before, **change}, name=name)
    except ApiError as error:
        return show_settings(name, api_error(error, about))
    return redirect_to("workspaces.show_settings", Notice.SETTINGS_CHANGED, name=name)
