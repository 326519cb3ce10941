"""Addresses of a document that a reader would take for others: they mix alphabets, or all their letters look like Latin
ones. A member's long form can acknowledge one. It must not know who is in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from beamctl.document.document import Document, Path
from beamctl.document.problem import Problem
from beamctl.document.quote import quoted
from beamctl.kinds.member.wanted import SECTION
from beamctl.model.alphabet import described, disguised_letter, mixed_letter, skeleton
from beamctl.model.email import folded

ACKNOWLEDGED = "mixedScript"
_LONG_FORM = f"{{role: …, {ACKNOWLEDGED}: true}}"

Listed = tuple[Path, str]
"""Where an address stands, and the address."""


def problems(document: Document) -> Iterator[Problem]:
    """Every address that can be taken for another, unless the document says that it is meant."""
    guards = list(_guards(document.data))
    if all(map(str.isascii, chain(_mapping(document.data, SECTION), (email for _, email in guards)))):
        return  # nearly always: the quick way
    listed = [*_members(document.data), *guards]
    acknowledged = set(_acknowledged(document.data))
    odd = doubtful(email for _, email in listed)
    for path, email in listed:
        if email in odd and folded(email) not in acknowledged:
            yield Problem(document.key_place(*path), f"{quoted(email)} {odd[email]}", _hint(path))


def doubtful(emails: Iterable[str]) -> dict[str, str]:
    """The addresses that can be taken for another, and for what."""
    found = list(emails)
    looks: dict[str, set[str]] = {}
    for email in found:
        looks.setdefault(skeleton(email), set()).add(folded(email))
    whys = {email: _why(email, looks[skeleton(email)] - {folded(email)}) for email in found if not email.isascii()}
    return {email: why for email, why in whys.items() if why}


def _why(email: str, others: set[str]) -> str:
    """What could be taken for what, in words; empty where nothing could."""
    said = [f"looks like {quoted(min(others))}, and is another address"] if others else []
    if letter := mixed_letter(email):
        said.append(f"mixes alphabets: {described(letter)}")
    elif letter := disguised_letter(email):
        said.append(f"looks like {quoted(skeleton(email))}: {described(letter)}")
    return "; it ".join(said)


def _hint(path: Path) -> str:
    if path[0] == SECTION:
        return f"write it anew with the letters that you mean; where they are meant, say so: {_LONG_FORM}"
    return f"write it anew with the letters that you mean; where they are meant, say so under members: {_LONG_FORM}"


def _members(data: object) -> Iterator[Listed]:
    for email in _mapping(data, SECTION):
        yield (SECTION, email), email


def _guards(data: object) -> Iterator[Listed]:
    guards = _mapping(data, "guards")
    protected = guards.get("protected")
    for index, email in enumerate(protected if isinstance(protected, list) else ()):
        if isinstance(email, str):
            yield ("guards", "protected", index), email
    email = _mapping(guards, "self").get("email")
    if isinstance(email, str):
        yield ("guards", "self", "email"), email


def _acknowledged(data: object) -> Iterator[str]:
    for email, entry in _mapping(data, SECTION).items():
        if isinstance(entry, dict) and entry.get(ACKNOWLEDGED) is True:
            yield folded(email)


def _mapping(data: object, key: str) -> Mapping[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}
