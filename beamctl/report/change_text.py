"""The wording of changes as text: verb, subject, before and after, totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from beamctl.model.text import printable, shell_word
from beamctl.plan.change import Action, Change
from beamctl.plan.plan import Plan
from beamctl.report.style import Tone

SYMBOL = {
    Action.SET: "~",
    Action.INVITE: "+",
    Action.RESEND: "↻",
    Action.SET_ROLE: "~",
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REVOKE: "-",
    Action.REMOVE: "-",
    Action.DELETE: "-",
}

_MOST = 5
"""Addresses of a partial plan that are named."""

TONE = {"+": Tone.GOOD, "↻": Tone.GOOD, "~": Tone.CHANGED, "-": Tone.BAD}

_VERB = {Action.SET_ROLE: "role"}

_COUNTS = {
    Action.INVITE: "{} to invite",
    Action.RESEND: "{} to resend",
    Action.SET_ROLE: "{} role{s} to change",
    Action.CREATE: "{} to create",
    Action.UPDATE: "{} to update",
    Action.REMOVE: "{} to remove",
    Action.REVOKE: "{} to revoke",
    Action.DELETE: "{} to delete",
    Action.SET: "{} setting{s} to change",
}


def verb(change: Change) -> str:
    """The verb of a change, or the name of a setting."""
    return printable(change.name) if change.action is Action.SET else _VERB.get(change.action, change.action.value)


def subject(change: Change) -> str:
    """The name of the changed object; empty for a setting, whose name is the verb."""
    return "" if change.action is Action.SET else printable(change.name)


def detail(change: Change) -> str:
    """Before and after, briefly; for a whole object, the paths that change."""
    from beamctl.report import change_spans
    from beamctl.report.spans import plain

    return plain(change_spans.detail(change))


def place(change: Change) -> str:
    """The file and line that declare it."""
    return f"{printable(change.place.source)}:{change.place.line}" if change.place else ""


def action_counts(changes: tuple[Change, ...]) -> str:
    """The number of changes per action, as a list in words."""
    return _listed(Counter(change.action for change in changes))


def _listed(counts: Mapping[Action, int]) -> str:
    return ", ".join(
        text.format(counts[action], s="s" * (counts[action] != 1))
        for action, text in _COUNTS.items()
        if counts.get(action)
    )


def plan_heading(plan: Plan) -> str:
    """The header of a plan: workspace, API and identity."""
    partial = f" · partial plan ({only_text(plan)})" if plan.partial else ""
    return heading(plan.workspace, plan.api, plan.runs_as) + partial


def only_text(plan: Plan) -> str:
    """The options that chose a part of a plan, as typed in a shell; empty for a full plan."""
    only = [shell_word(str(each)) for each in plan.partial.only] if plan.partial else []
    return (
        f"--only {' --only '.join(only[:_MOST])}{f' and {len(only) - _MOST} more' * (len(only) > _MOST)}"
        if only
        else ""
    )


def left_out_text(plan: Plan) -> str:
    """What a partial plan leaves out, in a sentence; empty if nothing."""
    counts = plan.partial.left_out if plan.partial else {}
    total = sum(counts.values())
    others = f"{total:,} other changes are" if total > 1 else "1 other change is"
    return f"{others} not planned: {_listed(counts)}" if total else ""


def heading(workspace: str, api: str, runs_as: str) -> str:
    """The same header without a plan."""
    identity = f" · as {printable(runs_as)}" if runs_as else ""
    return f"{workspace} · {printable(api)}{identity}"


def attribute(change: Change) -> str:
    """The attribute and a space; empty for a role and a setting, which need none."""
    from beamctl.report import change_spans
    from beamctl.report.spans import plain

    return plain(change_spans.attribute(change))


def side(change: Change, state: Mapping[str, Any] | None) -> str:
    """The changed attribute in the state before or after."""
    from beamctl.report import change_spans
    from beamctl.report.spans import plain

    return plain(change_spans.side(change, state))
