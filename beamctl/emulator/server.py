"""Serves the emulator on a socket until it is stopped, and writes the request log to a file."""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask, WSGITask

from beamctl.emulator.control_plane import BASE_PATH, plane_of
from beamctl.emulator.errors import EmulatorError
from beamctl.emulator.faults.injection import ConnectionDropped

if TYPE_CHECKING:
    from flask import Flask
    from waitress.utilities import Error

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with timeout 0: closing the socket sends a reset."""

THREADS = 8
"""An open connection takes a thread only while one of its requests is answered."""

SENDING_SECONDS = 0.001
"""How long the loop waits for a thread that is sending a response."""

DESCRIPTORS_WANTED = 16_384
DESCRIPTORS_RESERVED = 128
"""Files that are no connections: the database, opened up to three times by each thread, its log, the e-mails."""
LARGEST_BODY = 8 * 1024 * 1024
"""What waitress accepts; the application itself accepts 1 MiB. In between, the application answers 413 and logs the
request; a larger body is rejected before it is read."""

LAST_PORT = 65535


class _Task(WSGITask):
    """A request whose application may drop the connection; waitress itself would answer 500."""

    def service(self) -> None:
        try:
            super().service()
        except ConnectionDropped:
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


class _Channel(HTTPChannel):
    """One connection."""

    task_class = _Task
    error_task_class = _ErrorTask

    def writable(self) -> bool:
        """Whether there is something to send. The loop waits for a thread that is sending it: asking again and again
        would keep the interpreter's lock from all threads, for seconds if hundreds of connections are open."""
        if self.requests and super().writable() and self.outbuf_lock.acquire(timeout=SENDING_SECONDS):
            self.outbuf_lock.release()
        return bool(super().writable())


def serve(app: Flask, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve on a socket until KeyboardInterrupt or SIGTERM, then return.

    Args:
        app: The result of `create_app`.
        host: The address to listen on.
        port: The port; 0 for any free port.
        on_ready: Called with the base URL, such as `http://127.0.0.1:8080/v0`, when the port is open and before the
            first request is answered. An exception from it ends the server.

    Raises:
        EmulatorError: The address cannot be listened on.
    """
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # queued requests are normal: eight threads, one writer
    listener = _listen(host, port)
    sockets: dict[int, Any] = {}
    with suppress(KeyboardInterrupt), _stopped_by_sigterm():
        try:
            server = create_server(
                app,
                map=sockets,
                sockets=[listener],
                threads=THREADS,
                ident=None,
                max_request_body_size=LARGEST_BODY,
                connection_limit=_most_connections(),  # by default 100; at the limit, waitress accepts no new ones
                asyncore_use_poll=hasattr(select, "poll"),  # select() cannot wait for more than 1,024 files
            )
            plane_of(app).public_url.listens(host, listener.getsockname()[1])
            assert isinstance(server, BaseWSGIServer)  # noqa: S101 - one socket, so one server
            server.channel_class = _Channel
            on_ready(_base_url(host, listener))
            server.run()
        finally:
            wasyncore.close_all(sockets)
            listener.close()
            plane_of(app).database.close()


def _most_connections() -> int:
    """How many connections can be open, after raising the limit of open files as far as allowed."""
    try:
        import resource
    except ImportError:  # Windows, where select() can wait for 512 sockets
        return 512 - DESCRIPTORS_RESERVED
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    wanted = DESCRIPTORS_WANTED if hard == unlimited else min(DESCRIPTORS_WANTED, hard)
    if soft != unlimited and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    most = DESCRIPTORS_WANTED if soft == unlimited else min(DESCRIPTORS_WANTED, soft)
    return max(most - DESCRIPTORS_RESERVED, most // 2)


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket."""
    if not 0 <= port <= LAST_PORT:  # the resolver would use it modulo 65536
        raise EmulatorError(f"cannot listen on {host}, port {port}: the port must be 0 to {LAST_PORT}")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise EmulatorError(f"cannot listen on {host}, port {port}: {error.strerror or error}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        raise EmulatorError(f"cannot listen on {host}, port {port}: {error.strerror or error}") from error
    return listener


def _base_url(host: str, listener: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}{BASE_PATH}"


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """Handle SIGTERM as an interrupt. Signal handlers can be set on the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


STANDARD_ERROR = 2


class LogFile:
    """An append-only file. Each line is one write, so several processes can share it. New files have mode 0600."""

    def __init__(self, path: Path | None) -> None:
        """Open the file, creating it if needed.

        Args:
            path: The file; None for standard error.

        Raises:
            EmulatorError: It cannot be opened for writing.
        """
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        try:
            self._descriptor = os.dup(STANDARD_ERROR) if path is None else os.open(path, flags, 0o600)
        except OSError as error:
            shown = "standard error" if path is None else path
            raise EmulatorError(f"the request log cannot be written to {shown}: {error.strerror}") from error

    def write(self, line: bytes) -> None:
        """Append a line.

        Raises:
            OSError: It cannot be written.
        """
        os.write(self._descriptor, line)

    def close(self) -> None:
        """Close the file; later lines are lost."""
        descriptor, self._descriptor = self._descriptor, -1  # the number may be reused by another file
        os.close(descriptor)
