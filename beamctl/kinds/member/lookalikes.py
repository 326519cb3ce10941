"""Addresses in a document that look like others: they mix scripts, or all their letters look like Latin ones. The long
form of a member can acknowledge one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from beamctl.document.document import Document, Path
from beamctl.document.problem import Problem, ProblemCode, quoted
from beamctl.document.rules import people_in_guards
from beamctl.kinds.member.desired import SECTION
from beamctl.model.confusables import described, disguised_letter, look, mixed_letter, skeleton
from beamctl.model.email import folded, is_pattern, pattern_fault

ACKNOWLEDGED = "mixedScript"
_LONG_FORM = f"{{role: …, {ACKNOWLEDGED}: true}}"


def problems(document: Document) -> Iterator[Problem]:
    """Addresses that can be mistaken for others, unless acknowledged."""
    members, guards = _members(document.data), list(people_in_guards(document.data))
    if all(map(str.isascii, chain(members, (email for _, email in guards)))):
        return  # the common case
    listed: list[tuple[Path, str]] = [*(((SECTION, email), email) for email in members), *guards]
    acknowledged = set(_acknowledged(document.data))
    ambiguous = doubtful(email for _, email in listed)
    for path, email in listed:
        if email in ambiguous and folded(email) not in acknowledged:
            message = f"{quoted(email)} {ambiguous[email]}"
            yield Problem(document.key_place(*path), ProblemCode.LOOKALIKE_EMAIL, message, _hint(path, email))


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


def _hint(path: Path, email: str) -> str:
    again = "retype it with the intended letters"
    if pattern_fault(email):  # it is not valid in any case
        return again
    if path[0] == SECTION:
        return f"{again}; if they are intended, write {_LONG_FORM}"
    if is_pattern(email):
        return f"{again}; if they are intended, write the domain in ASCII: *@xn--…"
    return f"{again}; if they are intended, write {_LONG_FORM} under members"


def _acknowledged(data: object) -> Iterator[str]:
    for email, entry in _members(data).items():
        if isinstance(entry, dict) and entry.get(ACKNOWLEDGED) is True:
            yield folded(email)


def _members(data: object) -> Mapping[str, Any]:
    found = data.get(SECTION) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}
