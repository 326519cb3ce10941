"""Files that a secret must not come from or go to, and files that a saved plan must not replace."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from beamctl.cli.files import read_file
from beamctl.cli.run_records import FOLDER
from beamctl.errors import UsageError
from beamctl.model.strict_json import read_json
from beamctl.plan.saved import LARGEST


@dataclass(frozen=True, slots=True)
class ReservedFiles:
    """The files of one run that have another purpose. Links and other spellings of a path are the same file.

    Attributes:
        credentials: Files that may hold this process's own credential.
        documents: The documents and the saved plan of this run.
        records: The folder of run records; None for the usual one.
    """

    credentials: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    records: Path | None = None

    def why_not_from(self, path: Path) -> str:
        """Why no secret may come from a file; empty if it may."""
        return "may hold beamctl's own credential, which is never sent" if _is_one_of(path, self.credentials) else ""

    def why_not_to(self, path: Path) -> str:
        """Why no secret may go to a file; empty if it may. The file is not read."""
        if _is_one_of(path, self.documents):
            return "is a document or the plan of this run"
        return "is in the folder of run records" if is_record_path(path, self.records) else ""


def is_record_path(path: Path, records: Path | None) -> bool:
    """Whether a path is in the folder of run records, or is that folder."""
    real, folder = _real(path), _real(records or FOLDER)
    return real == folder or real.startswith(folder.rstrip(os.sep) + os.sep)


def what_is(path: Path) -> str:
    """What a file is that beamctl wrote: `saved plan`, `run record`; empty if it is neither, or cannot be read."""
    try:
        content = read_file(path, LARGEST)
        lines = content.split(b"\n", 1)
        found = read_json(lines[0] if lines[0].endswith(b"}") else content)
    except (UsageError, ValueError):
        return ""
    if not isinstance(found, dict):
        return ""
    if "resource_changes" in found and "saved" in found:
        return "saved plan"
    return "run record" if found.get("event") == "run" else ""


def _is_one_of(path: Path, others: Iterable[str]) -> bool:
    return any(_real(path) == _real(other) or _is_same(path, Path(other)) for other in others)


def _real(path: str | Path) -> str:
    try:
        return os.path.realpath(path)
    except ValueError:  # no file has this name
        return ""


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except (OSError, ValueError):  # one of them does not exist
        return False
