"""The stories that only read: validate, plan, undo, show, export, and whether a saved plan still holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from beamctl.apply.record import Record, State
from beamctl.document.document import Desired, Document
from beamctl.document.lint import lint
from beamctl.document.load import SourceText, load, with_lines
from beamctl.document.problem import Problem, bounded
from beamctl.document.yaml_writer import written
from beamctl.errors import UsageError
from beamctl.kinds.registry import KINDS
from beamctl.model.api_call import segment
from beamctl.model.identity import Identity
from beamctl.model.ports import Reader
from beamctl.plan.change import Change
from beamctl.plan.comparison import Note, Situation
from beamctl.plan.declared import Declared
from beamctl.plan.dependencies import with_dependencies
from beamctl.plan.export import parts
from beamctl.plan.floors import NO_FLOORS, Bounds
from beamctl.plan.hazard import Hazard, merged
from beamctl.plan.kind import Goes, Kind
from beamctl.plan.listing import Shown, Unseen
from beamctl.plan.plan import Plan, leaving, make_plan, make_undo, managed
from beamctl.plan.plan_file import Saved, read_saved
from beamctl.plan.reading import read, see
from beamctl.plan.staleness import Moved, below_floors, in_place, moved, run_as, since_recorded

LateSituation = Situation | Callable[[], Situation]
"""A function is called after the workspace was read, because the date may depend on the API's clock."""

