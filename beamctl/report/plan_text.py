"""Text report of plans: the changes, notes, total and hazards."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING

from beamctl.model.text import printable, shell_word, some
from beamctl.plan.change import Reason
from beamctl.plan.comparison import Note
from beamctl.plan.guards import declared_data
from beamctl.plan.hazard import Allowance, Hazard, refused, scoped
from beamctl.plan.plan import Plan
from beamctl.report import change_text
from beamctl.report.data import CommandName, ReportData
from beamctl.report.shard_text import shard_lines
from beamctl.report.style import PLAIN, Style, Tone, digest, value
from beamctl.report.wording import TALLY, words

if TYPE_CHECKING:
    from beamctl.plan.plan_file import Saved

APPLY = "beamctl apply"
NO_ADMIN_LEFT = "no accepted admin would remain, and no one could restore access"
"""Why the only hazard that can never be allowed cannot be."""
UNKNOWN_COMMIT = "Note: the commit of the documents is not known. Run this in a git checkout to have it recorded."

_MOST_NOTES = 12
_Flags = Callable[[Sequence[Hazard]], str]
"""The command that allows hazards."""


def plans_text(data: ReportData, style: Style = PLAIN, *, explain: bool = False, verbose: bool = False) -> str:
    """All plans of a run, after the origin of the saved plan, if any.

    If the run is over several workspaces, those without changes are one line, commands name the workspace, and a table
    of those with something to say ends the text.

    Args:
        data: The plans.
        style: Colors.
        explain: Whether to say what people gain and lose.
        verbose: Whether to show the workspaces without changes one by one.
    """
    texts = [*shard_lines(data.scope), *([_origin_text(data.saved)] if data.saved else [])]
    if not data.several:
        show = partial(plan_text, allowed=data.allowed, style=style, command=data.apply_command, explain=explain)
        return "\n".join([*texts, *map(show, data.plans)])
    from beamctl.report.fleet_text import ending_text, unchanged, unchanged_text

    folded = [] if verbose else unchanged(data)
    names = {plan.workspace for plan in folded}
    for plan in data.plans:
        if plan.workspace not in names:
            command = f"{data.apply_command} -w {plan.workspace}"
            text = plan_text(plan, data.allowed, style, command=command, scope=plan.workspace, explain=explain)
            texts.append(text)
    summary = unchanged_text(folded, of=len(data.workspaces), notes=True) if folded else ""
    ending = "" if data.command is CommandName.APPLY else ending_text(data, style)  # an apply ends with its results
    return "\n".join([*texts, *filter(None, (summary, ending))])


def _origin_text(saved: Saved) -> str:
    """When plans were saved, from which commit, until when they are valid, and what their runs will record."""
    undoes = any(change.reason is Reason.UNDOES for plan in saved.plans for change in plan.changes)
    unknown = "" if undoes else " from an unknown commit"  # an undo has no document
    commit = f" from commit {shell_word(saved.commit)}" if saved.commit else unknown
    created, expires = (f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" for when in (saved.created, saved.expires))
    signed = f", signed by {shell_word(saved.signer)}" if saved.signer else ""
    head = f"Saved {created}{commit}{signed}, valid until {expires}."
    missing = [f"Not planned, because of an error: {printable(some(saved.missing))}."] if saved.missing else []
    return "\n".join([head, *missing, *map(_coverage, saved.plans), ""])


def _coverage(plan: Plan) -> str:
    """The sections a plan covers, and the declarations that later plans are compared with once it is applied."""
    data = declared_data(plan.declared)
    sections = ", ".join(map(printable, plan.sections.values())) or "nothing"
    head = f"Covers {sections} of {plan.workspace}. Recorded for later plans:"
    if not data:
        return f"{head} no guards."
    ends = (f"{name} until {day}" for days in data["ends"].values() for name, day in days.items())
    facts = [f"{name} {value(guard)}" for name, guard in data["guards"].items()] + [*map(printable, ends)]
    return f"{head} {', '.join(facts)}."


def saved_text(saved: Saved, file: str, signature: str = "") -> str:
    """Until when saved plans are valid, and how to apply them.

    Args:
        saved: The plans.
        file: The file.
        signature: Where their signature is, if they are signed.
    """
    until = f"{saved.expires:%Y-%m-%d %H:%M} UTC"
    command = f"{APPLY} {shlex.quote(printable(file))}"
    if signature:
        signed = f"Saved the plan, and its signature in {printable(signature)}. It is valid until {until}."
        return f"{signed} To apply it:  {command} --verify ALLOWED_SIGNERS"
    return f"Saved the plan. It is valid until {until}. To apply it:  {command}"


def unused_note(allowance: str) -> str:
    """The note about an allowance that matches no hazard."""
    return f"Note: --allow {allowance} has no effect: the plan has no such hazard."


def plan_text(  # noqa: PLR0913 - one argument per part of the report
    plan: Plan,
    allowed: Sequence[Allowance] = (),
    style: Style = PLAIN,
    *,
    command: str = APPLY,
    scope: str = "",
    total: str = "",
    explain: bool = False,
) -> str:
    """One plan: header, changes, notes, total and hazards.

    Args:
        plan: The plan.
        allowed: The hazards that the user allowed.
        style: Colors.
        command: The command line that makes the plan, for hints on how to allow a hazard.
        scope: The workspace that an allowance must name; empty if it need not.
        total: A summary to show instead of `_sum_text`.
        explain: Whether to say what people gain and lose.
    """
    lines = [style(Tone.STRONG, change_text.plan_heading(plan)), ""]
    for kind, section in plan.sections.items():
        changes = [change for change in plan.changes if change.kind == kind]
        if changes:
            from beamctl.report.plan_rows import plan_rows

            lines += [f"  {section}", *plan_rows(plan, changes, style, explain=explain)]
    if plan.changes:
        lines.append("")
    lines += counts_and_notes(plan, plan.notes)
    if len(lines) > 2 and lines[-1]:  # noqa: PLR2004 - more than the header
        lines.append("")
    lines.append(style(Tone.STRONG, total or _sum_text(plan)))
    flags = partial(_with_flags, command, scope)
    return "\n".join([*lines, *_hazards(plan, allowed, style, flags), *_all_flags(plan, allowed, flags)]) + "\n"


def undo_text(plan: Plan, allowed: Sequence[Allowance], style: Style, command: str) -> str:
    """A plan that undoes a run, or why there is nothing to undo."""
    run = printable(plan.source)
    reasons = (
        f"{'cannot be undone, ' if plan.notes else ''}were already reverted{',' * bool(plan.notes)} or changed again"
    )
    nothing = f"Nothing to undo: the changes of {run} {reasons} since."
    return plan_text(plan, allowed, style, command=command, total="" if plan.changes else nothing)


def counts_and_notes(plan: Plan, notes: Sequence[Note]) -> list[str]:
    """The counts of unchanged items, and the notes."""
    return [*_tally(plan), *(f"  ! {_note(note)}" for note in _notes(notes))]


def _sum_text(plan: Plan) -> str:
    """The summary of a plan, in one sentence; in two for a partial one."""
    if plan.partial:
        chosen = change_text.only_text(plan) or "no change chosen here"
        left_out = change_text.left_out_text(plan)
        counts = change_text.action_counts(plan.changes) or "no changes"
        return f"Partial plan ({chosen}): {counts}.{f' {left_out}.' * bool(left_out)}"
    if plan.differs and not plan.changes:
        return (
            f"No changes to make: the differences between {plan.workspace} and {printable(plan.source)} are left alone."
        )
    if not plan.changes:
        return f"No changes. {plan.workspace} matches {printable(plan.source)}."
    return f"Plan: {change_text.action_counts(plan.changes)}."


def _refusal(hazard: Hazard, flags: _Flags | None) -> str:
    """Why a plan is refused, and the exact command that allows it, if there is one."""
    lines = [f"Refused (exit 5): {hazard.risk} — {printable(words(hazard.fact))}."]
    if hazard.liftable and flags:
        lines.append(f"  To allow it in this plan only:  {flags([hazard])}")
    elif not hazard.liftable:
        lines.append(f"  It cannot be allowed: {NO_ADMIN_LEFT}. Keep or promote another admin first.")
    return "\n".join(lines)


def allow_flag(hazard: Hazard, scope: str) -> str:
    """The flag that allows a hazard, as typed in a shell."""
    return f"--allow {shlex.quote(printable(scoped(_allowance(hazard), scope)))}"


def _with_flags(command: str, scope: str, hazards: Sequence[Hazard]) -> str:
    return " ".join([command, *(allow_flag(hazard, scope) for hazard in hazards)])


def _allowance(hazard: Hazard) -> str:
    return f"{hazard.risk}={hazard.value}"


def _all_flags(plan: Plan, allowed: Sequence[Allowance], flags: _Flags) -> list[str]:
    """One command that allows all hazards, if there are several."""
    blocked = refused(plan.hazards, allowed, plan.workspace)
    if not blocked or len(plan.hazards) == 1 or not all(hazard.liftable for hazard in plan.hazards):
        return []
    return ["", f"To allow all of these in this plan only:  {flags(plan.hazards)}"]


def _tally(plan: Plan) -> list[str]:
    counts = [f"{plan.tally[why]} {text}" for why, text in TALLY.items() if plan.tally.get(why)]
    return ["  " + " · ".join(counts)] if counts else []


def _notes(notes: Sequence[Note]) -> list[tuple[str, str]]:
    shown = [(words(note.fact), f"{note.place.source}:{note.place.line}" if note.place else "") for note in notes]
    hidden = shown[_MOST_NOTES:]
    more = f"and {len(hidden)} more, {digest(str(hidden))}: see -o json"
    return [*shown[:_MOST_NOTES], *([(more, "")] if hidden else [])]


def _note(note: tuple[str, str]) -> str:
    text, where = map(printable, note)
    return f"{text}  ({where})" if where else text


def _hazards(plan: Plan, allowed: Sequence[Allowance], style: Style, flags: _Flags) -> list[str]:
    blocking = frozenset(refused(plan.hazards, allowed, plan.workspace))
    is_liftable = all(hazard.liftable for hazard in plan.hazards)  # otherwise, allowing the others would not help
    lines = []
    for hazard in plan.hazards:
        if hazard in blocking:
            lines += ["", style(Tone.BAD, _refusal(hazard, flags if is_liftable else None))]
        else:
            lines += [
                "",
                style(Tone.CHANGED, f"Allowed: {printable(_allowance(hazard))} — {printable(words(hazard.fact))}."),
            ]
    return lines
