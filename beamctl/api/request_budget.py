"""The time and size limits of one request, from connecting to the last byte of its response."""

from __future__ import annotations

import time
from collections.abc import Callable

from beamctl.errors import InterruptedRunError

LARGEST_ANSWER = 64 * 1024 * 1024
"""Maximum size of a decompressed response: about fifty times the largest workspace."""

_MOST_RECEIVED = LARGEST_ANSWER + 1024 * 1024
"""Maximum bytes received, with room for headers and chunk sizes."""
_GRACE = 0.5
"""Seconds a request may take after an interrupt, so that a change that was sent can still be read back."""


class OversizedError(Exception):
    """A response is larger than any the API sends."""


class Budget:
    """The limits of the request in progress. Used by one thread at a time."""

    def __init__(self, stopped: Callable[[], bool]) -> None:
        self._stopped = stopped
        self._began = 0.0
        self._ends = 0.0
        self._received = 0
        self._interruptible = False

    def start(self, seconds: float, *, interruptible: bool) -> None:
        """Start a request.

        Args:
            seconds: How long it may take.
            interruptible: Whether an interrupt ends it.
        """
        self._began = time.monotonic()
        self._ends = self._began + seconds
        self._received = 0
        self._interruptible = interruptible

    def left(self, *, connecting: bool = False) -> float:
        """Seconds until the deadline; 0 after it.

        Args:
            connecting: Whether nothing has been sent yet, so that an interrupt ends any request.

        Raises:
            InterruptedRunError: An interrupt ends the request.
        """
        now = time.monotonic()
        if (self._interruptible or connecting) and self._stopped() and now >= self._began + _GRACE:
            raise InterruptedRunError("interrupted while waiting for the API")
        return max(0.0, self._ends - now)

    def receive(self, size: int) -> None:
        """Count received bytes.

        Raises:
            OversizedError: There are too many.
        """
        self._received += size
        if self._received > _MOST_RECEIVED:
            raise OversizedError
