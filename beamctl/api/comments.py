"""The comments of a pull request on GitHub, or of a merge request on GitLab: reading and writing them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from beamctl.api.client import Client
from beamctl.api.errors import Timeouts
from beamctl.api.messages import (
    FORBIDDEN,
    MISSING,
    OK,
    REDIRECT,
    UNAUTHENTICATED,
    CallResult,
    Failure,
    FailureKind,
    Reply,
    Request,
)
from beamctl.api.response_body import error_text
from beamctl.errors import ApiError, ForbiddenError, GarbledError, MissingError, UnauthenticatedError, UnreachableError
from beamctl.model.api_call import Method
from beamctl.model.secret import ApiRedactor

_PAGE = 100
_MOST_PAGES = 100
_USER, _OWNER = "/user", "the owner of the token"
_REJECTED = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)


@dataclass(frozen=True, slots=True)
class CommentTarget:
    """A pull or merge request, as its platform represents it.

    Attributes:
        platform: The name of the platform.
        url: The base URL of its API.
        headers: The credential and the version of the API.
        token_from: The variable that has the token.
        name: The request, for messages.
        listing: The path of its comments.
        one: The path of a comment, with `{id}`.
        updates: The method that changes a comment.
        author_in: The field of a comment that has its author.
        login_in: The field of an author that has the login.
        app_login: The author if the token belongs to an app, which cannot ask who it is; empty if no token does.
        largest: The maximum size of a comment in bytes.
        runs_commands: Whether a line of a comment that starts with a slash may be a command.
        permission: What the token needs.
    """

    platform: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    token_from: str
    name: str
    listing: str
    one: str
    updates: Method
    author_in: str
    login_in: str
    app_login: str
    largest: int
    runs_commands: bool
    permission: str


@dataclass(frozen=True, slots=True)
class PostedComment:
    """A comment as the platform shows it."""

    id: int
    author: str
    body: str


class Comments:
    """The comments of one pull or merge request."""

    def __init__(self, target: CommentTarget, redactor: ApiRedactor, timeouts: Timeouts | None = None) -> None:
        self.target = target
        self._client = Client(target.url, timeouts or Timeouts())
        self._redactor = redactor

    def own_login(self) -> str:
        """The login of the token's owner.

        Raises:
            ApiError: The platform does not tell.
        """
        result = self._client.exchange(Request(Method.GET, _USER, headers=self.target.headers, paged=True))
        is_app = isinstance(result, Reply) and result.status in (FORBIDDEN, MISSING) and not result.limited
        if is_app and self.target.app_login:
            return self.target.app_login
        login = self._body(result, _OWNER, dict).get(self.target.login_in)
        if not isinstance(login, str) or not login:
            raise self._garbled(_OWNER)
        return login

    def __iter__(self) -> Iterator[PostedComment]:
        """All comments, oldest first. Pages are read until one is empty: proxies may remove the links between them.

        Raises:
            ApiError: They cannot be read.
        """
        for page in range(1, _MOST_PAGES + 1):
            path = f"{self.target.listing}?per_page={_PAGE}&page={page}&sort=asc"
            result = self._client.exchange(Request(Method.GET, path, headers=self.target.headers, paged=True))
            rows = self._body(result, f"the comments of {self.target.name}", list)
            if not rows:
                return
            yield from (self._comment(row) for row in rows)
        message = f"{self.target.platform} lists more than {_PAGE * _MOST_PAGES:,} comments of {self.target.name}"
        raise GarbledError(message, "Use another pull request, or delete comments.")

    def read(self, identifier: int) -> PostedComment:
        """One comment as it is now.

        Raises:
            ApiError: It cannot be read.
        """
        path = self.target.one.format(id=identifier)
        result = self._client.exchange(Request(Method.GET, path, headers=self.target.headers, paged=True))
        return self._comment(self._body(result, f"the comment on {self.target.name}", dict))

    def write(self, body: str, identifier: int | None) -> PostedComment:
        """Create a comment, or replace the body of one.

        Raises:
            ApiError: It cannot be written, or it is not known whether it was.
        """
        path = self.target.listing if identifier is None else self.target.one.format(id=identifier)
        method = Method.POST if identifier is None else self.target.updates
        result = self._client.exchange(Request(method, path, {"body": body}, self.target.headers, once=True))
        return self._comment(self._body(result, f"the comment on {self.target.name}", dict))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _comment(self, row: Any) -> PostedComment:  # noqa: ANN401 - any JSON
        if isinstance(row, dict) and self.target.author_in in row:
            author = row.get(self.target.author_in)
            login = author.get(self.target.login_in) if isinstance(author, dict) else ""  # null: a deleted user
            match row.get("id"), row.get("body"), login:
                case int(identifier), str() | None as body, str(name):
                    return PostedComment(identifier, name, body or "")
                case _:
                    pass
        raise self._garbled(f"a comment on {self.target.name}")

    def _body(self, result: CallResult, what: str, expected: type) -> Any:  # noqa: ANN401 - any JSON
        match result:
            case Failure(fault=FailureKind.CUT_OFF | FailureKind.GARBLED, why=why):
                raise GarbledError(why, self._check_url())
            case Failure(why=why):
                raise UnreachableError(why, f"{self._check_url()} Behind a proxy, check HTTPS_PROXY and NO_PROXY.")
            case Reply(status=status, body=body) if status in OK and isinstance(body, expected):
                return body
            case Reply(status=status) if status in OK:
                raise self._garbled(what)
            case Reply():
                raise self._refusal(result, what)

    def _refusal(self, reply: Reply, what: str) -> ApiError:
        target, status = self.target, reply.status
        said = self._redactor.clean(error_text(reply))
        kind, message, hint = ApiError, f"{target.platform} failed: {said}", "Try again later."
        if reply.limited:
            message = f"{target.platform} limits the rate of requests: {said}"
        elif status == UNAUTHENTICATED:
            kind, hint = UnauthenticatedError, "It may have expired or been revoked."
            message = f"{target.platform} does not accept the token in {target.token_from}: {said}"
        elif status == FORBIDDEN:
            kind, hint = ForbiddenError, target.permission
            message = f"{target.platform} does not let the token access {what}: {said}"
        elif status == MISSING:
            kind, hint = MissingError, f"It does not exist, or the token may not see it. {target.permission}"
            message = f"{target.platform} does not show {what}"
        elif status in REDIRECT:
            message, hint = f"{target.platform} has moved {target.name}", self._check_url()
        elif status in _REJECTED:
            message, hint = f"{target.platform} does not accept {what}: {said}", ""
        return kind(message, hint, status=status)

    def _garbled(self, what: str) -> GarbledError:
        message = f"{self.target.platform} did not return {what} in the documented format"
        return GarbledError(message, self._check_url())

    def _check_url(self) -> str:
        return f"Check that {self.target.url} is the API of {self.target.platform}."
