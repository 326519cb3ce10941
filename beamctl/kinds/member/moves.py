"""People whose address may have changed: the hazards and notes, and which changes belong together."""

from __future__ import annotations

from collections.abc import Sequence

from beamctl.kinds.member.live import People
from beamctl.kinds.member.rename import pairs, without_tag
from beamctl.model.code import Code
from beamctl.model.email import domain, folded
from beamctl.model.fact import Fact, fact
from beamctl.model.text import printable
from beamctl.plan.change import Action, Change
from beamctl.plan.comparison import Note
from beamctl.plan.hazard import Hazard, Risk

_MOST_RENAMES = 3
"""How many moves from one domain to another are reported as separate hazards."""
_EVERYONE = "*@"
_LEAVES = frozenset({Action.REMOVE, Action.REVOKE})


def renamed(changes: Sequence[Change]) -> list[tuple[Change, Change]]:
    """Each removal that may be a rename, with the invitation of the new address."""
    leaving, coming = _moves(changes)
    invited = {change.name: change for change in changes if change.action is Action.INVITE}
    return [(leaving[old], invited[new]) for old, new in pairs(leaving, coming)]


def rename_hazards(changes: Sequence[Change]) -> list[Hazard]:
    """Removals paired with invitations of similar addresses. Many moves between two domains are one hazard."""
    leaving, coming = _moves(changes)
    by_domain: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for old, new in pairs(leaving, coming):
        by_domain.setdefault((domain(old), domain(new)), []).append((old, new))
    found = []
    for (before, after), similar in by_domain.items():
        if before != after and len(similar) > _MOST_RENAMES:
            found.append(_domain_changes(before, after, len(similar)))
        else:
            found += [_rename(leaving[old], new) for old, new in similar]
    return found


def _rename(change: Change, new: str) -> Hazard:
    before, after = printable(change.name), printable(new)
    tag = fact(Code.TAG_MAY_BE_DROPPED, email=before) if without_tag(new) == folded(change.name) else ""
    code = Code.MAYBE_RENAMED if change.action is Action.REMOVE else Code.MAYBE_RENAMED_INVITEE
    return Hazard(Risk.RENAME_SUSPECT, f"{before},{after}", Fact(code, {"before": before, "after": after, "tag": tag}))


def _domain_changes(old: str, new: str, count: int) -> Hazard:
    before, after = printable(old), printable(new)
    why = fact(Code.DOMAIN_MAYBE_RENAMED, count=count, before=before, after=after)
    return Hazard(Risk.RENAME_SUSPECT, f"{_EVERYONE}{before},{_EVERYONE}{after}", why)


def dropped_tags(changes: Sequence[Change], members: People) -> list[Note]:
    """Notes about invitations that may already exist under the address without its `+tag`."""
    leaving = {change.key for change in changes if change.action in _LEAVES}
    notes = []
    for change in changes:
        there = members.get(without_tag(change.key)) if change.action is Action.INVITE else None
        if there is not None and folded(there.email) not in leaving:
            tag = fact(Code.TAG_MAY_BE_DROPPED, email=there.email)
            notes.append(Note(fact(Code.ALREADY_THERE, email=change.name, there=there.email, tag=tag), change.place))
    return notes


def _moves(changes: Sequence[Change]) -> tuple[dict[str, Change], list[str]]:
    """Who leaves, by name, and the names of those who are invited."""
    leaving = {change.name: change for change in changes if change.action in _LEAVES}
    return leaving, [change.name for change in changes if change.action is Action.INVITE]
