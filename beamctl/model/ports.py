"""What planning, applying and destroying need of the API, as types. The reading half has no write methods, so that what
is given only that cannot write; deleting a whole workspace is a third one, which an apply is never given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from beamctl.model.api_call import ApiCall, NoResponse, Response
from beamctl.model.secret import ReadSecret, StoreSecret

PAUSES = (0.5, 1.0, 2.0)
"""Seconds between one look and the next: some APIs show a change only a moment after they made it."""

Pause = Callable[[float], bool]
"""Waits that many seconds; False if the wait was cut short because beamctl was asked to stop."""


class Reader(Protocol):
    """The reading half of one workspace's API."""

    def get(self, path: str) -> Any:  # noqa: ANN401 - the shape is checked by the kind that asked
        """The parsed JSON at `path` (relative to the base URL, percent-encoded).

        Raises:
            ApiError: Where there is no answer, a status that is no success, or no JSON.
        """
        ...


class Sender(Protocol):
    """The writing half. Safe to use from several threads."""

    def send(self, call: ApiCall) -> Response | NoResponse:
        """Make one call and say what came back.

        A call that may be repeated is repeated after transport trouble, 429 and 5xx, within bounds. A POST is repeated
        only where it certainly did nothing (429, or the connection was never made); else it is `NoResponse`.

        Raises:
            UnauthenticatedError: The API does not know the credential (any more): nothing further can succeed.
        """
        ...


class SecretStore(Protocol):
    """Where secrets come from and go to. Safe to use from several threads."""

    def deliver(self, secret: StoreSecret) -> Response | NoResponse:
        """Put a secret where it is to be, durably: when this returns an answer, it is there. The body says where."""
        ...

    def fetch(self, secret: ReadSecret) -> Response | NoResponse:
        """Get a secret: the body of the answer is its text."""
        ...


class Deleter(Protocol):
    """The end of one workspace: what is given this can delete that workspace, and nothing else."""

    def delete_workspace(self) -> Response | NoResponse:
        """Ask once that the workspace be deleted, with everything in it, and say what came back.

        The request is never repeated, whatever came of it: meanwhile, somebody may have made another workspace of that
        name. Only where a token had run out (401) is it made again, with a new one.

        Raises:
            UnauthenticatedError: The API does not know the credential: nothing was deleted.
        """
        ...
