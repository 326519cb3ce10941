"""A page request: its session, its signed-in person, and calls to the API as that person."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Response, g, request
from markupsafe import Markup
from werkzeug.datastructures import Headers

from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.call import Inbound, context_of
from beamctl.emulator.credentials import TokenUse, form_key, issue_token, token_subject
from beamctl.emulator.errors import not_found, unauthorized
from beamctl.emulator.permission import Permission, Person, role_allows
from beamctl.emulator.routes import ROUTES
from beamctl.emulator.routing import WORKSPACE_HEADERS
from beamctl.emulator.store import membership, people, signing_secret, workspace

if TYPE_CHECKING:
    from beamctl.emulator.control_plane import ControlPlane

COOKIE = "beamctl_emulator_session"
FORM_COOKIE = "beamctl_emulator_form"
FORM_FIELD = "form_key"


@dataclass(frozen=True, slots=True)
class Session:
    """The cookies of a request.

    Attributes:
        person: Who is signed in; None if no one is.
        nonce: Ties forms to this browser.
        secure: Whether the browser uses HTTPS, so the cookies are HTTPS-only.
        form_key: The key of this browser's and session's forms.
    """

    person: Person | None
    nonce: str
    secure: bool
    form_key: str


def read_session(plane: ControlPlane) -> Session:
    """The session of the current request."""
    shown = request.cookies.get(COOKIE, "")
    nonce = request.cookies.get(FORM_COOKIE, "") or secrets.token_urlsafe(16)
    with plane.database.reading() as db:
        key = signing_secret(db)
        sub = token_subject(key, shown, TokenUse.SESSION, plane.now())
        known = people.person_by_sub(db, sub) if sub else None
    bound = shown if known else ""
    public = urlsplit(str(plane.public_url))  # behind a proxy, only the public URL shows whether it is HTTPS
    secure = request.is_secure or (public.scheme == "https" and request.host == public.netloc)
    return Session(known, nonce, secure, form_key(key, nonce, bound))


def begin_session(plane: ControlPlane, before: Session, person: Person, response: Response) -> Response:
    """Add a new session for a person to the response, replacing the old one."""
    with plane.database.reading() as db:
        key = signing_secret(db)
    token = issue_token(key, person.sub, TokenUse.SESSION, plane.now())
    _set(response, COOKIE, token, secure=before.secure)
    return response


def end_session(response: Response) -> Response:
    """Delete the session cookie in the response."""
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax")
    return response


def keep_nonce(session: Session, response: Response) -> None:
    """Set the nonce cookie if the browser has none."""
    if request.cookies.get(FORM_COOKIE) != session.nonce:
        _set(response, FORM_COOKIE, session.nonce, secure=session.secure)


def form_key_field(session: Session) -> Markup:
    """The hidden field with the form key."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FORM_FIELD, session.form_key)


def _set(response: Response, name: str, value: str, *, secure: bool) -> None:
    # Lax, not Strict: a link in an e-mail opens the signed-in session. Following a link changes nothing.
    response.set_cookie(name, value, httponly=True, samesite="Lax", secure=secure)


_BY_NAME = {(route.method, route.rule): route for route in ROUTES}
_BEAMLIT_HEADER = next(name for name in WORKSPACE_HEADERS if name.lower().startswith("x-beamlit-"))
_ONE_WORKSPACE = "/workspaces/<name>"


@dataclass(frozen=True, slots=True)
class Space:
    """A workspace as one of its members sees it.

    Attributes:
        shown: The workspace as the API returns it.
        role: The visitor's role.
        flags: The behavior flags that are on.
    """

    shown: Mapping[str, Any]
    role: str
    flags: frozenset[BehaviorFlag]

    @property
    def name(self) -> str:
        """The name."""
        return str(self.shown["name"])

    @property
    def title(self) -> str:
        """The display name, else the name."""
        return str(self.shown.get("displayName", self.name))

    def may(self, permission: str) -> bool:
        """Whether the visitor has this permission here."""
        return role_allows(self.role, Permission(permission), self.flags)


@dataclass(frozen=True, slots=True)
class Visit:
    """A page request.

    Attributes:
        plane: The control plane.
        session: The session.
    """

    plane: ControlPlane
    session: Session

    @property
    def person(self) -> Person:
        """The signed-in person.

        Raises:
            ApiError: 401: no one is signed in.
        """
        if self.session.person is None:
            raise unauthorized()
        return self.session.person

    def call_api(self, method: str, rule: str, body: object = None, *, workspace: str = "", **path: str) -> Any:  # noqa: ANN401 - any JSON
        """Call the API as the signed-in person and return the response body.

        Args:
            method: The HTTP method.
            rule: The rule of the route, such as `/users/<path:who>`.
            body: Sent as JSON; None for no body.
            workspace: The workspace, if the path does not name one.
            path: The variable parts of the path.

        Raises:
            ApiError: The API returns an error.
        """
        return self.call_api_as(self.person, method, rule, body, workspace=workspace, **path)

    def call_api_as(
        self, person: Person, method: str, rule: str, body: object = None, *, workspace: str = "", **path: str
    ) -> Any:  # noqa: ANN401 - as above
        """Call the API as a person who is authenticated by the key in an invitation link."""
        route = _BY_NAME[method, rule]
        header = _BEAMLIT_HEADER if route.beamlit_only else WORKSPACE_HEADERS[0]
        headers = Headers({header: workspace} if workspace else {})
        sent = b"" if body is None else json.dumps(body).encode()
        inbound = Inbound(headers, {"countResources": "true"}, path, sent, "", person, context_of(request.environ))
        return self.plane.run(route, inbound).body

    def workspace(self, name: str) -> Space:
        """Return a workspace that the visitor has access to.

        Raises:
            ApiError: 401, 403 or 404.
        """
        shown = self.call_api("GET", _ONE_WORKSPACE, name=name)
        with self.plane.database.reading() as db:
            space = workspace.find(db, name)
            role = membership.role_of(db, space.id, self.person.sub) if space else None
        if role is None:  # the workspace or membership was deleted in between
            raise not_found("Workspace not found")
        return Space(shown, role, self.plane.flags)


def current_visit() -> Visit:
    """The `Visit` of the current request."""
    visit = g.visit
    assert isinstance(visit, Visit)  # noqa: S101 - `site` sets it before every page
    return visit
