"""A section that says something of people, each under their e-mail: addresses that are none, one person twice, days
that do not exist. It must not know what is said of them."""

from __future__ import annotations

import re
from datetime import date

from beamctl.document.document import Document, Path
from beamctl.document.problem import Problem
from beamctl.model.email import fault, folded

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def check(document: Document, section: Path, entry: str) -> list[Problem]:
    """What the schema cannot see in the section at a path.

    The document may have other problems; what is not as the schema says is left to the schema.

    Args:
        document: The document.
        section: Where the section stands.
        entry: What stands behind an e-mail there, for hints.
    """
    found: list[Problem] = []
    first: dict[str, str] = {}
    people = document.data
    for name in section:
        people = people.get(name) if isinstance(people, dict) else None
    for email, value in people.items() if isinstance(people, dict) else ():
        place = document.key_place
        if why := fault(email):
            found.append(Problem(place(*section, email), f"{email!r} {why}", f"write NAME@DOMAIN: {entry}"))
        key = folded(email)
        if key in first:
            line = place(*section, first[key]).line
            message = f"{email!r} is the same person as {first[key]!r} on line {line}"
            found.append(Problem(place(*section, email), message, "upper and lower case are one: keep one of the two"))
        first.setdefault(key, email)
        until = value.get("until") if isinstance(value, dict) else None
        if isinstance(until, str) and _DAY.fullmatch(until) and not _is_day(until):
            message = f"{until!r} is not a day of the calendar"
            found.append(Problem(document.place(*section, email, "until"), message, "write YYYY-MM-DD"))
    return found


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
