"""Composes the documents of workspaces: joins those of one workspace, and replaces groups by their people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from beamctl.document.desired import SKIP, GroupStep, Leaver
from beamctl.document.document import Document, Fragment, Path
from beamctl.document.grants import MEMBERS, Expansion, Through, grants_of
from beamctl.document.groups import MOST_EXPANDED, SECTION, Groups
from beamctl.document.leavers_section import LEAVERS, leavers_of, still_listed
from beamctl.document.problem import MOST_PROBLEMS, Problem, ProblemCode, quoted
from beamctl.document.rules import at_line, day_problem, is_no_day, same_person

_WHOLE_RUN = frozenset({SECTION, LEAVERS})
"""Sections that concern all workspaces."""
_SAME_EVERYWHERE = frozenset({("version",), ("workspace",)})
_NESTED = frozenset({(MEMBERS, SECTION), SKIP, ("shares", "images"), ("shares", "customDomains")})
"""Mappings inside a section whose entries may be in several documents."""

Ways = Mapping[str, tuple[tuple[GroupStep, ...], ...]]


@dataclass(frozen=True, slots=True)
class Composed:
    """One workspace.

    Attributes:
        document: Its document.
        parts: The documents that it is composed of.
        problems: What is wrong with the composition.
        through: See `Desired.through`.
    """

    document: Document
    parts: tuple[Document, ...]
    problems: tuple[Problem, ...] = ()
    through: Ways = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Composition:
    """All documents of a run.

    Attributes:
        workspaces: Each workspace once, in the order in which they are first declared; and each document without one.
        problems: What is wrong with groups and leavers.
        warnings: What is probably not as intended in them.
        leavers: People who must be in no workspace, by folded e-mail.
    """

    workspaces: tuple[Composed, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    leavers: Mapping[str, Leaver]


def compose(documents: Sequence[Document]) -> Composition:
    """Compose all documents of a run. They may have problems. The order of files and documents does not matter."""
    in_order = sorted(documents, key=lambda document: (document.source, document.values.get((), (0, 0))))
    groups = Groups(in_order)
    leavers, problems = leavers_of(in_order)
    expansion, used, size = Expansion(groups), set[str](), 0
    joined = []
    for parts in _parts(documents):
        document, twice = _joined(parts)
        members = _members(document)
        grants = [grant for grant in grants_of(members) if grant.name in groups]
        used |= {grant.name for grant in grants}
        if size <= MOST_EXPANDED and (size := size + expansion.size(grants)) > MOST_EXPANDED:
            problems.append(_too_many(document))
        joined.append((parts, document, [*twice, *_group_problems(document, members, groups)], grants))
    found = []
    for parts, document, own, grants in joined:
        composed, through = _expanded(document, expansion, groups, grants if size <= MOST_EXPANDED else ())
        found.append(Composed(composed, parts, tuple(own), through))
    has_workspace = any(isinstance(each.document.data, dict) and "workspace" in each.document.data for each in found)
    unusual = () if groups.problems else groups.warnings(frozenset(used) if has_workspace else None)
    warnings = [*islice(unusual, MOST_PROBLEMS + 1)]
    warnings += still_listed(leavers, in_order, groups) if leavers else ()
    return Composition(tuple(found), (*groups.problems, *problems), tuple(warnings), leavers)


def _members(document: Document) -> Mapping[str, Any]:
    """The section, or nothing if there is none."""
    members = document.data.get(MEMBERS) if isinstance(document.data, dict) else None
    return members if isinstance(members, dict) else {}


def _parts(documents: Sequence[Document]) -> Iterator[tuple[Document, ...]]:
    """The documents of each workspace, sorted by file and line; first those that list members, so that reports name the
    file in which a person would be added."""
    parts: dict[object, list[Document]] = {}
    for document in documents:
        name = document.data.get("workspace") if isinstance(document.data, dict) else None
        parts.setdefault(name if isinstance(name, str) else id(document), []).append(document)
    for each in parts.values():
        yield tuple(sorted(each, key=_rank) if each[1:] else each)


def _rank(part: Document) -> tuple[bool, str, tuple[int, int]]:
    return MEMBERS not in part.data, part.source, part.values.get((), (0, 0))


def _joined(parts: Sequence[Document]) -> tuple[Document, list[Problem]]:
    """One document instead of several, and what contradicts each other."""
    first, *others = parts
    if not others:
        return first, []
    fragments: dict[Path, Fragment] = {}
    whole = Document(first.source, dict(first.data), first.values, first.keys, fragments)
    problems: list[Problem] = []
    seen = {first.place("workspace")}
    for part in others:
        place = part.place("workspace")
        if place in seen:
            name = quoted(part.data["workspace"])
            message = f"the workspace {name} is declared twice, first at {place.source}:{place.line}"
            problems.append(Problem(place, ProblemCode.DUPLICATE_WORKSPACE, message, "pass each file only once"))
            continue
        seen.add(place)
        _join(whole, whole.data, part, (), problems)
    return whole, problems


def _join(whole: Document, into: dict[str, Any], part: Document, path: Path, problems: list[Problem]) -> None:
    """Add the entries of a mapping of one document to those of the others."""
    here = part.data
    for key in path:
        here = here[key]
    fragments: Any = whole.fragments
    for key, value in here.items():
        where = (*path, key)
        if where in _SAME_EVERYWHERE or (not path and key in _WHOLE_RUN):
            continue
        if key not in into:
            into[key] = value
            fragments[where] = Fragment(part, where)
            continue
        mine = into[key]
        if isinstance(mine, dict) and isinstance(value, dict) and (not path or where in _NESTED):
            into[key] = inner = dict(mine)
            _join(whole, inner, part, where, problems)
        elif path:
            problems.append(_twice(whole, part, where))


def _twice(whole: Document, part: Document, where: Path) -> Problem:
    key, place, first = str(where[-1]), part.key_place(*where), whole.key_place(*where)
    if where[:-1] in ((MEMBERS,), SKIP):
        return same_person(key, key, place, first)
    name = ".".join(map(str, where[:-1]))
    message = f"{quoted(key)} is declared twice under {name}, first {at_line(first, place)}"
    return Problem(place, ProblemCode.DUPLICATE_KEY, message, "keep one of them")


def _expanded(document: Document, expansion: Expansion, groups: Groups, grants: Sequence[Any]) -> tuple[Document, Ways]:
    """The document with people instead of groups. One without groups stays the same object."""
    data = document.data
    members = data.get(MEMBERS) if isinstance(data, dict) else None
    misplaced = set(_misplaced(members, groups)) if isinstance(members, dict) else set()
    has_groups = isinstance(members, dict) and SECTION in members
    if not isinstance(data, dict) or not (has_groups or misplaced or _WHOLE_RUN & data.keys()):
        return document, {}
    new = {key: value for key, value in data.items() if key not in _WHOLE_RUN}
    fragments = dict(document.fragments)
    if not isinstance(members, dict):
        return Document(document.source, new, document.values, document.keys, fragments), {}
    listed = {key: entry for key, entry in members.items() if key != SECTION and key not in misplaced}
    offers = expansion.members(grants, listed)
    new[MEMBERS] = listed | {each.email: each.entry for each in offers.values()}
    fragments |= {each.path: each.fragment for each in offers.values()}
    fragments |= expansion.fragments(grants)
    composed = Document(document.source, new, document.values, document.keys, fragments)
    return composed, Through(composed, tuple(grants), groups, offers) if offers else {}


def _group_problems(document: Document, members: Mapping[str, Any], groups: Groups) -> Iterator[Problem]:
    """Names of groups that are unknown, or written where people belong; and ends that are no days."""
    section = members.get(SECTION)
    for name, entry in section.items() if isinstance(section, dict) else ():
        yield from groups.unknown(name, document.key_place(MEMBERS, SECTION, name))
        until = entry.get("until") if isinstance(entry, dict) else None
        if is_no_day(until):
            yield day_problem(document.place(MEMBERS, SECTION, name, "until"), until)
    for key in _misplaced(members, groups):
        hint = f"put it under groups: 'members: {{groups: {{{key}: …}}}}'"
        place = document.key_place(MEMBERS, key)
        yield Problem(place, ProblemCode.MISPLACED_GROUP, f"{quoted(key)} is a group, not a person", hint)


def _misplaced(members: Mapping[str, Any], groups: Groups) -> list[str]:
    """Groups that are written where people belong."""
    return [key for key in members if "@" not in key and key != SECTION and key in groups] if groups else []


def _too_many(document: Document) -> Problem:
    message = f"the groups of this run expand to more than {MOST_EXPANDED:,} people over all workspaces"
    place = document.key_place(MEMBERS, SECTION)
    return Problem(place, ProblemCode.LIMIT_EXCEEDED, message, "run it for some of the workspaces at a time")
