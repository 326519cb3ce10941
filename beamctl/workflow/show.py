"""Reads a live workspace: every section of it, or all of it as a document.

A module of its own: there is one for each story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from beamctl.document.yaml_writer import written
from beamctl.errors import BeamctlError
from beamctl.kinds.registry import all_kinds
from beamctl.model.api_call import Reader
from beamctl.plan.across_kinds import see, seen, sights
from beamctl.plan.export import parts
from beamctl.plan.kind import Kind
from beamctl.plan.listing import Listing, Unreadable
from beamctl.report.wording import words
from beamctl.workflow.concurrent_reads import WorkspaceReads, read_workspaces
from beamctl.workflow.connection import Access, open_link


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

    def opened(name: str) -> WorkspaceReads[Shown]:
        with open_link(access, name) as link:
            return WorkspaceReads(
                name,
                link.silent_reader,
                sights(all_kinds(), name),
                lambda live: Shown(name, link.api_url, _sections(seen(all_kinds(), live))),
            )

    return read_workspaces([partial(opened, name) for name in workspaces], access.reads)


def show(workspace: str, reader: Reader) -> Mapping[str, Listing]:
    """The live workspace: every section, and what could not be read.

    Raises:
        ApiError: The workspace does not exist, or none of it can be read.
    """
    return _sections(see(all_kinds(), workspace, reader))


def _sections(found: Sequence[tuple[Kind[Any], Any]]) -> Mapping[str, Listing]:
    return {
        kind.section: Listing(None, live.why) if isinstance(live, Unreadable) else kind.listing(live)
        for kind, live in found
    }


def export(workspace: str, reader: Reader, now: datetime) -> Export:
    """The live workspace as a document whose plan is empty.

    Args:
        workspace: Its name.
        reader: Of the workspace.
        now: The time in UTC. Some people may be skipped for a while from then on.

    Raises:
        ApiError: The workspace does not exist, or none of it can be read.
    """
    found = see(all_kinds(), workspace, reader)
    hidden = {kind.section: live.why for kind, live in found if isinstance(live, Unreadable)}
    seen = {kind.section: (kind, live) for kind, live in found if kind.section not in hidden}
    exported = {section: kind.export(live, now) for section, (kind, live) in seen.items()}
    incomplete = [section for section, (kind, live) in seen.items() if kind.listing(live).unread]
    return Export(written(parts(workspace, exported, hidden, now.date(), words)), (*hidden, *incomplete))
