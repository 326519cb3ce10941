"""A plan: the ordered changes of one workspace, their hazards, and the live state they depend on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, TypeVar

from beamctl.document.desired import Desired, Mode
from beamctl.document.problem import Place
from beamctl.model.fact import Fact
from beamctl.model.identity import Identity
from beamctl.plan.across_kinds import (
    deletes_nothing,
    emptied,
    fingerprint_of,
    mass_removal,
    quorums_of,
    shrunk,
    unchanged_keys,
    with_dependencies,
)
from beamctl.plan.change import Change, Stage
from beamctl.plan.comparison import AdminGroups, Comparison, Note, Preconditions, Situation, UnchangedReason, sizes
from beamctl.plan.guards import Declared, declared_to_record, in_force
from beamctl.plan.guards import hazards as loosened_guards
from beamctl.plan.hazard import DO_NOT_TRUST, Hazard, listed, merged
from beamctl.plan.kind import Kind, MayDelete, Quorum

F = TypeVar("F", Comparison, Preconditions)

LiveObject = Mapping[str, Any] | None
"""An object as the API shows it, as plain data; None if it does not exist."""


@dataclass(frozen=True, slots=True)
class DeclaredSection:
    """For reports, the place of a section (of the file, if there is no section), and the names in it, as written."""

    place: Place
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done to one workspace.

    Attributes:
        source: The document's path as the user wrote it.
        api: The base URL of the API.
        runs_as: The identity beamctl runs as; empty if unknown.
        sections: The kinds that were compared: name and section.
        changes: In the order in which they may run.
        hazards: All risks, allowed or not.
        tally: Number of objects left as they are, by reason.
        fingerprint: Of the live state.
        quorums: By kind, who must keep the access that others lose; empty if no one loses access.
        prior_state: By kind and key, the live state of all objects that are changed or in a quorum; None for those that
            do not exist.
        seen: By kind, how many objects the API shows.
        unchanged_keys: By kind, keys that do not change. A later listing without one of them is not trusted.
        anomalies: Why the API's response may be wrong, for drift. A plan has hazards or notes that say the same.
        declared: What the run record keeps of the document; None if the plan was not made from one.
        declared_sections: By kind, what the document declares; empty for a saved plan.
    """

    workspace: str
    source: str
    api: str
    runs_as: str
    sections: Mapping[str, str]
    changes: tuple[Change, ...]
    hazards: tuple[Hazard, ...]
    notes: tuple[Note, ...]
    tally: Mapping[UnchangedReason, int]
    fingerprint: str
    quorums: Mapping[str, Quorum]
    prior_state: Mapping[str, Mapping[str, LiveObject]] = field(default_factory=dict)
    seen: Mapping[str, int] = field(default_factory=dict)
    unchanged_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    declared: Declared | None = None
    anomalies: tuple[Fact, ...] = field(default=(), compare=False)  # not saved: drift reads no file
    declared_sections: Mapping[str, DeclaredSection] = field(default_factory=dict, compare=False)  # not saved either

    @property
    def differs(self) -> bool:
        """Whether the workspace differs from the document, even if the difference will not be changed."""
        return bool(self.changes) or any(note.differs for note in self.notes)

    def stages(self) -> tuple[tuple[Stage, tuple[Change, ...]], ...]:
        """The changes by stage, in order."""
        return tuple((stage, tuple(group)) for stage, group in groupby(self.changes, key=lambda change: change.stage))


def managed(kinds: Sequence[Kind[Any]], desired: Desired) -> tuple[Kind[Any], ...]:
    """The kinds that the document declares. The others are not read."""
    return tuple(kind for kind in kinds if kind.is_declared(desired))


def may_delete(kind: Kind[Any], desired: Desired) -> MayDelete:
    """What may be deleted: everything that an authoritative section does not list."""
    section = desired.section(kind.section) or {}
    if desired.mode(kind.section) is Mode.ADDITIVE:
        return deletes_nothing
    return lambda key: key not in section


def make_plan(kinds: Sequence[Kind[Any]], desired: Desired, live: Mapping[str, Any], situation: Situation) -> Plan:
    """Compare the document with the live state and order the changes.

    Args:
        kinds: The kinds to compare: `managed(...)`.
        desired: The document.
        live: By kind, its live state.
        situation: The date, the identity, and earlier runs.
    """
    found = in_order(kinds, situation, lambda kind, context: kind.compare(desired, live[kind.name], context))
    return _plan(kinds, desired, live, situation, found)


