"""People whose e-mail may have changed: similar addresses among those removed and those invited, and the hazards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from beamctl.kinds.member.live import People
from beamctl.model.code import Code
from beamctl.model.confusables import skeleton
from beamctl.model.email import domain, folded
from beamctl.model.fact import Fact, fact
from beamctl.model.text import printable
from beamctl.plan.change import Action, Change
from beamctl.plan.comparison import Note
from beamctl.plan.hazard import Hazard, Risk

_LONGEST = 64
"""Longest local part that is compared letter by letter (RFC 5321, 4.5.3.1.1)."""
_SHORTEST = 5
"""Shortest name in which one letter may be a typo: Bob and Rob are two people, Kate and Katie may be one."""
_SEPARATORS = re.compile(r"[._-]+")

_Key = tuple[str, str, str]
"""Domain, kind of edit, and remaining name. Addresses that share a key are similar."""


def pairs(leaving: Iterable[str], coming: Iterable[str]) -> list[tuple[str, str]]:
    """Each removed address with the most similar invited one, if any; sorted.

    Linear in the number of people: invited addresses are indexed by key, removed ones are looked up.
    """
    index: dict[_Key, str] = {}
    for email in sorted(coming):
        for key in _invited_keys(email):
            index.setdefault(key, email)
    found = ((email, _first(index, _removed_keys(email))) for email in sorted(leaving)) if index else ()
    return [(old, new) for old, new in found if new]


def _without_tag(email: str) -> str:
    """The folded address without its `+tag`, which the API may drop; empty if it has none."""
    local, at, domain = folded(email).rpartition("@")
    name, plus, _ = local.partition("+")
    return name + at + domain if plus else ""


def _first(index: dict[_Key, str], keys: Iterator[_Key]) -> str:
    return next((index[key] for key in keys if key in index), "")


def _invited_keys(email: str) -> Iterator[_Key]:
    name, short, domain = _parts(email)
    yield domain, "", name
    yield "", "", name
    if short:
        yield domain, "in full", short
    for less, _ in _typos(name):
        yield domain, "one less", less
    for _, other in _typos(name):
        yield domain, "one other", other


def _removed_keys(email: str) -> Iterator[_Key]:
    """The matching keys of a removed address, most similar first."""
    name, short, domain = _parts(email)
    yield domain, "", name
    yield "", "", name
    for less, other in _typos(name):
        yield domain, "", less
        yield domain, "one other", other
    yield domain, "one less", name
    for swapped in _swaps(name):
        yield domain, "", swapped
    if short:
        yield domain, "", short
    yield domain, "in full", name


def _parts(email: str) -> tuple[str, str, str]:
    """The name without what does not identify a person (`+tag`, dots, quotes), the same with its first word as an
    initial (empty if there is only one word), and the domain: `janedoe`, `jdoe`."""
    local, _, domain = folded(email).rpartition("@")
    words = [word for word in _SEPARATORS.split(skeleton(local.partition("+")[0])) if word]
    initial = "".join([words[0][0], *words[1:]]) if words[1:] else ""
    return "".join(words) or local, initial, skeleton(domain)


def _typos(name: str) -> Iterator[tuple[str, str]]:
    """The name without one letter, and with any letter in its place. Digits are not typos: user1 and user2 are two
    people."""
    if _SHORTEST <= len(name) <= _LONGEST:
        for at, letter in enumerate(name):
            if not letter.isdigit():
                yield name[:at] + name[at + 1 :], f"{name[:at]}\0{name[at + 1 :]}"


def _swaps(name: str) -> Iterator[str]:
    """The name with two adjacent letters swapped."""
    if _SHORTEST <= len(name) <= _LONGEST:
        for at in range(len(name) - 1):
            if name[at : at + 2].isalpha():
                yield name[:at] + name[at + 1] + name[at] + name[at + 2 :]


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
    tag = fact(Code.TAG_MAY_BE_DROPPED, email=before) if _without_tag(new) == folded(change.name) else ""
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
        there = members.get(_without_tag(change.key)) if change.action is Action.INVITE else None
        if there is not None and folded(there.email) not in leaving:
            tag = fact(Code.TAG_MAY_BE_DROPPED, email=there.email)
            notes.append(Note(fact(Code.ALREADY_THERE, email=change.name, there=there.email, tag=tag), change.place))
    return notes


def _moves(changes: Sequence[Change]) -> tuple[dict[str, Change], list[str]]:
    """Who is removed, by name, except leavers, and the names of those who are invited."""
    leaving = {change.name: change for change in changes if change.action in _LEAVES and change.counts_as_removal}
    return leaving, [change.name for change in changes if change.action is Action.INVITE]
