"""Whose e-mail may have changed: of those who leave and those who are invited, the pairs that look like one person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from beamctl.model.confusables import skeleton
from beamctl.model.email import folded

_LONGEST = 64
"""Characters before the `@` up to which an address is looked at letter by letter (RFC 5321, 4.5.3.1.1)."""
_SHORTEST = 5
"""Characters of the longer name from which one letter may be a slip: Bob and Rob are two, Kate and Katie may be one."""
_SEPARATORS = re.compile(r"[._-]+")

_Key = tuple[str, str, str]
"""In which domain, what is left out, and what remains. Two addresses are alike where they share one."""


def pairs(leaving: Iterable[str], coming: Iterable[str]) -> list[tuple[str, str]]:
    """Each of those who leave with the one who comes and is most like them, where there is one; sorted.

    The work grows with the number of people, never with its square: whoever comes is entered once under each key, and
    whoever leaves is looked up.
    """
    index: dict[_Key, str] = {}
    for email in sorted(coming):
        for key in _comes_as(email):
            index.setdefault(key, email)
    found = ((email, _first(index, _left_as(email))) for email in sorted(leaving)) if index else ()
    return [(old, new) for old, new in found if new]


def without_tag(email: str) -> str:
    """The folded address without its `+tag`, which a service may drop; empty if it has none."""
    local, at, domain = folded(email).rpartition("@")
    name, plus, _ = local.partition("+")
    return name + at + domain if plus else ""


def _first(index: dict[_Key, str], keys: Iterator[_Key]) -> str:
    return next((index[key] for key in keys if key in index), "")


def _comes_as(email: str) -> Iterator[_Key]:
    name, short, domain = _parts(email)
    yield domain, "", name
    yield "", "", name
    if short:
        yield domain, "in full", short
    for less, _ in _slips(name):
        yield domain, "one less", less
    for _, other in _slips(name):
        yield domain, "one other", other


def _left_as(email: str) -> Iterator[_Key]:
    """The same from the other side, the most alike first."""
    name, short, domain = _parts(email)
    yield domain, "", name
    yield "", "", name
    for less, other in _slips(name):
        yield domain, "", less
        yield domain, "one other", other
    yield domain, "one less", name
    for swapped in _swaps(name):
        yield domain, "", swapped
    if short:
        yield domain, "", short
    yield domain, "in full", name


def _parts(email: str) -> tuple[str, str, str]:
    """The name without what tells nobody apart (`+tag`, dots, quotes), the same with its first word as an initial, or
    empty where there is only one word, and the domain: `janedoe`, `jdoe`."""
    local, _, domain = folded(email).rpartition("@")
    words = [word for word in _SEPARATORS.split(skeleton(local.partition("+")[0])) if word]
    initial = "".join([words[0][0], *words[1:]]) if words[1:] else ""
    return "".join(words) or local, initial, skeleton(domain)


def _slips(name: str) -> Iterator[tuple[str, str]]:
    """The name without one letter, and with any other in its place. A digit is no slip: user1 and user2 are two."""
    if _SHORTEST <= len(name) <= _LONGEST:
        for at, letter in enumerate(name):
            if not letter.isdigit():
                yield name[:at] + name[at + 1 :], f"{name[:at]}\0{name[at + 1 :]}"


def _swaps(name: str) -> Iterator[str]:
    """The name with two neighbours in each other's place."""
    if _SHORTEST <= len(name) <= _LONGEST:
        for at in range(len(name) - 1):
            if name[at : at + 2].isalpha():
                yield name[:at] + name[at + 1] + name[at] + name[at + 2 :]