_BY_HAND = "It was created by hand or by another version of beamctl."


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of validating documents.

    Attributes:
        desired: The documents without problems.
        problems: All problems, sorted by place.
        warnings: Valid but probably unintended, in the documents without problems.
    """

    desired: tuple[Desired, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Recheck:
    """A saved plan, checked against the live workspace.

    Attributes:
        plan: The plan for the identity that applies it.
        workspace_id: The API's id of the workspace.
        moved: The objects that the plan depends on and that changed.
        in_place: The changes that are already in effect.
        below_floors: The hazards raised by the floors of this run, which the file cannot allow.
    """

    plan: Plan
    workspace_id: str
    moved: tuple[Moved, ...]
    in_place: tuple[Change, ...]
    below_floors: tuple[Hazard, ...] = ()


@dataclass(frozen=True, slots=True)
class Export:
    """A workspace as a document.

    Attributes:
        unseen: The sections that are missing or incomplete because something could not be read.
    """

    text: str
    unseen: tuple[str, ...]


def validate(sources: Sequence[SourceText]) -> Checked:
    """Check documents, without a credential or the network."""
    loaded = load(sources)
    found = (problem for document in loaded.documents for kind in KINDS for problem in kind.problems(document))
    warnings = bounded(warning for desired in loaded.desired for warning in lint(desired.document))
    problems = with_lines([*loaded.problems, *bounded(found)], sources)
    return Checked(loaded.desired, tuple(problems), tuple(with_lines(warnings, sources)))


def plan(desired: Desired, reader: Reader, situation: LateSituation) -> Plan:
    """Read the declared kinds and compare."""
    kinds = managed(KINDS, desired)
    live = {kind.name: read(kind, desired.workspace, reader, leaving(kind, desired)) for kind in kinds}
    made = make_plan(kinds, desired, live, situation() if callable(situation) else situation)
    return replace(made, notes=(*_warnings(desired.document), *made.notes))


def _warnings(document: Document) -> Iterator[Note]:
    """Warnings about a document, except the one about `guards.self`: a plan knows who is in the workspace."""
    known = document.place("guards", "self", "email")
    return (Note(f"{each.message}: {each.hint}", each.place) for each in lint(document) if each.place != known)


def identify(workspace: str, reader: Reader) -> str:
    """The API's id of a workspace; empty if it shows none.

    Raises:
        ApiError: It cannot be read.
    """
    payload = reader.get(f"/workspaces/{segment(workspace)}")
    identifier = (payload.get("id") or payload.get("createdAt")) if isinstance(payload, dict) else None
    return identifier if isinstance(identifier, str) else ""


def open_plan(content: bytes, name: str) -> Saved:
    """Parse the plans in a file and check that beamctl could have planned every change.

    Raises:
        UsageError: It is not a saved plan, or was modified.
    """
    saved = read_saved(content, name)
    plans = []
    for plan in saved.plans:
        _refuse_invalid(plan.changes, name)
        kinds = [kind for kind in KINDS if kind.name in plan.sections]
        changes = with_dependencies(kinds, plan.changes, plan.relies_on, plan.keeps)  # the file's own are not trusted
        plans.append(replace(plan, changes=changes))
        _refuse_invalid(changes, name)
        if unknown := plan.sections.items() - {(kind.name, kind.section) for kind in KINDS}:
            raise UsageError(
                f"{name} has changes of the kind {min(unknown)[0]}, which this version of beamctl does not support",
                _BY_HAND,
            )
    return replace(saved, plans=tuple(plans))


def undo(record: Record, desired: Desired, reader: Reader, situation: LateSituation) -> Plan:
    """Plan what undoes a run: what it did, and what it may have done.

    Args:
        record: The run's record.
        desired: The guards and skipped people; its source names the run.
        reader: Of its workspace.
        situation: The date, the identity, and earlier runs.

    Raises:
        UsageError: The record has a change that beamctl would not have planned.
        ApiError: The workspace cannot be read.
    """
    _refuse_invalid(record.changes, f"the record of {record.run.id}")
    begun = [change for change in record.changes if record.made(change)]
    kinds = tuple(kind for kind in KINDS if any(change.kind == kind.name for change in begun))
    gone = {(change.kind, change.key) for change in begun if change.before is None}
    live = {kind.name: read(kind, desired.workspace, reader, _goes_in(kind, gone)) for kind in kinds}
    plan = make_undo(kinds, begun, desired, live, situation() if callable(situation) else situation)
    unsure = {(change.kind, change.key) for change in begun if record.state(change) is not State.DONE}
    notes = [
        Note(f"it is not known whether that run or someone else changed {change.name}")
        for change in plan.changes
        if (change.kind, change.key) in unsure
    ]
    if rest := len(record.changes) - len(begun):
        notes.append(Note(f"that run did not make {rest} of its changes"))
    return replace(plan, notes=(*plan.notes, *notes))


def _refuse_invalid(changes: Sequence[Change], where: str) -> None:
    kinds = {kind.name: kind for kind in KINDS}
    unknown = [change for change in changes if change.kind not in kinds or not kinds[change.kind].is_sound(change)]
    for change in unknown:
        message = f"{where} has a change that beamctl would not plan: {change.action.value} {change.name}"
        raise UsageError(message, _BY_HAND)


def _goes_in(kind: Kind[Any], gone: Collection[tuple[str, str]]) -> Goes:
    return lambda key: (kind.name, key) in gone


def look_again(
    saved: Plan,
    reader: Reader,
    identity: Identity | None,
    *,
    floors: Bounds = NO_FLOORS,
    recorded: Declared | None = None,
    today: date | Callable[[], date] = date.min,
) -> Recheck:
    """Check whether a saved plan still holds.

    Args:
        saved: The plan.
        reader: Of its workspace.
        identity: Who applies it, if the credential shows it.
        floors: The floors of this run.
        recorded: What the last recorded run declared.
        today: The date in UTC.
    """
    kinds = tuple(kind for kind in KINDS if kind.name in saved.sections)
    gone = {(change.kind, change.key) for change in saved.changes if change.after is None}
    live = {kind.name: read(kind, saved.workspace, reader, _goes_in(kind, gone)) for kind in kinds}
    situation = Situation(today() if callable(today) else today, saved.api, identity, floors=floors, recorded=recorded)
    plan = since_recorded(run_as(saved, kinds, live, situation), kinds, live, situation)
    below = below_floors(plan, kinds, live, situation)
    return Recheck(
        plan=replace(plan, hazards=merged(below, plan.hazards)),
        workspace_id=identify(saved.workspace, reader),
        moved=moved(saved, kinds, live),
        in_place=in_place(saved, kinds, live),
        below_floors=below,
    )


def show(workspace: str, reader: Reader) -> Mapping[str, Shown]:
    """The live workspace: every section, and what could not be read.

    Raises:
        ApiError: The workspace does not exist, or none of it can be read.
    """
    return {
        kind.section: Shown(None, live.why) if isinstance(live, Unseen) else kind.shown(live)
        for kind, live in see(KINDS, workspace, reader)
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
    found = see(KINDS, workspace, reader)
    hidden = {kind.section: live.why for kind, live in found if isinstance(live, Unseen)}
    seen = {kind.section: (kind, live) for kind, live in found if kind.section not in hidden}
    exported = {section: kind.export(live, now) for section, (kind, live) in seen.items()}
    incomplete = [section for section, (kind, live) in seen.items() if kind.shown(live).unseen]
    return Export(written(parts(workspace, exported, hidden, now.date())), (*hidden, *incomplete))
