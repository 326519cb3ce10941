"""Policies, integration connections and environments: list, create, edit and delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, request, url_for

from beamctl.emulator.console.forms import FormError, Notice, Page, Question, api_error, ask, field, redirect_to, render
from beamctl.emulator.console.resource_form import Draft, FieldError, forgets_secret
from beamctl.emulator.console.resource_sections import SECTIONS, Section
from beamctl.emulator.console.session import Visit, current_visit
from beamctl.emulator.errors import ApiError, forbidden

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

page = Blueprint("resources", __name__)

_SECTION = f"<any({','.join(SECTIONS)}):section>"
_ALL = f"/workspaces/<name>/{_SECTION}"
_NEW = f"/workspaces/<name>/new/{_SECTION}"
_ONE = f"{_ALL}/<resource_name>"


@page.get(_ALL)
def show_all(name: str, section: str) -> Page:
    """Show all objects of a section."""
    visit = current_visit()
    space = visit.workspace(name)
    part = SECTIONS[section]
    return render("resources.html", space=space, section=part, resources=_listed(visit, name, part))


@page.get(_NEW)
def show_new(name: str, section: str, form_error: FormError | None = None) -> Page:
    """Show the form for a new object."""
    visit, part = current_visit(), SECTIONS[section]
    space = visit.workspace(name)
    if not space.may(part.kind.permission("create")):
        raise forbidden()
    variant = request.args.get("type", "")
    if variant not in part.variants:
        variant = next(iter(part.variants))
    draft = Draft.typed(part, variant, {}) if form_error else Draft.of(part, variant, {})
    values = {"section": part, "draft": draft, "policies": _policies(visit, name, part)}
    return render("resource_new.html", form_error, space=space, **values)


@page.post(_NEW)
def create(name: str, section: str) -> AnyResponse:
    """Create an object."""
    part, variant = SECTIONS[section], request.args.get("type", "")
    visit = current_visit()
    visit.workspace(name)
    try:
        body = Draft.typed(part, variant, {}).body({})
        body["metadata"]["name"] = field("name")
        _call(visit, "POST", part, name, body)
    except FieldError as error:
        return show_new(name, section, FormError(error.text, error.field))
    except ApiError as error:
        return show_new(name, section, api_error(error, part.field_of(error.text)))
    return redirect_to(
        "resources.show", Notice.RESOURCE_CREATED, name=name, section=section, resource_name=field("name")
    )


@page.get(_ONE)
def show(name: str, section: str, resource_name: str, form_error: FormError | None = None) -> Page:
    """Show one object, with a form if the visitor may change it."""
    visit, part = current_visit(), SECTIONS[section]
    space = visit.workspace(name)
    shown = _call(visit, "GET", part, name, resource_name=resource_name)
    variant = part.variant_of(shown)
    draft = Draft.typed(part, variant, shown) if form_error else Draft.of(part, variant, shown)
    values = {"section": part, "resource": shown, "draft": draft, "policies": _policies(visit, name, part)}
    values["forgets_secret"] = forgets_secret(part, visit.plane.flags)
    values["used_by"] = _used_by(visit, name, part, resource_name)
    return render("resource.html", form_error, space=space, **values)


@page.post(_ONE)
def change(name: str, section: str, resource_name: str) -> AnyResponse:
    """Write the whole object with the change: a PUT may clear omitted fields."""
    visit, part = current_visit(), SECTIONS[section]
    shown = _call(visit, "GET", part, name, resource_name=resource_name)
    try:
        draft = Draft.typed(part, part.variant_of(shown), shown)
        draft.check_secret(visit.plane.flags)
        body = draft.body(shown)
        _call(visit, "PUT", part, name, body, resource_name=resource_name)
    except FieldError as error:
        return show(name, section, resource_name, FormError(error.text, error.field))
    except ApiError as error:
        return show(name, section, resource_name, api_error(error, part.field_of(error.text)))
    return redirect_to(
        "resources.show", Notice.RESOURCE_CHANGED, name=name, section=section, resource_name=resource_name
    )


@page.get(f"{_ONE}/delete")
def ask_to_delete(name: str, section: str, resource_name: str, form_error: FormError | None = None) -> Page:
    """Ask before an object is deleted."""
    visit, part = current_visit(), SECTIONS[section]
    space = visit.workspace(name)
    if not space.may(part.kind.permission("delete")):
        raise forbidden()
    _call(visit, "GET", part, name, resource_name=resource_name)
    back = url_for("resources.show", name=name, section=section, resource_name=resource_name)
    verb = f"Delete the {part.noun}"
    return ask(space, Question(verb, resource_name, part.deletion_effect, verb, back, part.title), form_error)


@page.post(f"{_ONE}/delete")
def delete(name: str, section: str, resource_name: str) -> AnyResponse:
    """Delete an object."""
    try:
        _call(current_visit(), "DELETE", SECTIONS[section], name, resource_name=resource_name)
    except ApiError as error:
        return ask_to_delete(name, section, resource_name, api_error(error, "confirm"))
    return redirect_to("resources.show_all", Notice.RESOURCE_DELETED, name=name, section=section)


def _call(visit: Visit, method: str, part: Section, workspace: str, body: object = None, **path: str) -> Any:  # noqa: ANN401 - any JSON
    rule = f"{part.kind.path}/<resource_name>" if path else part.kind.path
    return visit.call_api(method, rule, body, workspace=workspace, **path)


def _listed(visit: Visit, workspace: str, part: Section) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _call(visit, "GET", part, workspace)
    return sorted(found, key=lambda one: one["metadata"]["name"])


def _used_by(visit: Visit, workspace: str, part: Section, resource_name: str) -> list[str]:
    """What uses the object, such as `models/gpt`."""
    if not part.kind.shows_usage:
        return []
    rule = f"{part.kind.path}/<resource_name>/usages"
    usages = visit.call_api("GET", rule, None, workspace=workspace, resource_name=resource_name)
    return [f"{kind}/{one['name']}" for kind, users in usages.items() for one in users]


def _policies(visit: Visit, workspace: str, part: Section) -> list[str]:
    """The names of the policies that an environment can have."""
    if not part.has_policies:
        return []
    return [one["metadata"]["name"] for one in _listed(visit, workspace, SECTIONS["policies"])]
