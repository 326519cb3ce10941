"""Access through groups: who is a member of a workspace because of the groups that it names, in which role, and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from beamctl.document.desired import GroupStep
from beamctl.document.document import Document, Fragment, Path
from beamctl.document.groups import FOREVER, SECTION, DeclaredGroup, Groups
from beamctl.document.rules import is_no_day
from beamctl.model.email import folded
from beamctl.model.identity import Role

MEMBERS = "members"
THEN = "then"
"""The key of an expanded entry that says what holds from `until` on."""
_RANKS = {role.value: rank for rank, role in enumerate((Role.ADMIN, Role.MEMBER, Role.VIEWER))}
"""The highest role first."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a workspace gives a group.

    Attributes:
        name: The group.
        role: The role of its people.
        end: The first day without it, or `FOREVER`.
        reason: Why; empty if it does not say.
        owner: Who is responsible; empty if it does not say.
    """

    name: str
    role: str
    end: str = FOREVER
    reason: str = ""
    owner: str = ""


def grants_of(members: Mapping[str, Any]) -> list[Grant]:
    """The valid grants in a section, by name. The schema and the date check report the others."""
    section = members.get(SECTION)
    found = []
    for name, value in section.items() if isinstance(section, dict) else ():
        entry = value if isinstance(value, dict) else {"role": value}
        texts = {key: entry.get(key, "") for key in ("role", "until", "reason", "owner")}
        valid = all(isinstance(each, str) for each in texts.values()) and texts["role"] in _RANKS
        if valid and not is_no_day(texts["until"]):
            found.append(Grant(name, texts["role"], texts["until"] or FOREVER, texts["reason"], texts["owner"]))
    return sorted(found, key=lambda grant: grant.name)


class Offer(NamedTuple):
    """Access that one grant gives one person.

    Attributes:
        role: The role.
        end: The first day without it, or `FOREVER`.
        email: As written in the group.
        entry: As under `members`, with the role.
        path: Of the entry under `members`.
        fragment: Where the person is listed.
    """

    role: str
    end: str
    email: str
    entry: Any
    path: Path
    fragment: Fragment


class Expansion:
    """Expands grants, each distinct one once: workspaces that give a group the same share its entries."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self._fragments: dict[str, Mapping[Path, Fragment]] = {}
        self._offers: dict[Grant, dict[str, Offer]] = {}

    def size(self, grants: Iterable[Grant]) -> int:
        """To how many groups and people these grants expand, counting each time."""
        return sum(len(self._groups.reached(each.name)) + len(self._groups.people(each.name)) for each in grants)

    def fragments(self, grants: Iterable[Grant]) -> Mapping[Path, Fragment]:
        """Where all groups behind these grants are declared: their files count, even if they list no one."""
        found: dict[Path, Fragment] = {}
        for name in {grant.name for grant in grants}:
            if name not in self._fragments:
                groups = filter(None, map(self._groups.get, self._groups.reached(name)))
                self._fragments[name] = {
                    (SECTION, each.name): Fragment(each.document, (SECTION, each.name)) for each in groups
                }
            found |= self._fragments[name]
        return found

    def members(self, grants: Iterable[Grant], listed: Iterable[str]) -> dict[str, Offer]:
        """Everyone with access through groups, by folded e-mail, except those who are listed directly."""
        found: dict[str, Offer] = {}
        several: dict[str, list[Offer]] = {}
        for grant in grants:
            offers = self._of(grant)
            for key in found.keys() & offers.keys():
                several.setdefault(key, [found[key]]).append(offers[key])
            found |= offers
        for key, offers_of_one in several.items():
            found[key] = _combined(offers_of_one)
        for email in listed if found else ():
            found.pop(folded(email), None)
        return found

    def _of(self, grant: Grant) -> dict[str, Offer]:
        if grant not in self._offers:
            shared: dict[str, Any] = {}
            self._offers[grant] = {
                key: _offer(grant, key, groups, shared) for key, groups in self._groups.people(grant.name).items()
            }
        return self._offers[grant]


