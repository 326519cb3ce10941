"""An apply from beginning to end: plan, review, confirm, and make the changes, with a record of each run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from beamctl.errors import BeamctlError, RecordError, RefusedError, StalePlanError, UsageError
from beamctl.model.text import printable
from beamctl.plan.hazard import refused
from beamctl.plan.plan import Plan
from beamctl.report.plan_text import APPLY, UNKNOWN_COMMIT, allow_flag, unused_note
from beamctl.runs.commit import DIRTY, is_in_ci
from beamctl.runs.folder import RecordFolder
from beamctl.runs.store import NewRecord, PendingRecord, new_records
from beamctl.secrets.file import ReservedFiles
from beamctl.secrets.vault import LocalSecretStore, unusable_secrets
from beamctl.workflow.apply_all import apply_all
from beamctl.workflow.apply_view import (
    Applied,
    AppliedPlan,
    ApplyRequest,
    ApplySession,
    ApplyStatus,
    ApplyView,
    Review,
    inputs_of,
)
from beamctl.workflow.connection import Access
from beamctl.workflow.documents import command_for, defaults, quoted
from beamctl.workflow.open_saved import open_saved
from beamctl.workflow.plan_all import Planned, plan_all, read_planned, unused_allowances


def run_apply(request: ApplyRequest, session: ApplySession) -> Applied:
    """Plan, show the plans, ask for approval, and make the changes. In a run over several workspaces, one whose plan is
    refused does not affect the others.

    Raises:
        BeamctlError: Nothing was changed.
        UnwritableError: The result cannot be shown. The changes were made anyway.
    """
    view = session.view
    with ExitStack() as stack:
        review = _plan(request, session.access, stack)
        view.show(review)
        for note in request.checks.records.ignored():
            view.note(note)
        blocked = _refused_hazards(review)
        _note_unused(review, blocked, view)
        if blocked and not review.several:
            return Applied(review, (), ApplyStatus.REFUSED)
        review = review.without(blocked).without(_unused_allowances(review))
        store = LocalSecretStore(session.redaction, request.screen, _reserved(request, review, session.access))

        def without_unusable(review: Review, *, approved: bool) -> Review:
            plans = [each.plan for each in review.due]
            return review.without(unusable_secrets(plans, store, review.command, approved=approved))

        review = without_unusable(review, approved=False)
        if view.confirm(review):
            review = review.without(_stale(review.due))
        review = without_unusable(review, approved=True)
        return _make_all_changes(review, request, session, store)


def _refused_hazards(review: Review) -> Mapping[str, BeamctlError]:
    """The workspaces whose plans have hazards that are not allowed."""
    errors: dict[str, BeamctlError] = {}
    for plan in (each.plan for each in review.planned):
        if blocking := refused(plan.hazards, review.allowed, plan.workspace):
            is_liftable = all(hazard.liftable for hazard in plan.hazards)
            flags = " ".join(allow_flag(hazard, plan.workspace) for hazard in blocking)
            them = "it" if len(blocking) == 1 else "all of these"
            errors[plan.workspace] = RefusedError(
                f"refused, nothing changed: {', '.join(dict.fromkeys(hazard.risk for hazard in blocking))}",
                f"To allow {them} in this plan only:  {flags}" if is_liftable else "",
            )
    return errors


def _note_unused(review: Review, blocked: Collection[str], view: ApplyView) -> None:
    """Say which allowances have no effect, of plans that are refused anyway or have no changes."""
    for plan in (each.plan for each in review.planned):
        if plan.workspace in blocked or not plan.changes:
            for text in unused_allowances([plan], review.allowed):
                view.note(unused_note(text))


def _unused_allowances(review: Review) -> Mapping[str, BeamctlError]:
    """The workspaces whose plans have changes, but not the hazards that were allowed."""
    return {
        plan.workspace: RefusedError(
            f"no hazard of the plan matches --allow {' and --allow '.join(found)}: the plan is not the one that was "
            "reviewed, so nothing was changed",
            "Run `beamctl plan` to see the current plan, and allow exactly what it prints.",
        )
        for plan in (each.plan for each in review.planned)
        if plan.changes and (found := unused_allowances([plan], review.allowed))
    }


def _plan(request: ApplyRequest, access: Access, stack: ExitStack) -> Review:
    saved, files, workspaces = request.saved, request.files, request.workspaces
    if saved is None:
        found = plan_all(files, workspaces, access, stack, request.allowed, request.checks)
        command = command_for(APPLY, files, workspaces, *request.checks.flags)
        return Review(found.planned, request.allowed, None, command, found.failures, found.scope, found.order)
    opened = open_saved(saved, request, access, stack)
    command = command_for(f"{APPLY} {quoted(saved)}", (), workspaces, *request.checks.flags)
    order = [plan.workspace for plan in opened.content.plans]
    return Review(opened.planned, opened.allowed, opened.content, command, opened.failures, opened.scope, order)


def _reserved(request: ApplyRequest, review: Review, access: Access) -> ReservedFiles:
    """The files that no secret may replace.

    A saved plan does not record which folders were read. The folders of its documents count as read, except those that
    contain the current directory.
    """
    sources = list(dict.fromkeys(source for each in review.planned for source in _sources(each.plan)))
    folders = [Path(name) for name in request.files or defaults()]
    if request.saved is not None:
        found = [Path(source).parent for source in sources]
        folders += [folder for folder in found if not Path.cwd().is_relative_to(folder.resolve())]
    inputs = inputs_of(request.saved, request.files, request.signers)
    read = tuple(folder for folder in folders if folder.is_dir())
    return ReservedFiles(access.credential_files, (*inputs, *sources), request.checks.records.path, read)


def _sources(plan: Plan) -> Iterator[str]:
    """The documents that a plan names."""
    yield plan.source
    for change in plan.changes:
        yield from [change.place.source] if change.place else []
        yield from (step.place.source for way in change.through for step in way)


def _stale(planned: Sequence[Planned]) -> Mapping[str, BeamctlError]:
    """The workspaces that changed while waiting for approval, or cannot be read any more."""
    errors: dict[str, BeamctlError] = {}
    for each, still in read_planned(planned, lambda each: each.again()):
        name = each.plan.workspace
        if isinstance(still, BeamctlError):
            errors[name] = still
        elif not still:
            message = f"{name} changed while waiting for approval, so nothing was changed"
            errors[name] = StalePlanError(message, "Run `beamctl apply` again to see the new plan.")
    return errors


def _records(review: Review, request: ApplyRequest, session: ApplySession) -> list[tuple[Planned, PendingRecord]]:
    """The record of each run.

    A plan without changes gets a record too if the last record declares something else, because the next plan compares
    with it, or if no complete apply of its commit is recorded, because the next drift does. A partial plan without
    changes gets none. If no plan has changes, a record that cannot be written is only a warning.
    """
    records = request.checks.records
    due = [each for each in review.due if each.plan.changes or _is_news(each, records)]
    once = review.saved is not None
    new = [NewRecord(_recorded(each.plan), each.commit(), each.digest(), once) for each in due]
    if is_in_ci() and any(each.plan.declared and not each.commit for each in new):  # an undo has no document
        session.view.note(UNKNOWN_COMMIT)
    try:
        opened = new_records(records, new, session.redaction) if new else []
    except UsageError as error:
        if any(each.plan.changes for each in due):
            raise
        _warn(error, session.view)
        return []
    return list(zip(due, opened, strict=True))


def _warn(error: BeamctlError, view: ApplyView) -> None:
    view.warn(f"Warning: {printable(error.message)}\n  {error.hint}")


def _is_news(each: Planned, records: RecordFolder) -> bool:
    """Whether the last record declares something else, or the last complete apply that is recorded was of another
    commit."""
    if each.unrecorded or each.plan.partial:
        return not each.plan.partial
    commit = each.commit()
    if not commit or commit.endswith(DIRTY):
        return False
    from beamctl.runs.evidence import evidence_of

    last = evidence_of(records, each.plan.workspace, each.plan.api).complete
    return last is None or last.commit != commit


def _make_all_changes(review: Review, request: ApplyRequest, session: ApplySession, store: LocalSecretStore) -> Applied:
    """Make the changes of every plan, each with its own run record."""
    runs = _records(review, request, session)
    with session.interrupt:
        ended = apply_all(runs, session, store, request.parallelism)
    errors: dict[str, BeamctlError] = {}
    for planned, end in ended:
        if end.error is not None:
            raise end.error
        if end.not_begun is not None and planned.plan.changes:
            error = end.not_begun
            errors[planned.plan.workspace] = RecordError(error.message, error.hint) if review.several else error
        elif end.not_begun is not None:
            _warn(end.not_begun, session.view)
    review = review.without(errors)
    results = [AppliedPlan(planned, end.events) for planned, end in ended if planned.plan.changes and not end.not_begun]
    return Applied(review, results, ApplyStatus.INTERRUPTED if session.access.stop.is_set() else None)


def _recorded(plan: Plan) -> Plan:
    """The plan for its record. A run without changes did not check what went missing since the last run."""
    return plan if plan.changes else replace(plan, seen={})
