"""What one request may take, from connecting to the last byte of its response: a time and a number of bytes."""

from __future__ import annotations

import time
from collections.abc import Callable

from beamctl.errors import InterruptedRunError

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of an answer, decompressed: some fifty times what the largest workspace needs."""

_MOST_RECEIVED = LARGEST_ANSWER + 1024 * 1024
"""Bytes on the wire; the difference is room for headers and chunk sizes."""
_GRACE = 0.5
"""Seconds that a request may take although an interrupt would end it: a change that was sent is still looked up."""


class OversizedError(Exception):
    """A response is larger than any the API sends."""


class Budget:
    """What is left for the request in progress. Used by one thread at a time."""

    def __init__(self, stopped: Callable[[], bool]) -> None:
        self._stopped = stopped
        self._began = 0.0
        self._ends = 0.0
        self._received = 0
        self._interruptible = False

    def start(self, seconds: float, *, interruptible: bool) -> None:
        """Begin a request.

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
            connecting: Whether nothing has been sent yet: then an interrupt ends any request.

        Raises:
            InterruptedRunError: An interrupt ends the request.
        """
        now = time.monotonic()
        if (self._interruptible or connecting) and self._stopped() and now >= self._began + _GRACE:
            raise InterruptedRunError("interrupted while waiting for the API")
        return max(0.0, self._ends - now)

    def receive(self, size: int) -> None:
        """Count bytes that arrived.

        Raises:
            OversizedError: There are too many.
        """
        self._received += size
        if self._received > _MOST_RECEIVED:
            raise OversizedError
