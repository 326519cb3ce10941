"""People who may only have another address now: what a plan says of them, and which changes belong together."""

from __future__ import annotations

from collections.abc import Sequence

from beamctl.kinds.member.live import People
from beamctl.kinds.member.rename import pairs, without_tag
from beamctl.model.email import domain, folded
from beamctl.model.text import printable
from beamctl.plan.change import Action, Change
from beamctl.plan.comparison import Note
from beamctl.plan.hazard import Hazard, Risk

_MOST_RENAMES = 3
"""From one domain to another, as a hazard each."""
_EVERYONE = "*@"
_LEAVES = frozenset({Action.REMOVE, Action.REVOKE})
_DROPS_TAGS = "the service may drop the +tag of an address: if both are one person, write {}, as the API shows it"


def renamed(changes: Sequence[Change]) -> list[tuple[Change, Change]]:
    """Each removal of a person who may only have another address, with the invitation of that address."""
    leaving, coming = _moves(changes)
    invited = {change.name: change for change in changes if change.action is Action.INVITE}
    return [(leaving[old], invited[new]) for old, new in pairs(leaving, coming)]


def rename_hazards(changes: Sequence[Change]) -> list[Hazard]:
    """Somebody leaves, and somebody very alike is invited. Many who go from one domain to another are one hazard."""
    leaving, coming = _moves(changes)
    by_domain: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for old, new in pairs(leaving, coming):
        by_domain.setdefault((domain(old), domain(new)), []).append((old, new))
    found = []
    for (before, after), alike in by_domain.items():
        if before != after and len(alike) > _MOST_RENAMES:
            found.append(_domain_changes(before, after, len(alike)))
        else:
            found += [_rename(leaving[old], new) for old, new in alike]
    return found


def _rename(change: Change, new: str) -> Hazard:
    before, after = printable(change.name), printable(new)
    if change.action is Action.REMOVE:
        then = f"{before} would lose access until {after} accepts; keep both listed until then"
    else:
        then = f"the invitation of {before} would be void, and {after} would have to accept one"
    if without_tag(new) == folded(change.name):
        then += f"; {_DROPS_TAGS.format(before)}"
    return Hazard(Risk.RENAME_SUSPECT, f"{before},{after}", f"an e-mail that changed? {then}")


def _domain_changes(old: str, new: str, count: int) -> Hazard:
    before, after = printable(old), printable(new)
    because = (
        f"a domain that changed? {count} people at {before} would leave, and very similar e-mails at {after} would be "
        "invited: each would have no access until the new one accepts; keep both listed until then"
    )
    return Hazard(Risk.RENAME_SUSPECT, f"{_EVERYONE}{before},{_EVERYONE}{after}", because)


def dropped_tags(changes: Sequence[Change], everybody: People) -> list[Note]:
    """Whose invitation the service may have sent already, to the address without the `+tag`."""
    leaving = {change.key for change in changes if change.action in _LEAVES}
    notes = []
    for change in changes:
        there = everybody.get(without_tag(change.key)) if change.action is Action.INVITE else None
        if there is not None and folded(there.email) not in leaving:
            text = f"{change.name} would be invited, and {there.email} is in the workspace"
            notes.append(Note(f"{text}; {_DROPS_TAGS.format(there.email)}", change.place))
    return notes


def _moves(changes: Sequence[Change]) -> tuple[dict[str, Change], list[str]]:
    """Who leaves, by name, and the names of those who are invited."""
    leaving = {change.name: change for change in changes if change.action in _LEAVES}
    return leaving, [change.name for change in changes if change.action is Action.INVITE]
