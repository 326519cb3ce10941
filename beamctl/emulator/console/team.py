"""Who has access to a workspace: its members, invitations, service accounts and their API keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Blueprint, request

from beamctl.emulator.console import forms
from beamctl.emulator.console.forms import FormError, Notice, Page, api_error, field, redirect_to, render
from beamctl.emulator.console.session import Visit, current_visit
from beamctl.emulator.errors import ApiError, not_found
from beamctl.emulator.rules import folded

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

page = Blueprint("team", __name__)

PAGE_SIZE = 100
_ONE_USER = "/users/<path:who>"


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the team.

    Attributes:
        users: The people on it.
        found: The number of matches on all pages.
        total: The number of people, ignoring the search.
        number: The page number, from 1.
    """

    users: list[dict[str, Any]]
    found: int
    total: int
    number: int

    @property
    def first(self) -> int:
        """The number of the first person on the page, from 1."""
        return (self.number - 1) * PAGE_SIZE + 1

    @property
    def last(self) -> int:
        """The number of the last person on the page."""
        return self.first + len(self.users) - 1

    @property
    def pages(self) -> int:
        """The number of pages."""
        return max(1, -(-self.found // PAGE_SIZE))


def listing(team: list[dict[str, Any]], q: str, asked: str) -> Listing:
    """The requested page, or the nearest one, of people whose address or name contains the text."""
    needle = folded(q)
    found = [user for user in team if needle in folded(user["email"]) or needle in folded(forms.full_name(user))]
    last_page = max(1, -(-len(found) // PAGE_SIZE))
    number = min(int(asked[:9]), last_page) if asked.isascii() and asked.isdecimal() else 1
    start = (max(1, number) - 1) * PAGE_SIZE
    return Listing(found[start : start + PAGE_SIZE], len(found), len(team), max(1, number))


@page.get("/workspaces/<name>/team")
def show(name: str, form_error: FormError | None = None) -> Page:
    """Show members and invitations."""
    visit = current_visit()
    space = visit.workspace(name)
    q = request.args.get("q", "").strip()
    found = listing(_people(visit, name), q, request.args.get("page", ""))
    given = {"email": field("email"), "role": field("role") or "member"}
    return render("team.html", form_error, space=space, listing=found, q=q, given=given)


@page.post("/workspaces/<name>/team/invite")
def invite(name: str) -> AnyResponse:
    """Invite a person with a role."""
    given = {"email": field("email"), "role": field("role")}
    try:
        current_visit().call_api("POST", "/users", given, workspace=name)
    except ApiError as error:
        return show(name, api_error(error, "role" if "role" in error.text else "email"))
    return redirect_to("team.show", Notice.INVITED, name=name, q=given["email"])


@page.get("/workspaces/<name>/team/person")
def show_person(name: str, form_error: FormError | None = None) -> Page:
    """Show one person and what can be changed about them."""
    visit = current_visit()
    space = visit.workspace(name)
    user = _find(visit, name, request.args.get("email", ""))
    is_self = user.get("sub") == visit.person.sub and user["accepted"]
    return render("person.html", form_error, space=space, user=user, is_self=is_self)


@page.post("/workspaces/<name>/team/person/role")
def set_role(name: str) -> AnyResponse:
    """Set the role of a member or invitee."""
    email = request.args.get("email", "")
    try:
        current_visit().call_api("PUT", _ONE_USER, {"role": field("role")}, workspace=name, who=email)
    except ApiError as error:
        return show_person(name, api_error(error, "role"))
    return redirect_to("team.show_person", Notice.ROLE_CHANGED, name=name, email=email)


@page.post("/workspaces/<name>/team/person/remove")
def remove(name: str) -> AnyResponse:
    """Remove a member or revoke an invitation."""
    email = request.args.get("email", "")
    revokes = field("revoke") != ""
    try:
        current_visit().call_api("DELETE", _ONE_USER, workspace=name, who=email)
    except ApiError as error:
        return show_person(name, api_error(error, "remove"))
    return redirect_to("team.show", Notice.REVOKED if revokes else Notice.REMOVED, name=name)


def _people(visit: Visit, name: str) -> list[dict[str, Any]]:
    """The members and invitees, without service accounts, which have their own page."""
    return [user for user in visit.call_api("GET", "/users", workspace=name) if "email" in user]


def _find(visit: Visit, name: str, email: str) -> dict[str, Any]:
    found = [user for user in _people(visit, name) if folded(user["email"]) == folded(email)]
    if not found:
        raise not_found("No member or invitee of this workspace has that address.")
    return found[0]


_ACCOUNTS = "/service_accounts"
_ONE_ACCOUNT = "/service_accounts/<client_id>"
_KEYS = "/service_accounts/<client_id>/api_keys"


@page.get("/workspaces/<name>/service-accounts")
def show_accounts(name: str, form_error: FormError | None = None) -> Page:
    """Show all service accounts and the form for a new one."""
    visit = current_visit()
    space = visit.workspace(name)
    accounts = visit.call_api("GET", _ACCOUNTS, workspace=name)
    given = {**_account_fields(), "role": field("role") or "member"}
    return render("service_accounts.html", form_error, space=space, accounts=accounts, given=given)


@page.post("/workspaces/<name>/service-accounts")
def create_account(name: str) -> AnyResponse:
    """Create a service account and show its secret."""
    visit = current_visit()
    try:
        made = visit.call_api("POST", _ACCOUNTS, _account_fields(), workspace=name)
    except ApiError as error:
        return show_accounts(name, _account_error(error))
    return render("secret_account.html", space=visit.workspace(name), account=made)


@page.post("/workspaces/<name>/service-accounts/<client_id>")
def change_account(name: str, client_id: str) -> AnyResponse:
    """Update a service account."""
    given = (
        _account_fields()
        if field("role")
        else {key: value for key, value in _account_fields().items() if key != "role"}
    )
    try:
        current_visit().call_api("PUT", _ONE_ACCOUNT, given, workspace=name, client_id=client_id)
    except ApiError as error:
        return show_account(name, client_id, _account_error(error))
    return redirect_to("team.show_account", Notice.ACCOUNT_CHANGED, name=name, client_id=client_id)


@page.post("/workspaces/<name>/service-accounts/<client_id>/delete")
def delete_account(name: str, client_id: str) -> AnyResponse:
    """Delete a service account and its credentials."""
    try:
        current_visit().call_api("DELETE", _ONE_ACCOUNT, workspace=name, client_id=client_id)
    except ApiError as error:
        return show_account(name, client_id, api_error(error, "delete"))
    return redirect_to("team.show_accounts", Notice.ACCOUNT_DELETED, name=name)


@page.get("/workspaces/<name>/service-accounts/<client_id>")
def show_account(name: str, client_id: str, form_error: FormError | None = None) -> Page:
    """Show a service account, with its keys if the visitor may see them."""
    visit = current_visit()
    space = visit.workspace(name)
    account = _find_account(visit, name, client_id)
    keys = (
        visit.call_api("GET", f"{_ONE_ACCOUNT}/api_keys", workspace=name, client_id=client_id)
        if space.may("apiKey:list")
        else []
    )
    given = _account_fields() if form_error else account
    return render("service_account.html", form_error, space=space, account=account, keys=keys, given=given)


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
        return show_account(name, client_id, api_error(error, about))
    account = _find_account(visit, name, client_id)
    return render("secret_key.html", space=visit.workspace(name), account=account, key=made)


@page.post("/workspaces/<name>/service-accounts/<client_id>/keys/<key_id>/delete")
def delete_key(name: str, client_id: str, key_id: str) -> AnyResponse:
    """Delete a key."""
    try:
        current_visit().call_api("DELETE", f"{_KEYS}/<key_id>", workspace=name, client_id=client_id, key_id=key_id)
    except ApiError as error:
        return show_account(name, client_id, api_error(error, "keys"))
    return redirect_to("team.show_account", Notice.KEY_DELETED, name=name, client_id=client_id)
