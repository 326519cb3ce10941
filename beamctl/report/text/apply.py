"""An apply for a reader: a line as each change ends, and an honest end. It must not know a kind by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from beamctl.apply.event import Ended, Event, NotAttempted, Started
from beamctl.model.text import printable
from beamctl.plan.kind import Ending
from beamctl.report import words
from beamctl.report.style import PLAIN, Style, Tone

_MARK = {Ending.DONE: ("✓", Tone.GOOD), Ending.DEFERRED: ("…", Tone.CHANGED), Ending.FAILED: ("✗", Tone.BAD)}


def event_text(event: Event, style: Style = PLAIN) -> str:
    """One line as a change ends, with what to do where it failed; empty as it starts."""
    what = " ".join(part for part in (words.verb(event.change), words.subject(event.change)) if part)
    match event:
        case Started():
            return ""
        case Ended(outcome=outcome):
            mark, tone = _MARK[outcome.ending]
            told = f"  {mark} {what}  {words.detail(event.change)}".rstrip()
            if outcome.remark:
                told += f" — {printable(outcome.remark)}"
            if outcome.hint:
                where = words.place(event.change)
                told += f"\n      {printable(outcome.hint)}" + (f"  ({where})" if where else "")
            return style(tone, told)
        case NotAttempted(why=why):
            return style(Tone.FAINT, f"  ○ {what}  not attempted: {printable(why)}")
        case _:
            assert_never(event)


def end_text(workspace: str, events: Sequence[Event], *, saved: bool = False, interrupted: bool = False) -> str:
    """What became of all changes of one workspace, in one sentence, and what to do next; a saved plan is made once."""
    done, deferred, failed, skipped = counts(events)
    parts = [f"{done} done"]
    parts += [f"{deferred} waiting for the invitee"] if deferred else []
    parts += [f"{failed} failed"] if failed else []
    parts += [f"{skipped} not attempted"] if skipped else []
    head = "Applied in part" if failed or skipped else "Applied"
    again = "Make a new plan" if saved else "Run `beamctl apply` again"
    when = "" if interrupted else " when it is mended"
    after = f"\n{again}{when}: what is done is not done twice." if failed or skipped else ""
    return f"{head} to {workspace}: {', '.join(parts)}.{after}\n"


def counts(events: Sequence[Event]) -> tuple[int, int, int, int]:
    """How many changes were done, put off, failed, and not attempted."""
    endings = [event.outcome.ending for event in events if isinstance(event, Ended)]
    skipped = sum(isinstance(event, NotAttempted) for event in events)
    return endings.count(Ending.DONE), endings.count(Ending.DEFERRED), endings.count(Ending.FAILED), skipped
