"""A waitress connection that can be cut on purpose, and whose own errors have the format of the API's."""

from __future__ import annotations

import json
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask, WSGITask

from beamctl.emulator.fault.connection_reset import ConnectionCut

if TYPE_CHECKING:
    from waitress.utilities import Error

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with timeout 0: closing the socket sends a reset."""


class _Task(WSGITask):
    """A request whose application may cut the connection; waitress itself would answer 500."""

    def service(self) -> None:
        try:
            super().service()
        except ConnectionCut:
            self.close_on_finish = True
            if not self.wrote_header and self.channel.socket is not None:
                with suppress(OSError):  # the client may have closed it
                    self.channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)


class _ErrorTask(ErrorTask):
    """Errors before the application: invalid HTTP, too large, unsupported encoding. Waitress would send plain text."""

    def execute(self) -> None:
        error: Error = self.request.error  # type: ignore[attr-defined] # the stubs say that the request is the error
        body = json.dumps({"error": error.reason, "code": error.code}).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers = [("Content-Type", "application/json")]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Channel(HTTPChannel):
    """One connection."""

    task_class = _Task
    error_task_class = _ErrorTask
