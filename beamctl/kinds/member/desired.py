"""The `members` section: who should have access, in which role, until when. Also finds addresses that look like others:
they mix scripts, or all their letters look like Latin ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import Any

from beamctl.document.document import Document, Path
from beamctl.document.grants import THEN
from beamctl.document.problem import Problem, ProblemCode, quoted
from beamctl.document.rules import check_people, people_in_guards
from beamctl.model.confusables import described, disguised_letter, look, mixed_letter, skeleton
from beamctl.model.email import folded, is_pattern, pattern_fault
from beamctl.model.identity import Role

SECTION = "members"
_ANNOTATIONS = ("until", "reason", "owner")


@dataclass(frozen=True, slots=True)
class DesiredMember:
    """How a person is declared. Entries that consist of a role share one object.

    Attributes:
        role: The declared role, even after `until`.
        until: The first day, in UTC, without this role; None for no end.
        declared: `until`, `reason` and `owner` as written.
        then: What is declared from `until` on, if groups give a lower role for longer; None for no access.
    """

    role: Role
    until: date | None = None
    declared: Mapping[str, str] = field(default_factory=dict)
    then: DesiredMember | None = None

    def at(self, today: date) -> DesiredMember:
        """What holds on that day: without `then`, itself, even after `until`."""
        is_over = self.until is not None and today >= self.until
        return self.then.at(today) if is_over and self.then is not None else self

    def on(self, today: date) -> Role | None:
        """The role on that day; None if access has ended."""
        now = self.at(today)
        return None if now.until is not None and today >= now.until else now.role


_BY_ROLE = {role.value: DesiredMember(role) for role in Role}


def desired_members(section: Mapping[str, Any]) -> tuple[dict[str, DesiredMember], dict[str, str]]:
    """All people in a valid section by folded e-mail, and the e-mails that are written differently."""
    found: dict[str, DesiredMember] = {}
    written: dict[str, str] = {}
    for email, value in section.items():
        key = folded(email)
        found[key] = _BY_ROLE[value] if type(value) is str else _entry(value)
        if key != email:
            written[key] = email
    return found, written


def _entry(value: Mapping[str, Any]) -> DesiredMember:
    until = date.fromisoformat(value["until"]) if "until" in value else None
    declared = {name: value[name] for name in _ANNOTATIONS if name in value}
    later = value.get(THEN)
    then = None if later is None else _BY_ROLE[later] if type(later) is str else _entry(later)
    return DesiredMember(Role(value["role"]), until, declared, then)


def problems(document: Document) -> Iterator[Problem]:
    """What the schema cannot detect: invalid addresses, duplicates, invalid dates."""
    yield from check_people(document, (SECTION,), "role")


ACKNOWLEDGED = "mixedScript"
_LONG_FORM = f"{{role: …, {ACKNOWLEDGED}: true}}"


def lookalike_problems(document: Document) -> Iterator[Problem]:
    """Addresses that can be mistaken for others, unless acknowledged."""
    members, guards = _members_of(document.data), list(people_in_guards(document.data))
    if all(map(str.isascii, chain(members, (email for _, email in guards)))):
        return  # the common case
    listed: list[tuple[Path, str]] = [*(((SECTION, email), email) for email in members), *guards]
    acknowledged = set(_acknowledged(document.data))
    ambiguous = doubtful(email for _, email in listed)
    for path, email in listed:
        if email in ambiguous and folded(email) not in acknowledged:
            message = f"{quoted(email)} {ambiguous[email]}"
            hint = _lookalike_hint(path, email, is_in_group=path in document.fragments)
            yield Problem(document.key_place(*path), ProblemCode.LOOKALIKE_EMAIL, message, hint)


def doubtful(emails: Iterable[str]) -> dict[str, str]:
    """The addresses that can be mistaken for others, with the reason."""
    found = list(emails)
    looks: dict[str, dict[str, str]] = {}
    for email in found:
        looks.setdefault(skeleton(email), {})[folded(email)] = email
    whys = {email: _why(email, looks[skeleton(email)]) for email in found if not email.isascii()}
    return {email: why for email, why in whys.items() if why}


def _why(email: str, alike: Mapping[str, str]) -> str:
    """The reason as text; empty if there is none."""
    others = [other for key, other in alike.items() if key != folded(email)]
    reasons = [f"looks like {quoted(min(others))}, but is a different address"] if others else []
    if letter := mixed_letter(email):
        reasons.append(f"mixes alphabets: {described(letter)}")
    elif letter := disguised_letter(email):
        reasons.append(f"looks like {quoted(look(email))}: {described(letter)}")
    return "; it ".join(reasons)


def _lookalike_hint(path: Path, email: str, *, is_in_group: bool) -> str:
    again = "retype it with the intended letters"
    if pattern_fault(email):  # it is not valid in any case
        return again
    if is_in_group and path[0] == SECTION:
        return f"{again}; if they are intended, add {ACKNOWLEDGED}: true"
    if path[0] == SECTION:
        return f"{again}; if they are intended, write {_LONG_FORM}"
    if is_pattern(email):
        return f"{again}; if they are intended, write the domain in ASCII: *@xn--…"
    return f"{again}; if they are intended, write {_LONG_FORM} under members"


def _acknowledged(data: object) -> Iterator[str]:
    for email, entry in _members_of(data).items():
        if isinstance(entry, dict) and entry.get(ACKNOWLEDGED) is True:
            yield folded(email)


def _members_of(data: object) -> Mapping[str, Any]:
    found = data.get(SECTION) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}
