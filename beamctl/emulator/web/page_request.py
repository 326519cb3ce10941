"""One request for a page: who makes it, and the API's own routes called as that person, so that a rule is in one place.
It must not know any page, nor write a row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import g, request
from werkzeug.datastructures import Headers

from beamctl.emulator.authentication import WORKSPACE_HEADERS
from beamctl.emulator.behavior import Quirk
from beamctl.emulator.call import Inbound
from beamctl.emulator.caller import Person
from beamctl.emulator.errors import not_found, unauthorized
from beamctl.emulator.permission import Permission, role_allows
from beamctl.emulator.request_context import witness_of
from beamctl.emulator.routes import ROUTES
from beamctl.emulator.store import member, workspace

if TYPE_CHECKING:
    from beamctl.emulator.app import ControlPlane
    from beamctl.emulator.web.session import Session

_BY_NAME = {(route.method, route.rule): route for route in ROUTES}
_ONE_WORKSPACE = "/workspaces/<name>"


@dataclass(frozen=True, slots=True)
class Space:
    """A workspace, as one of its members sees it.

    Attributes:
        shown: The workspace as the API shows it.
        role: The role of the visitor.
        quirks: The quirks that are on.
    """

    shown: Mapping[str, Any]
    role: str
    quirks: frozenset[Quirk]

    @property
    def name(self) -> str:
        """The name."""
        return str(self.shown["name"])

    @property
    def title(self) -> str:
        """What people call it."""
        return str(self.shown.get("displayName", self.name))

    def may(self, permission: str) -> bool:
        """Whether the visitor has the permission of that name here."""
        return role_allows(self.role, Permission(permission), self.quirks)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request for a page.

    Attributes:
        plane: The control plane.
        session: Who is signed in.
    """

    plane: ControlPlane
    session: Session

    @property
    def person(self) -> Person:
        """Who is signed in.

        Raises:
            Refusal: 401: nobody is.
        """
        if self.session.person is None:
            raise unauthorized()
        return self.session.person

    def ask(self, method: str, rule: str, body: object = None, *, workspace: str = "", **path: str) -> Any:  # noqa: ANN401 - any JSON
        """What the API answers the person who is signed in.

        Args:
            method: The HTTP method.
            rule: The rule of the route, such as `/users/<path:who>`.
            body: What is sent as JSON; None for no body.
            workspace: The workspace, where the path does not name one.
            path: The variable parts of the path; `countResources` and the like are not for it.

        Raises:
            Refusal: The API refuses.
        """
        return self.ask_as(self.person, method, rule, body, workspace=workspace, **path)

    def ask_as(
        self, somebody: Person, method: str, rule: str, body: object = None, *, workspace: str = "", **path: str
    ) -> Any:  # noqa: ANN401 - as above
        """The same, for somebody who shows in another way who they are: by the key in an invitation's link."""
        headers = Headers({WORKSPACE_HEADERS[0]: workspace} if workspace else {})
        sent = b"" if body is None else json.dumps(body).encode()
        inbound = Inbound(headers, {"countResources": "true"}, path, sent, "", somebody, witness_of(request.environ))
        return self.plane.run(_BY_NAME[method, rule], inbound).body

    def enter(self, name: str) -> Space:
        """The workspace of that name, if the visitor is in it.

        Raises:
            Refusal: 401, 403 or 404.
        """
        shown = self.ask("GET", _ONE_WORKSPACE, name=name)
        with self.plane.database.reading() as rows:
            space = workspace.find(rows, name)
            role = member.role_of(rows, space.id, self.person.sub) if space else None
        if role is None:  # it went, or the visitor did, between the two
            raise not_found("Workspace not found")
        return Space(shown, role, self.plane.quirks)


def here() -> Visit:
    """The visit of the current request."""
    visit = g.visit
    assert isinstance(visit, Visit)  # noqa: S101 - `site` put it there before every page
    return visit
