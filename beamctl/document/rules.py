"""Rules that the schema cannot express and that concern no single kind: guards, people, names, duplicate workspaces."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from datetime import date
from typing import Any, TypeGuard

from beamctl.document.desired import SKIP, Mode
from beamctl.document.document import Document, Path
from beamctl.document.problem import Place, Problem, ProblemCode, quoted
from beamctl.model import email
from beamctl.model.confusables import described
from beamctl.model.text import unseen


def check(document: Document) -> Iterator[Problem]:
    """Problems in the guards and in `manage.skip`. Schema violations are left to the schema."""
    guards = _mapping(document.data, "guards")
    yield from _addresses(document, "protected", guards)
    yield from _domains(document, guards)
    address = _mapping(guards, "self").get("email")
    if isinstance(address, str) and (fault := email.fault(address)):
        message = f"{quoted(address)} {fault}"
        yield Problem(document.place("guards", "self", "email"), ProblemCode.INVALID_EMAIL, message, _ADDRESS_HINT)
    yield from check_people(document, SKIP, "{until: …, reason: …}", email.pattern_fault)


def people_in_guards(data: object) -> Iterator[tuple[Path, str]]:
    """Every address and pattern in the guards, with its path. The document may be invalid."""
    guards = _mapping(data, "guards")
    yield from _strings(guards, "protected")
    address = _mapping(guards, "self").get("email")
    if isinstance(address, str):
        yield ("guards", "self", "email"), address


def too_few_admins(document: Document, leavers: Collection[str]) -> Iterator[Problem]:
    """A `minAdmins` that an otherwise valid document cannot meet. Leavers, by folded e-mail, do not count.

    It is not checked if there may be admins that are not listed: mapped from directory groups, skipped or left alone.
    """
    data = document.data
    needed, members, manage = data.get("guards", {}).get("minAdmins", 0), data.get("members"), data.get("manage", {})
    groups = any(each["role"] == "admin" for each in data.get("settings", {}).get("groupMappings", ()))
    if not needed or members is None or groups or manage.get("members") == Mode.ADDITIVE:
        return
    listed = {email.folded(address) for address in members}
    staying = [entry for address, entry in members.items() if not leavers or email.folded(address) not in leavers]
    admins = [entry["role"] if isinstance(entry, dict) else entry for entry in staying].count("admin")
    if admins < needed and listed.issuperset(map(email.folded, manage.get("skip", {}))):
        message = f"minAdmins is {needed}, but members lists {admins} admin{'s' * (admins != 1)}"
        message += ", not counting leavers" if len(staying) < len(members) else ""
        hint = "add an admin, lower minAdmins, or map a group to admin in settings.groupMappings"
        yield Problem(document.place("guards", "minAdmins"), ProblemCode.TOO_FEW_ADMINS, message, hint)


def unseen_in_names(document: Document) -> Iterator[Problem]:
    """Every name with an invisible character, except e-mail addresses, which have checks of their own."""
    for path, text, place in _names(document, document.data, ()):
        if char := unseen(text):
            message = f"{quoted(text)} contains an invisible character: {described(char)}"
            hint = "delete it: names cannot contain invisible characters"
            yield Problem(place(*path), ProblemCode.HIDDEN_CHARACTER, message, hint)


def _names(document: Document, data: object, path: Path) -> Iterator[tuple[Path, str, Callable[..., Place]]]:
    match data:
        case dict():
            pairs = path[-1:] in _PAIRS
            for key, inner in data.items():
                if pairs and isinstance(key, str):
                    yield (*path, key), key, document.key_place
                is_address = (*path, key) in _ADDRESSES or (path[:1] == ("groups",) and key == "members")
                if not is_address and not (isinstance(inner, str) and (pairs or key in _FREE_TEXT)):
                    yield from _names(document, inner, (*path, key))
        case list():
            for index, inner in enumerate(data):
                yield from _names(document, inner, (*path, index))
        case str():
            yield path, data, document.place
        case _:
            return


def at_line(place: Place, seen_from: Place | None) -> str:
    """Where something is, for messages: `on line 3`, or `at FILE:3` if it is in another file."""
    if seen_from and seen_from.source == place.source:
        return f"on line {place.line}"
    return f"at {place.source}:{place.line}"


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ADDRESSES = frozenset(
    {("members",), ("leavers",), ("guards", "self", "email"), ("guards", "protected"), ("guards", "allowedDomains")}
)
"""Paths that hold e-mail addresses and no other names, apart from those of groups, whose form the schema checks."""
_PAIRS = frozenset({("labels",), ("config",), ("secret",)})
"""Mappings whose keys are names, but whose strings are not."""
_FREE_TEXT = frozenset({"displayName", "description", "reason", "owner"})
"""Keys of free text."""
_PATTERN_HINT = "write an address such as ada@example.com, or '*@example.com' for everyone at a domain"
_ADDRESS_HINT = "write an address such as ada@example.com"
_DOMAIN_HINT = "write the part after the @ of an address, such as example.com"


def _addresses(document: Document, key: str, guards: dict[str, Any]) -> Iterator[Problem]:
    for path, address in _strings(guards, key):
        if fault := email.pattern_fault(address):
            yield Problem(document.place(*path), ProblemCode.INVALID_EMAIL, f"{quoted(address)} {fault}", _PATTERN_HINT)
    yield from _repeated(document, key, guards)


def _domains(document: Document, guards: dict[str, Any]) -> Iterator[Problem]:
    for path, domain in _strings(guards, "allowedDomains"):
        if not email.is_domain(domain):
            hint = "list each domain; wildcards are not supported" if "*" in domain else _DOMAIN_HINT
            yield Problem(document.place(*path), ProblemCode.INVALID_DOMAIN, f"{quoted(domain)} is not a domain", hint)
    yield from _repeated(document, "allowedDomains", guards)


def _repeated(document: Document, key: str, guards: dict[str, Any]) -> Iterator[Problem]:
    first: dict[str, Place] = {}
    for path, text in _strings(guards, key):
        folded = email.folded(text)
        if folded in first:
            message = f"{quoted(text)} is listed twice, first on line {first[folded].line}"
            yield Problem(document.place(*path), ProblemCode.DUPLICATE_ENTRY, message, "delete one of them")
        first.setdefault(folded, document.place(*path))


def _strings(guards: dict[str, Any], key: str) -> Iterator[tuple[Path, str]]:
    items = guards.get(key)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, str):
            yield ("guards", key, index), item


def _mapping(data: object, key: str) -> dict[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def check_people(
    document: Document, section: Path, entry: str, fault_of: Callable[[str], str] = email.fault, day: str = "until"
) -> Iterator[Problem]:
    """Problems that the schema cannot express.

    The document may have other problems; schema violations are left to the schema.

    Args:
        document: The document.
        section: The path of the section.
        entry: The form of an entry in it, for hints.
        fault_of: Returns why a key is invalid; empty if it is valid.
        day: The key of the day in an entry.
    """
    first: dict[str, str] = {}
    people = document.data
    for name in section:
        people = people.get(name) if isinstance(people, dict) else None
    if not isinstance(people, dict):
        return
    if email.all_plain(people):  # nearly always
        people = {address: value for address, value in people.items() if type(value) is dict}
    for address, value in people.items():
        place = document.key_place
        if why := fault_of(address):
            yield Problem(
                place(*section, address),
                ProblemCode.INVALID_EMAIL,
                f"{quoted(address)} {why}",
                f"write NAME@DOMAIN: {entry}",
            )
        key = email.folded(address)
        if key in first:
            yield same_person(address, first[key], place(*section, address), place(*section, first[key]))
        else:
            first[key] = address
        until = value.get(day) if isinstance(value, dict) else None
        if is_no_day(until):
            yield day_problem(document.place(*section, address, day), until)


def same_person(address: str, first: str, place: Place, first_place: Place) -> Problem:
    """The problem with a person who is listed twice."""
    message = f"{quoted(address)} is the same person as {quoted(first)} {at_line(first_place, place)}"
    hint = "keep one of them: case does not matter, and a domain is the same in its xn-- form"
    if address == first:
        message = f"{quoted(address)} is listed twice, first {at_line(first_place, place)}"
        hint = "keep one of them"
    return Problem(place, ProblemCode.DUPLICATE_EMAIL, message, hint)


def is_no_day(value: object) -> TypeGuard[str]:
    """Whether a value is written like a date, but there is no such day. The schema detects everything else."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return True
    return False


def day_problem(place: Place, value: str) -> Problem:
    """The problem with such a value."""
    hint = "there is no such day: check the year, month and day"
    return Problem(place, ProblemCode.INVALID_DATE, f"{quoted(value)} is not a valid date", hint)
