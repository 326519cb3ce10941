"""A plan: the ordered changes of one workspace, what is dangerous about them, and what they were made from.
It must not know any kind, nor how a plan is shown."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, TypeVar

from beamctl.document.document import Desired, Mode
from beamctl.model.identity import Identity
from beamctl.plan.change import Change, Stage
from beamctl.plan.comparison import AdminGroups, Comparison, Note, Preconditions, Situation
from beamctl.plan.declared import Declared
from beamctl.plan.dependencies import how_many_stay, with_dependencies
from beamctl.plan.floors import in_force
from beamctl.plan.guard_changes import hazards as loosened_guards
from beamctl.plan.guard_changes import kept, sizes
from beamctl.plan.hazard import DO_NOT_TRUST, Hazard, listed
from beamctl.plan.kind import Goes, Kind
from beamctl.plan.reading import nothing_goes
from beamctl.plan.thresholds import emptied, mass_removal, shrunk

F = TypeVar("F", Comparison, Preconditions)

LiveObject = Mapping[str, Any] | None
"""One thing as the API shows it, plain; None where it is not there."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done to one workspace.

    Attributes:
        workspace: Its name.
        source: The file that says so, as the user named it.
        api: The base URL it was read from.
        runs_as: Who beamctl runs as, as far as anything tells; empty where nothing does.
        sections: The kinds that were compared: name and section.
        changes: In the order in which they may run.
        hazards: Every risk of them, allowed or not.
        notes: What a reviewer should know beside them.
        tally: How many were left as they are, by why.
        fingerprint: Of the live state it was made from.
        relies_on: By kind, keys of those who must have the access that others lose; none where nobody loses anything.
        keeps: By kind, how many of those it relies on are needed.
        rests_on: By kind and key, what the API shows of all that is changed or relied on; None for what is not there.
        seen: By kind, how many the API shows.
        stays: By kind, keys of those to whom nothing is done, and without whom a later listing is not believed.
        doubts: Why what the API shows may not be true, for drift; a plan has hazards or notes that say the same.
        declared: What the record of a run keeps of the document; None if it was not made from one.
    """

    workspace: str
    source: str
    api: str
    runs_as: str
    sections: Mapping[str, str]
    changes: tuple[Change, ...]
    hazards: tuple[Hazard, ...]
    notes: tuple[Note, ...]
    tally: Mapping[str, int]
    fingerprint: str
    relies_on: Mapping[str, tuple[str, ...]]
    keeps: Mapping[str, int] = field(default_factory=dict)
    rests_on: Mapping[str, Mapping[str, LiveObject]] = field(default_factory=dict)
    seen: Mapping[str, int] = field(default_factory=dict)
    stays: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    declared: Declared | None = None
    doubts: tuple[str, ...] = field(default=(), compare=False)  # not saved: drift reads no file

    @property
    def differs(self) -> bool:
        """Whether the workspace is not as the document says, be it to be changed or to be left alone."""
        return bool(self.changes) or any(note.differs for note in self.notes)

    def stages(self) -> tuple[tuple[Stage, tuple[Change, ...]], ...]:
        """The changes by stage, in order."""
        return tuple((stage, tuple(group)) for stage, group in groupby(self.changes, key=lambda change: change.stage))


def managed(kinds: Sequence[Kind[Any]], desired: Desired) -> tuple[Kind[Any], ...]:
    """The kinds that the document says something of; the others are not even read."""
    return tuple(kind for kind in kinds if kind.is_declared(desired))


def leaving(kind: Kind[Any], desired: Desired) -> Goes:
    """What may be about to go: where the document decides, whatever its section does not list."""
    section = desired.section(kind.section) or {}
    if desired.mode(kind.section) is Mode.ADDITIVE:
        return nothing_goes
    return lambda key: key not in section


def make_plan(kinds: Sequence[Kind[Any]], desired: Desired, live: Mapping[str, Any], situation: Situation) -> Plan:
    """Compare what a document says with what the API shows, and order what follows from it.

    Args:
        kinds: Those to compare: `managed(...)`.
        desired: What the document says.
        live: By the name of each kind, what it read.
        situation: The day, and who we are.
    """
    found = in_order(kinds, situation, lambda kind, told: kind.compare(desired, live[kind.name], told))
    return _plan(kinds, desired, live, situation, found)


def make_undo(
    kinds: Sequence[Kind[Any]],
    made: Sequence[Change],
    desired: Desired,
    live: Mapping[str, Any],
    situation: Situation,
) -> Plan:
    """Plan what would undo changes that were made, as far as it can be undone and things are still as those left them.

    Args:
        kinds: Those of the changes.
        made: The changes.
        desired: The guards, and who is skipped; its source names the run.
        live: By the name of each kind, what it read.
        situation: The day, and who we are.
    """

    def undone(kind: Kind[Any], told: Situation) -> Comparison:
        theirs = [change for change in made if change.kind == kind.name]
        return kind.undo(theirs, desired, live[kind.name], told)

    return _plan(kinds, desired, live, situation, in_order(kinds, situation, undone))


def in_order(
    kinds: Sequence[Kind[Any]], situation: Situation, look: Callable[[Kind[Any], Situation], F]
) -> Mapping[str, F]:
    """What each kind finds, given what the kinds before it do to the groups that make people admins."""
    found: dict[str, F] = {}
    for kind in kinds:
        found[kind.name] = look(kind, situation)
        if found[kind.name].admin_groups is not AdminGroups.KEPT:
            situation = replace(situation, admin_groups=found[kind.name].admin_groups)
    return found


def _plan(
    kinds: Sequence[Kind[Any]],
    desired: Desired,
    live: Mapping[str, Any],
    situation: Situation,
    found: Mapping[str, Comparison],
) -> Plan:
    changes: Sequence[Change] = sorted(
        (change for each in found.values() for change in each.changes), key=lambda change: change.order
    )
    hazards = [hazard for each in found.values() for hazard in each.hazards]
    guards = in_force(desired.guards, situation.floors)
    hazards += [*emptied(kinds, desired, found), *mass_removal(guards, changes, found)]
    notes = [note for each in found.values() for note in each.notes]
    doubts = [doubt for each in found.values() for doubt in each.doubts]
    declared = _declared(desired, situation, found, changes)
    if changes:
        hazards += [*doubts, *shrunk(kinds, guards, found, situation.left)]
        hazards += loosened_guards(situation.recorded, desired.guards, sizes(found.values())) if declared else []
    else:
        notes += [Note(doubt.because) for doubt in doubts]
    tally: Counter[str] = Counter()
    for each in found.values():
        tally.update(each.tally)
    takes = any(change.takes for change in changes)
    relies_on = {name: each.relies_on for name, each in found.items() if each.relies_on and takes}
    keeps = how_many_stay(relies_on, guards)
    changes = with_dependencies(kinds, changes, relies_on, keeps)
    return Plan(
        workspace=desired.workspace,
        source=desired.document.source,
        api=situation.api,
        runs_as=runs_as(desired, situation.identity),
        sections={kind.name: kind.section for kind in kinds},
        changes=changes,
        hazards=listed(hazards),
        notes=tuple(notes),
        tally={why: tally[why] for why in sorted(tally) if tally[why]},
        fingerprint=_fingerprint(kinds, live),
        relies_on=relies_on,
        keeps=keeps,
        rests_on={kind.name: _rests_on(kind, live, changes, relies_on) for kind in kinds},
        seen={name: each.seen for name, each in found.items() if each.seen is not None},
        stays=who_stays(kinds, live, changes),
        declared=declared,
        doubts=tuple(dict.fromkeys(each.because for each in (*hazards, *doubts) if each.risk in DO_NOT_TRUST)),
    )


def _declared(
    desired: Desired, situation: Situation, found: Mapping[str, Comparison], changes: Sequence[Change]
) -> Declared | None:
    if desired.guards.source is None:
        return None
    last = situation.recorded
    ends = dict(last.ends) if last else {}  # of kinds that this document says nothing about
    ends |= {name: each.ends for name, each in found.items() if each.ends is not None}
    return kept(last, Declared(desired.guards, ends), sizes(found.values()), changes=bool(changes))


def who_stays(
    kinds: Sequence[Kind[Any]], live: Mapping[str, Any], changes: Sequence[Change]
) -> Mapping[str, tuple[str, ...]]:
    """By kind, those to whom nothing is done, where something is taken from others."""
    if not any(change.takes for change in changes):
        return {}
    return {kind.name: kind.untouched(live[kind.name], changes) for kind in kinds}


def _rests_on(
    kind: Kind[Any], live: Mapping[str, Any], changes: Sequence[Change], relies_on: Mapping[str, tuple[str, ...]]
) -> Mapping[str, LiveObject]:
    keys = {change.key for change in changes if change.kind == kind.name} | {*relies_on.get(kind.name, ())}
    there = kind.objects(live[kind.name], keys)
    return {key: there.get(key) for key in sorted(keys)}


def runs_as(desired: Desired, told: Identity | None) -> str:
    """Who beamctl runs as, as the document says it or else the credential tells; empty where neither does."""
    said = desired.guards.runs_as
    if said is not None:
        return said.email or said.service_account
    return told.name if told else ""


def _fingerprint(kinds: Sequence[Kind[Any]], live: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    for kind in kinds:
        digest.update(f"{kind.name}\0{kind.digest(live[kind.name])}\0".encode())
    return f"sha256:{digest.hexdigest()}"
