"""The progress and the result of an apply as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from beamctl.apply.event import Confirmed, Doubt, Ended, Event, NotAttempted, Started, Unconfirmed
from beamctl.model.text import printable
from beamctl.plan.kind import Status
from beamctl.report import change_text
from beamctl.report.style import PLAIN, Style, Tone, value

_DOUBT = {
    Doubt.NOT_SHOWN_YET: "the API accepted this change but does not show it yet",
    Doubt.SHOWN_OTHERWISE: "the API accepted this change but shows something else",
    Doubt.NOT_READABLE: "the API accepted this change, but it could not be confirmed",
}

_MARK = {Status.DONE: ("✓", Tone.GOOD), Status.DEFERRED: ("…", Tone.CHANGED), Status.FAILED: ("✗", Tone.BAD)}


def event_text(event: Event, style: Style = PLAIN) -> str:
    """One line as a change ends, with what to do if it failed. Empty as it starts, and as it is confirmed unless that
    was in doubt."""
    what = " ".join(part for part in (change_text.verb(event.change), change_text.subject(event.change)) if part)
    match event:
        case Started():
            return ""
        case Confirmed(late=late):
            return style(Tone.GOOD, f"  ✓ {what}  confirmed") if late else ""
        case Ended(outcome=outcome) if not outcome.certain:
            return style(Tone.CHANGED, f"  … {what}  not confirmed yet: {printable(outcome.remark)}")
        case Ended(outcome=outcome):
            mark, tone = _MARK[outcome.ending]
            told = f"  {mark} {what}  {change_text.detail(event.change)}".rstrip()
            if outcome.remark:
                told += f" — {printable(outcome.remark)}"
            if outcome.hint:
                where = change_text.place(event.change)
                told += f"\n      {printable(outcome.hint)}" + (f"  ({where})" if where else "")
            return style(tone, told)
        case NotAttempted(why=why):
            return style(Tone.FAINT, f"  ○ {what}  not attempted: {printable(why)}")
        case Unconfirmed():
            return style(Tone.BAD, f"  ✗ {what}  {doubt_text(event)}")
        case _:
            assert_never(event)


def doubt_text(event: Unconfirmed) -> str:
    """Why a change that was made does not count as made, and what the API shows instead."""
    shown = ", ".join(f"{printable(name)} {value(told)}" for name, told in _telling(event).items())
    why = printable(event.why) or (f"it shows {shown}" if shown else "")
    return _DOUBT[event.doubt] + (f": {why}" if why else "")


def _telling(event: Unconfirmed) -> Mapping[str, Any]:
    """What of all that the API shows tells that the change is not in effect."""
    shows, attribute, after = event.shows or {}, event.change.attribute, event.change.after
    if after is None:
        return {attribute: shows[attribute]} if attribute in shows else shows
    return {name: told for name, told in shows.items() if name in after and after[name] != told} or shows


@dataclass(frozen=True, slots=True)
class Totals:
    """How many changes ended in each way.

    Attributes:
        done: Made, and not found to be missing.
        deferred: Put off until the invitee accepts.
        failed: Not made, or not known to be made.
        not_attempted: Not begun.
        not_confirmed: Answered as made, and not shown by the API.
    """

    done: int = 0
    deferred: int = 0
    failed: int = 0
    not_attempted: int = 0
    not_confirmed: int = 0

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do or to check."""
        return not (self.failed or self.not_attempted or self.not_confirmed)


def totals(events: Sequence[Event]) -> Totals:
    """Count how the changes ended."""
    endings = Counter(event.outcome.ending for event in events if isinstance(event, Ended))
    unconfirmed = sum(isinstance(event, Unconfirmed) for event in events)
    return Totals(
        done=endings[Status.DONE] - unconfirmed,
        deferred=endings[Status.DEFERRED],
        failed=endings[Status.FAILED],
        not_attempted=sum(isinstance(event, NotAttempted) for event in events),
        not_confirmed=unconfirmed,
    )


def end_text(workspace: str, events: Sequence[Event], *, saved: bool = False, interrupted: bool = False) -> str:
    """What became of all changes of one workspace, in one sentence, and what to do next; a saved plan is made once."""
    count = totals(events)
    parts = [f"{count.done} done"]
    parts += [f"{count.deferred} waiting for the invitee"] if count.deferred else []
    parts += [f"{count.failed} failed"] if count.failed else []
    parts += [f"{count.not_attempted} not attempted"] if count.not_attempted else []
    parts += [f"{count.not_confirmed} not confirmed"] if count.not_confirmed else []
    lines = [f"{'Applied' if count.complete else 'Applied in part'} to {workspace}: {', '.join(parts)}."]
    if count.not_confirmed:
        lines.append("Run `beamctl plan` to see what the API shows now.")
    if count.failed or count.not_attempted:
        again = "make a new plan" if saved else "run `beamctl apply` again"
        then = f"{again[0].upper()}{again[1:]}" if interrupted else f"Fix the cause and {again}"
        lines.append(f"{then}. Completed changes are skipped.")
    return "\n".join(lines) + "\n"
