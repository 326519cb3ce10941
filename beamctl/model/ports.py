"""What planning and applying need of the API, as types. The reading half has no write methods, so that what is
given only that cannot write."""

from __future__ import annotations

from typing import Any, Protocol

from beamctl.model.api_call import Answer, ApiCall, Lost


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

    def send(self, call: ApiCall) -> Answer | Lost:
        """Make one call and say what came back.

        A call that may be repeated is repeated after transport trouble, 429 and 5xx, within bounds. A POST is repeated
        only where it certainly did nothing (429, or the connection was never made); else it is `Lost`.

        Raises:
            UnauthenticatedError: The API does not know the credential (any more): nothing further can succeed.
        """
        ...
