"""The request and the response of a route, and the parsing of request bodies."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, assert_never
from urllib.parse import parse_qsl

from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.clock import stamp
from beamctl.emulator.errors import bad_request, forbidden
from beamctl.emulator.mail import Email
from beamctl.emulator.permission import Caller, Operator, Permission, Person, ServiceAccount, role_allows
from beamctl.emulator.rules import Rule
from beamctl.emulator.store.workspace import Workspace

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import Headers

_YES_OR_NO = {"true": True, "1": True, "false": False, "0": False, "": False}

_CONTEXT_KEY = "beamctl.emulator.request_context"
"""A WSGI environment key. Headers become `HTTP_…`, so they cannot set it."""


@dataclass(slots=True)
class RequestContext:
    """What the request log records of a request. Authorization fills it in, also if it then rejects the request.

    Attributes:
        who: The caller's e-mail address, `service account CLIENT-ID` or `operator`; `anonymous` without a known
            credential; None if no credential was checked.
        workspace: The name of the workspace, if it exists.
        page: The rule of a page outside `/v0`, such as `/invitation/<key>`. It is logged instead of the path, which may
            contain a link that acts as a credential.
    """

    who: str | None = None
    workspace: str = ""
    page: str = ""

    def record_caller(self, caller: Caller) -> None:
        """Record the authenticated caller."""
        match caller:
            case Person(email=email):
                self.who = email
            case ServiceAccount(client_id=client_id):
                self.who = f"service account {client_id}"
            case Operator():
                self.who = caller.name
            case _:
                assert_never(caller)


def attach_context(environ: WSGIEnvironment) -> RequestContext:
    """Attach a new context to a request."""
    context = RequestContext()
    environ[_CONTEXT_KEY] = context
    return context


def context_of(environ: WSGIEnvironment) -> RequestContext:
    """The context of a request; a new, unattached one if there is none."""
    context = environ.get(_CONTEXT_KEY)
    return context if isinstance(context, RequestContext) else RequestContext()


ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Inbound:
    """A request as received.

    Attributes:
        headers: The headers; lookup ignores case.
        query: The query parameters.
        path: The variable parts of the path, decoded.
        body: The raw body.
        base_url: Base URL of the API, as the client sees it.
        in_process_caller: The caller of an in-process request; no header can set it.
        context: Collects the caller and the workspace for the request log.
        issuer: The URL in front of the path of a metadata document: the base URL, or for an alias that of the host.
    """

    headers: Headers
    query: Mapping[str, str]
    path: Mapping[str, str]
    body: bytes
    base_url: str
    in_process_caller: Caller | None
    context: RequestContext = field(default_factory=RequestContext)
    issuer: str = ""

    def has_header(self, beginning: str) -> bool:
        """Whether any header name starts with `beginning`, which is in lower case."""
        return any(name.lower().startswith(beginning) for name in self.headers.keys())  # noqa: SIM118 - not a mapping

    def is_asked(self, name: str) -> bool:
        """Whether the query turns a flag on.

        Raises:
            ApiError: 400: the value is not a boolean.
        """
        value = self.query.get(name, "").lower()
        if value not in _YES_OR_NO:
            raise bad_request(f"{name} must be true or false")
        return _YES_OR_NO[value]


@dataclass(frozen=True, slots=True)
class Call:
    """An authorized request.

    Attributes:
        inbound: The request as received.
        db: The transaction of the request.
        moment: When it was received.
        flags: The behavior flags that are on.
        public_url: Base URL of links in e-mails.
        caller: Who makes it; None on open routes.
        workspace: Its workspace; None on routes without one.
        role: The caller's role in the workspace; empty if there is none.
    """

    inbound: Inbound
    db: sqlite3.Connection
    moment: datetime
    flags: frozenset[BehaviorFlag]
    public_url: str
    caller: Caller | None = None
    workspace: Workspace | None = None
    role: str = ""

    @property
    def space(self) -> Workspace:
        """The workspace, on a route that has one."""
        assert self.workspace  # noqa: S101 - authorization sets it: the route's reach is WORKSPACE
        return self.workspace

    @property
    def who(self) -> Caller:
        """The caller, on a route that is not open."""
        assert self.caller  # noqa: S101 - authorization sets it: the route's reach is not OPEN
        return self.caller

    @property
    def person(self) -> Person:
        """The caller, on a route that only people may use."""
        if not isinstance(self.caller, Person):
            raise forbidden()
        return self.caller

    @property
    def now(self) -> str:
        """The time of the request as the API writes it."""
        return stamp(self.moment)

    @property
    def beamlit(self) -> bool:
        """Whether this is a request of the Beamlit era, by its headers or by the behavior flag."""
        return BehaviorFlag.BEAMLIT_ERA in self.flags or self.inbound.has_header("x-beamlit-")

    def may(self, permission: Permission) -> bool:
        """Whether the caller has the permission in the workspace."""
        return isinstance(self.caller, Operator) or role_allows(self.role, permission, self.flags)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response whose changes are committed; its status is 200 unless another one is given.

    Attributes:
        body: Plain data, sent as JSON.
        headers: Additional headers.
        emails: E-mails to send after the commit.
        status: Another status, for an error that keeps its changes (an `ApiError` rolls them back).
    """

    body: object
    headers: Mapping[str, str] = field(default_factory=dict)
    emails: tuple[Email, ...] = ()
    status: HTTPStatus = HTTPStatus.OK


_FORM = "application/x-www-form-urlencoded"


def json_object(body: bytes) -> dict[str, Any]:
    """The object in a JSON body.

    Raises:
        ApiError: 400: it is not JSON or not an object.
    """
    try:
        content = json.loads(body)
        # Python accepts lone surrogates and infinite numbers, which are not JSON and cannot be stored.
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise bad_request("the body is not valid JSON") from None
    if not isinstance(content, dict):
        raise bad_request("the body must be a JSON object")
    return content


def json_or_form(body: bytes, content_type: str) -> dict[str, Any]:
    """The fields of a JSON object or, by content type, of a form.

    Raises:
        ApiError: 400: it is neither.
    """
    if content_type.partition(";")[0].strip().lower() != _FORM:
        return json_object(body)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    except ValueError:
        raise bad_request("the body is not a valid form") from None


def check(field: str, rule: Rule, value: object) -> None:
    """Reject an invalid value of a field.

    Raises:
        ApiError: 400.
    """
    if wrong := rule(value):
        raise bad_request(f"{field} {wrong}")
