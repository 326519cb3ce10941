"""Runs other programs without beamctl's credentials, with a time limit and bounded output."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from beamctl.model.secret import is_own_variable

_PIECE = 65536
_LOOK = 0.05
"""Seconds between checks whether a program ended that closed everything but its standard error."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for a program.

    Attributes:
        seconds: The time after which it is killed, with every process of its group.
        output: The maximum size of standard output in bytes; 0 discards it.
        errors: The bytes to keep from the end of standard error; 0 discards it.
    """

    seconds: float
    output: int = 0
    errors: int = 0


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """How a program ended.

    Attributes:
        output: What it wrote to standard output.
        why: Why it failed; empty if it exited with 0.
        code: Its exit code, or None if it never started or was killed for exceeding a limit.
        errors: The end of what it wrote to standard error.
    """

    output: bytes = b""
    why: str = ""
    code: int | None = None
    errors: bytes = b""


def find_program(name: str) -> str | None:
    """The path of a program, or None if it is not found.

    Relative entries of PATH are ignored: they would let the current directory, which may be an untrusted checkout,
    decide which program runs.
    """
    return name if os.sep in name and shutil.which(name) else shutil.which(name, path=_search_path())


def inherited() -> dict[str, str]:
    """This process's environment without beamctl's own credentials and settings."""
    kept = {name: value for name, value in os.environ.items() if not is_own_variable(name)}
    return {**kept, "PATH": _search_path()}


def run(words: Sequence[str], limits: Limits, *, stdin: bytes | None = None, env: Mapping[str, str]) -> ProcessResult:
    """Run a program without a shell, and wait for it to end.

    Args:
        words: The program and its arguments.
        limits: Its limits.
        stdin: Its standard input, if any.
        env: Its complete environment.
    """
    program = find_program(words[0])
    if program is None:
        return ProcessResult(why="was not found")
    try:
        process = subprocess.Popen(  # noqa: S603 - callers run only what was approved, or git
            list(words),
            executable=program,
            env=dict(env),
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE if limits.output else subprocess.DEVNULL,
            stderr=subprocess.PIPE if limits.errors else subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C must not interrupt it halfway, and a timeout kills the whole group
        )
    except (OSError, ValueError) as error:
        return ProcessResult(why=f"cannot be run: {getattr(error, 'strerror', None) or 'invalid command name'}")
    with process:
        try:
            output, errors, why = _exchange(process, stdin or b"", limits)
        except BaseException:
            _kill(process)
            raise
        if why:
            _kill(process)
            return ProcessResult(why=why, errors=errors)
    code = process.returncode
    return ProcessResult(output, f"exited with {code}" if code else "", code, errors)


def _exchange(process: subprocess.Popen[bytes], left: bytes, limits: Limits) -> tuple[bytes, bytes, str]:
    """The program's standard output, the end of its standard error, and why it must be killed, if it must."""
    end = time.monotonic() + limits.seconds
    late = f"took longer than {limits.seconds:g} seconds"
    output, errors = bytearray(), bytearray()
    with _selector(process) as selector:
        while waiting_for := selector.get_map():
            seconds = max(0.0, end - time.monotonic())
            # a background process it started may keep standard error open forever
            only_errors = [key.fileobj for key in waiting_for.values()] == [process.stderr]
            is_over = only_errors and process.poll() is not None
            ready = selector.select(0 if is_over else min(seconds, _LOOK) if only_errors else seconds)
            for key, _ in ready:
                if key.fileobj is process.stdin:
                    left = _write(key.fd, left)
                    done = not left
                else:
                    piece = os.read(key.fd, _PIECE)
                    done = not piece
                    if key.fileobj is process.stdout:
                        output += piece
                    else:
                        errors = (errors + piece)[-limits.errors :]
                if done:
                    selector.unregister(key.fileobj)
                    process.stdin.close() if process.stdin is key.fileobj else None
            if len(output) > limits.output:
                return b"", bytes(errors), f"wrote more than {limits.output:,} bytes"
            if is_over:
                break
            if not seconds:
                return b"", bytes(errors), late
    try:
        process.wait(max(0.0, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        return b"", bytes(errors), late
    return bytes(output), bytes(errors), ""


def _selector(process: subprocess.Popen[bytes]) -> selectors.BaseSelector:
    selector = selectors.DefaultSelector()
    for stream, event in (
        (process.stdin, selectors.EVENT_WRITE),
        (process.stdout, selectors.EVENT_READ),
        (process.stderr, selectors.EVENT_READ),
    ):
        if stream is not None:
            os.set_blocking(stream.fileno(), False)
            selector.register(stream, event)
    return selector


def _write(descriptor: int, left: bytes) -> bytes:
    """Write to a pipe. Returns the rest; empty if the program closed its standard input."""
    try:
        return left[os.write(descriptor, left[:_PIECE]) :]
    except BrokenPipeError:
        return b""


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)


def _search_path() -> str:
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if Path(entry).is_absolute())
