"""A connection of waitress that can be cut on purpose: reset before the answer, or ended in its middle. It must not
know why an application wants that."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress

from waitress.channel import HTTPChannel
from waitress.task import WSGITask

from beamctl.emulator.fault.cut import ConnectionCut

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER, with no time to linger: closing sends a reset instead of an end."""


class _Task(WSGITask):
    """One request, whose application may cut the connection; waitress itself would answer 500 to that."""

    def service(self) -> None:
        try:
            super().service()
        except ConnectionCut:
            self.close_on_finish = True
            if not self.wrote_header and self.channel.socket is not None:
                with suppress(OSError):  # the client was faster
                    self.channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)


class Channel(HTTPChannel):
    """One connection."""

    task_class = _Task
