"""The text of notifications: what drifted, what no longer does, and which applies failed. Chat services limit the size:
details are left out before names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from beamctl.apply.record import Confirmed, Ended, Event, NotAttempted, Started, Unconfirmed
from beamctl.errors import BeamctlError
from beamctl.model.text import printable
from beamctl.plan.change import Change, Reason
from beamctl.plan.hazard import Hazard
from beamctl.plan.kind import Status
from beamctl.plan.plan import Plan
from beamctl.plan.three_way import Cause, Origin
from beamctl.report import change_text
from beamctl.report.apply_text import event_text
from beamctl.report.data import ReportData, WorkspaceFailure
from beamctl.report.drift_details_spans import cause_spans
from beamctl.report.drift_text import difference_mark, difference_text
from beamctl.report.spans import plain
from beamctl.report.wording import words

_LIVE = re.compile(r"(?<![\w.+-])@|<(?=[@!#&:])|(?<=\w):(?=//)")
"""Characters after which chat services would make a mention, or a link to anywhere."""


class Urgency(Enum):
    """What a notification means."""

    GOOD = "success"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class NotifiedItem:
    """One line of a notification.

    Attributes:
        name: What it is about.
        detail: What about it; left out if there is no room.
    """

    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class WorkspaceNotice:
    """What there is to say about one workspace.

    Attributes:
        urgency: What it means.
        workspace: Its name; empty for the whole run.
        summary: One sentence.
        short: The same, to follow the name of the workspace in a title.
        items: Each difference or failure.
    """

    urgency: Urgency
    workspace: str
    summary: str
    short: str
    items: tuple[NotifiedItem, ...] = ()


def drift_notice(plan: Plan, data: ReportData) -> WorkspaceNotice:
    """The differences of one workspace, or that there are none any more."""
    workspace, source = plan.workspace, printable(plan.source)
    changes = [_difference(plan, change, data.origin(plan, change)) for change in plan.changes]
    notes = [NotifiedItem(f"! {printable(words(note.fact))}") for note in plan.notes if note.differs]
    count = len(changes) + len(notes)
    if not count:
        return WorkspaceNotice(Urgency.GOOD, workspace, f"{workspace} matches {source} again.", "no more drift")
    expired = sum(change.reason is Reason.INVITATION_EXPIRED for change in plan.changes)
    invitations = f"{expired} invitation{'s' * (expired != 1)} expired"
    differ = f"drift: {count} difference{'s' * (count != 1)}"
    short = invitations if expired == count else f"{differ}, {invitations}" if expired else differ
    return WorkspaceNotice(
        Urgency.WARNING, workspace, f"{workspace} does not match {source}.", short, (*changes, *notes)
    )


def _difference(plan: Plan, change: Change, origin: Origin | None) -> NotifiedItem:
    is_told = origin is not None and origin.cause not in (None, Cause.UNKNOWN)
    why = f" ({plain(cause_spans(origin))})" if is_told else ""
    return NotifiedItem(f"{difference_mark(change)} {printable(change.name)}", difference_text(plan, change) + why)


def apply_notice(plan: Plan, events: Sequence[Event]) -> WorkspaceNotice:
    """The changes of an apply that were not made, or could not be confirmed."""
    items = tuple(_failure(event) for event in events if is_failure(event))
    count = f"{len(items)} of {len(plan.changes)} change{'s' * (len(plan.changes) != 1)}"
    summary = f"The apply to {plan.workspace} is incomplete. Run `beamctl plan` to see what is left to do."
    return WorkspaceNotice(Urgency.FAILURE, plan.workspace, summary, f"apply failed for {count}", items)


def is_failure(event: Event) -> bool:
    """Whether a change was not made, or could not be confirmed."""
    match event:
        case Ended(outcome=outcome):
            return outcome.status is Status.FAILED
        case NotAttempted() | Unconfirmed():
            return True
        case Started() | Confirmed():
            return False


def _failure(event: Event) -> NotifiedItem:
    first, *hint = event_text(event).strip().splitlines()
    mark = first.partition(" ")[0]
    subject = change_text.subject(event.change)
    name = " ".join(filter(None, (mark, change_text.verb(event.change), subject)))
    return NotifiedItem(name, " ".join([first.removeprefix(name).strip(), *map(str.strip, hint)]))


def refusal_notice(workspace: str, hazards: Sequence[Hazard]) -> WorkspaceNotice:
    """The hazards for which an apply was refused."""
    items = tuple(NotifiedItem(f"! {each.risk}", printable(words(each.fact))) for each in hazards)
    summary = f"The apply to {workspace} was refused, and nothing was changed."
    return WorkspaceNotice(Urgency.FAILURE, workspace, summary, "apply refused", items)


def unread_notice(failure: WorkspaceFailure) -> WorkspaceNotice:
    """The error that kept a workspace from being compared with its document."""
    summary = f"{failure.workspace} could not be compared with its document: {printable(failure.message)}."
    items = tuple(NotifiedItem(f"! {printable(problem.message)}") for problem in failure.problems)
    return WorkspaceNotice(Urgency.FAILURE, failure.workspace, summary, "could not be compared", items)


def recovered_notice(workspace: str) -> WorkspaceNotice:
    """That a workspace can be compared again."""
    return WorkspaceNotice(Urgency.GOOD, workspace, f"{workspace} can be compared again.", "can be compared again")


def error_notice(error: BeamctlError) -> WorkspaceNotice:
    """The error that ended an apply."""
    return WorkspaceNotice(Urgency.FAILURE, "", printable(error.message), "apply failed")


def failure_notice(failure: WorkspaceFailure) -> WorkspaceNotice:
    """The error for which a workspace was not changed."""
    summary = f"Nothing was changed in {failure.workspace}: {printable(failure.message)}"
    return WorkspaceNotice(Urgency.FAILURE, failure.workspace, summary, "nothing was changed")


def title(notices: Sequence[WorkspaceNotice], limit: int) -> str:
    """One line for all notices of one urgency, of at most `limit` bytes: the first, and how many more there are."""
    first, *others = notices
    more = f" (and {len(others)} more workspace{'s' * (len(others) != 1)})" if others else ""
    text = _inert(f"{first.workspace or 'beamctl'}: {first.short}{more}")
    return text if _size(text) <= limit else f"beamctl: {first.short}"[:limit]


def body(notices: Sequence[WorkspaceNotice], link: str, limit: int) -> str:
    """The text of all notices, of at most `limit` bytes if there is room for the first and the last line.

    Args:
        notices: The notices, of one urgency.
        link: The address of the CI job; may be empty.
        limit: The size.
    """
    lines = [line for each in notices for line in (NotifiedItem(each.summary), *each.items)]
    end = [f"See: {link}"] if link else []
    names = [_inert(line.name) for line in lines]
    full = [_inert(f"{line.name}  {line.detail}" if line.detail else line.name) for line in lines]
    for text in ("\n".join([*full, *end]), "\n".join([*names, *end])):
        if _size(text) <= limit:
            return text
    room = limit - _size("\n".join([*end, *2 * [_partial(len(lines), len(lines))]]))
    fitting = 0
    while (room := room - _size(names[fitting]) - 1) >= 0:
        fitting += 1
    partial = _partial(fitting, len(lines))
    return "\n".join([partial, *names[:fitting], partial, *end])


def redacted(notice: WorkspaceNotice, redact: Callable[[str], str]) -> WorkspaceNotice:
    """The same without secrets."""
    items = tuple(NotifiedItem(redact(each.name), redact(each.detail)) for each in notice.items)
    return replace(notice, summary=redact(notice.summary), items=items)


def _partial(shown: int, of: int) -> str:
    return f"({shown} of {of} lines shown)"


def _inert(text: str) -> str:
    """The text without mentions and links: each has a zero-width space in it. E-mail addresses are neither."""
    return _LIVE.sub(lambda found: f"{found[0]}\u200b", text)


def _size(text: str) -> int:
    return len(text.encode())
