"""A plan for a reader: every change with its line, then what is dangerous, then the sum.
It must not know a kind by name, nor whether anybody allowed anything but what it is told."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import UTC

from beamctl.model.text import printable, shell_word
from beamctl.plan.change import WHOLE, Change
from beamctl.plan.comparison import Note
from beamctl.plan.declared import declared_data
from beamctl.plan.diff import ABSENT
from beamctl.plan.hazard import Allowance, Hazard, refused
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import Saved
from beamctl.report import change_text
from beamctl.report.style import PLAIN, Style, Tone, digest, table, value

APPLY = "beamctl apply"

_FEW = 12
_FIRST = "unchanged"


def plans_text(
    plans: Sequence[Plan],
    allowed: Sequence[Allowance] = (),
    style: Style = PLAIN,
    *,
    command: str = APPLY,
    saved: Saved | None = None,
) -> str:
    """All plans of a run, and the file that they were saved in, if any. If there are several, each command names its
    workspace."""
    commands = [f"{command} -w {plan.workspace}" if len(plans) > 1 else command for plan in plans]
    texts = [plan_text(plan, allowed, style, command=one) for plan, one in zip(plans, commands, strict=True)]
    return "\n".join([*([origin_text(saved)] if saved else []), *texts])


def origin_text(saved: Saved) -> str:
    """When plans were saved, from which commit, until when they are good, and what their runs will record."""
    commit = f" from commit {shell_word(saved.commit)}" if saved.commit else ""
    created, expires = (f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" for when in (saved.created, saved.expires))
    return "\n".join([f"Saved {created}{commit}, good until {expires}.", *map(_recorded, saved.plans), ""])


def _recorded(plan: Plan) -> str:
    """Which sections a plan looks at before it takes anything, and what later plans compare with once it is applied."""
    data = declared_data(plan.declared)
    head = (
        f"Covers {', '.join(map(printable, plan.sections.values())) or 'nothing'} of {plan.workspace}. On record after"
    )
    if not data:
        return f"{head} this run: no guards."
    ends = (f"{name} until {day}" for days in data["ends"].values() for name, day in days.items())
    told = [f"{name} {value(told)}" for name, told in data["guards"].items()] + [*map(printable, ends)]
    return f"{head} this run: {', '.join(told)}."


def plan_text(
    plan: Plan,
    allowed: Sequence[Allowance] = (),
    style: Style = PLAIN,
    *,
    command: str = APPLY,
    total: str = "",
) -> str:
    """A whole plan: header, changes, notes, hazards and sum.

    Args:
        plan: The plan.
        allowed: The hazards that somebody allowed.
        style: Colours.
        command: What makes the plan, for a hint on how to allow a hazard.
        total: The plan in one sentence, where it is another than that of `sum_text`.
    """
    lines = [style(Tone.STRONG, change_text.head(plan)), ""]
    for kind, section in plan.sections.items():
        changes = [change for change in plan.changes if change.kind == kind]
        if changes:
            lines += [f"  {section}", *_changes(plan, changes, style)]
    if plan.changes:
        lines.append("")
    lines += aside(plan, plan.notes)
    if len(lines) > 2 and lines[-1]:  # noqa: PLR2004 - more than the header
        lines.append("")
    lines.append(style(Tone.STRONG, total or sum_text(plan)))
    return "\n".join([*lines, *_hazards(plan, allowed, style, command), *_all_flags(plan, allowed, command)]) + "\n"


def undo_text(plan: Plan, allowed: Sequence[Allowance], style: Style, command: str) -> str:
    """A plan that undoes a run; where nothing can be undone, why."""
    run = printable(plan.source)
    nothing = f"Nothing to undo: what {run} changed is as before, or no longer as it left it."
    return plan_text(plan, allowed, style, command=command, total="" if plan.changes else nothing)


def aside(plan: Plan, notes: Sequence[Note]) -> list[str]:
    """What was left as it is, and what should be said."""
    return [*_tally(plan), *(f"  ! {_note(text)}" for text in _notes(notes))]


def sum_text(plan: Plan) -> str:
    """The plan in one sentence."""
    if plan.differs and not plan.changes:
        return f"No changes to make: what differs between {plan.workspace} and {printable(plan.source)} is left alone."
    if not plan.changes:
        return f"No changes: {plan.workspace} is as {printable(plan.source)} says."
    return f"Plan: {change_text.to_do(plan.changes)}."


def refusal(hazard: Hazard, command: str = APPLY) -> str:
    """Why a plan is refused, and the exact flag that would allow it."""
    lines = [f"Refused (exit 5): {hazard.risk.label} — {printable(hazard.because)}."]
    if hazard.liftable:
        lines.append(f"  To allow it in this plan only:  {command} {_flag(hazard)}")
    else:
        lines.append(f"  It cannot be allowed: {hazard.risk.why}. Keep or promote another admin first.")
    return "\n".join(lines)


def _flag(hazard: Hazard) -> str:
    return f"--allow {shlex.quote(printable(_named(hazard)))}"


def _named(hazard: Hazard) -> str:
    return f"{hazard.risk.label}={hazard.value}"


def _all_flags(plan: Plan, allowed: Sequence[Allowance], command: str) -> list[str]:
    """Where there are several hazards, the one command that allows them all."""
    blocked = refused(plan.hazards, allowed)
    if not blocked or len(plan.hazards) == 1 or not all(hazard.liftable for hazard in plan.hazards):
        return []
    flags = " ".join(map(_flag, plan.hazards))
    return ["", f"To allow all of this in this plan only:  {command} {flags}"]


def _changes(plan: Plan, changes: Sequence[Change], style: Style) -> list[str]:
    rows = [
        (
            f"{change_text.SYMBOL[change.action]} {change_text.verb(change)}",
            change_text.subject(change),
            "" if _nested(change) else change_text.detail(change),
            change_text.place(change),
            change_text.remark(change, plan),
        )
        for change in changes
    ]
    kept = [index for index in range(5) if any(row[index] for row in rows)]
    lines = table([tuple(row[index] for index in kept) for row in rows], "  ")
    told = []
    for change, line in zip(changes, lines, strict=True):
        told += [style(change_text.TONE[change_text.SYMBOL[change.action]], line), *_inside(change)]
    return told


def _nested(change: Change) -> bool:
    if change.attribute == WHOLE:
        return True
    sides = [(side or {}).get(change.attribute) for side in (change.before, change.after)]
    return any(isinstance(side, dict | list) for side in sides)


def _inside(change: Change) -> list[str]:
    lines = []
    for spot in change_text.inside(change) if _nested(change) else ():
        name = printable(spot.path)
        if spot.before is ABSENT:
            lines.append(f"      + {name}: {value(spot.after)}")
        elif spot.after is ABSENT:
            lines.append(f"      - {name}: {value(spot.before)}")
        else:
            lines.append(f"      ~ {name}: {value(spot.before)} → {value(spot.after)}")
    before, after = change.before or {}, change.after or {}
    for key in change_text.others(change):
        was = f"~ {printable(key)}: {value(before.get(key))} →" if change.before is not None else f"+ {printable(key)}:"
        lines.append(f"      {was} {value(after[key])}")
    return lines


def _tally(plan: Plan) -> list[str]:
    ordered = sorted(plan.tally.items(), key=lambda item: (item[0] != _FIRST, item[0]))
    return ["  " + " · ".join(f"{count} {printable(why)}" for why, count in ordered)] if ordered else []


def _notes(notes: Sequence[Note]) -> list[tuple[str, str]]:
    told = [(note.text, f"{note.place.source}:{note.place.line}" if note.place else "") for note in notes]
    hidden = told[_FEW:]
    more = f"and {len(hidden)} more, {digest(str(hidden))}: see -o json"
    return [*told[:_FEW], *([(more, "")] if hidden else [])]


def _note(told: tuple[str, str]) -> str:
    text, where = (printable(part) for part in told)
    return f"{text}  ({where})" if where else text


def _hazards(plan: Plan, allowed: Sequence[Allowance], style: Style, command: str) -> list[str]:
    blocking = frozenset(refused(plan.hazards, allowed))
    lines = []
    for hazard in plan.hazards:
        if hazard in blocking:
            lines += ["", style(Tone.BAD, refusal(hazard, command))]
        else:
            lines += ["", style(Tone.CHANGED, f"Allowed: {printable(_named(hazard))} — {printable(hazard.because)}.")]
    return lines