def make_undo(
    kinds: Sequence[Kind[Any]],
    made: Sequence[Change],
    desired: Desired,
    live: Mapping[str, Any],
    situation: Situation,
) -> Plan:
    """Plan what undoes changes that were made, if possible and if the objects are still as those left them.

    Args:
        kinds: The kinds of the changes.
        made: The changes.
        desired: The guards and skipped people; its source names the run.
        live: By kind, its live state.
        situation: The date, the identity, and earlier runs.
    """

    def undone(kind: Kind[Any], context: Situation) -> Comparison:
        theirs = [change for change in made if change.kind == kind.name]
        return kind.undo(theirs, desired, live[kind.name], context)

    return _plan(kinds, desired, live, situation, in_order(kinds, situation, undone))


def in_order(
    kinds: Sequence[Kind[Any]], situation: Situation, look: Callable[[Kind[Any], Situation], F]
) -> Mapping[str, F]:
    """The result for each kind. A kind also sees what earlier kinds do to the admin groups."""
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
    anomalies = [anomaly for each in found.values() for anomaly in each.anomalies]
    declared = _declared(desired, situation, found, changes)
    if changes:
        hazards += [*anomalies, *shrunk(kinds, guards, found, situation.left)]
        hazards += loosened_guards(situation.recorded, desired.guards, sizes(found.values())) if declared else []
    else:
        notes += [Note(anomaly.fact) for anomaly in anomalies]
    more = _looser_than_base(desired, situation, found)
    tally: Counter[UnchangedReason] = Counter()
    for each in found.values():
        tally.update(each.tally)
    takes = any(change.revokes_access for change in changes)
    quorums = quorums_of(found, guards) if takes else {}
    changes = with_dependencies(kinds, changes, quorums)
    return Plan(
        workspace=desired.workspace,
        source=desired.document.source,
        api=situation.api,
        runs_as=runs_as(desired, situation.identity),
        sections={kind.name: kind.section for kind in kinds},
        changes=changes,
        hazards=merged(listed(hazards), more),
        notes=tuple(notes),
        tally={why: tally[why] for why in UnchangedReason if tally[why]},
        fingerprint=fingerprint_of(kinds, live),
        quorums=quorums,
        prior_state={kind.name: _prior_state(kind, live, changes, quorums.get(kind.name, Quorum())) for kind in kinds},
        seen={name: each.seen for name, each in found.items() if each.seen is not None},
        unchanged_keys=unchanged_keys(kinds, live, changes),
        declared=declared,
        anomalies=tuple(dict.fromkeys(each.fact for each in (*hazards, *anomalies) if each.risk in DO_NOT_TRUST)),
        declared_sections={kind.name: _declared_section(desired, kind.section) for kind in kinds},
    )


def _looser_than_base(desired: Desired, situation: Situation, found: Mapping[str, Comparison]) -> Sequence[Hazard]:
    """Most plans have no base, and need nothing of it."""
    if situation.base is None:
        return ()
    from beamctl.plan.base_guards import looser_than_base

    return looser_than_base(situation.base, desired, sizes(found.values()))


def _declared(
    desired: Desired, situation: Situation, found: Mapping[str, Comparison], changes: Sequence[Change]
) -> Declared | None:
    if desired.guards.source is None:
        return None
    last = situation.recorded
    ends = dict(last.ends) if last else {}  # keeps those of kinds that this document does not declare
    ends |= {name: each.ends for name, each in found.items() if each.ends is not None}
    return declared_to_record(last, Declared(desired.guards, ends), sizes(found.values()), changes=bool(changes))


def _declared_section(desired: Desired, section: str) -> DeclaredSection:
    document, data = desired.document, desired.section(section)
    is_known = (section,) in document.keys or (section,) in document.fragments
    place = document.key_place(section) if is_known else Place(document.source)
    return DeclaredSection(place, tuple(data) if isinstance(data, Mapping) else ())


def _prior_state(
    kind: Kind[Any], live: Mapping[str, Any], changes: Sequence[Change], quorum: Quorum
) -> Mapping[str, LiveObject]:
    keys = {change.key for change in changes if change.kind == kind.name} | {*quorum.keys}
    there = kind.objects(live[kind.name], keys)
    return {key: there.get(key) for key in sorted(keys)}


def runs_as(desired: Desired, identity: Identity | None) -> str:
    """The identity beamctl runs as, from the document or else the credential; empty if unknown."""
    declared = desired.guards.runs_as
    if declared is not None:
        return declared.email or declared.service_account
    return identity.name if identity else ""
