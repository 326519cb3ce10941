"""The verdict of a report: what happens to whom, in one line, the worst first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from beamctl.model.identity import Role
from beamctl.model.text import printable
from beamctl.plan.change import Action, Change
from beamctl.plan.hazard import Risk
from beamctl.plan.plan import Plan
from beamctl.report.change_spans import ROLE
from beamctl.report.permissions import effect


class Consequence(Enum):
    """What a change means for its object. The worst first."""

    REMOVED = "remove"
    DELETED = "delete"
    DEMOTED = "demote"
    GETS_OTHER_ROLE = "set role"
    WITHDRAWN = "revoke"
    INVITED = "invite"
    PROMOTED = "promote"
    RESENT = "resend"
    CREATED = "create"
    UPDATED = "change"


_BY_ACTION = {
    Action.REMOVE: Consequence.REMOVED,
    Action.DELETE: Consequence.DELETED,
    Action.REVOKE: Consequence.WITHDRAWN,
    Action.INVITE: Consequence.INVITED,
    Action.RESEND: Consequence.RESENT,
    Action.CREATE: Consequence.CREATED,
    Action.UPDATE: Consequence.UPDATED,
    Action.SET: Consequence.UPDATED,
}
"""All actions but one."""


def consequence(change: Change) -> Consequence:
    """What a change means for its object."""
    if change.action is not Action.SET_ROLE:
        return _BY_ACTION[change.action]
    found = effect(change)
    if found is None or found.may_lose:
        return Consequence.GETS_OTHER_ROLE
    return Consequence.DEMOTED if found.loses else Consequence.PROMOTED


_LOSSES = frozenset(
    {Consequence.REMOVED, Consequence.DELETED, Consequence.DEMOTED, Consequence.WITHDRAWN, Consequence.GETS_OTHER_ROLE}
)


def is_loss(change: Change) -> bool:
    """Whether something or someone's access goes away."""
    return change.revokes_access or consequence(change) in _LOSSES


_ORDER = {each: number for number, each in enumerate(Consequence)}


def worst_first(changes: Iterable[Change]) -> list[Change]:
    """By consequence, and admins first."""
    return sorted(changes, key=lambda each: (_ORDER[consequence(each)], not _is_admin(each)))


def _is_admin(change: Change) -> bool:
    return (change.before or {}).get(ROLE) == Role.ADMIN.value


_MOST_PARTS = 4
"""Parts of a verdict. More are counted together, except losses."""

Verbs = Mapping[Consequence, tuple[str, str]]

_PEOPLE: Verbs = {
    Consequence.REMOVED: ("loses access", "lose access"),
    Consequence.DEMOTED: ("is demoted", "are demoted"),
    Consequence.GETS_OTHER_ROLE: ("gets another role", "get another role"),
    Consequence.INVITED: ("gains access", "gain access"),
    Consequence.PROMOTED: ("is promoted", "are promoted"),
}
_INVITATIONS: Verbs = {
    Consequence.WITHDRAWN: ("is revoked", "are revoked"),
    Consequence.RESENT: ("is sent again", "are sent again"),
}
_OBJECTS: Verbs = {
    Consequence.DELETED: ("is deleted", "are deleted"),
    Consequence.DEMOTED: ("is demoted", "are demoted"),
    Consequence.GETS_OTHER_ROLE: ("gets another role", "get another role"),
    Consequence.PROMOTED: ("is promoted", "are promoted"),
    Consequence.CREATED: ("is created", "are created"),
    Consequence.UPDATED: ("is changed", "are changed"),
}
_NOT_DECLARED = ("is not declared", "are not declared")
_MISSING = ("is missing", "are missing")
_HIGHER = ("has a higher role than declared", "have a higher role than declared")
_LOWER = ("has a lower role than declared", "have a lower role than declared")
_OTHER_ROLE = ("has another role than declared", "have another role than declared")
_PEOPLE_FOUND: Verbs = {
    Consequence.REMOVED: ("has access that is not declared", "have access that is not declared"),
    Consequence.DEMOTED: _HIGHER,
    Consequence.GETS_OTHER_ROLE: _OTHER_ROLE,
    Consequence.INVITED: _MISSING,
    Consequence.PROMOTED: _LOWER,
}
_INVITATIONS_FOUND: Verbs = {
    Consequence.WITHDRAWN: _NOT_DECLARED,
    Consequence.RESENT: ("has expired", "have expired"),
}
_OBJECTS_FOUND: Verbs = {
    Consequence.DELETED: _NOT_DECLARED,
    Consequence.DEMOTED: _HIGHER,
    Consequence.GETS_OTHER_ROLE: _OTHER_ROLE,
    Consequence.PROMOTED: _LOWER,
    Consequence.CREATED: _MISSING,
    Consequence.UPDATED: ("differs", "differ"),
}


def changes_text(plans: Sequence[Plan]) -> str:
    """What the changes of plans do. That guards are loosened comes first, because it allows everything else."""
    changes = _sentence(plans, _PEOPLE, _INVITATIONS, _OBJECTS, "change")
    return ", ".join(filter(None, ("guards are loosened" if any(map(loosens, plans)) else "", changes)))


def loosens(plan: Plan) -> bool:
    """Whether a plan loosens its own guards."""
    return any(hazard.risk is Risk.LOOSENS_GUARDS for hazard in plan.hazards)


def differences_text(plans: Sequence[Plan]) -> str:
    """What differs between workspaces and documents. The plans would undo it."""
    return _sentence(plans, _PEOPLE_FOUND, _INVITATIONS_FOUND, _OBJECTS_FOUND, "difference")


def _sentence(plans: Sequence[Plan], people: Verbs, invitations: Verbs, objects: Verbs, rest: str) -> str:
    found: Counter[tuple[Consequence, str]] = Counter()
    for plan in plans:
        for change in plan.changes:
            found[consequence(change), "" if is_person(change) else plan.sections.get(change.kind, "")] += 1
    sections = dict.fromkeys(section for plan in plans for section in plan.sections.values())
    parts: list[tuple[Consequence, int, str]] = []
    for means, verbs in people.items():
        if count := found[means, ""]:
            noun = "" if parts else " person" if count == 1 else " people"
            parts.append((means, count, f"{count:,}{noun} {verbs[count != 1]}"))
    for means, verbs in (*invitations.items(), *objects.items()):
        for section in ("",) if means in invitations else sections:
            if count := found[means, section]:
                noun = noun_of(section or "invitations", plural=count != 1)
                parts.append((means, count, f"{count:,} {noun} {verbs[count != 1]}"))
    said = [each for number, each in enumerate(parts) if number < _MOST_PARTS or each[0] in _LOSSES]
    more = found.total() - sum(count for _, count, _ in said)
    texts = [text for _, _, text in said]
    return ", ".join([*texts, *([f"{more:,} other {rest}{'s' * (more != 1)}"] if more else [])])


def is_person(change: Change) -> bool:
    """Whether the change is about a person: only people accept invitations."""
    return "standing" in (change.before or change.after or {})


def noun_of(section: str, *, plural: bool) -> str:
    """The noun for objects of a section."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", printable(section)).lower()
    text = re.sub(r"\bapi\b", "API", text)
    return text if plural else re.sub(r"ies$", "y", text) if text.endswith("ies") else text.removesuffix("s")
