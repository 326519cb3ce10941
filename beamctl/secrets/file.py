"""Secrets in files that only the owner can read, never where git would track them or another file would be lost."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from beamctl.document.load import YAML_SUFFIXES
from beamctl.errors import UsageError
from beamctl.model.secret import OWN_CREDENTIAL
from beamctl.model.strict_json import read_json
from beamctl.plan import plan_file
from beamctl.system.files import is_within, read_file, real_path
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
        # the folder is accessible by the owner only
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=_temporary_prefix(path)))
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


_OURS = {".git": "is part of the git repository", ".beamctl": "is in beamctl's own folder"}
"""Folders whose content is reserved. Case is ignored."""

_SCHEMA = b'"$schema"'
_DOCUMENT = (re.compile(rb"^version\s*:", re.MULTILINE), re.compile(rb"^workspace\s*:", re.MULTILINE))
"""Keys of every document, as written in beamctl's examples."""


class FileKind(Enum):
    """A kind of file that must not be overwritten, in words."""

    SAVED_PLAN = "saved plan"
    RUN_RECORD = "run record"
    DOCUMENT = "document"
    JSON_SCHEMA = "JSON schema"


@dataclass(frozen=True, slots=True)
class ReservedFiles:
    """The files of a run that serve another purpose. Links and different spellings of a path count as the same file.

    Attributes:
        credentials: Files that may contain the credential of this process.
        documents: The documents and the saved plan of this run.
        records: The folder of run records, if known.
        folders: The folders that this run reads as documents.
    """

    credentials: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    records: Path | None = None
    folders: tuple[Path, ...] = ()

    def why_not_from(self, path: Path) -> str:
        """Why no secret may be read from a file; empty if it may."""
        return OWN_CREDENTIAL if _is_one_of(path, self.credentials) else ""

    def why_not_to(self, path: Path, *, read: bool) -> str:
        """Why nothing may be written to a file; empty if it may.

        Args:
            path: The file, which need not exist.
            read: Whether the file may be read to find out what it is.
        """
        if _is_one_of(path, self.credentials):
            return "may contain beamctl's own credential"
        if _is_one_of(path, self.documents):
            return "is a document or the plan of this run"
        if self.records is not None and is_within(path, self.records):
            return "is in the folder of run records"
        if why := self._why_not_named(path):
            return why
        if _has_another_name(path):
            return "has more than one hard link and may also be another file"
        found = file_kind(path) if read else None
        return f"is a {found.value}" if found else ""

    def _why_not_named(self, path: Path) -> str:
        parts = {part.lower() for part in (*path.absolute().parts, *Path(real_path(path)).parts)}
        if reason := next((why for name, why in _OURS.items() if name in parts), ""):
            return reason
        suffix = path.suffix.lower()
        if suffix in YAML_SUFFIXES:
            return f"ends in {path.suffix}, and beamctl reads such files as documents"
        if suffix == ".json" and any(is_within(path, folder) for folder in self.folders):
            return f"ends in {path.suffix}, and beamctl reads such files in that folder as documents"
        return ""


def file_kind(path: Path) -> FileKind | None:
    """The kind of a file that must not be overwritten; None for others, and if it cannot be read."""
    try:
        content = read_file(path, plan_file.LARGEST)
    except UsageError:
        return None
    try:
        first = content.split(b"\n", 1)[0]
        found = read_json(first if first.endswith(b"}") else content)
    except ValueError:
        found = None
    keys = found.keys() if isinstance(found, dict) else ()
    if "resource_changes" in keys and "saved" in keys and "results" not in keys:  # an apply of a plan reports results
        return FileKind.SAVED_PLAN
    if isinstance(found, dict) and found.get("event") == "run":
        return FileKind.RUN_RECORD
    if ("version" in keys and "workspace" in keys) or all(key.search(content) for key in _DOCUMENT):
        return FileKind.DOCUMENT
    is_sarif = "runs" in keys  # an earlier report, which names its schema too
    return FileKind.JSON_SCHEMA if _SCHEMA in content and not is_sarif else None


def _has_another_name(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_nlink > 1
    except (OSError, ValueError):  # writing the file reports the error
        return False


def _is_one_of(path: Path, others: Iterable[str]) -> bool:
    return any(real_path(path) == real_path(other) or _is_same(path, Path(other)) for other in others)


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except (OSError, ValueError):  # one of them does not exist
        return False
