"""How the API spells a change, as values: the call, and what came back. It must not know how a call travels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote


class Method(StrEnum):
    """The HTTP methods of the control plane."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One request, relative to the base URL of the API.

    Attributes:
        method: The HTTP method. Every method but POST may be repeated: the second one changes nothing more.
        path: Percent-encoded, with a leading slash.
        body: What is sent as JSON, or None for no body.
    """

    method: Method
    path: str
    body: dict[str, Any] | None = None


_NOT_ABOUT_IT = frozenset({401, 408, 425, 429})
"""Refusals that are about who asks, or when. A 403 may be about either: it is taken to be about the change."""
_CERTAIN = frozenset({200, 201, 204})
_FIRST_ERROR = 400


@dataclass(frozen=True, slots=True)
class Response:
    """The API answered.

    Attributes:
        status: The HTTP status. Statuses 401 and transport trouble never get here: they are errors or `NoResponse`.
        body: The parsed JSON, or None where there was none.
        error: What the API said went wrong (`error` or `message` of its body); empty where it said nothing. Where it
            limits requests for longer than we wait, until when.
        limited: Whether it says that there were too many requests (429, or a 403 with the headers of a rate limit).
    """

    status: int
    body: Any = None
    error: str = ""
    limited: bool = False

    @property
    def ok(self) -> bool:
        """Whether the call succeeded."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the HTTP range of success

    @property
    def certain(self) -> bool:
        """Whether the API says that the call succeeded: not that it will do it later (202), did a part of it (206), or
        failed (an error in the body of a success)."""
        return self.status in _CERTAIN and not is_error(self.body)

    @property
    def refused(self) -> bool:
        """Whether the API will not do just this: it is not in trouble, and knows who asks."""
        in_range = 400 <= self.status < 500  # noqa: PLR2004 - the HTTP range of refusals
        return in_range and self.status not in _NOT_ABOUT_IT and not self.limited

    @property
    def why(self) -> str:
        """What the API said, in words."""
        return f"the API answered {self.status}" + (f": {self.error}" if self.error else "")


@dataclass(frozen=True, slots=True)
class NoResponse:
    """No answer that can be believed came back: the change may or may not have been made.

    Attributes:
        why: What happened, in words.
    """

    why: str

    @property
    def ok(self) -> bool:
        """Never: nothing is known to have succeeded."""
        return False

    @property
    def certain(self) -> bool:
        """Never, for the same reason."""
        return False


def is_error(body: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether a body describes an error, whatever the status it came with."""
    if not isinstance(body, dict):
        return False
    code = body.get("code")
    return bool(body.get("error") or body.get("errors")) or (isinstance(code, int) and code >= _FIRST_ERROR)


def segment(text: str) -> str:
    """The text as one segment of a path: everything but letters, digits and `_.-~` is percent-encoded."""
    return quote(text, safe="")
