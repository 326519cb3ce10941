"""Finds where people have access, live and declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from beamctl.document.desired import Desired, GroupStep
from beamctl.document.grants import THEN
from beamctl.document.load import SourceText
from beamctl.document.mentions import Mention, mentions
from beamctl.document.problem import Place
from beamctl.document.yaml_loader import parse
from beamctl.errors import BeamctlError, UsageError
from beamctl.kinds.registry import all_kinds
from beamctl.model.email import fault, folded
from beamctl.model.text import printable
from beamctl.plan.across_kinds import Readings, reading_of
from beamctl.plan.kind import Kind
from beamctl.plan.whereabouts import Declaration, PersonAccess, Whereabouts
from beamctl.report.data import WorkspaceFailure
from beamctl.workflow.concurrent_reads import WorkspaceReads, read_workspaces
from beamctl.workflow.connection import Access, api_time, open_link
from beamctl.workflow.documents import desired_in
from beamctl.workflow.failures import failure, failure_of

Rows = Mapping[str, Mapping[str, Any]]
"""People as the API shows them, by folded e-mail."""


@dataclass(frozen=True, slots=True)
class Found:
    """The result for all people.

    Attributes:
        people: In the order in which they were named.
        failures: The workspaces that could not be read.
    """

    people: tuple[Whereabouts, ...]
    failures: tuple[WorkspaceFailure, ...]


@dataclass(frozen=True, slots=True)
class _SeenPeople:
    """One workspace that was looked at; `people` is None if it could not be read."""

    name: str
    desired: Desired | None
    people: Rows | None
    today: date


def where(sources: Sequence[SourceText], workspaces: Sequence[str], emails: Sequence[str], access: Access) -> Found:
    """Find where people have access. A workspace that cannot be read does not affect the others.

    Args:
        sources: The documents.
        workspaces: The workspaces; empty for all that the documents declare. Others are only read.
        emails: The people.
        access: How to reach the API.

    Raises:
        DocumentError: A document has problems.
        UsageError: A text is not an e-mail address.
    """
    keys = addresses(emails)
    declared = {each.workspace: each for each in desired_in(sources)} if sources else {}
    names = list(dict.fromkeys(workspaces or declared))
    seen: list[_SeenPeople] = []
    failures: list[WorkspaceFailure] = []
    for name, looked in zip(names, _looked(names, access), strict=True):
        desired = declared.get(name)
        if isinstance(looked, BeamctlError):
            failures.append(failure_of(desired, looked) if desired else failure(name, Place(""), looked))
            seen.append(_SeenPeople(name, desired, None, api_time(None).date()))
        else:
            seen.append(_SeenPeople(name, desired, *looked))
    named = mentioned(sources, keys)
    leavers = next((each.leavers for each in declared.values()), {})
    found = []
    for key, email in keys.items():
        rows = tuple(_in_workspace(each, key, leavers) for each in seen)
        shown = {step.place for row in rows if row.declared for way in row.declared.ways for step in way}
        shown |= {row.leaver.place for row in rows if row.leaver}
        found.append(Whereabouts(email, rows, tuple(each for each in named[key] if each.place not in shown)))
    return Found(tuple(found), tuple(failures))


def addresses(emails: Sequence[str]) -> Mapping[str, str]:
    """E-mail addresses from a command line, by folded address, each once.

    Raises:
        UsageError: A text is not an e-mail address.
    """
    for each in emails:
        if why := fault(each):
            raise UsageError(f"{printable(each)!r} {why}", "Name each person by their e-mail address.")
    found: dict[str, str] = {}
    for each in emails:
        found.setdefault(folded(each), each)
    return found


def mentioned(sources: Sequence[SourceText], keys: Mapping[str, str]) -> Mapping[str, list[Mention]]:
    """Where valid documents name people, by folded e-mail."""
    found: dict[str, list[Mention]] = {key: [] for key in keys}
    for source in sources:
        for draft in parse(source.content, source.name).drafts:
            for each in mentions(draft.document, found):
                found[folded(each.email)].append(each)
    return found


def people_readings(workspace: str) -> Readings:
    """What is read to find everyone in a workspace, and everyone invited."""
    return {kind.name: reading_of(kind, workspace) for kind in kinds_of_people()}


def people_in(live: Mapping[str, Any]) -> Rows:
    """The people in what was read."""
    rows = [(kind, row) for kind in kinds_of_people() for row in kind.listing(live[kind.name]).rows or ()]
    return {folded(row[kind.named_by]): row for kind, row in rows}


def kinds_of_people() -> Sequence[Kind[Any]]:
    """The kinds whose objects are people."""
    return [kind for kind in all_kinds() if kind.named_by == "email"]


def declaration(desired: Desired, key: str) -> Declaration:
    """What a document says about a person, by folded e-mail."""
    for kind in kinds_of_people():
        section = desired.section(kind.section)
        if section is None:
            continue
        mode = desired.mode(kind.section)
        name = next((each for each in section if folded(each) == key), None)
        if name is None:
            return Declaration(mode=mode)
        entry = section[name]
        entry = {"role": entry} if isinstance(entry, str) else entry
        later = entry.get(THEN, "")
        then = later if isinstance(later, str) else later["role"]
        direct = (GroupStep(name, desired.document.key_place(kind.section, name)),)
        return Declaration(entry["role"], entry.get("until", ""), then, desired.through.get(key) or (direct,), mode)
    return Declaration()


def _looked(workspaces: Sequence[str], access: Access) -> list[tuple[Rows, date] | BeamctlError]:
    """The people of each workspace with the API's day, or why it cannot be read."""

    def opened(name: str) -> WorkspaceReads[tuple[Rows, date]]:
        with open_link(access, name) as link:

            def found(live: Mapping[str, Any]) -> tuple[Rows, date]:
                return people_in(live), api_time(link.skew()).date()

            return WorkspaceReads(name, link.silent_reader, people_readings(name), found)

    return read_workspaces([partial(opened, name) for name in workspaces], access.reads)


def _in_workspace(seen: _SeenPeople, key: str, leavers: Mapping[str, Any]) -> PersonAccess:
    leaver = leavers.get(key)
    return PersonAccess(
        seen.name,
        seen.people.get(key) if seen.people is not None else None,
        seen.people is not None,
        declaration(seen.desired, key) if seen.desired else None,
        leaver if leaver and leaver.since <= seen.today else None,
    )
