"""Hazards about the files that secrets come from: outside the folder of the document that names them, each must be
allowed. Paths are compared as they are written; `cli.secret_links` follows symbolic links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from os.path import pardir
from posixpath import dirname, join, normpath

from beamctl.model.secret import SECRETS_FROM, SOURCES_ALLOWED, File, place_of
from beamctl.model.text import printable
from beamctl.plan.change import Change, Reason
from beamctl.plan.hazard import Hazard, Risk

_HERE = "."
_STANDARD_INPUT = "-"


def outside(changes: Iterable[Change]) -> tuple[Hazard, ...]:
    """One hazard for each file that is in none of the folders it may be in."""
    found: dict[str, Hazard] = {}
    for change in changes:
        folders = folders_of(change)
        for part, path in files_of(change):
            if not any(is_within(path, folder) for folder in folders):
                where = change.place.source if change.place else ""
                than = f"outside the folder of {where}" if where not in ("", _STANDARD_INPUT) else "elsewhere"
                because = f"{part} of {change.name} would be read from {path}, {than}"
                found.setdefault(path, Hazard(Risk.SECRET_SOURCE, exact(path), printable(because)))
    return tuple(found.values())


def files_of(change: Change) -> Iterator[tuple[str, str]]:
    """Each part of its secret that comes from a file, and the path of the file."""
    for part, written in change.secrets.get(SECRETS_FROM, {}).items():
        if isinstance(place := place_of(written), File):
            yield part, place.path


def folders_of(change: Change) -> Sequence[str]:
    """Where its files may be: the folder of the document, and what `guards.secretSources` lists. A change that undoes a
    run has no document, and one read from standard input no folder: both have the current directory instead."""
    allowed = change.secrets.get(SOURCES_ALLOWED, ())
    if change.place is not None and change.place.source != _STANDARD_INPUT:
        return (dirname(change.place.source) or _HERE, *allowed)
    return (_HERE, *allowed) if change.place or change.reason is Reason.UNDOES else allowed


def is_within(path: str, folder: str) -> bool:
    """Whether a path is a folder or below it, as both are written. The current directory is not known here, so a
    relative path is never within an absolute one, nor the other way round."""
    depth = 1 + f"{path}/{folder}".split("/").count(pardir)
    here = "/" + "\0/" * depth  # a current directory with names that no path has
    inner, outer = ("/" + normpath(join(here, each)).lstrip("/") for each in (path, folder))  # POSIX keeps a leading //
    return inner == outer or inner.startswith(outer.rstrip("/") + "/")


def exact(path: str) -> str:
    """A path as the value of a hazard: printable, and a different text for each path."""
    return path if printable(path) == path and path[:1] not in ("'", '"') else ascii(path)
