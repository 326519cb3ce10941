"""Text reports of applies: progress and result, and the records of past runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from beamctl.apply.record import (
    Confirmed,
    Ended,
    Event,
    NotAttempted,
    Record,
    Started,
    State,
    Unconfirmed,
    UnconfirmedReason,
)
from beamctl.apply.summary import Summary
from beamctl.model.code import Code
from beamctl.model.text import printable, shell_word
from beamctl.plan.kind import Status
from beamctl.report import change_text
from beamctl.report.credential_text import not_used_text
from beamctl.report.style import PLAIN, Style, Tone, table, value
from beamctl.report.wording import words

_UNCONFIRMED = {
    UnconfirmedReason.NOT_SHOWN_YET: "the API accepted this change but does not show it yet",
    UnconfirmedReason.SHOWN_OTHERWISE: "the API accepted this change but shows something else",
    UnconfirmedReason.NOT_READABLE: "the API accepted this change, but it could not be confirmed",
}

_MARK = {Status.DONE: ("✓", Tone.GOOD), Status.DEFERRED: ("…", Tone.CHANGED), Status.FAILED: ("✗", Tone.BAD)}


def event_text(event: Event, style: Style = PLAIN) -> str:
    """One line when a change ends, with a hint if it failed.

    Empty when a change starts, and when it is confirmed unless that took longer than expected.
    """
    what = " ".join(part for part in (change_text.verb(event.change), change_text.subject(event.change)) if part)
    match event:
        case Started():
            return ""
        case Confirmed(late=late):
            return style(Tone.GOOD, f"  ✓ {what}  confirmed") if late else ""
        case Ended(outcome=outcome) if not outcome.certain:
            return style(Tone.CHANGED, f"  … {what}  not confirmed yet: {printable(words(outcome.remark))}")
        case Ended(outcome=outcome):
            mark, tone = _MARK[outcome.status]
            line = f"  {mark} {what}  {change_text.detail(event.change)}".rstrip()
            if outcome.remark:
                line += f" — {printable(words(outcome.remark))}"
            if outcome.hint:
                where = change_text.place(event.change)
                line += f"\n      {printable(words(outcome.hint))}" + (f"  ({where})" if where else "")
            return style(tone, line)
        case NotAttempted(why=why):
            return style(Tone.FAINT, f"  ○ {what}  not attempted: {printable(words(why))}")
        case Unconfirmed():
            return style(Tone.BAD, f"  ✗ {what}  {unconfirmed_text(event)}")
        case _:
            assert_never(event)


def is_summarized(event: Event) -> bool:
    """Whether the totals say enough about it: it succeeded, or was not attempted because the apply was interrupted."""
    match event:
        case Started():
            return True
        case Ended(outcome=outcome):
            return outcome.status is not Status.FAILED and outcome.certain
        case Confirmed(late=late):
            return not late
        case NotAttempted(why=why):
            return why.code is Code.INTERRUPTED  # said once, at the end
        case Unconfirmed():
            return False
        case _:
            assert_never(event)


def unconfirmed_text(event: Unconfirmed) -> str:
    """Why a change that the API accepted is not confirmed, and what the API shows instead."""
    shown = ", ".join(f"{printable(name)} {value(data)}" for name, data in _contradicting(event).items())
    why = printable(words(event.why)) or (f"it shows {shown}" if shown else "")
    return _UNCONFIRMED[event.reason] + (f": {why}" if why else "")


def _contradicting(event: Unconfirmed) -> Mapping[str, Any]:
    """The attributes shown by the API that contradict the change; all of them if none does."""
    shows, attribute, after = event.shows or {}, event.change.attribute, event.change.after
    if after is None:
        return {attribute: shows[attribute]} if attribute in shows else shows
    return {name: data for name, data in shows.items() if name in after and after[name] != data} or shows


@dataclass(frozen=True, slots=True)
class Totals:
    """How many changes had each outcome.

    Attributes:
        done: Made.
        deferred: Waiting until the invitee accepts.
        failed: Not made, or unknown.
        not_attempted: Not started.
        not_confirmed: Accepted by the API but not shown by it.
    """

    done: int = 0
    deferred: int = 0
    failed: int = 0
    not_attempted: int = 0
    not_confirmed: int = 0

    @property
    def complete(self) -> bool:
        """Whether there is nothing left to do or to check."""
        return not (self.failed or self.not_attempted or self.not_confirmed)


def totals(events: Sequence[Event]) -> Totals:
    """Count the outcomes."""
    endings = Counter(event.outcome.status for event in events if isinstance(event, Ended))
    unconfirmed = sum(isinstance(event, Unconfirmed) for event in events)
    return Totals(
        done=endings[Status.DONE] - unconfirmed,
        deferred=endings[Status.DEFERRED],
        failed=endings[Status.FAILED],
        not_attempted=sum(isinstance(event, NotAttempted) for event in events),
        not_confirmed=unconfirmed,
    )


def counts_text(count: Totals) -> str:
    """The outcome counts, as a list in words."""
    parts = [f"{count.done} done"]
    parts += [f"{count.deferred} waiting for the invitee"] if count.deferred else []
    parts += [f"{count.failed} failed"] if count.failed else []
    parts += [f"{count.not_attempted} not attempted"] if count.not_attempted else []
    parts += [f"{count.not_confirmed} not confirmed"] if count.not_confirmed else []
    return ", ".join(parts)


def end_text(workspace: str, events: Sequence[Event], *, saved: bool = False, interrupted: bool = False) -> str:
    """The outcome counts of one workspace, and what to do next.

    Args:
        workspace: Its name.
        events: All events of the apply.
        saved: Whether a saved plan was applied, which cannot be applied again.
        interrupted: Whether the apply was interrupted.
    """
    count = totals(events)
    head = f"Applied to {workspace}" if count.complete else f"Apply to {workspace} is incomplete"
    lines = [f"{head}: {counts_text(count)}."]
    if count.not_confirmed:
        lines.append("Run `beamctl plan` to see what the API shows now.")
    if count.failed or count.not_attempted:
        step = "make a new plan" if saved else "run `beamctl apply` again"
        step = f"{step[0].upper()}{step[1:]}" if interrupted else f"Fix the cause and {step}"
        lines.append(f"{step}. Completed changes are skipped.")
    return "\n".join(lines) + "\n"


def not_permitted_text(
    workspace: str, credential_from: str, passed_over: Sequence[str] = (), *, some: bool = False
) -> str:
    """The API allowed none of the changes, or not all: which credential was used, and what to check."""
    error = f"Error: the API does not allow {'some' if some else 'any'} of these changes to {workspace}"
    if not credential_from:
        return error
    check = "Check that it is valid and has the admin role in the workspace."
    others = f"{not_used_text(passed_over)}. " if passed_over else ""
    return f"{error}\n  The credential comes from {printable(credential_from)}. {others}{check}"


_STATE_MARK = {
    State.DONE: ("✓", Tone.GOOD),
    State.DEFERRED: ("…", Tone.CHANGED),
    State.FAILED: ("✗", Tone.BAD),
    State.UNKNOWN: ("?", Tone.BAD),
    State.WAITING: ("○", Tone.FAINT),
    State.UNCONFIRMED: ("✗", Tone.BAD),
}


def runs_text(found: Sequence[tuple[str, Summary | str]], more: int, style: Style = PLAIN) -> str:
    """The runs in the given order, and the number of runs not listed."""
    head, *lines = table([("run", "workspace", "commit", "by", "result"), *(_row(name, each) for name, each in found)])
    lines += [f"and {more} more (use --all to show them)"] if more else []
    return "\n".join([style(Tone.STRONG, head), *lines]) + "\n"


def run_text(record: Record, style: Style = PLAIN) -> str:
    """One run: who ran it, on what, and the outcome of every change."""
    run = record.run
    lines = [style(Tone.STRONG, f"{run.id} · {change_text.heading(record.workspace, record.api, record.runs_as)}"), ""]
    facts = [("began", run.at), ("ended", record.ended or "not recorded"), ("by", run.actor)]
    facts += [("commit", run.commit or "not known"), ("plan", run.plan_digest)]
    facts += [] if record.only is None else [("only", " ".join(map(shell_word, record.only)) or "nothing")]
    lines += table([(name, printable(text)) for name, text in facts if text], "  ")
    lines.append("")
    for change in record.changes:
        mark, tone = _STATE_MARK[record.state(change)]
        what = " ".join(part for part in (change_text.verb(change), change_text.subject(change)) if part)
        line = f"  {mark} {what}  {change_text.detail(change)}".rstrip()
        remark = printable(words(record.remark(change)))
        lines.append(style(tone, line + (f" — {remark}" if remark else "")))
    return "\n".join([*lines, "", outcome_text(record)]) + "\n"


def outcome_text(record: Record | Summary) -> str:
    """The outcome counts, and whether the run was interrupted."""
    counts = [f"{count} {state.value}" for state in _STATE_MARK if (count := record.count(state))]
    if not record.ended:
        counts.insert(0, "killed or still running")
    elif record.interrupted:
        counts.insert(0, "interrupted")
    if record.only is not None:
        counts.insert(0, "partial")
    return ", ".join(counts) or "nothing to change"


def _row(name: str, found: Summary | str) -> tuple[str, ...]:
    if isinstance(found, str):
        return printable(name), "", "", "", f"cannot be read: {printable(found)}"
    run = found.run
    dirty = "-dirty" if run.commit.endswith("-dirty") else ""
    commit = printable(run.commit[:8]) + dirty if run.commit else "-"
    return printable(name), printable(found.workspace), commit, printable(run.actor) or "-", outcome_text(found)
