"""The wording of changes: verb, subject, before and after, remarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from beamctl.model.email import folded
from beamctl.model.secret import SECRET_TO, SECRETS_FROM, SOURCES_ALLOWED, full_description, place_of, sink_of
from beamctl.model.text import printable, shell_word
from beamctl.plan.change import ALL_ATTRIBUTES, Action, Change, CreationKey, Reason, Stage
from beamctl.plan.diff import Difference, differences
from beamctl.plan.plan import Plan
from beamctl.report.style import Tone, value

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

TONE = {"+": Tone.GOOD, "↻": Tone.GOOD, "~": Tone.CHANGED, "-": Tone.BAD}

_ROLE = "role"

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

_WHY = {
    Reason.INVITATION_EXPIRED: "invitation expired",
    Reason.EXPIRES: "the previous one expires",
    Reason.NOT_HANDED_OVER: "its secret was not stored",
    Reason.SUPERSEDED: "replaced by a newer one",
}


def verb(change: Change) -> str:
    """The verb of a change, or the name of a setting."""
    return printable(change.name) if change.action is Action.SET else _VERB.get(change.action, change.action.value)


def subject(change: Change) -> str:
    """The name of the changed object; empty for a setting, whose name is the verb."""
    return "" if change.action is Action.SET else printable(change.name)


def detail(change: Change) -> str:
    """Before and after, briefly; for a whole object, the paths that change."""
    if change.attribute == ALL_ATTRIBUTES:
        changed = changed_values(change) if change.before is not None and change.after is not None else ()
        return ", ".join(dict.fromkeys(printable(difference.path) for difference in changed))
    before, after = side(change, change.before), side(change, change.after)
    match change.action:
        case Action.RESEND if change.before and before != after:
            return f"{before} → {after}"
        case Action.SET_ROLE | Action.SET | Action.UPDATE:
            prefix = "invited as " if (change.before or {}).get("standing") == "invited" else attribute(change)
            return f"{prefix}{before} → {after}"
        case Action.REMOVE | Action.DELETE:
            return f"{attribute(change)}was {before}"
        case Action.REVOKE:
            return f"invited as {before}"
        case Action.INVITE | Action.RESEND | Action.CREATE:
            return f"{attribute(change)}{after}"
        case _:
            assert_never(change.action)


def changed_values(change: Change) -> Sequence[Difference]:
    """Every difference between before and after; for a whole object that is created or deleted, all of it."""
    if change.attribute == ALL_ATTRIBUTES:
        return differences(dict(change.before or {}), dict(change.after or {}))
    if change.before is None or change.after is None:
        return ()
    return differences(change.before.get(change.attribute), change.after.get(change.attribute))


def remark(change: Change, plan: Plan) -> str:
    """The reason, related values from the document, and facts about the change that are shown nowhere else."""
    declared = change.declared
    match change.reason:
        case Reason.NOT_DECLARED:
            parts = [f"not in {printable(plan.source)}"]
        case Reason.ACCESS_ENDED:
            parts = [printable(f"access ended {declared.get('until', '')}")]
        case Reason.UNDOES:
            parts = [f"undoes {printable(plan.source)}"]
        case Reason.NOT_HANDED_OVER if change.after is None and change.revokes_access:
            parts = ["its secret is marked as not stored, but may be in use"]
        case other:
            parts = [_WHY[other]] if other in _WHY else []
    if change.reason is not Reason.ACCESS_ENDED and "until" in declared:
        parts.append(printable(f"until {declared['until']}"))
    parts += [printable(f"{name}: {declared[name]}") for name in ("reason", "owner") if name in declared]
    parts += ["runs last"] if change.stage is Stage.OURSELVES else []
    return " · ".join([*parts, *_ids(change), *_secret_places(change)])


def _ids(change: Change) -> list[str]:
    """The id, if the name is not unique; for a new object, the ids that it is created next to or in place of."""
    if isinstance(change.key, CreationKey):
        ids = {"next to": change.key.next_to, "in place of": change.key.in_place_of}
        return [f"{relation} {shell_word(', '.join(each))}" for relation, each in ids.items() if each]
    if change.before is None:
        return []
    known = change.key in (change.name, folded(change.name)) or change.name.endswith(f"({change.key})")
    return [] if known or change.action is Action.SET else [f"id {shell_word(change.key)}"]


def _secret_places(change: Change) -> list[str]:
    """Where the secrets of a change are stored and read."""
    sink = sink_of(change.secrets.get(SECRET_TO))
    sources = {name: place_of(data) for name, data in (change.secrets.get(SECRETS_FROM) or {}).items()}
    parts = [f"{shell_word(name)} from {full_description(source)}" for name, source in sources.items() if source]
    if allowed := change.secrets.get(SOURCES_ALLOWED):
        parts.append(f"guards.secretSources: {' '.join(map(shell_word, allowed))}")
    return [f"secret to {full_description(sink)}", *parts] if sink else parts


def other_attributes(change: Change) -> list[str]:
    """Changed attributes that `detail` does not show."""
    before, after = change.before or {}, change.after or {}
    if change.attribute == ALL_ATTRIBUTES or change.action not in (Action.SET_ROLE, Action.UPDATE, Action.CREATE):
        return []
    named = ("", *change.name.split("/")) if change.action is Action.CREATE else ()
    rest = (key for key in after if key != change.attribute and before.get(key) != after[key])
    return sorted(key for key in rest if after[key] not in named)


def place(change: Change) -> str:
    """The file and line that declare it."""
    return f"{printable(change.place.source)}:{change.place.line}" if change.place else ""


def action_counts(changes: tuple[Change, ...]) -> str:
    """The number of changes per action, as a list in words."""
    counts = {action: sum(change.action is action for change in changes) for action in _COUNTS}
    return ", ".join(
        text.format(counts[action], s="s" * (counts[action] != 1)) for action, text in _COUNTS.items() if counts[action]
    )


def plan_heading(plan: Plan) -> str:
    """The header of a plan: workspace, API and identity."""
    return heading(plan.workspace, plan.api, plan.runs_as)


def heading(workspace: str, api: str, runs_as: str) -> str:
    """The same header without a plan."""
    identity = f" · as {printable(runs_as)}" if runs_as else ""
    return f"{workspace} · {printable(api)}{identity}"


def attribute(change: Change) -> str:
    """The attribute and a space; empty for a role and a setting, which need none."""
    return "" if change.attribute == _ROLE or change.action is Action.SET else f"{printable(change.attribute)} "


def side(change: Change, state: Mapping[str, Any] | None) -> str:
    """The changed attribute in the state before or after."""
    shown = (state or {}).get(change.attribute)
    if change.attribute == _ROLE:
        return printable(str(shown)) if shown else "a role the API does not report"
    return value(shown)
