"""What the emulator says on purpose: to the one who starts it (`EmulatorError` and its kin) and to the one who calls it
(`Refusal`). It must not know which route or which row an error is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path

MISSING = frozenset({HTTPStatus.NOT_FOUND})
TAKEN = frozenset({HTTPStatus.CONFLICT})
"""What a route says of its refusals: there may be no such thing, or one that is in the way."""


class EmulatorError(Exception):
    """The emulator cannot be started or asked as wanted; the text says why."""


class WrongOptionError(EmulatorError):
    """What the emulator is to be started with is wrong; the text names it."""


class NoAddressError(EmulatorError):
    """What should be an e-mail address is none; the text quotes it."""


class SeedError(EmulatorError):
    """The seed is wrong, and nothing of it was loaded.

    Attributes:
        messages: All that is wrong with it, each with the path in the data where it is wrong.
    """

    def __init__(self, messages: Sequence[str]) -> None:
        super().__init__("; ".join(messages))
        self.messages = tuple(messages)


class FaultError(EmulatorError):
    """That is no fault that can be put on.

    Attributes:
        hint: What could be written instead.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Refusal(Exception):  # noqa: N818 - an answer of the API, no error of the emulator
    """The control plane refuses a request.

    Attributes:
        status: The HTTP status of the answer.
        text: The `error` of the answer's body.
        headers: Further headers of the answer.
    """

    def __init__(self, status: HTTPStatus, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = dict(headers or {})


def bad_request(text: str) -> Refusal:
    """400: the request is wrong."""
    return Refusal(HTTPStatus.BAD_REQUEST, text)


def unauthorized(text: str = "Unauthorized") -> Refusal:
    """401: no credential, or none that is known."""
    return Refusal(HTTPStatus.UNAUTHORIZED, text)


def forbidden(text: str = "Forbidden") -> Refusal:
    """403: the credential is known, but may not."""
    return Refusal(HTTPStatus.FORBIDDEN, text)


def not_found(text: str) -> Refusal:
    """404: there is no such thing."""
    return Refusal(HTTPStatus.NOT_FOUND, text)


def conflict(text: str) -> Refusal:
    """409: it exists already, and asking again will not help."""
    return Refusal(HTTPStatus.CONFLICT, text, {"x-should-retry": "false"})


def raised_at(error: Exception) -> str:
    """The file and the line where it was raised: all that a log may say of a bug besides its type, since the text of an
    error may hold what was sent."""
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    return f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else "?"
