"""A section that says something of people, each under their e-mail: addresses that are not valid, one person twice,
days that do not exist."""

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
    """What the schema cannot see in the section at a path.

    The document may have other problems; what is not as the schema says is left to the schema.

    Args:
        document: The document.
        section: Where the section stands.
        entry: What stands behind an e-mail there, for hints.
        fault_of: Says why a key is not valid; empty if it is.
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
