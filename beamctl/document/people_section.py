"""Checks of sections keyed by e-mail: invalid addresses, duplicate people and invalid dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

from beamctl.document.document import Document, Path
from beamctl.document.problem import Problem
from beamctl.document.quoting import quoted
from beamctl.model.email import fault, folded

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def check(document: Document, section: Path, entry: str, fault_of: Callable[[str], str] = fault) -> Iterator[Problem]:
    """Problems that the schema cannot express.

    The document may have other problems; schema violations are left to the schema.

    Args:
        document: The document.
        section: The path of the section.
        entry: The form of an entry in it, for hints.
        fault_of: Returns why a key is invalid; empty if it is valid.
    """
    first: dict[str, str] = {}
    people = document.data
    for name in section:
        people = people.get(name) if isinstance(people, dict) else None
    for email, value in people.items() if isinstance(people, dict) else ():
        place = document.key_place
        if why := fault_of(email):
            yield Problem(place(*section, email), f"{quoted(email)} {why}", f"write NAME@DOMAIN: {entry}")
        key = folded(email)
        if key in first:
            line = place(*section, first[key]).line
            message = f"{quoted(email)} is the same person as {quoted(first[key])} on line {line}"
            hint = "keep one of them: case and the xn-- form of a domain make no difference"
            yield Problem(place(*section, email), message, hint)
        first.setdefault(key, email)
        until = value.get("until") if isinstance(value, dict) else None
        if isinstance(until, str) and _DAY.fullmatch(until) and not _is_day(until):
            message = f"{quoted(until)} is not a valid date"
            yield Problem(document.place(*section, email, "until"), message, "write YYYY-MM-DD")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
