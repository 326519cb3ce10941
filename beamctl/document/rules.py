"""Rules that the schema cannot express and that concern no kind: guards, skipped people and duplicate workspaces. Also
builds the desired state from a valid document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from beamctl.document import people_section
from beamctl.document.document import MAX_REINVITES, Desired, Document, Guards, Limit, Mode, Path, Self, Skip
from beamctl.document.problem import Place, Problem
from beamctl.document.quoting import quoted
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
        yield _problem(document, ("guards", "self", "email"), address, fault, _ADDRESS_HINT)
    yield from people_section.check(document, _SKIP, "{until: …, reason: …}", email.pattern_fault)


def people_in_guards(data: object) -> Iterator[tuple[Path, str]]:
    """Every address and pattern in the guards, with its path. The document may be invalid."""
    guards = _mapping(data, "guards")
    yield from _strings(guards, "protected")
    address = _mapping(guards, "self").get("email")
    if isinstance(address, str):
        yield ("guards", "self", "email"), address


def too_few_admins(document: Document) -> Iterator[Problem]:
    """A `minAdmins` that an otherwise valid document cannot meet.

    It is not checked if there may be admins that are not listed: mapped from directory groups, skipped or left alone.
    """
    data = document.data
    needed, members, manage = data.get("guards", {}).get("minAdmins", 0), data.get("members"), data.get("manage", {})
    groups = any(each["role"] == "admin" for each in data.get("settings", {}).get("groupMappings", ()))
    if members is None or groups or manage.get("members") == Mode.ADDITIVE:
        return
    listed = {email.folded(address) for address in members}
    roles = [entry["role"] if isinstance(entry, dict) else entry for entry in members.values()]
    admins = roles.count("admin")
    if admins < needed and listed.issuperset(map(email.folded, manage.get("skip", {}))):
        message = f"minAdmins is {needed}, but members lists {admins} admin{'s' * (admins != 1)}"
        hint = "add an admin, lower minAdmins, or map a group to admin in settings.groupMappings"
        yield Problem(document.place("guards", "minAdmins"), message, hint)


def unseen_in_names(document: Document) -> Iterator[Problem]:
    """Every name with an invisible character, except e-mail addresses, which have checks of their own."""
    for path, text, place in _names(document, document.data, ()):
        if char := unseen(text):
            message = f"{quoted(text)} contains an invisible character: {described(char)}"
            yield Problem(place(*path), message, "delete it: names cannot contain invisible characters")


def _names(document: Document, data: object, path: Path) -> Iterator[tuple[Path, str, Callable[..., Place]]]:
    match data:
        case dict():
            pairs = path[-1:] in _PAIRS
            for key, inner in data.items():
                if pairs and isinstance(key, str):
                    yield (*path, key), key, document.key_place
                if (*path, key) not in _ADDRESSES and not (isinstance(inner, str) and (pairs or key in _FREE_TEXT)):
                    yield from _names(document, inner, (*path, key))
        case list():
            for index, inner in enumerate(data):
                yield from _names(document, inner, (*path, index))
        case str():
            yield path, data, document.place
        case _:
            return


def declared_twice(document: Document, declared: dict[str, Place]) -> Iterator[Problem]:
    """A problem if another document already declares the workspace; otherwise it is added to `declared`."""
    name = document.data.get("workspace") if isinstance(document.data, dict) else None
    if not isinstance(name, str):
        return
    place = document.place("workspace")
    known = declared.get(name)
    if known is None:
        declared[name] = place
        return
    message = f"the workspace {quoted(name)} is declared twice, first at {known.source}:{known.line}"
    hint = "pass each file only once" if known == place else "keep one document per workspace"
    yield Problem(place, message, hint)


def desired(document: Document) -> Desired:
    """The desired state from a valid document."""
    data = document.data
    manage = {section: Mode(mode) for section, mode in data.get("manage", {}).items() if section != _SKIP[-1]}
    declared = data.get("guards", {})
    guards = replace(guards_of(declared), source=document)
    max_reinvites = int(declared.get("maxReinvites", MAX_REINVITES))
    return Desired(data["workspace"], document, guards, manage, _skip(document), max_reinvites)


def _skip(document: Document) -> dict[str, Skip]:
    skipped = document.data.get("manage", {}).get("skip", {})
    return {
        email.folded(address): Skip(
            address, date.fromisoformat(entry["until"]), entry["reason"], document.key_place(*_SKIP, address)
        )
        for address, entry in skipped.items()
    }


def guards_of(data: Mapping[str, Any]) -> Guards:
    """The guards from a document or a run record, with defaults filled in."""
    default = Guards()
    runs_as = data.get("self")
    return Guards(
        min_admins=int(data.get("minAdmins", default.min_admins)),
        max_removals=_limit(data["maxRemovals"]) if "maxRemovals" in data else default.max_removals,
        allowed_domains=tuple(map(email.folded, data["allowedDomains"])) if "allowedDomains" in data else None,
        protected=tuple(email.folded(address) for address in data.get("protected", ())),
        secret_sources=tuple(data.get("secretSources", default.secret_sources)),
        prevent_destroy=data.get("preventDestroy", default.prevent_destroy),
        runs_as=Self(runs_as.get("email", ""), runs_as.get("serviceAccount", "")) if runs_as else None,
    )


def _limit(written: str | float) -> Limit:
    if isinstance(written, str):
        return Limit(int(written.removesuffix("%")), percent=True)
    return Limit(int(written))


_SKIP = "manage", "skip"
_ADDRESSES = frozenset(
    {("members",), ("guards", "self", "email"), ("guards", "protected"), ("guards", "allowedDomains")}
)
"""Paths that hold e-mail addresses and no other names."""
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
            yield _problem(document, path, address, fault, _PATTERN_HINT)
    yield from _repeated(document, key, guards)


def _domains(document: Document, guards: dict[str, Any]) -> Iterator[Problem]:
    for path, domain in _strings(guards, "allowedDomains"):
        if not email.is_domain(domain):
            hint = "list each domain; wildcards are not supported" if "*" in domain else _DOMAIN_HINT
            yield _problem(document, path, domain, "is not a domain", hint)
    yield from _repeated(document, "allowedDomains", guards)


def _repeated(document: Document, key: str, guards: dict[str, Any]) -> Iterator[Problem]:
    first: dict[str, Place] = {}
    for path, text in _strings(guards, key):
        folded = email.folded(text)
        if folded in first:
            message = f"is listed twice, first on line {first[folded].line}"
            yield _problem(document, path, text, message, "delete one of them")
        first.setdefault(folded, document.place(*path))


def _strings(guards: dict[str, Any], key: str) -> Iterator[tuple[Path, str]]:
    items = guards.get(key)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, str):
            yield ("guards", key, index), item


def _mapping(data: object, key: str) -> dict[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _problem(document: Document, path: Path, text: str, fault: str, hint: str) -> Problem:
    return Problem(document.place(*path), f"{quoted(text)} {fault}", hint)
