"""The rows of changes in the text report of a plan.

A module of its own: a plan without changes does not import how changes are worded."""

from __future__ import annotations

from collections.abc import Sequence

from beamctl.plan.change import Change
from beamctl.plan.plan import Plan
from beamctl.report import change_spans, change_text
from beamctl.report.permissions import effect_text
from beamctl.report.spans import plain
from beamctl.report.style import Style, table


def plan_rows(plan: Plan, changes: Sequence[Change], style: Style, *, explain: bool) -> list[str]:
    """One line for each change, and more for what is inside it.

    Args:
        plan: The plan.
        changes: Some of its changes.
        style: The colors.
        explain: Whether to say what people gain and lose.
    """
    rows = [
        (
            f"{change_text.SYMBOL[change.action]} {change_text.verb(change)}",
            change_text.subject(change),
            "" if change_spans.is_nested(change) else change_text.detail(change),
            change_text.place(change),
            change_spans.remark(change, plan),
        )
        for change in changes
    ]
    kept = [index for index in range(5) if any(row[index] for row in rows)]
    lines = table([tuple(row[index] for index in kept) for row in rows], "  ")
    shown = []
    for change, line in zip(changes, lines, strict=True):
        effect = effect_text(change) if explain else ""
        shown += [style(change_text.TONE[change_text.SYMBOL[change.action]], line), *_lines(change)]
        shown += [f"      {effect}"] if effect else []
    return shown


def _lines(change: Change) -> list[str]:
    return [f"      {each.symbol} {plain(each.spans)}" for each in change_spans.value_changes(change)]
