"""What concerns several kinds: reading their live state, which changes depend on others, and the hazards that count
across kinds (mass removal, emptied sections, listings that shrank)."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from beamctl.document.desired import Desired, Limit, Mode
from beamctl.errors import ApiError, ForbiddenError, MissingError
from beamctl.model.api_call import Reader, segment
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.change import Action, Change, ChangeId, Dependency
from beamctl.plan.comparison import Comparison, Preconditions
from beamctl.plan.guards import InForce
from beamctl.plan.hazard import Hazard, Risk
from beamctl.plan.kind import Kind, MayDelete, Quorum, Reading, ReadScope
from beamctl.plan.listing import Unreadable

L = TypeVar("L")


def deletes_nothing(_key: str) -> bool:
    """For reads before which nothing is deleted."""
    return False


def deletes_only(kind: Kind[Any], deleted: Collection[tuple[str, str]]) -> MayDelete:
    """For reads before which only these objects, given as kind and key, are deleted."""
    return lambda key: (kind.name, key) in deleted


def reading_of(kind: Kind[L], workspace: str, may_delete: MayDelete = deletes_nothing) -> Reading[L]:
    """Reads the live state of a kind, with more detail for objects that may be deleted."""
    return kind.read(ReadScope(workspace, may_delete))


def read(kind: Kind[L], workspace: str, reader: Reader, may_delete: MayDelete = deletes_nothing) -> L:
    """The live state of a kind, one request after the other.

    Raises:
        ApiError: It cannot be read, and the kind cannot continue without it.
    """
    return _read(reading_of(kind, workspace, may_delete), reader)


def _read(reading: Reading[L], reader: Reader) -> L:
    try:
        path = next(reading)
        while True:
            try:
                payload = reader.get(path)
            except ApiError as error:  # the kind decides whether it can continue without it
                path = reading.throw(error)
            else:
                path = reading.send(payload)
    except StopIteration as end:
        live: L = end.value
        return live


Readings = Mapping[str, Reading[Any]]
"""Several readings of one workspace, by name. They are independent of each other."""


class ConcurrentReader(ABC):
    """A `Reader` that can also make several readings at the same time."""

    @abstractmethod
    def read_all(self, readings: Readings) -> Mapping[str, Any]:
        """The results. See `read_all`."""


def read_all(readings: Readings, reader: Reader) -> Mapping[str, Any]:
    """The result of each reading: at the same time if the reader can, else one after the other.

    Raises:
        ApiError: One of them failed.
    """
    if isinstance(reader, ConcurrentReader):
        return reader.read_all(readings)
    return {name: _read(reading, reader) for name, reading in readings.items()}


def see(kinds: Sequence[Kind[Any]], workspace: str, reader: Reader) -> Sequence[tuple[Kind[Any], Any]]:
    """The live state of each kind; `Unreadable` if the API does not show it.

    Raises:
        ApiError: The workspace does not exist, none of it can be read, or the API does not respond.
    """
    return seen(kinds, read_all(sights(kinds, workspace), reader))


def sights(kinds: Sequence[Kind[Any]], workspace: str) -> Readings:
    """The readings of `see`, by the name of the kind."""
    return {kind.name: _sight(kind, workspace) for kind in kinds}


def seen(kinds: Sequence[Kind[Any]], live: Mapping[str, Any]) -> Sequence[tuple[Kind[Any], Any]]:
    """The results of `sights` with their kinds.

    Raises:
        ApiError: None of it can be read.
    """
    found = [(kind, live[kind.name]) for kind in kinds]
    refused = [each.error for _, each in found if isinstance(each, Unreadable)]
    if len(refused) == len(found):
        raise refused[0]
    return found


def _sight(kind: Kind[L], workspace: str) -> Reading[L | Unreadable]:
    try:
        return (yield from reading_of(kind, workspace))
    except ForbiddenError as error:
        return Unreadable(error)
    except MissingError as error:
        with suppress(ForbiddenError):
            yield f"/workspaces/{segment(workspace)}"  # the workspace exists, only the listing does not
        return Unreadable(error)


def quorums_of(found: Mapping[str, Comparison] | Mapping[str, Preconditions], guards: InForce) -> Mapping[str, Quorum]:
    """The quorum of each kind that has one: `minAdmins`, but at least one and at most all of its keys."""
    asked = max(1, *(side.min_admins for _, side in guards.sides("minAdmins")))
    keys_of = {kind: each.quorum_keys for kind, each in found.items() if each.quorum_keys}
    return {kind: Quorum(keys, min(asked, len(keys))) for kind, keys in keys_of.items()}


def with_dependencies(
    kinds: Sequence[Kind[Any]], changes: Sequence[Change], quorums: Mapping[str, Quorum]
) -> tuple[Change, ...]:
    """The changes with freshly computed dependencies.

    Args:
        kinds: All kinds of the changes.
        changes: All changes of a plan, in order.
        quorums: See `Plan`.
    """
    found: dict[ChangeId, tuple[Dependency, ...]] = {}
    for kind in kinds:
        by_change = kind.dependencies(changes, quorums.get(kind.name, Quorum()))
        for key, dependencies in by_change.items():
            found[key] = (*found.get(key, ()), *dependencies)
    return tuple(replace(change, depends_on=found.get(change.id, ())) for change in changes)


def emptied(kinds: Sequence[Kind[Any]], desired: Desired, found: Mapping[str, Comparison]) -> list[Hazard]:
    """Whether a section is emptied."""
    return [hazard for kind in kinds for hazard in _emptiness(kind, desired, found[kind.name])]


def _emptiness(kind: Kind[Any], desired: Desired, found: Comparison) -> list[Hazard]:
    losses = any(change.revokes_access for change in found.changes)
    if kind.never_empty and not found.seen:
        return [Hazard(Risk.LIVE_EMPTY, kind.section, fact(Code.LISTING_EMPTY, section=kind.section))]
    if not found.declared and losses and desired.mode(kind.section) is Mode.AUTHORITATIVE:
        why = fact(Code.SECTION_EMPTY, source=desired.document.source, section=kind.section)
        return [Hazard(Risk.EMPTY_SECTION, kind.section, why)]
    return []


def mass_removal(
    guards: InForce, changes: Sequence[Change], found: Mapping[str, Comparison | Preconditions]
) -> list[Hazard]:
    """Whether one apply would remove more than the guards allow."""
    losses = Counter(change.kind for change in changes if change.revokes_access)
    access = Counter(change.kind for change in changes if change.revokes_access and change.action is not Action.REVOKE)
    exceeded = tuple(
        limited
        for name, side in guards.sides("maxRemovals")
        for limit in side.max_removals
        if (limited := _exceeded(name, limit, losses, access, found))
    )
    count = losses.total()
    why = fact(Code.REMOVALS_EXCEED_LIMIT, count=count, limits=exceeded)
    return [Hazard(Risk.MASS_REMOVAL, str(count), why)] if exceeded else []


def _exceeded(
    guard: str,
    limit: Limit,
    losses: Counter[str],
    access: Counter[str],
    found: Mapping[str, Comparison | Preconditions],
) -> Fact | None:
    """The exceeded limit and its value; None if it holds."""
    for name, count in losses.items():  # per kind: a large count of one kind must not allow removals of another
        holders, invited = found[name].population, found[name].invited
        for removed, total in ((access[name], holders), (count, holders + invited)):  # nor must open invitations
            allowed = limit.of(total)
            if (removed if limit.percent else losses.total()) > allowed:
                if limit.percent:
                    return fact(Code.PERCENT_LIMIT, guard=guard, limit=str(limit), total=total, allowed=allowed)
                return fact(Code.LIMIT, guard=guard, limit=limit.number)
    return None


def shrunk(
    kinds: Sequence[Kind[Any]], guards: InForce, found: Mapping[str, Comparison], left: Mapping[str, int]
) -> list[Hazard]:
    """Whether more is missing since the last recorded run than one apply may remove."""
    missing, listings = 0, []
    limits = [limit for _, side in guards.sides("maxRemovals") for limit in side.max_removals]
    for kind in kinds:
        seen, before = found[kind.name].seen, left.get(kind.name, 0)
        if seen is not None and any(before - seen > limit.of(before) for limit in limits):
            missing += before - seen
            listings.append(fact(Code.SHOWN_OF, seen=seen, before=before, section=kind.section))
    why = fact(Code.LISTING_SHRANK, listings=tuple(listings))
    return [Hazard(Risk.LIVE_SHRANK, str(missing), why)] if missing else []


def unchanged_keys(
    kinds: Sequence[Kind[Any]], live: Mapping[str, Any], changes: Sequence[Change]
) -> Mapping[str, tuple[str, ...]]:
    """By kind, the keys that do not change, if access is reduced at all."""
    if not any(change.revokes_access for change in changes):
        return {}
    return {kind.name: kind.unchanged(live[kind.name], changes) for kind in kinds}


def fingerprint_of(kinds: Sequence[Kind[Any]], live: Mapping[str, Any]) -> str:
    """A hash of the live state."""
    digest = hashlib.sha256()
    for kind in kinds:
        digest.update(f"{kind.name}\0{kind.digest(live[kind.name])}\0".encode())
    return f"sha256:{digest.hexdigest()}"
