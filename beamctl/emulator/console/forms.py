"""Form input and its errors, and responses: a page, or a redirect with a notice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, make_response, redirect, render_template, request, url_for

from beamctl.emulator import rules
from beamctl.emulator.console.wording import error_sentence
from beamctl.emulator.errors import ApiError
from beamctl.emulator.permission import Person
from beamctl.emulator.store import people

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from beamctl.emulator.console.session import Space
    from beamctl.emulator.control_plane import ControlPlane


@dataclass(frozen=True, slots=True)
class FormError:
    """An error in a form.

    Attributes:
        text: A sentence that says what to do.
        field: The ID of the field.
        status: The HTTP status of the page.
    """

    text: str
    field: str
    status: int = 400


def api_error(error: ApiError, field: str) -> FormError:
    """An API error, shown next to the field that most likely caused it.

    Raises:
        ApiError: 401 or 403: no other input helps, and the field may not be on the page.
    """
    if error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise error
    return FormError(error_sentence(error), field, int(error.status))


def field(name: str) -> str:
    """A field of the form, stripped; empty if it is absent."""
    return request.form.get(name, "").strip()


def fields(name: str) -> list[str]:
    """All fields with this name, in order, stripped."""
    return [value.strip() for value in request.form.getlist(name)]


def texts(name: str) -> list[str]:
    """All fields of several lines with this name, in order. One line is stripped; more are kept as typed."""
    found = [value.replace("\r\n", "\n") for value in request.form.getlist(name)]
    return [value if "\n" in value.strip() else value.strip() for value in found]


def restored(typed: str, known: Iterable[str]) -> str:
    """The stored text that a one-line field showed as `typed`: browsers remove its line breaks."""
    for text in known:
        if text.replace("\r", "").replace("\n", "").strip() == typed:
            return text
    return typed


def name_error() -> FormError | None:
    """An error in the names in the form; None if they are valid."""
    if not field("given_name"):
        return FormError("Enter your given name.", "given_name")
    for name in ("given_name", "family_name"):
        if rules.text(field(name)):
            return FormError(f"Enter a name of at most {rules.LONGEST_TEXT} characters.", name)
    return None


def open_account(plane: ControlPlane, email: str) -> tuple[Person, bool]:
    """Return the person with this address, and whether the account is new. A new account gets the names in the form."""
    with plane.database.writing() as db:
        known = people.find_person(db, email)
        if known:
            return known, False
        made = people.sign_up(db, email, plane.now())
        people.describe(db, made.sub, field("given_name") or None, field("family_name") or None, mfa=False)
        return made, True


class Notice(Enum):
    """A notice; its value is the text shown."""

    SIGNED_OUT = "You are signed out."
    LINK_SENT = (
        "A sign-in link was sent. It is valid for 15 minutes. To see the e-mails that the emulator has sent, run "
        "`beamctl emulator mail`."
    )
    ACCEPTED = "You accepted the invitation and are now a member."
    ACCEPTED_SIGNED_OUT = (
        "The invitation is accepted. Sign in to the account it was for to open the workspace: the link in the e-mail "
        "alone does not sign you in."
    )
    DECLINED = "You declined the invitation."
    LEFT = "You left the workspace."
    WORKSPACE_CREATED = "The workspace was created. You are its admin."
    WORKSPACE_DELETED = "The workspace and everything in it were deleted."
    INVITED = "The invitation was created."
    ROLE_CHANGED = "The role was changed."
    REMOVED = "The member was removed."
    REVOKED = "The invitation was revoked."
    ACCOUNT_CHANGED = "The service account was changed."
    ACCOUNT_DELETED = "The service account was deleted. Its credentials no longer work."
    KEY_DELETED = "The API key was deleted. It no longer works."
    RESOURCE_CREATED = "It was created."
    RESOURCE_CHANGED = "The changes were saved."
    RESOURCE_DELETED = "It was deleted."
    SETTINGS_CHANGED = "The settings were saved."

    @property
    def slug(self) -> str:
        """Its name in a URL."""
        return self.name.lower().replace("_", "-")


def notice_text(slug: str) -> str:
    """The text of the notice with this slug; empty if there is none."""
    return _NOTICES.get(slug, "")


_NOTICES = {notice.slug: notice.value for notice in Notice}

Page = Response


def render(template: str, form_error: FormError | None = None, **values: Any) -> Page:  # noqa: ANN401 - template variables
    """Render a template, with the error of the submitted form and its status."""
    status = form_error.status if form_error else HTTPStatus.OK
    return make_response(render_template(template, form_error=form_error, **values), status)


@dataclass(frozen=True, slots=True)
class Question:
    """A page that asks before something is deleted.

    Attributes:
        verb: What would be done, such as `Delete the API key`.
        thing: To what; its name was entered by people.
        effect: What that does.
        button: The text of the button.
        back: The URL of the page to return to.
        tab: The tab it is on.
    """

    verb: str
    thing: str
    effect: str
    button: str
    back: str
    tab: str = ""


def ask(space: Space, question: Question, form_error: FormError | None = None) -> Page:
    """Show the question. Its form posts to the same address."""
    return render("confirm.html", form_error, space=space, question=question)


def redirect_to(endpoint: str, notice: Notice | None = None, **values: str) -> AnyResponse:
    """Redirect to a page by GET, with a notice."""
    arguments: dict[str, Any] = {**values, "done": notice.slug} if notice else {**values}
    return redirect(url_for(endpoint, **arguments), HTTPStatus.SEE_OTHER)


def redirect_back(path: str, otherwise: str) -> AnyResponse:
    """Redirect to where the person was before signing in, if it is one of our pages."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return redirect(path if ours else url_for(otherwise), HTTPStatus.SEE_OTHER)
