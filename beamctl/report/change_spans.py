"""The wording of changes as spans: before and after, reason, remarks, and every difference inside a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from beamctl.document.desired import GroupStep
from beamctl.model.email import folded
from beamctl.model.secret import SECRET_TO, SECRETS_FROM, SOURCES_ALLOWED, full_description, place_of, sink_of
from beamctl.model.text import printable, shell_word
from beamctl.plan.change import ALL_ATTRIBUTES, Action, Change, CreationKey, Reason, Stage
from beamctl.plan.diff import ABSENT, Difference, differences
from beamctl.plan.plan import Plan
from beamctl.report.spans import Spans, joined, named, own, plain, shown
from beamctl.report.style import value

ROLE = "role"
ADDED, CHANGED, GONE = "+", "~", "-"
"""The symbols of a difference."""

_WHY = {
    Reason.INVITATION_EXPIRED: "invitation expired",
    Reason.EXPIRES: "the previous one expires",
    Reason.NOT_HANDED_OVER: "its secret was not stored",
    Reason.SUPERSEDED: "replaced by a newer one",
}
_SHOWN = 3
"""Changes named as the reason for another."""
_ARROW_TEXT = " → "
_ARROW = own(_ARROW_TEXT)
_MOST_WAYS = 3
"""Ways through groups that are shown."""


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One difference inside a change.

    Attributes:
        symbol: `ADDED`, `CHANGED` or `GONE`.
        path: Where.
        sides: The value, or before and after.
    """

    symbol: str
    path: str
    sides: Spans

    @property
    def spans(self) -> Spans:
        """The path and the values."""
        return (*shown(self.path), *own(": "), *self.sides)


def detail(change: Change) -> Spans:
    """Before and after, briefly; for a whole object, the paths that change."""
    if change.attribute == ALL_ATTRIBUTES:
        changed = changed_values(change) if change.before is not None and change.after is not None else ()
        return joined((named(path) for path in dict.fromkeys(each.path for each in changed)), ", ")
    before, after = side(change, change.before), side(change, change.after)
    match change.action:
        case Action.RESEND if change.before and before != after:
            return (*before, *_ARROW, *after)
        case Action.SET_ROLE | Action.SET | Action.UPDATE:
            invited = (change.before or {}).get("standing") == "invited"
            return (*(own("invited as ") if invited else attribute(change)), *before, *_ARROW, *after)
        case Action.REMOVE | Action.DELETE:
            return (*attribute(change), *own("was "), *before)
        case Action.REVOKE:
            return (*own("invited as "), *before)
        case Action.INVITE | Action.RESEND | Action.CREATE:
            return (*attribute(change), *after)
        case _:
            assert_never(change.action)


def attribute(change: Change) -> Spans:
    """The attribute and a space; empty for a role and a setting, which need none."""
    is_clear = change.attribute == ROLE or change.action is Action.SET
    return () if is_clear else (*named(change.attribute), *own(" "))


def side(change: Change, state: Mapping[str, Any] | None) -> Spans:
    """The changed attribute in the state before or after."""
    data = (state or {}).get(change.attribute)
    if change.attribute == ROLE:
        return named(str(data)) if data else own("a role the API does not report")
    return shown(value(data))


def changed_values(change: Change) -> Sequence[Difference]:
    """Every difference between before and after; for a whole object that is created or deleted, all of it."""
    if change.attribute == ALL_ATTRIBUTES:
        return differences(dict(change.before or {}), dict(change.after or {}))
    if change.before is None or change.after is None:
        return ()
    return differences(change.before.get(change.attribute), change.after.get(change.attribute))


def is_nested(change: Change) -> bool:
    """Whether the change is shown as a list of differences, because its values are not simple."""
    if change.attribute == ALL_ATTRIBUTES:
        return True
    sides = [(side or {}).get(change.attribute) for side in (change.before, change.after)]
    return any(isinstance(side, dict | list) for side in sides)


def value_changes(change: Change) -> Iterator[ValueChange]:
    """The differences inside the value of a change, and the changed attributes that `detail` does not show."""
    for each in changed_values(change) if is_nested(change) else ():
        path = printable(each.path)
        if each.before is ABSENT:
            yield ValueChange(ADDED, path, shown(value(each.after)))
        elif each.after is ABSENT:
            yield ValueChange(GONE, path, shown(value(each.before)))
        else:
            yield ValueChange(CHANGED, path, (*shown(value(each.before)), *_ARROW, *shown(value(each.after))))
    before, after = change.before or {}, change.after or {}
    for key in other_attributes(change):
        path, now = printable(key), shown(value(after[key]))
        if change.before is not None:
            yield ValueChange(CHANGED, path, (*shown(value(before.get(key))), *_ARROW, *now))
        else:
            yield ValueChange(ADDED, path, now)


