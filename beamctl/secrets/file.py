"""Secrets in files: readable by the owner only, written atomically, and never where git would track them."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from pathlib import Path

from beamctl.errors import UsageError
from beamctl.system.files import read_file
from beamctl.system.git import repository_of

LARGEST = 64 * 1024
"""Maximum size of a secret, in bytes."""


def read(path: Path) -> tuple[str, str]:
    """The text in a file, or why it cannot be read."""
    try:
        return read_file(path, LARGEST).decode("utf-8"), ""
    except UsageError as error:
        return "", f"cannot be used: {error.message}"
    except UnicodeDecodeError:
        return "", "does not contain text"


def why_not_from(path: Path) -> str:
    """Why no secret can be read from a file, judging by its metadata; empty if one can."""
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        return f"cannot be used: {getattr(error, 'strerror', None) or 'invalid file name'}"
    if not stat.S_ISREG(found.st_mode):
        return "is not a regular file"
    if found.st_size > LARGEST:
        return f"is larger than {LARGEST:,} bytes"
    return "" if os.access(path, os.R_OK) else "cannot be read: Permission denied"


def why_not_to(path: Path) -> str:
    """Why a secret cannot or must not be written to a file; empty if it can."""
    try:
        if "\0" in str(path):
            return "cannot be written: invalid file name"
        if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
            return "is not a regular file"
        if link := _link_in(path):
            return f"cannot be written: {link} is a symbolic link. Name the folder it points to"
        folder = next(parent for parent in path.absolute().parents if parent.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            return f"cannot be written: {folder} is not a writable folder"
        return _why_git_would(path, folder)
    except (OSError, ValueError) as error:
        return f"cannot be written: {getattr(error, 'strerror', None) or 'invalid file name'}"


def _link_in(path: Path) -> Path | None:
    """A symbolic link among the folders between the current directory and the file.

    It may come from a checkout, and the plan shows only the path as written.
    """
    here = Path.cwd()
    below = (folder for folder in path.absolute().parents if folder != here and folder.is_relative_to(here))
    return next((folder.relative_to(here) for folder in below if folder.is_symlink()), None)


def write(path: Path, text: str) -> str:
    """Write a text durably, readable by the owner only. Returns why it failed, or nothing."""
    if why := why_not_to(path):
        return why
    temporary = None
    try:
        created = [folder for folder in path.absolute().parents if not folder.exists()]
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _clear(path)
        temporary = Path(
            tempfile.mkdtemp(dir=path.parent, prefix=_temporary_prefix(path))
        )  # accessible by the owner only
        (temporary / ".gitignore").write_text("*\n", "utf-8")  # in case this process is killed
        descriptor = os.open(temporary / "secret", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        (temporary / "secret").replace(path)
        for folder in (path.parent, *(each.parent for each in created)):
            _flush(folder)
    except (OSError, ValueError) as error:
        return f"cannot be written: {getattr(error, 'strerror', None) or 'invalid file name'}"
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    return ""


def _temporary_prefix(path: Path) -> str:
    """The name prefix of the folder in which a secret is written before it is moved into place."""
    return f".{path.name}.beamctl-"


def _clear(path: Path) -> None:
    """Remove the temporary folders of killed runs. Their secrets are replaced now."""
    for left in path.parent.iterdir():
        if left.name.startswith(_temporary_prefix(path)) and left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)


def _flush(folder: Path) -> None:
    """Sync a folder, which makes the names of new files durable. Not every system supports this."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def _why_git_would(path: Path, folder: Path) -> str:
    """Why git might track the file; empty if it is ignored or outside a work tree."""
    repository = repository_of(folder)
    if repository is None:
        return ""
    ignored = repository.ignores(folder.resolve() / path.absolute().relative_to(folder))
    if isinstance(ignored, str):
        return f"is inside a git work tree, and whether it is ignored is unknown: git {ignored}"
    return "" if ignored else "is inside a git work tree that does not ignore it: add it to .gitignore"
