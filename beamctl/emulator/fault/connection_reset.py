"""The connection ends where no end should be: one exception for whatever carries requests to the application. It must
not know what carries them, nor why."""

from __future__ import annotations


class ConnectionCut(ConnectionError):  # noqa: N818 - it is asked for, and no error of the emulator
    """The client gets no more of this answer.

    Raised before the answer has begun, the connection is to be reset; raised from its body, it ends in its middle.
    """

    def __init__(self) -> None:
        super().__init__("the connection was cut, as the faults on demand ask")
