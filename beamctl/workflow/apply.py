"""An apply from beginning to end: plan, review, confirm, and make the changes, with a record of each run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Event as StopSignal

from beamctl.apply.executor import apply as make_changes
from beamctl.apply.record import Event, is_not_permitted
from beamctl.apply.runner import ApplyContext, Listener
from beamctl.errors import RecordError, RefusedError, StalePlanError, UnwritableError, UsageError
from beamctl.kinds.registry import all_kinds
from beamctl.model.api_call import Pause, Reader, Sender
from beamctl.model.secret import SecretStore
from beamctl.model.text import printable
from beamctl.plan.plan import Plan
from beamctl.report.apply_text import totals
from beamctl.report.plan_text import APPLY, UNKNOWN_COMMIT, unused_note
from beamctl.runs.commit import DIRTY, is_in_ci
from beamctl.runs.file import RecordFile
from beamctl.runs.folder import RecordFolder
from beamctl.runs.store import NewRecord, open_records
from beamctl.secrets.file import ReservedFiles
from beamctl.secrets.vault import LocalSecretStore, refuse_unusable_secrets
from beamctl.workflow.apply_view import Applied, ApplyRequest, ApplySession, ApplyStatus, Review, inputs_of
from beamctl.workflow.connection import Access
from beamctl.workflow.documents import command_for, defaults, quoted
from beamctl.workflow.plan_all import Planned, is_refused, plan_all, unused_allowances
from beamctl.workflow.saved_plan import open_saved

NOT_STOPPED = "The apply was not stopped by this. Run `beamctl plan` to see what is left to do."


def run_apply(request: ApplyRequest, session: ApplySession) -> Applied:
    """Plan, show the plans, ask for approval, and make the changes.

    Raises:
        BeamctlError: Nothing was changed.
        UnwritableError: The result cannot be shown. The changes were made anyway.
    """
    view = session.view
    with ExitStack() as stack:
        review = _plan(request, session.access, stack)
        plans = [each.plan for each in review.planned]
        view.show(review)
        for note in request.checks.records.ignored():
            view.note(note)
        is_unchanged = not any(plan.changes for plan in plans)
        refused, unused = is_refused(plans, review.allowed), unused_allowances(plans, review.allowed)
        if refused or is_unchanged:
            for text in unused:
                view.note(unused_note(text))
        if refused:
            return Applied(review, (), ApplyStatus.REFUSED)
        if unused and not is_unchanged:
            raise RefusedError(
                f"no hazard of the plan matches --allow {' and --allow '.join(unused)}: the plan is not the one that "
                "was reviewed, so nothing was changed",
                "Run `beamctl plan` to see the current plan, and allow exactly what it prints.",
            )
        store = LocalSecretStore(session.redaction, request.screen, _reserved(request, plans, session.access))
        refuse_unusable_secrets(plans, store, review.command, approved=False)
        if view.confirm(review):
            _refuse_stale(review.planned)
        refuse_unusable_secrets(plans, store, review.command, approved=True)
        return _make_all_changes(review, request, session, store)


def _plan(request: ApplyRequest, access: Access, stack: ExitStack) -> Review:
    saved, files, workspaces = request.saved, request.files, request.workspaces
    shard = request.checks.shard
    if saved is None:
        found = plan_all(files, workspaces, access, stack, request.allowed, request.checks)
        command = command_for(APPLY, files, workspaces, request.checks.base, shard)
        return Review(found.planned, request.allowed, None, command, found.failures, found.scope)
    planned, allowed, content, scope = open_saved(saved, request, access, stack)
    command = command_for(f"{APPLY} {quoted(saved)}", (), workspaces, shard=shard)
    return Review(planned, allowed, content, command, scope=scope)


def _reserved(request: ApplyRequest, plans: Sequence[Plan], access: Access) -> ReservedFiles:
    """The files that no secret may replace.

    A saved plan does not record which folders were read. The folders of its documents count as read, except those that
    contain the current directory.
    """
    sources = [plan.source for plan in plans]
    folders = [Path(name) for name in request.files or defaults()]
    if request.saved is not None:
        found = [Path(source).parent for source in sources]
        folders += [folder for folder in found if not Path.cwd().is_relative_to(folder.resolve())]
    inputs = inputs_of(request.saved, request.files, request.signers)
    read = tuple(folder for folder in folders if folder.is_dir())
    return ReservedFiles(access.credential_files, (*inputs, *sources), request.checks.records.path, read)


def _refuse_stale(planned: Sequence[Planned]) -> None:
    for each in planned:
        if not each.still():
            raise StalePlanError(
                f"{each.plan.workspace} changed while waiting for approval, so nothing was changed",
                "Run `beamctl apply` again to see the new plan.",
            )


def _begin(review: Review, request: ApplyRequest, session: ApplySession) -> list[tuple[Planned, RecordFile]]:
    """Create the record of each run.

    A plan without changes gets a record too if the last record declares something else, because the next plan compares
    with it, or if no complete apply of its commit is recorded, because the next drift does. If no plan has changes, a
    record that cannot be written is only a warning.
    """
    records = request.checks.records
    due = [each for each in review.planned if each.plan.changes or each.unrecorded or _is_new(each, records)]
    once = review.saved is not None
    new = [NewRecord(_recorded(each.plan), each.commit(), each.digest(), once) for each in due]
    if is_in_ci() and any(each.plan.declared and not each.commit for each in new):  # an undo has no document
        session.view.note(UNKNOWN_COMMIT)
    try:
        opened = open_records(records, new, session.redaction) if new else []
    except UsageError as error:
        if any(each.plan.changes for each in due):
            raise
        session.view.warn(f"Warning: {printable(error.message)}\n  {error.hint}")
        return []
    return list(zip(due, opened, strict=True))


def _is_new(each: Planned, records: RecordFolder) -> bool:
    """Whether the last complete apply that is recorded was of another commit."""
    commit = each.commit()
    if not commit or commit.endswith(DIRTY):
        return False
    from beamctl.runs.evidence import evidence_of

    last = evidence_of(records, each.plan.workspace, each.plan.api).complete
    return last is None or last.commit != commit


def _make_all_changes(review: Review, request: ApplyRequest, session: ApplySession, store: LocalSecretStore) -> Applied:
    """Make the changes of every plan, each with its own run record."""
    runs = _begin(review, request, session)
    results: list[tuple[Planned, Sequence[Event]]] = []
    statuses: set[ApplyStatus] = set()
    unwritable: UnwritableError | None = None
    stop, view = session.access.stop, session.view
    with session.interrupt:
        for each, record in runs:
            events: list[Event] = []
            for event in _changes(each, record, session, store, request.parallelism):
                events.append(event)
                try:
                    view.event(event, len(each.plan.changes))
                except UnwritableError as error:  # a full disk must not leave the apply half done
                    unwritable = error
            try:
                record.end(events, interrupted=stop.is_set())
            except RecordError as error:  # the changes are made and reported; only the end of the record is missing
                view.warn(f"Warning: {printable(error.message)}")
            if not each.plan.changes:
                continue
            results.append((each, events))
            statuses.add(status := _status(events))
            try:
                view.ended(each, events, status)
            except UnwritableError as error:
                unwritable = error
    if unwritable is not None:
        raise UnwritableError(unwritable.message, NOT_STOPPED)
    if stop.is_set():
        return Applied(review, results, ApplyStatus.INTERRUPTED)
    return Applied(review, results, ApplyStatus.PARTLY if len(statuses) > 1 else next(iter(statuses), ApplyStatus.DONE))


def _recorded(plan: Plan) -> Plan:
    """The plan for its record. A run without changes did not check what went missing since the last run."""
    return plan if plan.changes else replace(plan, seen={})


def _changes(
    each: Planned, record: RecordFile, session: ApplySession, store: LocalSecretStore, parallelism: int
) -> Iterator[Event]:
    """Make the changes of one plan."""
    return apply(
        each.plan,
        each.link.silent_reader,
        each.link.sender,
        parallelism=parallelism,
        stop=session.access.stop,
        on_event=record.on_event,
        vault=store.for_workspace(each.plan.workspace),
        pause=each.link.pause,
    )


def apply(  # noqa: PLR0913 - each port has its name
    approved: Plan,
    reader: Reader,
    sender: Sender,
    *,
    parallelism: int,
    stop: StopSignal,
    on_event: Listener | None = None,
    vault: SecretStore | None = None,
    pause: Pause = lambda _: True,
) -> Iterator[Event]:
    """Make exactly the changes of an approved plan."""
    kinds = {kind.name: kind for kind in all_kinds()}
    return make_changes(approved, ApplyContext(kinds, reader, sender, parallelism, stop, on_event, vault, pause))


def _status(events: Sequence[Event]) -> ApplyStatus:
    """How the apply ended in one workspace."""
    if is_not_permitted(events):
        return ApplyStatus.NOT_PERMITTED
    return ApplyStatus.DONE if totals(events).complete else ApplyStatus.PARTLY
