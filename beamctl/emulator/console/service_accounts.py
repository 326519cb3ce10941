"""Service accounts of a workspace and their API keys. Secrets and keys are shown once, after creation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint

from beamctl.emulator.console.forms import FormError, Notice, Page, field, go, refused, shown
from beamctl.emulator.console.session import Visit, here
from beamctl.emulator.errors import Refusal, not_found

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

page = Blueprint("service_accounts", __name__)

_ALL = "/service_accounts"
_ONE = "/service_accounts/<client_id>"
_KEYS = "/service_accounts/<client_id>/api_keys"


@page.get("/workspaces/<name>/service-accounts")
def show(name: str, form_error: FormError | None = None) -> Page:
    """Show all service accounts and the form for a new one."""
    visit = here()
    space = visit.workspace(name)
    accounts = visit.call_api("GET", _ALL, workspace=name)
    given = {**_given(), "role": field("role") or "member"}
    return shown("service_accounts.html", form_error, space=space, accounts=accounts, given=given)


@page.post("/workspaces/<name>/service-accounts")
def create(name: str) -> AnyResponse:
    """Create a service account and show its secret."""
    visit = here()
    try:
        made = visit.call_api("POST", _ALL, _given(), workspace=name)
    except Refusal as refusal:
        return show(name, _refused(refusal))
    return shown("secret_account.html", space=visit.workspace(name), account=made)


@page.post("/workspaces/<name>/service-accounts/<client_id>")
def change(name: str, client_id: str) -> AnyResponse:
    """Update a service account."""
    given = _given() if field("role") else {key: value for key, value in _given().items() if key != "role"}
    try:
        here().call_api("PUT", _ONE, given, workspace=name, client_id=client_id)
    except Refusal as refusal:
        return show_account(name, client_id, _refused(refusal))
    return go("service_accounts.show_account", Notice.ACCOUNT_CHANGED, name=name, client_id=client_id)


@page.post("/workspaces/<name>/service-accounts/<client_id>/delete")
def delete(name: str, client_id: str) -> AnyResponse:
    """Delete a service account and its credentials."""
    try:
        here().call_api("DELETE", _ONE, workspace=name, client_id=client_id)
    except Refusal as refusal:
        return show_account(name, client_id, refused(refusal, "delete"))
    return go("service_accounts.show", Notice.ACCOUNT_DELETED, name=name)


@page.get("/workspaces/<name>/service-accounts/<client_id>")
def show_account(name: str, client_id: str, form_error: FormError | None = None) -> Page:
    """Show a service account, with its keys if the visitor may see them."""
    visit = here()
    space = visit.workspace(name)
    account = find(visit, name, client_id)
    keys = (
        visit.call_api("GET", f"{_ONE}/api_keys", workspace=name, client_id=client_id)
        if space.may("apiKey:list")
        else []
    )
    given = _given() if form_error else account
    return shown("service_account.html", form_error, space=space, account=account, keys=keys, given=given)


def find(visit: Visit, name: str, client_id: str) -> dict[str, Any]:
    """The service account with this client ID.

    Raises:
        Refusal: 404: it is not in this workspace.
    """
    accounts: list[dict[str, Any]] = visit.call_api("GET", _ALL, workspace=name)
    found = [account for account in accounts if account["client_id"] == client_id]
    if not found:
        raise not_found("This service account does not exist in this workspace.")
    return found[0]


def _given() -> dict[str, Any]:
    return {key: field(key) for key in ("name", "description", "role")}


def _refused(refusal: Refusal) -> FormError:
    about = [key for key in ("description", "role") if key in refusal.text.lower()]
    return refused(refusal, about[0] if about else "name")


@page.post("/workspaces/<name>/service-accounts/<client_id>/keys")
def create_key(name: str, client_id: str) -> AnyResponse:
    """Create a key and show it."""
    visit = here()
    given = {"name": field("key_name"), "expires_in": field("expires_in")}
    try:
        made = visit.call_api("POST", _KEYS, given, workspace=name, client_id=client_id)
    except Refusal as refusal:
        about = "expires_in" if "expires_in" in refusal.text else "key_name"
        return show_account(name, client_id, refused(refusal, about))
    account = find(visit, name, client_id)
    return shown("secret_key.html", space=visit.workspace(name), account=account, key=made)


@page.post("/workspaces/<name>/service-accounts/<client_id>/keys/<key_id>/delete")
def delete_key(name: str, client_id: str, key_id: str) -> AnyResponse:
    """Delete a key."""
    try:
        here().call_api("DELETE", f"{_KEYS}/<key_id>", workspace=name, client_id=client_id, key_id=key_id)
    except Refusal as refusal:
        return show_account(name, client_id, refused(refusal, "keys"))
    return go("service_accounts.show_account", Notice.KEY_DELETED, name=name, client_id=client_id)
