"""The service accounts of a workspace and their API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, g, url_for

from beamctl.emulator.console import wording
from beamctl.emulator.console.forms import FormError, Notice, Page, Question, api_error, ask, field, redirect_to, render
from beamctl.emulator.console.session import Visit, current_visit
from beamctl.emulator.errors import ApiError, forbidden, not_found

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

page = Blueprint("service_accounts", __name__)

_TAB = "Service accounts"
_ACCOUNTS = "/service_accounts"
_ONE_ACCOUNT = "/service_accounts/<client_id>"
_KEYS = "/service_accounts/<client_id>/api_keys"


@page.get("/workspaces/<name>/service-accounts")
def show_all(name: str, form_error: FormError | None = None) -> Page:
    """Show all service accounts and the form for a new one."""
    visit = current_visit()
    space = visit.workspace(name)
    accounts = visit.call_api("GET", _ACCOUNTS, workspace=name)
    given = {**_account_fields(), "role": field("role") or "member"}
    return render("service_accounts.html", form_error, space=space, accounts=accounts, given=given)


@page.post("/workspaces/<name>/service-accounts")
def create(name: str) -> AnyResponse:
    """Create a service account and show its secret."""
    visit = current_visit()
    try:
        made = visit.call_api("POST", _ACCOUNTS, _account_fields(), workspace=name)
    except ApiError as error:
        return show_all(name, _account_error(error))
    g.has_secret = True
    return render("secret_account.html", space=visit.workspace(name), account=made)


@page.post("/workspaces/<name>/service-accounts/<client_id>")
def change(name: str, client_id: str) -> AnyResponse:
    """Update a service account."""
    given = (
        _account_fields()
        if field("role")
        else {key: value for key, value in _account_fields().items() if key != "role"}
    )
    try:
        current_visit().call_api("PUT", _ONE_ACCOUNT, given, workspace=name, client_id=client_id)
    except ApiError as error:
        return show(name, client_id, _account_error(error))
    return redirect_to("service_accounts.show", Notice.ACCOUNT_CHANGED, name=name, client_id=client_id)


@page.get("/workspaces/<name>/service-accounts/<client_id>/delete")
def ask_to_delete(name: str, client_id: str, form_error: FormError | None = None) -> Page:
    """Ask before a service account is deleted."""
    visit = current_visit()
    space = visit.workspace(name)
    if not space.may("workspaces:update"):
        raise forbidden()
    account = _find_account(visit, name, client_id)
    effect = "Its client secret, its API keys and its tokens stop working at once. It cannot be undone."
    back = url_for("service_accounts.show", name=name, client_id=client_id)
    question = Question("Delete the service account", account["name"], effect, "Delete the service account", back, _TAB)
    return ask(space, question, form_error)


@page.post("/workspaces/<name>/service-accounts/<client_id>/delete")
def delete(name: str, client_id: str) -> AnyResponse:
    """Delete a service account and its credentials."""
    try:
        current_visit().call_api("DELETE", _ONE_ACCOUNT, workspace=name, client_id=client_id)
    except ApiError as error:
        return ask_to_delete(name, client_id, api_error(error, "confirm"))
    return redirect_to("service_accounts.show_all", Notice.ACCOUNT_DELETED, name=name)


@page.get("/workspaces/<name>/service-accounts/<client_id>")
def show(name: str, client_id: str, form_error: FormError | None = None) -> Page:
    """Show a service account, with its keys if the visitor may see them."""
    visit = current_visit()
    space = visit.workspace(name)
    account = _find_account(visit, name, client_id)
    keys = visit.call_api("GET", _KEYS, workspace=name, client_id=client_id) if space.may("apiKey:list") else []
    ends = {key["id"]: wording.key_end(key, visit.plane.now()) for key in keys}
    values = {"keys": keys, "ends": ends, "given": _account_fields() if form_error else account}
    return render("service_account.html", form_error, space=space, account=account, **values)


def _find_account(visit: Visit, name: str, client_id: str) -> dict[str, Any]:
    """The service account with this client ID.

    Raises:
        ApiError: 404: it is not in this workspace.
    """
    accounts: list[dict[str, Any]] = visit.call_api("GET", _ACCOUNTS, workspace=name)
    found = [account for account in accounts if account["client_id"] == client_id]
    if not found:
        raise not_found("This service account does not exist in this workspace.")
    return found[0]


def _account_fields() -> dict[str, Any]:
    return {key: field(key) for key in ("name", "description", "role")}


def _account_error(error: ApiError) -> FormError:
    about = [key for key in ("description", "role") if key in error.text.lower()]
    return api_error(error, about[0] if about else "name")


@page.post("/workspaces/<name>/service-accounts/<client_id>/keys")
def create_key(name: str, client_id: str) -> AnyResponse:
    """Create a key and show it."""
    visit = current_visit()
    given = {"name": field("key_name"), "expires_in": field("expires_in")}
    try:
        made = visit.call_api("POST", _KEYS, given, workspace=name, client_id=client_id)
    except ApiError as error:
        about = "expires_in" if "expires_in" in error.text else "key_name"
        return show(name, client_id, api_error(error, about))
    account = _find_account(visit, name, client_id)
    g.has_secret = True
    end, _ended = wording.key_end(made, visit.plane.now())
    return render("secret_key.html", space=visit.workspace(name), account=account, key=made, end=end)


@page.get("/workspaces/<name>/service-accounts/<client_id>/keys/<key_id>/delete")
def ask_to_delete_key(name: str, client_id: str, key_id: str, form_error: FormError | None = None) -> Page:
    """Ask before a key is deleted."""
    visit = current_visit()
    space = visit.workspace(name)
    if not space.may("apiKey:write"):
        raise forbidden()
    keys = visit.call_api("GET", _KEYS, workspace=name, client_id=client_id)
    found = [key.get("name", key_id) for key in keys if key["id"] == key_id]
    if not found:
        raise not_found("This API key does not exist. It may have been deleted already.")
    effect = "Programs that use it lose access at once. It cannot be undone."
    back = url_for("service_accounts.show", name=name, client_id=client_id)
    return ask(space, Question("Delete the API key", found[0], effect, "Delete the API key", back, _TAB), form_error)


@page.post("/workspaces/<name>/service-accounts/<client_id>/keys/<key_id>/delete")
def delete_key(name: str, client_id: str, key_id: str) -> AnyResponse:
    """Delete a key."""
    try:
        current_visit().call_api("DELETE", f"{_KEYS}/<key_id>", workspace=name, client_id=client_id, key_id=key_id)
    except ApiError as error:
        return ask_to_delete_key(name, client_id, key_id, api_error(error, "confirm"))
    return redirect_to("service_accounts.show", Notice.KEY_DELETED, name=name, client_id=client_id)
