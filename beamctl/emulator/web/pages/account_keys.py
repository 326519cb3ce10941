"""API keys of a service account: create, delete. A key is shown once, after creation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from beamctl.emulator.errors import Refusal
from beamctl.emulator.web.form import field, refused
from beamctl.emulator.web.notice import Notice
from beamctl.emulator.web.page_request import here
from beamctl.emulator.web.pages.service_accounts import find, show_account
from beamctl.emulator.web.response import go, shown

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

page = Blueprint("account_keys", __name__)

_KEYS = "/service_accounts/<client_id>/api_keys"


@page.post("/workspaces/<name>/service-accounts/<client_id>/keys")
def create(name: str, client_id: str) -> AnyResponse:
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
def delete(name: str, client_id: str, key_id: str) -> AnyResponse:
    """Delete a key."""
    try:
        here().call_api("DELETE", f"{_KEYS}/<key_id>", workspace=name, client_id=client_id, key_id=key_id)
    except Refusal as refusal:
        return show_account(name, client_id, refused(refusal, "keys"))
    return go("service_accounts.show_account", Notice.KEY_DELETED, name=name, client_id=client_id)