def _offer(grant: Grant, key: str, groups: tuple[DeclaredGroup, ...], shared: dict[str, Any]) -> Offer:
    """The offer of one grant to one person, through the group in which the person is longest."""
    group = groups[0] if len(groups) == 1 else max(groups, key=lambda each: each.end(key))  # the nearest of several
    about = group.entry(key)
    end = min(grant.end, group.end(key))
    email = group.people[key]
    if about or group.name not in shared:
        texts = {
            "until": "" if end == FOREVER else end,
            "reason": about.get("reason") or grant.reason,
            "owner": about.get("owner") or grant.owner or group.owner,
        }
        said = {name: text for name, text in texts.items() if text and isinstance(text, str)}
        entry: Any = {"role": grant.role} | said
        if any(each.entry(key).get("mixedScript") is True for each in groups):
            entry["mixedScript"] = True
        entry = grant.role if len(entry) == 1 else entry
        if not about:
            shared[group.name] = entry
    else:
        entry = shared[group.name]
    return Offer(grant.role, end, email, entry, (MEMBERS, email), Fragment(group.document, group.path(key)))


def _combined(offers: list[Offer]) -> Offer:
    """One offer instead of several: the highest role of each day. A lower role follows when a higher one has ended."""
    kept: list[Offer] = []
    for each in sorted(offers, key=lambda offer: _RANKS[offer.role]):
        last = kept[-1] if kept else None
        if last and last.role == each.role:
            kept[-1] = each if each.end > last.end else last
        elif not last or each.end > last.end:
            kept.append(each)
    acknowledged = any(isinstance(each.entry, dict) and each.entry.get("mixedScript") for each in offers)
    entry: Any = None
    for each in reversed(kept):
        own = each.entry if isinstance(each.entry, dict) else {"role": each.role}
        entry = each.entry if entry is None else {**own, THEN: entry}
    if acknowledged:
        entry = {**(entry if isinstance(entry, dict) else {"role": entry}), "mixedScript": True}
    return kept[0]._replace(end=kept[-1].end, entry=entry)


@dataclass(frozen=True, slots=True)
class Through(Mapping[str, tuple[tuple[GroupStep, ...], ...]]):
    """The ways of people into a workspace, by folded e-mail. Only those that are asked for are found.

    Attributes:
        document: Of the workspace.
        grants: What it gives to groups.
        groups: All groups.
        found: Everyone who has access through groups only.
    """

    document: Document
    grants: tuple[Grant, ...]
    groups: Groups
    found: Mapping[str, Offer]

    def __getitem__(self, key: str) -> tuple[tuple[GroupStep, ...], ...]:
        """The ways that give the person the role they have, or will have after a higher one has ended."""
        if key not in self.found:
            raise KeyError(key)
        ways = [
            (grant, min(grant.end, group.end(key)), group)
            for grant in self.grants
            for group in sorted(
                self.groups.people(grant.name).get(key, ()), key=lambda each: each.end(key), reverse=True
            )
        ]
        ends: dict[int, str] = {}
        for grant, end, _ in ways:
            ends[_RANKS[grant.role]] = max(end, ends.get(_RANKS[grant.role], ""))
        ways.sort(key=lambda way: way[1], reverse=True)
        ways.sort(key=lambda way: _RANKS[way[0].role])  # the first is the one in the composed entry
        return tuple(
            tuple(self._steps(grant, group, key))
            for grant, end, group in ways
            if all(end > higher for rank, higher in ends.items() if rank < _RANKS[grant.role])
        )

    def __iter__(self) -> Iterator[str]:
        """Everyone who has access through groups only."""
        return iter(self.found)

    def __len__(self) -> int:
        """How many they are."""
        return len(self.found)

    def _steps(self, grant: Grant, group: DeclaredGroup, key: str) -> Iterator[GroupStep]:
        yield GroupStep(grant.name, self.document.key_place(MEMBERS, SECTION, grant.name))
        reached = self.groups.reached(grant.name)
        trail = [group.name]
        while reached[trail[-1]]:
            trail.append(reached[trail[-1]])
        for outer, inner in zip(trail[:0:-1], trail[-2::-1], strict=True):
            if including := self.groups.get(outer):
                yield GroupStep(inner, including.include_place(inner))
        yield GroupStep(group.people[key], group.document.key_place(*group.path(key)))
