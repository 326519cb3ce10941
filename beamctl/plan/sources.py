"""Which files the secrets of a change come from, and which folders they may be in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from posixpath import dirname

from beamctl.model.secret import SECRETS_FROM, SOURCES_ALLOWED, File, place_of
from beamctl.model.text import printable
from beamctl.plan.change import Change, Reason

_HERE = "."
STANDARD_INPUT = "-"


def files_of(change: Change) -> Iterator[tuple[str, str]]:
    """Each part of the secret that comes from a file, and the file's path."""
    for part, written in change.secrets.get(SECRETS_FROM, {}).items():
        if isinstance(place := place_of(written), File):
            yield part, place.path


def folders_of(change: Change) -> Sequence[str]:
    """Where its files may be: the document's folder and `guards.secretSources`. An undo has no document and standard
    input has no folder; both use the current directory."""
    allowed = change.secrets.get(SOURCES_ALLOWED, ())
    if change.place is not None and change.place.source != STANDARD_INPUT:
        return (dirname(change.place.source) or _HERE, *allowed)
    return (_HERE, *allowed) if change.place or change.reason is Reason.UNDOES else allowed


def exact(path: str) -> str:
    """A path as the value of a hazard: printable and unambiguous."""
    return path if printable(path) == path and path[:1] not in ("'", '"') else ascii(path)
