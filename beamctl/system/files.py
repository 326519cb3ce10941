"""Reads regular files up to a size limit, and replaces files atomically. Pipes and devices are refused, without
blocking on them."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from beamctl.errors import UsageError

# Opening a pipe must not wait for a writer. Not every system has these flags.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_PIECE = 1024 * 1024
_ANYONE_WRITES = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def read_file(path: Path, largest: int) -> bytes:
    """The content of a regular file.

    Args:
        path: The file, or a link to it.
        largest: The maximum size in bytes.

    Raises:
        UsageError: It is not a regular file, is larger, or cannot be read.
    """
    content = read_beginning(path, largest + 1)
    if len(content) > largest:
        raise UsageError(f"{path} is larger than {largest:,} bytes", "Check that this is the right file.")
    return content


def read_beginning(path: Path, most: int) -> bytes:
    """The first bytes of a regular file, at most `most`.

    Raises:
        UsageError: It is not a regular file, or cannot be read.
    """
    try:
        _refuse_others(path, path.stat())  # opening a device can have side effects
        descriptor = os.open(path, _FLAGS)
        try:
            _refuse_others(path, os.fstat(descriptor))  # the file may have been replaced in the meantime
            return _bytes_of(descriptor, most)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise unreadable(path, error) from None
    except ValueError:
        raise no_name(str(path)) from None


def read_standard_input(most: int) -> bytes:
    """The first bytes of standard input, at most `most`.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        return sys.stdin.buffer.read(most)
    except OSError as error:  # a directory
        raise unreadable("standard input", error) from None


def replace_file(path: Path, text: str, what: str, hint: str) -> None:
    """Write a file atomically, through a temporary file next to it.

    Raises:
        UsageError: `what` cannot be written.
    """
    _replace(path, text, f"{what} to {path}", hint)


def why_not_rewritten(path: Path, was: bytes) -> str:
    """Why a file cannot be edited in place, to follow its name; empty if it can.

    Args:
        path: The file.
        was: Its content when it was read.
    """
    try:
        if why := _why_fixed(path, path.lstat()):
            return why
        same = read_beginning(path, len(was) + 1) == was
    except (OSError, ValueError) as error:
        return f"cannot be read: {getattr(error, 'strerror', None) or 'invalid file name'}"
    return "" if same else "was changed after it was read; run the command again"


def _why_fixed(path: Path, found: os.stat_result) -> str:
    if stat.S_ISLNK(found.st_mode):
        return "is a symbolic link; name the file that it points to"
    if not stat.S_ISREG(found.st_mode):
        return "is not a regular file"
    if found.st_nlink > 1:
        return "has hard links, which editing would break; copy it first"
    if not found.st_mode & _ANYONE_WRITES or not os.access(path, os.W_OK):
        return "is read-only; make it writable with chmod u+w"
    return "" if os.access(path.parent, os.W_OK | os.X_OK) else "is in a directory that is not writable"


def rewrite_file(path: Path, was: bytes, content: bytes) -> None:
    """Replace the content of a file atomically, and keep its permissions.

    Raises:
        UsageError: It cannot be edited in place, or was changed.
    """
    if why := why_not_rewritten(path, was):
        raise UsageError(f"{path} {why}")
    _replace(path, content, str(path), "The file is unchanged.", path.stat())


def _replace(path: Path, content: str | bytes, what: str, hint: str, like: os.stat_result | None = None) -> None:
    import tempfile

    temporary = ""
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{path} is not a regular file", hint)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
        if like is not None:
            with suppress(OSError):  # only root may change the owner
                os.chown(temporary, like.st_uid, like.st_gid)
            Path(temporary).chmod(stat.S_IMODE(like.st_mode))
        Path(temporary).replace(path)
    except (OSError, ValueError) as error:
        with suppress(OSError):
            Path(temporary).unlink() if temporary else None
        why = error.strerror if isinstance(error, OSError) else "invalid file name"
        raise UsageError(f"cannot write {what}: {why}", hint) from None


def append_to_file(path: Path, content: bytes, hint: str) -> None:
    """Add to the end of a file.

    Raises:
        UsageError: It cannot be written.
    """
    try:
        with path.open("ab") as stream:
            stream.write(content)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "invalid file name"
        raise UsageError(f"cannot write to {path}: {why}", hint) from None


def real_path(path: str | Path) -> str:
    """The path with symbolic links resolved; empty if the path is invalid."""
    try:
        return os.path.realpath(path)
    except ValueError:
        return ""


def is_within(path: str | Path, folder: str | Path) -> bool:
    """Whether a path is a folder or inside it, with symbolic links resolved. Neither needs to exist."""
    real, above = real_path(path), real_path(folder)
    return bool(real and above) and (real == above or real.startswith(above.rstrip(os.sep) + os.sep))


def unreadable(name: str | Path, error: OSError) -> UsageError:
    """The error for a file that cannot be read."""
    return UsageError(
        f"cannot read {error.filename or name}: {error.strerror or error}", "Check the name and the permissions."
    )


def no_name(name: str) -> UsageError:
    """The error for an invalid file name."""
    return UsageError(f"{name!r} is not a valid file name", "Check the name.")


def _refuse_others(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"{path} is not a regular file", "Name a file or a directory, or - for standard input.")


def _bytes_of(descriptor: int, most: int) -> bytes:
    content = bytearray()
    while len(content) < most and (piece := os.read(descriptor, min(_PIECE, most - len(content)))):
        content += piece
    return bytes(content)
