"""The `serviceAccounts` section: which service accounts a document wants, and which API keys of each. It must not know
which there are."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from beamctl.document.document import Document, Path
from beamctl.document.problem import Problem
from beamctl.document.quoting import quoted
from beamctl.kinds.service_account.pending_marker import Description, description
from beamctl.model.duration import duration
from beamctl.model.role import Role
from beamctl.model.secret import SECRET_TO, File, one_place, sink_of

SECTION = "serviceAccounts"
KEYS = "apiKeys"
LONGEST = timedelta(days=3650)
"""How long a key may live: ten years, as the API has it."""
OR_SHOWN = f"add {SECRET_TO} here, or apply on a terminal with --reveal-secrets"
"""What to do about a secret that has nowhere to go."""
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._@/+:-]{0,98}[A-Za-z0-9])?", re.ASCII)
_LETTERS = "write letters, digits and ._@/+:- or spaces between them, up to 100"

Sink = Mapping[str, Any] | None
"""Where a secret goes, as the document has it; None where it does not say."""


@dataclass(frozen=True, slots=True)
class DesiredKey:
    """One API key as the document has it.

    Attributes:
        name: Its name.
        expires_in: How long each lives, as written; empty for no end.
        rotate_before: How long before its end a new one is made; None for not before its end.
        keep_old: How old a new one must be before the old one goes.
        sink: Where each new one goes.
    """

    name: str
    expires_in: str = ""
    rotate_before: timedelta | None = None
    keep_old: timedelta = timedelta()
    sink: Sink = None


@dataclass(frozen=True, slots=True)
class DesiredAccount:
    """One service account as the document has it.

    Attributes:
        name: Its name.
        role: Its role.
        description: What it is for; may be empty.
        client_id: Which one is meant; empty for the one of that name.
        sink: Where its client secret goes.
        keys: Its API keys; None where the document says nothing of them.
    """

    name: str
    role: Role
    description: str = ""
    client_id: str = ""
    sink: Sink = None
    keys: tuple[DesiredKey, ...] | None = None


def is_name(text: str) -> bool:
    """Whether a service account or an API key may be called so in a document."""
    return bool(_NAME.fullmatch(text))


def wanted(section: Mapping[str, Any]) -> list[DesiredAccount]:
    """The service accounts that a section without problems lists."""
    return [
        DesiredAccount(
            name=name,
            role=Role(entry["role"]),
            description=entry.get("description", "").strip(),
            client_id=entry.get("clientId", ""),
            sink=entry.get(SECRET_TO),
            keys=tuple(_key(key, value) for key, value in entry[KEYS].items()) if KEYS in entry else None,
        )
        for name, entry in section.items()
    ]


def _key(name: str, entry: Mapping[str, Any]) -> DesiredKey:
    rotate_before, keep_old = duration(entry.get("rotateBefore", "")), duration(entry.get("keepOld", ""))
    return DesiredKey(name, entry.get("expiresIn", ""), rotate_before, keep_old or timedelta(), entry.get(SECRET_TO))


def problems(document: Document) -> Iterator[Problem]:
    """What the schema cannot see. What is not as the schema says is left to the schema."""
    ids: dict[Hashable, Path] = {}
    sinks: dict[Hashable, Path] = {}
    for name, entry in _mapping(document.data, SECTION).items():
        path = (SECTION, name)
        yield from _name(document, path)
        client_id = entry.get("clientId") if isinstance(entry, dict) else None
        if isinstance(client_id, str):
            yield from _twice(document, ids, client_id, (*path, "clientId"), "is the clientId of another one")
        yield from _sink(document, sinks, entry, path)
        yield from _description(document, entry, path)
        for key, value in _mapping(entry, KEYS).items():
            yield from _name(document, (*path, KEYS, key))
            yield from _sink(document, sinks, value, (*path, KEYS, key))
            yield from _times(document, value, (*path, KEYS, key))


def _name(document: Document, path: Path) -> Iterator[Problem]:
    name = str(path[-1])
    if not is_name(name):
        yield Problem(document.key_place(*path), f"{quoted(name)} cannot be a name here", _LETTERS)


def _description(document: Document, entry: object, path: Path) -> Iterator[Problem]:
    """What beamctl would take for a mark of its own."""
    text = entry.get("description") if isinstance(entry, dict) else None
    if isinstance(text, str) and description(text) != Description(text):
        message = "this says that a secret was not handed over, in beamctl's own words"
        yield Problem(document.place(*path, "description"), message, "take '(beamctl: …)' out of it")


def _sink(document: Document, sinks: dict[Hashable, Path], entry: object, path: Path) -> Iterator[Problem]:
    found = entry.get(SECRET_TO) if isinstance(entry, dict) else None
    sink = sink_of(found) if isinstance(found, dict) else None
    if sink is None:
        return
    if isinstance(sink, File) and sink.path.startswith("~"):
        message = "no shell reads this, so '~' is not your home directory"
        yield Problem(document.place(*path, SECRET_TO, "file"), message, "write the whole path, or './~…'")
    yield from _twice(document, sinks, one_place(sink), (*path, SECRET_TO), "is where another secret goes")


def _twice(document: Document, first: dict[Hashable, Path], text: Hashable, path: Path, what: str) -> Iterator[Problem]:
    if text in first:
        line = document.key_place(*first[text]).line
        yield Problem(document.place(*path), f"this {what} on line {line}", "one would be lost: change one of the two")
    first.setdefault(text, path)


def _times(document: Document, entry: object, path: Path) -> Iterator[Problem]:
    """Whether the times of one key can all be kept."""
    lives, rotates, keeps = (_time(entry, name) for name in ("expiresIn", "rotateBefore", "keepOld"))
    if lives is not None and lives > LONGEST:
        yield Problem(document.place(*path, "expiresIn"), "a key lives for 10 years at most", "write 3650d or less")
    if rotates is not None and lives is None and "expiresIn" not in _keys(entry):
        yield Problem(document.place(*path, "rotateBefore"), "a key without an end is never renewed", "add expiresIn")
    if rotates is not None and lives is not None and rotates >= lives:
        hint = "write less than expiresIn, or every plan would renew it"
        yield Problem(document.place(*path, "rotateBefore"), "the key would be renewed as soon as it is made", hint)
    until = rotates if rotates is not None else lives
    if keeps is not None and until is not None and keeps > until:
        hint = f"write no more than {'rotateBefore' if rotates is not None else 'expiresIn'}"
        yield Problem(document.place(*path, "keepOld"), "the old key would have expired before that", hint)


def _time(entry: object, name: str) -> timedelta | None:
    found = entry.get(name) if isinstance(entry, dict) else None
    return duration(found) if isinstance(found, str) else None


def _keys(entry: object) -> Mapping[str, Any]:
    return entry if isinstance(entry, dict) else {}


def _mapping(data: object, key: str) -> Mapping[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}
