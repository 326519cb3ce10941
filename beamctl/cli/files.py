"""Reads a regular file within a limit, whatever the name turns out to be: a pipe, a device, a file that grows
meanwhile. It must not know what the file holds."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from beamctl.errors import UsageError

# Opening a pipe must not wait for somebody to write into it. Not every system has these.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_PIECE = 1024 * 1024


def read_file(path: Path, largest: int) -> bytes:
    """The whole content of a regular file.

    Args:
        path: The file; a link to one will do.
        largest: The most bytes that it may have.

    Raises:
        UsageError: It is not a regular file, is larger, or cannot be read.
    """
    content = read_beginning(path, largest + 1)
    if len(content) > largest:
        raise UsageError(f"{path} is larger than {largest:,} bytes", "Is it the file that you mean?")
    return content


def read_beginning(path: Path, most: int) -> bytes:
    """The first bytes of a regular file, `most` of them where there are so many.

    Raises:
        UsageError: It is not a regular file, or cannot be read.
    """
    try:
        _refuse_others(path, path.stat())  # merely opening a device may do something
        descriptor = os.open(path, _FLAGS)
        try:
            _refuse_others(path, os.fstat(descriptor))  # another file may have taken its place meanwhile
            return _bytes_of(descriptor, most)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise unreadable(path, error) from None
    except ValueError:
        raise no_name(str(path)) from None


def real_path(path: str | Path) -> str:
    """The path without symbolic links; empty if no file can have it."""
    try:
        return os.path.realpath(path)
    except ValueError:
        return ""


def is_within(path: str | Path, folder: str | Path) -> bool:
    """Whether a path leads to a folder or into it, with symbolic links followed. Neither needs to exist."""
    real, above = real_path(path), real_path(folder)
    return bool(real and above) and (real == above or real.startswith(above.rstrip(os.sep) + os.sep))


def unreadable(name: str | Path, error: OSError) -> UsageError:
    """That something cannot be read, and why."""
    return UsageError(
        f"cannot read {error.filename or name}: {error.strerror or error}", "Check the name and the permissions."
    )


def no_name(name: str) -> UsageError:
    """That no file can be named so."""
    return UsageError(f"{name!r} cannot be the name of a file", "Check the name.")


def _refuse_others(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"{path} is not a regular file", "Name a file or a directory, or - for standard input.")


def _bytes_of(descriptor: int, most: int) -> bytes:
    content = bytearray()
    while len(content) < most and (piece := os.read(descriptor, min(_PIECE, most - len(content)))):
        content += piece
    return bytes(content)