def other_attributes(change: Change) -> list[str]:
    """Changed attributes that `detail` does not show."""
    before, after = change.before or {}, change.after or {}
    if change.attribute == ALL_ATTRIBUTES or change.action not in (Action.SET_ROLE, Action.UPDATE, Action.CREATE):
        return []
    names = ("", *change.name.split("/")) if change.action is Action.CREATE else ()
    rest = (key for key in after if key != change.attribute and before.get(key) != after[key])
    return sorted(key for key in rest if after[key] not in names)


def reason(change: Change, plan: Plan) -> Spans:
    """Why the change is planned, if no other part of it says that."""
    match change.reason:
        case Reason.NOT_DECLARED:
            return (*own("not in "), *named(plan.source))
        case Reason.ACCESS_ENDED:
            return (*own("access ended "), *named(change.declared.get("until", "")))
        case Reason.LEFT:
            return (*own("left "), *named(change.declared.get("since", "")))
        case Reason.UNDOES:
            return (*own("undoes "), *named(plan.source))
        case Reason.NOT_HANDED_OVER if change.after is None and change.revokes_access:
            return own("its secret is marked as not stored, but may be in use")
        case other:
            return own(_WHY.get(other, ""))


def remarks(change: Change) -> list[Spans]:
    """Related values from the document, and facts about the change that are shown nowhere else."""
    declared = change.declared
    parts: list[Spans] = []
    if change.reason is not Reason.ACCESS_ENDED and "until" in declared:
        parts.append((*own("until "), *named(declared["until"])))
    parts += [(*own(f"{name}: "), *named(declared[name])) for name in ("reason", "owner") if name in declared]
    parts += [own("runs last")] if change.stage is Stage.OURSELVES else []
    return [*ways(change), *parts, *_ids(change), *_secret_places(change)]


def ways(change: Change) -> list[Spans]:
    """Through which groups someone has access, with the lines. The line of the person is that of the change."""
    shown_ways = change.through if len(change.through) <= _MOST_WAYS else change.through[: _MOST_WAYS - 1]
    found = [(*own("through "), *joined((_step(each) for each in way[:-1]), _ARROW_TEXT)) for way in shown_ways]
    more = len(change.through) - len(shown_ways)
    return [*found, own(f"through groups in {more} more ways")] if more else [*found]


def _step(step: GroupStep) -> Spans:
    return (*named(step.name), *own(" ("), *named(f"{step.place.source}:{step.place.line}"), *own(")"))


def _ids(change: Change) -> list[Spans]:
    """The id, if the name is not unique; for a new object, the ids that it is created next to or in place of."""
    if isinstance(change.key, CreationKey):
        ids = {"next to ": change.key.next_to, "in place of ": change.key.in_place_of}
        return [(*own(relation), *shown(shell_word(", ".join(each)))) for relation, each in ids.items() if each]
    if change.before is None:
        return []
    known = change.key in (change.name, folded(change.name)) or change.name.endswith(f"({change.key})")
    return [] if known or change.action is Action.SET else [(*own("id "), *shown(shell_word(change.key)))]


def _secret_places(change: Change) -> list[Spans]:
    """Where the secrets of a change are stored and read."""
    sink = sink_of(change.secrets.get(SECRET_TO))
    sources = {name: place_of(data) for name, data in (change.secrets.get(SECRETS_FROM) or {}).items()}
    parts = [
        (*shown(shell_word(name)), *own(" from "), *shown(full_description(source)))
        for name, source in sources.items()
        if source
    ]
    if allowed := change.secrets.get(SOURCES_ALLOWED):
        parts.append((*own("guards.secretSources: "), *shown(" ".join(map(shell_word, allowed)))))
    return [(*own("secret to "), *shown(full_description(sink))), *parts] if sink else parts


def remark(change: Change, plan: Plan) -> str:
    """The reason and all remarks as plain text."""
    return plain(joined([reason(change, plan), *needed_by(change, plan), *remarks(change)], " · "))


def needed_by(change: Change, plan: Plan) -> list[Spans]:
    """In a partial plan, the changes for which a change that was not chosen comes along."""
    others = plan.partial.needed.get(change.id, ()) if plan.partial else ()
    if not others:
        return []
    names = {each.id: each.name for each in plan.changes if each.id in others}
    more = own(f" and {len(names) - _SHOWN} more") if len(names) > _SHOWN else ()
    return [(*own("needed by "), *joined([named(each) for each in [*names.values()][:_SHOWN]], ", "), *more)]
