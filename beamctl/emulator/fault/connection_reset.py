"""The exception that tells a server to cut the connection."""

from __future__ import annotations


class ConnectionCut(ConnectionError):  # noqa: N818 - intended, not an error of the emulator
    """The client receives no more of this response.

    Raised before the response starts, the connection is reset; raised from the body, it ends in the middle.
    """

    def __init__(self) -> None:
        super().__init__("the connection was cut by an injected fault")
