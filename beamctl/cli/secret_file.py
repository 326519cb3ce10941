"""Secrets in files: for their owner only, whole or not at all, and never where git would pick them up. It must not know
what the secret is."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from pathlib import Path

from beamctl.cli.files import read_file
from beamctl.cli.git import repository_of
from beamctl.errors import UsageError

LARGEST = 64 * 1024
"""Bytes of a secret."""


def read(path: Path) -> tuple[str, str]:
    """The text in a file, or why there is none."""
    try:
        return read_file(path, LARGEST).decode("utf-8"), ""
    except UsageError as error:
        return "", f"cannot be used: {error.message}"
    except UnicodeDecodeError:
        return "", "holds something that is no text"


def why_not_from(path: Path) -> str:
    """Why no secret can be read from a file, as far as its metadata shows; empty if one can."""
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        return f"cannot be used: {getattr(error, 'strerror', None) or 'no file has this name'}"
    if not stat.S_ISREG(found.st_mode):
        return "is not a regular file"
    if found.st_size > LARGEST:
        return f"is larger than {LARGEST:,} bytes"
    return "" if os.access(path, os.R_OK) else "cannot be read: Permission denied"


def why_not_to(path: Path) -> str:
    """Why a secret may not or cannot be put there; empty where it can."""
    try:
        if "\0" in str(path):
            return "cannot be written: no file can be named so"
        if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
            return "is not a regular file"
        if link := _link_in(path):
            return f"cannot be written: {link} is a symbolic link. Name the folder that it leads to"
        folder = next(parent for parent in path.absolute().parents if parent.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            return f"cannot be written: {folder} takes no file of ours"
        return _why_git_would(path, folder)
    except (OSError, ValueError) as error:
        return f"cannot be written: {getattr(error, 'strerror', None) or 'no file can be named so'}"


def _link_in(path: Path) -> Path | None:
    """A folder on the way from the current directory to the file that is a symbolic link: a checkout may bring one
    along, and the plan shows only the path as it is written."""
    here = Path.cwd()
    below = (folder for folder in path.absolute().parents if folder != here and folder.is_relative_to(here))
    return next((folder.relative_to(here) for folder in below if folder.is_symlink()), None)


def write(path: Path, text: str) -> str:
    """Put a text there for its owner only: when this returns nothing it is on the disk. Else why it is not."""
    if why := why_not_to(path):
        return why
    beside = None
    try:
        made = [folder for folder in path.absolute().parents if not folder.exists()]
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _clear(path)
        beside = Path(tempfile.mkdtemp(dir=path.parent, prefix=_beside(path)))  # for its owner only
        (beside / ".gitignore").write_text("*\n", "utf-8")  # should we be killed before the end
        descriptor = os.open(beside / "secret", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        (beside / "secret").replace(path)
        for folder in (path.parent, *(each.parent for each in made)):
            _flush(folder)
    except (OSError, ValueError) as error:
        return f"cannot be written: {getattr(error, 'strerror', None) or 'no file can be named so'}"
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)
    return ""


def _beside(path: Path) -> str:
    """How the folder begins in which a secret is before it is in its place."""
    return f".{path.name}.beamctl-"


def _clear(path: Path) -> None:
    """Remove what a run left here that was killed: its secret is of no use, and is replaced now."""
    for left in path.parent.iterdir():
        if left.name.startswith(_beside(path)) and left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)


def _flush(folder: Path) -> None:
    """The name of a new file is on the disk only with its folder. Not every system can be asked that."""
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
    """Inside a git work tree a secret may only be where git ignores it."""
    repository = repository_of(folder)
    if repository is None:
        return ""
    ignored = repository.ignores(folder.resolve() / path.absolute().relative_to(folder))
    if isinstance(ignored, str):
        return f"is inside a git work tree, and git cannot be asked whether it is ignored: git {ignored}"
    return "" if ignored else "is inside a git work tree that does not ignore it: add it to .gitignore"
