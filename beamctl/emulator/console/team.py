"""The people with access to a workspace: its members and invitations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Blueprint, request, url_for

from beamctl.emulator.console import wording
from beamctl.emulator.console.forms import FormError, Notice, Page, Question, api_error, ask, field, redirect_to, render
from beamctl.emulator.console.session import Space, Visit, current_visit
from beamctl.emulator.errors import ApiError, forbidden, not_found
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
    found = [user for user in team if needle in folded(user["email"]) or needle in folded(wording.full_name(user))]
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
    values = {"listing": found, "q": q, "given": given}
    if request.args.get("done") == Notice.INVITED.slug and not form_error:
        values["invited"] = [user for user in found.users if user["email"] == q and not user["accepted"]]
        values["sends_mail"] = bool(visit.plane.mailer.deliveries)
    return render("team.html", form_error, space=space, **values)


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


@page.get("/workspaces/<name>/team/person/remove")
def ask_to_remove(name: str, form_error: FormError | None = None) -> Page:
    """Ask before a member is removed or an invitation revoked."""
    visit = current_visit()
    space = visit.workspace(name)
    if not space.may("workspaces:remove"):
        raise forbidden()
    return ask(space, _question(space, _find(visit, name, request.args.get("email", ""))), form_error)


def _question(space: Space, user: dict[str, Any]) -> Question:
    email = user["email"]
    back = url_for("team.show_person", name=space.name, email=email)
    if not user["accepted"]:
        effect = "The link in the e-mail stops working."
        return Question("Revoke the invitation of", email, effect, "Revoke the invitation", back, "Team")
    effect = "They lose access at once. To come back, they need a new invitation."
    if user.get("source") == "directory_sync":
        effect = (
            "They lose access at once. The next directory sync adds them again; in the emulator, that is "
            "`beamctl emulator sync`."
        )
    return Question("Remove", email, effect, "Remove from the workspace", back, "Team")


@page.post("/workspaces/<name>/team/person/remove")
def remove(name: str) -> AnyResponse:
    """Remove a member or revoke an invitation."""
    visit, email = current_visit(), request.args.get("email", "")
    visit.workspace(name)
    was = [user["accepted"] for user in _people(visit, name) if folded(user["email"]) == folded(email)]
    try:
        visit.call_api("DELETE", _ONE_USER, workspace=name, who=email)
    except ApiError as error:
        return ask_to_remove(name, api_error(error, "confirm"))
    return redirect_to("team.show", Notice.REMOVED if any(was) else Notice.REVOKED, name=name)


def _people(visit: Visit, name: str) -> list[dict[str, Any]]:
    """The members and invitees, without service accounts, which have their own page."""
    return [user for user in visit.call_api("GET", "/users", workspace=name) if "email" in user]


def _find(visit: Visit, name: str, email: str) -> dict[str, Any]:
    found = [user for user in _people(visit, name) if folded(user["email"]) == folded(email)]
    if not found:
        raise not_found("No member or invitee of this workspace has that address.")
    return found[0]
