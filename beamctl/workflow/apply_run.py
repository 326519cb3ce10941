"""Applies approved plans, writing a run record and showing progress, until done or interrupted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Event as StopSignal

from beamctl.apply.event import Event, is_not_permitted
from beamctl.cli.exits import Exit
from beamctl.cli.interrupt import Interrupt
from beamctl.cli.output import Output, UnwritableError, print_stderr
from beamctl.cli.progress import Progress
from beamctl.errors import RecordError, RefusedError, UsageError
from beamctl.model.secret import SECRET_TO, SecretDestination, described, one_place, sink_of
from beamctl.model.text import printable
from beamctl.report.text.apply import end_text, totals
from beamctl.runs.record_file import RecordFile
from beamctl.runs.record_folder import RecordFolder
from beamctl.runs.store import NewRecord, open_records
from beamctl.secrets.reserved_files import ReservedFiles
from beamctl.secrets.terminal import OPTION, SecretTerminal
from beamctl.secrets.vault import NO_DESTINATION, LocalSecretStore
from beamctl.workflow.changes import apply
from beamctl.workflow.planning import Planned

Results = list[tuple[Planned, list[Event]]]
NOT_STOPPED = "The apply was not stopped by this. Run `beamctl plan` to see what is left to do."


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How to apply plans.

    Attributes:
        parallelism: How many changes may run at the same time.
        records: Where run records are kept.
        out: Where results are printed.
        stop: Set to stop after the calls in flight.
        saved: Whether the plans come from a saved plan, which can be applied only once.
        screen: The terminal that shows new secrets, if any.
        reserved: Files that secrets must not be read from or written to.
    """

    parallelism: int
    records: RecordFolder
    out: Output
    stop: StopSignal
    saved: bool
    screen: SecretTerminal | None = None
    reserved: ReservedFiles = field(default_factory=ReservedFiles)


def refuse_unusable_secrets(planned: Sequence[Planned], options: ApplyOptions, command: str, *, approved: bool) -> None:
    """Refuse changes that create a secret that cannot be stored, or need one that cannot be read.

    Args:
        planned: The plans to apply.
        options: How to apply them.
        command: The command that makes the plans, for a hint.
        approved: Whether the user approved the plans. Until then nothing they name is read or run.

    Raises:
        RefusedError: There is such a change.
    """
    vault = LocalSecretStore(options.screen, options.reserved)
    doubts = [
        (f"{change.name}: {why}", why)
        for each in planned
        for change in each.plan.changes
        if change.secrets and (why := vault.doubt(change.secrets, approved=approved))
    ]
    for sink, names in _shared(planned).items():
        message = f"the secrets of {names[0]} and of {names[1]} would both be stored in {described(sink)}"
        raise RefusedError(
            f"{message}, and one would be lost, so nothing was changed",
            "Give each secret its own destination in the document, and apply again.",
        )
    if doubts:
        message, why = doubts[0]
        more = f", and {len(doubts) - 1} more like this" if len(doubts) > 1 else ""
        fix = "Change its source or destination in the document, or fix the cause, and apply again."
        add = f"Add {SECRET_TO} to it in the document. Or show it on a terminal:  {command} {OPTION}"
        raise RefusedError(
            f"cannot get or store a secret, so nothing was changed: {message}{more}",
            add if why == NO_DESTINATION else fix,
        )


def _shared(planned: Sequence[Planned]) -> dict[SecretDestination, list[str]]:
    """The destinations of more than one secret across all workspaces, with the owners of the secrets."""
    found: dict[SecretDestination, list[str]] = {}
    for each in planned:
        for change in each.plan.changes:
            if sink := sink_of(change.secrets.get(SECRET_TO)):
                found.setdefault(one_place(sink), []).append(f"{change.name} in {each.plan.workspace}")
    return {sink: names for sink, names in found.items() if len(names) > 1}


def apply_all(planned: Sequence[Planned], results: Results, options: ApplyOptions) -> Exit:
    """Apply every plan that has changes, each with its own run record, and report the results.

    A plan without changes gets a record too if the last record declares something else, because the next plan compares
    with it. If no plan has changes, a record that cannot be written is only a warning.

    Args:
        planned: The approved plans.
        results: Receives each plan with its events as they happen.
        options: How to apply the plans.

    Raises:
        UsageError: A record cannot be created; nothing was changed.
        UnwritableError: The report cannot be written; the changes were made anyway.
    """
    codes: set[Exit] = set()
    unwritable: UnwritableError | None = None
    due = [
        each if each.plan.changes else _without_counts(each) for each in planned if each.plan.changes or each.unrecorded
    ]
    records: Sequence[RecordFile] = ()
    try:
        if due:
            records = open_records(
                options.records, [NewRecord(each.plan, each.commit(), each.digest()) for each in due]
            )
    except UsageError as error:
        if any(each.plan.changes for each in due):
            raise
        print_stderr(f"Warning: {printable(error.message)}\n  {error.hint}")
        return Exit.DONE
    with Interrupt(options.stop, quiet=options.out.quiet):
        for each, record in zip(due, records, strict=True):
            events: list[Event] = []
            if not each.plan.changes:
                _end(record, events, options)
                continue
            results.append((each, events))
            try:
                _apply_one(each, events, record, options)
            except UnwritableError as error:
                unwritable = error
            codes.add(_code(each, events))
    if unwritable is not None:
        raise UnwritableError(unwritable.message, NOT_STOPPED)
    if options.stop.is_set():
        return Exit.INTERRUPTED
    return Exit.PARTLY if len(codes) > 1 else next(iter(codes), Exit.DONE)


def _code(each: Planned, events: Sequence[Event]) -> Exit:
    """The exit code of one workspace."""
    if not is_not_permitted(events):
        return Exit.DONE if totals(events).complete else Exit.PARTLY
    print_stderr(f"Error: the API does not allow any of these changes to {each.plan.workspace}")
    if each.link.credential_from:
        where = printable(each.link.credential_from)
        print_stderr(
            f"  The credential comes from {where}. Check that it is valid and has the admin role in the workspace."
        )
    return Exit.NOT_ALLOWED


def _apply_one(each: Planned, events: list[Event], record: RecordFile, options: ApplyOptions) -> None:
    progress = Progress(options.out, len(each.plan.changes))
    unwritable: UnwritableError | None = None
    link = each.link
    events_as_they_happen = apply(
        each.plan,
        link.reader,
        link.sender,
        parallelism=options.parallelism,
        stop=options.stop,
        on_event=record.on_event,
        vault=LocalSecretStore(
            options.screen and replace(options.screen, workspace=each.plan.workspace), options.reserved
        ),
        pause=link.pause,
    )
    for event in events_as_they_happen:
        events.append(event)
        try:
            progress.show(event)
        except UnwritableError as error:  # a full disk must not leave the apply half done
            unwritable = error
    progress.end()
    _end(record, events, options)
    if unwritable is not None:
        raise unwritable
    if not options.out.json:
        text = end_text(each.plan.workspace, events, saved=options.saved, interrupted=options.stop.is_set())
        options.out.result(f"\n{text}")


def _end(record: RecordFile, events: Sequence[Event], options: ApplyOptions) -> None:
    try:
        record.end(events, interrupted=options.stop.is_set())
    except RecordError as error:  # the changes are made and reported; only the end of the record is missing
        print_stderr(f"Warning: {printable(error.message)}")


def _without_counts(each: Planned) -> Planned:
    """The plan to record for a run without changes, which did not check what went missing since the last run."""
    return replace(each, plan=replace(each.plan, seen={}))
