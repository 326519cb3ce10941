"""Files that secrets must not be read from, and files that neither secrets nor saved plans may replace."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from beamctl.errors import UsageError
from beamctl.model.secret import OWN_CREDENTIAL
from beamctl.model.strict_json import read_json
from beamctl.plan.plan_file import LARGEST
from beamctl.runs.record_folder import FOLDER
from beamctl.system.files import is_within, read_file, real_path
from beamctl.workflow.documents import YAML

_OURS = {".git": "is part of the git repository", ".beamctl": "is in beamctl's own folder"}
"""Folders whose content is reserved. Case is ignored."""

_SCHEMA = b'"$schema"'
_DOCUMENT = (re.compile(rb"^version\s*:", re.MULTILINE), re.compile(rb"^workspace\s*:", re.MULTILINE))
"""Keys of every document, as written in beamctl's examples."""


@dataclass(frozen=True, slots=True)
class ReservedFiles:
    """The files of a run that serve another purpose. Links and different spellings of a path count as the same file.

    Attributes:
        credentials: Files that may contain the credential of this process.
        documents: The documents and the saved plan of this run.
        records: The folder of run records.
        folders: The folders that this run reads as documents.
    """

    credentials: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    records: Path = FOLDER
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
        if is_within(path, self.records):
            return "is in the folder of run records"
        if why := self._why_not_named(path):
            return why
        if _has_another_name(path):
            return "has more than one hard link and may also be another file"
        found = file_kind(path) if read else ""
        return f"is a {found}" if found else ""

    def _why_not_named(self, path: Path) -> str:
        parts = {part.lower() for part in (*path.absolute().parts, *Path(real_path(path)).parts)}
        if reason := next((why for name, why in _OURS.items() if name in parts), ""):
            return reason
        ending = path.suffix.lower()
        if ending in YAML:
            return f"ends in {path.suffix}, and beamctl reads such files as documents"
        if ending == ".json" and any(is_within(path, folder) for folder in self.folders):
            return f"ends in {path.suffix}, and beamctl reads such files in that folder as documents"
        return ""


def file_kind(path: Path) -> str:
    """The kind of a file that must not be overwritten: `saved plan`, `run record`, `document` or `JSON schema`.

    Empty if it is none of them or cannot be read.
    """
    try:
        content = read_file(path, LARGEST)
    except UsageError:
        return ""
    try:
        first = content.split(b"\n", 1)[0]
        found = read_json(first if first.endswith(b"}") else content)
    except ValueError:
        found = None
    keys = found.keys() if isinstance(found, dict) else ()
    if "resource_changes" in keys and "saved" in keys:
        return "saved plan"
    if isinstance(found, dict) and found.get("event") == "run":
        return "run record"
    if ("version" in keys and "workspace" in keys) or all(key.search(content) for key in _DOCUMENT):
        return "document"
    return "JSON schema" if _SCHEMA in content else ""


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
