"""Reads a live workspace: every section of it, or all of it as a document.

A module of its own: there is one for each story."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from beamctl.document.desired import Desired
from beamctl.document.yaml_writer import written
from beamctl.errors import BeamctlError
from beamctl.kinds.registry import all_kinds
from beamctl.model.api_call import Reader
from beamctl.model.email import folded
from beamctl.plan.across_kinds import see, seen, sights
from beamctl.plan.export import parts
from beamctl.plan.kind import Kind
from beamctl.plan.listing import Listing, Unreadable
from beamctl.report.whereabouts import STEP
from beamctl.report.wording import words
from beamctl.workflow.concurrent_reads import WorkspaceReads, read_workspaces
from beamctl.workflow.connection import Access, open_link
from beamctl.workflow.where import kinds_of_people

_Found = Sequence[tuple[Kind[Any], Any]]
T = TypeVar("T")

THROUGH = "through"
"""The attribute of a row with the groups that give someone access."""


@dataclass(frozen=True, slots=True)
class Export:
    """A workspace as a document.

    Attributes:
        unseen: The sections that are missing or incomplete because something could not be read.
    """

    text: str
    unseen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A live workspace.

    Attributes:
        workspace: Its name.
        api_url: The API it is in.
        sections: Every section, and what could not be read.
    """

    workspace: str
    api_url: str
    sections: Mapping[str, Listing]


def show_all(workspaces: Sequence[str], access: Access) -> list[Shown | BeamctlError]:
    """The live workspaces in the given order, or why a workspace cannot be read."""
    return _read_all(workspaces, access, lambda name, api_url, found: Shown(name, api_url, sections_of(found)))


def export_all(workspaces: Sequence[str], access: Access, now: datetime) -> list[Export | BeamctlError]:
    """The same as documents. `now` is as for `export`."""
    return _read_all(workspaces, access, lambda name, _, found: _exported(name, found, now))


def _read_all(
    workspaces: Sequence[str], access: Access, made: Callable[[str, str, _Found], T]
) -> list[T | BeamctlError]:
    def opened(name: str) -> WorkspaceReads[T]:
        with open_link(access, name) as link:
            return WorkspaceReads(
                name,
                link.silent_reader,
                sights(all_kinds(), name),
                lambda live: made(name, link.api_url, seen(all_kinds(), live)),
            )

    return read_workspaces([partial(opened, name) for name in workspaces], access.reads)


def sections_of(found: _Found) -> Mapping[str, Listing]:
    """Every section of a live workspace, and what could not be read."""
    return {
        kind.section: Listing(None, live.why) if isinstance(live, Unreadable) else kind.listing(live)
        for kind, live in found
    }


def with_groups(sections: Mapping[str, Listing], desired: Desired) -> Mapping[str, Listing]:
    """The same, with the groups through which people come in according to a document, in their rows."""
    found = dict(sections)
    for kind in kinds_of_people():
        rows = found[kind.section].rows or ()
        ways = [desired.through.get(folded(row[kind.named_by]), ()) for row in rows]
        if any(ways):
            named = ["; ".join(STEP.join(step.name for step in way[:-1]) for way in each) for each in ways]
            more = [{**row, THROUGH: name} for row, name in zip(rows, named, strict=True)]
            found[kind.section] = replace(found[kind.section], rows=more)
    return found


def export(workspace: str, reader: Reader, now: datetime) -> Export:
    """The live workspace as a document whose plan is empty.

    Args:
        workspace: Its name.
        reader: Of the workspace.
        now: The time in UTC. Some people may be skipped for a while from then on.

    Raises:
        ApiError: The workspace does not exist, or none of it can be read.
    """
    return _exported(workspace, see(all_kinds(), workspace, reader), now)


def _exported(workspace: str, found: _Found, now: datetime) -> Export:
    hidden = {kind.section: live.why for kind, live in found if isinstance(live, Unreadable)}
    seen = {kind.section: (kind, live) for kind, live in found if kind.section not in hidden}
    exported = {section: kind.export(live, now) for section, (kind, live) in seen.items()}
    incomplete = [section for section, (kind, live) in seen.items() if kind.listing(live).unread]
    return Export(written(parts(workspace, exported, hidden, now.date(), words)), (*hidden, *incomplete))
