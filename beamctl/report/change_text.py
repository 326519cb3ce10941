"""The words in which changes are told, one table a question. It must not know a kind by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from beamctl.model.email import folded
from beamctl.model.secret import SECRET_TO, SECRETS_FROM, SOURCES_ALLOWED, in_full, place_of, sink_of
from beamctl.model.text import printable, shell_word
from beamctl.plan.change import WHOLE, Action, Change, Reason, Stage
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

_TO_DO = {
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
    Reason.EXPIRES: "the one before it expires",
    Reason.NOT_HANDED_OVER: "its secret was not handed over",
    Reason.SUPERSEDED: "there is a newer one",
}


def verb(change: Change) -> str:
    """The word in front of a change: what is done, or for a setting its name."""
    return printable(change.name) if change.action is Action.SET else _VERB.get(change.action, change.action.value)


def subject(change: Change) -> str:
    """Whom or what it is about; empty where the verb says it all."""
    return "" if change.action is Action.SET else printable(change.name)


def detail(change: Change) -> str:
    """Before and after, as briefly as they can be told; of a whole thing, only what of it is changed."""
    if change.attribute == WHOLE:
        spots = inside(change) if change.before is not None and change.after is not None else ()
        return ", ".join(dict.fromkeys(printable(spot.path) for spot in spots))
    before, after = side(change, change.before), side(change, change.after)
    match change.action:
        case Action.RESEND if change.before and before != after:
            return f"{before} → {after}"
        case Action.SET_ROLE | Action.SET | Action.UPDATE:
            was = "invited as " if (change.before or {}).get("standing") == "invited" else attribute(change)
            return f"{was}{before} → {after}"
        case Action.REMOVE | Action.DELETE:
            return f"{attribute(change)}was {before}"
        case Action.REVOKE:
            return f"invited as {before}"
        case _:
            return f"{attribute(change)}{after}"


def inside(change: Change) -> Sequence[Difference]:
    """Every spot in which before and after differ; of what is made or deleted, everything there is."""
    if change.attribute == WHOLE:
        return differences(dict(change.before or {}), dict(change.after or {}))
    if change.before is None or change.after is None:
        return ()
    return differences(change.before.get(change.attribute), change.after.get(change.attribute))


def remark(change: Change, plan: Plan) -> str:
    """Why, what else the document says, and what decides about the change and is shown nowhere else."""
    declared = change.declared
    match change.reason:
        case Reason.NOT_DECLARED:
            said = [f"not in {printable(plan.source)}"]
        case Reason.ACCESS_ENDED:
            said = [printable(f"access ended {declared.get('until', '')}")]
        case Reason.UNDOES:
            said = [f"undoes {printable(plan.source)}"]
        case Reason.NOT_HANDED_OVER if change.after is None and change.takes:
            said = ["says that its secret was not handed over, but may be in use"]
        case other:
            said = [_WHY[other]] if other in _WHY else []
    if change.reason is not Reason.ACCESS_ENDED and "until" in declared:
        said.append(printable(f"until {declared['until']}"))
    said += [printable(f"{name}: {declared[name]}") for name in ("reason", "owner") if name in declared]
    said += ["runs last"] if change.stage is Stage.OURSELVES else []
    return " · ".join([*said, *_which(change), *_places(change)])


def _which(change: Change) -> list[str]:
    """Which one of its name it is about, unless the name says so; next to which ones it is created, and in place of
    which."""
    if change.before is None:
        good, _, lost = f" {change.key.partition(' (')[2].removesuffix(')')}".partition(" | ")  # see kinds.premise
        told = {"next to": good[1:], "in place of": lost}
        return [f"{how} {shell_word(ids)}" for how, ids in told.items() if ids]
    known = change.key in (change.name, folded(change.name)) or change.name.endswith(f"({change.key})")
    return [] if known or change.action is Action.SET else [f"id {shell_word(change.key)}"]


def _places(change: Change) -> list[str]:
    """Where its secrets go to and come from."""
    sink = sink_of(change.secrets.get(SECRET_TO))
    sources = {name: place_of(told) for name, told in (change.secrets.get(SECRETS_FROM) or {}).items()}
    told = [f"{shell_word(name)} from {in_full(source)}" for name, source in sources.items() if source]
    if allowed := change.secrets.get(SOURCES_ALLOWED):
        told.append(f"guards.secretSources: {' '.join(map(shell_word, allowed))}")
    return [f"secret to {in_full(sink)}", *told] if sink else told


def others(change: Change) -> list[str]:
    """Attributes not already shown."""
    before, after = change.before or {}, change.after or {}
    if change.attribute == WHOLE or change.action not in (Action.SET_ROLE, Action.UPDATE, Action.CREATE):
        return []
    named = ("", *change.name.split("/")) if change.action is Action.CREATE else ()
    rest = (key for key in after if key != change.attribute and before.get(key) != after[key])
    return sorted(key for key in rest if after[key] not in named)


def place(change: Change) -> str:
    """The line that asks for it."""
    return f"{printable(change.place.source)}:{change.place.line}" if change.place else ""


def to_do(changes: tuple[Change, ...]) -> str:
    """How many of what, in one sentence."""
    counts = {action: sum(change.action is action for change in changes) for action in _TO_DO}
    return ", ".join(
        text.format(counts[action], s="s" * (counts[action] != 1)) for action, text in _TO_DO.items() if counts[action]
    )


def head(plan: Plan) -> str:
    """Which workspace, where, and as whom."""
    return heading(plan.workspace, plan.api, plan.runs_as)


def heading(workspace: str, api: str, runs_as: str) -> str:
    """The same, where there is no plan."""
    whom = f" · as {printable(runs_as)}" if runs_as else ""
    return f"{workspace} · {printable(api)}{whom}"


def attribute(change: Change) -> str:
    """What is shown before and after, and a space; empty where that is plain: a role, a setting."""
    return "" if change.attribute == _ROLE or change.action is Action.SET else f"{printable(change.attribute)} "


def side(change: Change, one: Mapping[str, Any] | None) -> str:
    """What is shown of the attribute that a change is about, before or after."""
    shown = (one or {}).get(change.attribute)
    if change.attribute == _ROLE:
        return printable(str(shown)) if shown else "a role the API does not tell"
    return value(shown)
