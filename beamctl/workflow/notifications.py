"""Notifies once about each change: drift that appears, changes or goes away, and applies that fail. What was sent is
kept next to the run records, so a run says nothing that an earlier one already said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from beamctl.api.notifier import NotificationTarget
from beamctl.apply.record import Ended, Event, NotAttempted
from beamctl.errors import ApiError, RefusedError, StalePlanError, UsageError
from beamctl.plan.hazard import refused
from beamctl.plan.plan import Plan
from beamctl.report.data import ReportData, WorkspaceFailure
from beamctl.report.digest import difference, differences, entries_digest
from beamctl.report.notification import (
    Urgency,
    WorkspaceNotice,
    apply_notice,
    body,
    drift_notice,
    error_notice,
    failure_notice,
    is_failure,
    recovered_notice,
    redacted,
    refusal_notice,
    title,
    unread_notice,
)
from beamctl.runs.folder import RecordFolder
from beamctl.runs.notified import SentKeys, read_sent, write_sent


class Topic(StrEnum):
    """What is notified independently of each other."""

    DRIFT = "drift"
    APPLY = "apply"


@dataclass(frozen=True, slots=True)
class Observation:
    """The state of one subject of notifications, as one run saw it.

    Attributes:
        subject: The topic, the API and the workspace.
        key: Identifies what is wrong; empty if all is well.
        notice: What to say if it is not what was last sent; None for nothing.
    """

    subject: str
    key: str
    notice: WorkspaceNotice | None


@dataclass(frozen=True, slots=True)
class Notifier:
    """Sends what is new to each target.

    Attributes:
        targets: Where to; empty for no notifications.
        warn: Called with a warning if something is not sent.
        redact: Removes secrets from a text.
        link: The address of this CI job; may be empty.
    """

    targets: Sequence[NotificationTarget]
    warn: Callable[[str], None]
    redact: Callable[[str], str]
    link: str = ""

    def drift(self, data: ReportData, folder: RecordFolder) -> None:
        """Notify about the result of a drift check."""
        if self.targets:
            failures = [_unread(each) for each in data.failures]
            recovered = [_recovered(plan) for plan in data.plans]
            self._notify([*failures, *recovered, *(_drift(plan, data) for plan in data.plans)], folder)

    def applied(self, data: ReportData, folder: RecordFolder) -> None:
        """Notify about an apply that was refused, or failed in part."""
        if self.targets:
            reached = Observation(_subject(Topic.APPLY), "", None)  # earlier errors are over
            self._notify([*_applied(data), reached], folder)

    @contextmanager
    def errors(self, folder: RecordFolder, *, unattended: bool) -> Iterator[None]:
        """Notify about an apply that ends before it makes a change: the API cannot be used, or the plan is stale.

        Args:
            folder: The run records.
            unattended: Whether approval was given in advance. Otherwise a refusal may be the user's answer.
        """
        try:
            yield
        except (ApiError, StalePlanError, RefusedError) as error:
            if self.targets and (unattended or not isinstance(error, RefusedError)):
                key = entries_digest([[error.code]])
                self._notify([Observation(_subject(Topic.APPLY), key, error_notice(error))], folder)
            raise

    def _notify(self, found: Sequence[Observation], folder: RecordFolder) -> None:
        sent = dict(self._read(folder))
        for target in self.targets:
            before = sent.get(target.id, {})
            due = [each for each in found if before.get(each.subject, "") != each.key]
            told = {each.subject: each.key for each in due if each.notice is None}
            for urgency, group in groupby(sorted(due, key=_urgency), key=_urgency):
                new = [each for each in group if each.notice is not None]
                if new and self._send(target, urgency, [each.notice for each in new if each.notice]):
                    told |= {each.subject: each.key for each in new}
            sent[target.id] = {subject: key for subject, key in ({**before, **told}).items() if key}
            if sent[target.id] != before:
                self._write(folder, sent)

    def _send(self, target: NotificationTarget, urgency: str, notices: Sequence[WorkspaceNotice]) -> bool:
        shown = [redacted(each, self.redact) for each in notices]
        heading = title(shown, target.title_limit)
        text = body(shown, self.link, target.body_limit - len(heading.encode()) - 2)
        if target.send(heading, text, urgency):
            return True
        self.warn(f"Warning: a notification was not accepted by {target.scheme}://…, and the next run sends it again.")
        return False

    def _read(self, folder: RecordFolder) -> SentKeys:
        try:
            return read_sent(folder)
        except UsageError as error:
            self.warn(f"Warning: earlier notifications are not known, so they are repeated: {error.message}.")
            return {}

    def _write(self, folder: RecordFolder, sent: SentKeys) -> None:
        try:
            write_sent(folder, sent)
        except UsageError as error:
            self.warn(f"Warning: the next run repeats this notification: {error.message}.")


def _urgency(each: Observation) -> str:
    return each.notice.urgency.value if each.notice else Urgency.GOOD.value


def _subject(topic: Topic, api: str = "", workspace: str = "") -> str:
    return " ".join(filter(None, (topic.value, api, workspace)))


def _unread(failure: WorkspaceFailure) -> Observation:
    """That a workspace could not be compared. Its API is not known, so this is a subject of its own."""
    key = entries_digest([[failure.workspace, failure.code, *(problem.message for problem in failure.problems)]])
    return Observation(_subject(Topic.DRIFT, workspace=failure.workspace), key, unread_notice(failure))


def _recovered(plan: Plan) -> Observation:
    """That a workspace could be compared, which is news if an earlier run could not."""
    return Observation(_subject(Topic.DRIFT, workspace=plan.workspace), "", recovered_notice(plan.workspace))


def _drift(plan: Plan, data: ReportData) -> Observation:
    subject = _subject(Topic.DRIFT, plan.api, plan.workspace)
    return Observation(subject, entries_digest(differences(plan)), drift_notice(plan, data))


def _applied(data: ReportData) -> Iterator[Observation]:
    """What became of each workspace: applied, refused, or not even planned."""
    ended = {plan.workspace: events for plan, events in data.results}
    failed = {each.workspace: each for each in data.failures}
    for plan in data.plans:
        subject = _subject(Topic.APPLY, plan.api, plan.workspace)
        blocking = refused(plan.hazards, data.allowed, plan.workspace)
        failure = failed.pop(plan.workspace, None)
        if plan.workspace not in ended and blocking:
            key = entries_digest([plan.workspace, each.risk.value, each.value] for each in blocking)
            yield Observation(subject, key, refusal_notice(plan.workspace, blocking))
        elif failure is not None:
            yield _failed(subject, failure)
        else:
            yield _apply(plan, ended.get(plan.workspace, ()))
        yield Observation(_subject(Topic.APPLY, workspace=plan.workspace), "", None)  # it can be planned again
    for failure in failed.values():  # the API is not known
        yield _failed(_subject(Topic.APPLY, workspace=failure.workspace), failure)


def _failed(subject: str, failure: WorkspaceFailure) -> Observation:
    return Observation(subject, entries_digest([[failure.workspace, failure.code]]), failure_notice(failure))


def _apply(plan: Plan, events: Sequence[Event]) -> Observation:
    failed = [[plan.workspace, *difference(each.change), _outcome(each)] for each in events if is_failure(each)]
    subject = _subject(Topic.APPLY, plan.api, plan.workspace)
    return Observation(subject, entries_digest(failed), apply_notice(plan, events) if failed else None)


def _outcome(event: Event) -> str:
    match event:
        case Ended(outcome=outcome):
            return outcome.remark.code.value if outcome.remark else ""
        case NotAttempted(why=why):
            return why.code.value
        case _:
            return type(event).__name__
