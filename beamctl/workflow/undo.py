"""Plans the changes that would undo a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from beamctl.apply.record import Record, State
from beamctl.document.desired import Desired
from beamctl.document.document import Document
from beamctl.errors import UsageError
from beamctl.kinds.registry import all_kinds
from beamctl.model.api_call import Reader
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.plan.across_kinds import deletes_only, read_all, reading_of
from beamctl.plan.comparison import Note
from beamctl.plan.plan import Plan, make_undo
from beamctl.runs.last_run import last_run
from beamctl.runs.store import made_with
from beamctl.secrets.sources import with_source_hazards
from beamctl.workflow.concurrent_reads import WorkspaceReads
from beamctl.workflow.connection import Link
from beamctl.workflow.documents import defaults, quoted, read_desired
from beamctl.workflow.plan import LazySituation, digest_of_plan, situation, with_clocks
from beamctl.workflow.plan_all import Checks, Planned
from beamctl.workflow.saved_plan import could_be_planned, refuse_unplanned


def undo(record: Record, desired: Desired, reader: Reader, situation: LazySituation) -> Plan:
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
    where = f"the record of {record.run.id}"
    refuse_unplanned(where, (change for change in record.changes if not could_be_planned(change)))
    begun = [change for change in record.changes if record.made(change)]
    kinds = tuple(kind for kind in all_kinds() if any(change.kind == kind.name for change in begun))
    gone = {(change.kind, change.key) for change in begun if change.before is None}
    readings = {kind.name: reading_of(kind, desired.workspace, deletes_only(kind, gone)) for kind in kinds}
    live = read_all(readings, reader)
    plan = make_undo(kinds, begun, desired, live, situation() if callable(situation) else situation)
    unsure = {(change.kind, change.key) for change in begun if record.state(change) is not State.DONE}
    notes = [
        Note(fact(Code.CHANGED_BY_WHOM, name=change.name))
        for change in plan.changes
        if (change.kind, change.key) in unsure
    ]
    if rest := len(record.changes) - len(begun):
        notes.append(Note(fact(Code.RUN_INCOMPLETE, count=rest)))
    return replace(plan, notes=(*plan.notes, *notes))


def guards_for(record: Record, files: Sequence[str], note: Callable[[str], None]) -> Desired:
    """The guards in the document of the run's workspace, without the rest of the document.

    Args:
        record: The run's record.
        files: The documents.
        note: Called with a note if there is no such document.
    """
    known = read_desired(files, [record.workspace] if files else []) if files or defaults() else ()
    bare = Desired(record.workspace, Document(f"run {record.run.id}", {}, {}, {}))
    about = next((desired for desired in known if desired.workspace == record.workspace), bare)
    if about is bare:
        note(f"Note: no document here declares {record.workspace}, so only the default guards apply.")
    leavers = next((desired.leavers for desired in known), {})  # they are the same for all workspaces
    return Desired(record.workspace, bare.document, about.guards, {}, about.skip, leavers=leavers)


def plan_undo(record: Record, desired: Desired, link: Link, checks: Checks) -> Planned:
    """Plan what undoes a run, with a note for each other workspace that the same apply changed.

    Raises:
        UsageError: The run was made at another API.
    """
    if link.api_url != record.api:
        message = f"{record.run.id} was made at {record.api}, but --api-url is {link.api_url}"
        raise UsageError(message, "Use the API of the run.")
    last = last_run(checks.records, record.workspace, record.api)
    elsewhere = tuple(
        Note(
            fact(
                Code.RUN_ALSO_CHANGED, workspace=each.workspace, command=undo_command(each.run.id, checks.records.named)
            )
        )
        for each in made_with(checks.records, record)
    )

    def make() -> Plan:
        found = undo(record, desired, link.reader, lambda: situation(link, last, checks.floors))
        return with_clocks(with_source_hazards(replace(found, notes=(*found.notes, *elsewhere))), link)

    first = make()
    again = WorkspaceReads(record.workspace, link.silent_reader, {}, lambda _: make() == first)
    return Planned(first, link, lambda: again, lambda: "", lambda: digest_of_plan(first))


def undo_command(run: str, records: str | None) -> str:
    """The command that shows how to undo a run."""
    return f"beamctl undo {quoted(run)}" + (f" --record {quoted(records)}" if records else "")
