"""What is asked, each as a short story: validate, plan, undo, show, export, and whether a saved plan still holds. The
edges hand in what they read; this must not know files, credentials or the terminal, and gets nothing that can write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from beamctl.apply.record import Record, State
from beamctl.document.document import Desired, Document
from beamctl.document.lint import lint
from beamctl.document.load import SourceText, load
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

ToldLate = Situation | Callable[[], Situation]
"""A function is called once the workspace was read: which day it is may depend on the API's clock."""

_BY_HAND = "It was made by hand, or by another beamctl."


@dataclass(frozen=True, slots=True)
class Checked:
    """Documents that were looked through.

    Attributes:
        desired: What the documents without problems say.
        problems: All that is wrong, sorted by place.
        warnings: What is valid and probably not meant, of the documents without problems.
    """

    desired: tuple[Desired, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Recheck:
    """A saved plan, looked at again.

    Attributes:
        plan: The plan, for whoever makes it now.
        workspace_id: What tells the workspace from another one of its name.
        moved: What the plan rests on and is not so any more.
        in_place: The changes after which things are just as they are now.
        below_floors: The hazards that the floors of this run raise: nothing in the file lifts them.
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
        text: The document.
        unseen: The sections of which something cannot be seen: of that, the document says nothing.
    """

    text: str
    unseen: tuple[str, ...]


def validate(sources: Sequence[SourceText]) -> Checked:
    """Look through documents, with no credential and no network."""
    loaded = load(sources)
    found = (problem for document in loaded.documents for kind in KINDS for problem in kind.problems(document))
    warnings = bounded(warning for desired in loaded.desired for warning in lint(desired.document))
    return Checked(loaded.desired, tuple(sorted([*loaded.problems, *bounded(found)])), tuple(warnings))


def plan(desired: Desired, reader: Reader, situation: ToldLate) -> Plan:
    """Read what the document says something of, and compare."""
    kinds = managed(KINDS, desired)
    live = {kind.name: read(kind, desired.workspace, reader, leaving(kind, desired)) for kind in kinds}
    made = make_plan(kinds, desired, live, situation() if callable(situation) else situation)
    return replace(made, notes=(*_warnings(desired.document), *made.notes))


def _warnings(document: Document) -> Iterator[Note]:
    """Warnings about a document, but the one about `guards.self`: a plan knows who is in the workspace."""
    known = document.place("guards", "self", "email")
    return (Note(f"{each.message}: {each.hint}", each.place) for each in lint(document) if each.place != known)


def identify(workspace: str, reader: Reader) -> str:
    """What tells a workspace from another one of its name; empty where the API does not tell.

    Raises:
        ApiError: It cannot be read.
    """
    itself = reader.get(f"/workspaces/{segment(workspace)}")
    told = (itself.get("id") or itself.get("createdAt")) if isinstance(itself, dict) else None
    return told if isinstance(told, str) else ""


def open_plan(content: bytes, name: str) -> Saved:
    """The plans in a file, none of whose changes is one that beamctl would not plan itself.

    Raises:
        UsageError: It is no saved plan, or not as it was saved.
    """
    saved = read_saved(content, name)
    plans = []
    for plan in saved.plans:
        _refuse_unsound(plan.changes, name)
        kinds = [kind for kind in KINDS if kind.name in plan.sections]
        changes = with_dependencies(kinds, plan.changes, plan.relies_on, plan.keeps)  # whatever the file says
        plans.append(replace(plan, changes=changes))
        _refuse_unsound(changes, name)
        if unknown := plan.sections.items() - {(kind.name, kind.section) for kind in KINDS}:
            raise UsageError(f"{name} is about {min(unknown)[0]}, of which this beamctl knows nothing", _BY_HAND)
    return replace(saved, plans=tuple(plans))


def undo(record: Record, desired: Desired, reader: Reader, situation: ToldLate) -> Plan:
    """Plan what would undo a run: what it did, and what it may have done.

    Args:
        record: Of the run.
        desired: The guards, and who is skipped; its source names the run.
        reader: Of its workspace.
        situation: The day, and who we are.

    Raises:
        UsageError: The record has a change that beamctl would not have made.
        ApiError: The workspace cannot be read.
    """
    _refuse_unsound(record.changes, f"the record of {record.run.id}")
    begun = [change for change in record.changes if record.made(change)]
    kinds = tuple(kind for kind in KINDS if any(change.kind == kind.name for change in begun))
    gone = {(change.kind, change.key) for change in begun if change.before is None}
    live = {kind.name: read(kind, desired.workspace, reader, _among(kind, gone)) for kind in kinds}
    plan = make_undo(kinds, begun, desired, live, situation() if callable(situation) else situation)
    unsure = {(change.kind, change.key) for change in begun if record.state(change) is not State.DONE}
    notes = [
        Note(f"whether that run made its change of {change.name}, or somebody else did, is not known")
        for change in plan.changes
        if (change.kind, change.key) in unsure
    ]
    if rest := len(record.changes) - len(begun):
        notes.append(Note(f"{rest} change{'s' * (rest != 1)} of that run {'were' if rest != 1 else 'was'} not made"))
    return replace(plan, notes=(*plan.notes, *notes))


def _refuse_unsound(changes: Sequence[Change], where: str) -> None:
    kinds = {kind.name: kind for kind in KINDS}
    unknown = [change for change in changes if change.kind not in kinds or not kinds[change.kind].is_sound(change)]
    for change in unknown:
        message = f"{where} has a change that beamctl does not plan: {change.action.value} {change.name}"
        raise UsageError(message, _BY_HAND)


def _among(kind: Kind[Any], gone: Collection[tuple[str, str]]) -> Goes:
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
    """Read what a saved plan rests on, and see whether it is still so.

    Args:
        saved: The plan.
        reader: Of its workspace.
        identity: Who makes it, if the credential shows it.
        floors: Guards of the run that makes it, whatever it was made with.
        recorded: What the last recorded run declared.
        today: The day in UTC.
    """
    kinds = tuple(kind for kind in KINDS if kind.name in saved.sections)
    gone = {(change.kind, change.key) for change in saved.changes if change.after is None}
    live = {kind.name: read(kind, saved.workspace, reader, _among(kind, gone)) for kind in kinds}
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
    """What a workspace looks like now: every section, with what of it cannot be seen.

    Raises:
        ApiError: There is no such workspace, or nothing of it can be seen.
    """
    return {
        kind.section: Shown(None, live.why) if isinstance(live, Unseen) else kind.shown(live)
        for kind, live in see(KINDS, workspace, reader)
    }


def export(workspace: str, reader: Reader, now: datetime) -> Export:
    """A live workspace as a document of which a plan is empty.

    Args:
        workspace: Its name.
        reader: Of it.
        now: The moment in UTC, of which that is true, and from which on somebody may be skipped for a while.

    Raises:
        ApiError: There is no such workspace, or nothing of it can be seen.
    """
    found = see(KINDS, workspace, reader)
    hidden = {kind.section: live.why for kind, live in found if isinstance(live, Unseen)}
    seen = {kind.section: (kind, live) for kind, live in found if kind.section not in hidden}
    exported = {section: kind.export(live, now) for section, (kind, live) in seen.items()}
    partly = [section for section, (kind, live) in seen.items() if kind.shown(live).unseen]
    return Export(written(parts(workspace, exported, hidden, now.date())), (*hidden, *partly))
