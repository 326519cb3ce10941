"""Workspace settings: display name, labels, directory groups, and the link to delete the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint

from beamctl.emulator.errors import Refusal
from beamctl.emulator.web.form import FormError, field, fields, refused, restored
from beamctl.emulator.web.notice import Notice
from beamctl.emulator.web.page_request import here
from beamctl.emulator.web.response import Page, go, shown

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

page = Blueprint("settings", __name__)

_WRITABLE = ("displayName", "labels", "region", "groupMappings", "runtime")


@page.get("/workspaces/<name>/settings")
def show(name: str, form_error: FormError | None = None) -> Page:
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
        return show(name, FormError("Two labels have the same key. Keep one of them.", "label_key_1"))
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
        return show(name, refused(refusal, about))
    return go("settings.show", Notice.SETTINGS_CHANGED, name=name)
