"""Errors of the emulator (`EmulatorError` and subclasses) and error responses of its API (`ApiError`).

A module of its own: every other module of the emulator may raise them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path

MISSING = frozenset({HTTPStatus.NOT_FOUND})
TAKEN = frozenset({HTTPStatus.CONFLICT})
"""Values for `Route.errors`: not found; in conflict with another object."""


class EmulatorError(Exception):
    """The emulator cannot be started or used as requested."""


class WrongOptionError(EmulatorError):
    """A start option is invalid; the message names it."""


class NoAddressError(EmulatorError):
    """Not an e-mail address; the message quotes it."""


class SeedError(EmulatorError):
    """The seed is invalid and nothing of it was loaded.

    Attributes:
        messages: All problems, each with its path in the data.
        conflicts: Whether the seed is valid, but conflicts with the database.
    """

    def __init__(self, messages: Sequence[str], *, conflicts: bool = False) -> None:
        super().__init__("; ".join(messages))
        self.messages = tuple(messages)
        self.conflicts = conflicts


class FaultError(EmulatorError):
    """Not a valid fault.

    Attributes:
        hint: What to write instead.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class ApiError(Exception):
    """The control plane rejects a request.

    Attributes:
        status: The HTTP status.
        text: The `error` of the response body.
        headers: Additional headers.
    """

    def __init__(self, status: HTTPStatus, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = dict(headers or {})


def bad_request(text: str) -> ApiError:
    """400: the request is invalid."""
    return ApiError(HTTPStatus.BAD_REQUEST, text)


def unauthorized(text: str = "Unauthorized") -> ApiError:
    """401: no credential, or an unknown one."""
    return ApiError(HTTPStatus.UNAUTHORIZED, text)


def forbidden(text: str = "Forbidden") -> ApiError:
    """403: the caller is known but not permitted."""
    return ApiError(HTTPStatus.FORBIDDEN, text)


def not_found(text: str) -> ApiError:
    """404: not found."""
    return ApiError(HTTPStatus.NOT_FOUND, text)


def conflict(text: str) -> ApiError:
    """409: it already exists; a retry does not help."""
    return ApiError(HTTPStatus.CONFLICT, text, {"x-should-retry": "false"})


def raised_at(error: Exception) -> str:
    """The file and line of an error. Logs contain only this and the type: the message may contain request data."""
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    return f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else "?"
