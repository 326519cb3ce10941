"""Text reports of past runs: a list of runs, or one run with every change."""

from __future__ import annotations

from collections.abc import Sequence

from beamctl.apply.record import Record, State
from beamctl.apply.summary import Summary
from beamctl.model.text import printable
from beamctl.report import change_text
from beamctl.report.style import PLAIN, Style, Tone, table
from beamctl.report.wording import words

_MARK = {
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
    facts += [("commit", run.commit), ("plan", run.plan_digest)]
    lines += table([(name, printable(text)) for name, text in facts if text], "  ")
    lines.append("")
    for change in record.changes:
        mark, tone = _MARK[record.state(change)]
        what = " ".join(part for part in (change_text.verb(change), change_text.subject(change)) if part)
        line = f"  {mark} {what}  {change_text.detail(change)}".rstrip()
        remark = printable(words(record.remark(change)))
        lines.append(style(tone, line + (f" — {remark}" if remark else "")))
    return "\n".join([*lines, "", outcome_text(record)]) + "\n"


def outcome_text(record: Record | Summary) -> str:
    """The outcome counts, and whether the run was interrupted."""
    counts = [f"{count} {state.value}" for state in _MARK if (count := record.count(state))]
    if not record.ended:
        counts.insert(0, "killed or still running")
    elif record.interrupted:
        counts.insert(0, "interrupted")
    return ", ".join(counts) or "nothing to change"


def _row(name: str, found: Summary | str) -> tuple[str, ...]:
    if isinstance(found, str):
        return printable(name), "", "", "", f"cannot be read: {printable(found)}"
    run = found.run
    dirty = "-dirty" if run.commit.endswith("-dirty") else ""
    commit = printable(run.commit[:8]) + dirty if run.commit else "-"
    return printable(name), printable(found.workspace), commit, printable(run.actor) or "-", outcome_text(found)
