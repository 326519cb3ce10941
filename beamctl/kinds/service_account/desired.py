"""The `serviceAccounts` section: the declared service accounts and their API keys, and how live ones are exported."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from beamctl.document.document import Document, Path
from beamctl.document.problem import Problem, ProblemCode, quoted
from beamctl.document.scalars import duration
from beamctl.document.schema import check
from beamctl.kinds.service_account.live import Account, Accounts, Description, description
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import Role, UnknownRole
from beamctl.model.secret import SECRET_TO, File, one_place, sink_of
from beamctl.plan.listing import Exported, Trail

SECTION = "serviceAccounts"
KEYS = "apiKeys"
LONGEST = timedelta(days=3650)
"""Maximum lifetime of a key: ten years, the API's limit."""
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._@/+:-]{0,98}[A-Za-z0-9])?", re.ASCII)
_LETTERS = "use up to 100 letters and digits, with ._@/+:- or spaces between them"

Sink = Mapping[str, Any] | None
"""A secret's destination as written in the document; None if there is none."""


@dataclass(frozen=True, slots=True)
class DesiredKey:
    """One API key as declared.

    Attributes:
        expires_in: Lifetime of each key, as written; empty for no expiry.
        rotate_before: How long before its expiry a new one is created; None to create it only afterwards.
        keep_old: How old a new key must be before the old one is deleted.
        sink: Destination of each new key.
    """

    name: str
    expires_in: str = ""
    rotate_before: timedelta | None = None
    keep_old: timedelta = timedelta()
    sink: Sink = None


@dataclass(frozen=True, slots=True)
class DesiredAccount:
    """One service account as declared.

    Attributes:
        description: May be empty.
        client_id: Which account is meant; empty for the only one of that name.
        sink: Destination of its client secret.
        keys: Its API keys; None if they are not managed.
    """

    name: str
    role: Role
    description: str = ""
    client_id: str = ""
    sink: Sink = None
    keys: tuple[DesiredKey, ...] | None = None


def is_name(text: str) -> bool:
    """Whether a document may use this name for a service account or an API key."""
    return bool(_NAME.fullmatch(text))


def desired_accounts(section: Mapping[str, Any]) -> list[DesiredAccount]:
    """The service accounts in a valid section."""
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
    """What the schema cannot detect. Values that violate the schema are ignored."""
    ids: dict[Hashable, Path] = {}
    sinks: dict[Hashable, Path] = {}
    for name, entry in _mapping(document.data, SECTION).items():
        path = (SECTION, name)
        yield from _name(document, path)
        client_id = entry.get("clientId") if isinstance(entry, dict) else None
        if isinstance(client_id, str):
            yield from _twice(document, ids, client_id, (*path, "clientId"), "clientId is already used")
        yield from _sink(document, sinks, entry, path)
        yield from _description(document, entry, path)
        for key, value in _mapping(entry, KEYS).items():
            yield from _name(document, (*path, KEYS, key))
            yield from _sink(document, sinks, value, (*path, KEYS, key))
            yield from _times(document, value, (*path, KEYS, key))


def _name(document: Document, path: Path) -> Iterator[Problem]:
    name = str(path[-1])
    if not is_name(name):
        message = f"{quoted(name)} is not a valid name"
        yield Problem(document.key_place(*path), ProblemCode.INVALID_NAME, message, _LETTERS)


def _description(document: Document, entry: object, path: Path) -> Iterator[Problem]:
    """Descriptions that contain one of beamctl's own markers."""
    text = entry.get("description") if isinstance(entry, dict) else None
    if isinstance(text, str) and description(text) != Description(text):
        message = "this contains a marker that beamctl uses for secrets that were not handed over"
        yield Problem(document.place(*path, "description"), ProblemCode.RESERVED_TEXT, message, "remove '(beamctl: …)'")


def _sink(document: Document, sinks: dict[Hashable, Path], entry: object, path: Path) -> Iterator[Problem]:
    found = entry.get(SECRET_TO) if isinstance(entry, dict) else None
    sink = sink_of(found) if isinstance(found, dict) else None
    if sink is None:
        return
    if isinstance(sink, File) and sink.path.startswith("~"):
        message = "'~' is not expanded to your home directory"
        hint = "write the full path, or './~…'"
        yield Problem(document.place(*path, SECRET_TO, "file"), ProblemCode.INVALID_PATH, message, hint)
    yield from _twice(document, sinks, one_place(sink), (*path, SECRET_TO), "destination is already used")


def _twice(document: Document, first: dict[Hashable, Path], text: Hashable, path: Path, what: str) -> Iterator[Problem]:
    if text in first:
        line = document.key_place(*first[text]).line
        hint = "change one of the two"
        yield Problem(document.place(*path), ProblemCode.DUPLICATE_ENTRY, f"this {what} on line {line}", hint)
    first.setdefault(text, path)


def _times(document: Document, entry: object, path: Path) -> Iterator[Problem]:
    """Whether the durations of one key are consistent."""
    lives, rotates, keeps = (_time(entry, name) for name in ("expiresIn", "rotateBefore", "keepOld"))
    if lives is not None and lives > LONGEST:
        message = "a key can be valid for at most 10 years"
        yield Problem(document.place(*path, "expiresIn"), ProblemCode.INVALID_LIFETIME, message, "use 3650d or less")
    if rotates is not None and lives is None and "expiresIn" not in _keys(entry):
        message = "a key that does not expire is never renewed"
        yield Problem(document.place(*path, "rotateBefore"), ProblemCode.INVALID_LIFETIME, message, "add expiresIn")
    if rotates is not None and lives is not None and rotates >= lives:
        hint = "use less than expiresIn"
        message = "every plan would renew the key"
        yield Problem(document.place(*path, "rotateBefore"), ProblemCode.INVALID_LIFETIME, message, hint)
    until = rotates if rotates is not None else lives
    if keeps is not None and until is not None and keeps > until:
        hint = f"use at most {'rotateBefore' if rotates is not None else 'expiresIn'}"
        message = "the old key would expire before that"
        yield Problem(document.place(*path, "keepOld"), ProblemCode.INVALID_LIFETIME, message, hint)


def _time(entry: object, name: str) -> timedelta | None:
    found = entry.get(name) if isinstance(entry, dict) else None
    return duration(found) if isinstance(found, str) else None


def _keys(entry: object) -> Mapping[str, Any]:
    return entry if isinstance(entry, dict) else {}


def _mapping(data: object, key: str) -> Mapping[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def export(live: Accounts) -> Exported:
    """Every account that a document can refer to by name."""
    names = Counter(account.name for account in live.by_id.values())
    entries: dict[str, Any] = {}
    left_out: dict[str, Fact] = {}
    for account in sorted(live.by_id.values(), key=lambda each: (each.name, each.client_id)):
        why = fact(Code.SHARES_NAME) if names[account.name] > 1 else _why_not(account)
        if why:
            left_out[f"{account.name} ({account.client_id})"] = why
        else:
            entries[account.name] = _entry(account)
    line = fact(Code.SET_SECRET_DESTINATION)
    without_role = {account.name for account in live.by_id.values() if not str(account.role)}
    guess = fact(Code.ROLE_IS_A_GUESS)
    remarks: dict[Trail, tuple[Fact, ...]] = {
        (name,): (line, *([guess] if name in without_role else [])) for name in entries
    }
    return Exported(entries, remarks, left_out, whole=not left_out)


def _why_not(account: Account) -> Fact | None:
    """Why a document cannot express it, to follow the name; None if it can."""
    if account.unfinished:
        return fact(Code.NEVER_HANDED_OVER)
    if isinstance(account.role, UnknownRole) and account.role.name:
        return fact(Code.HAS_UNKNOWN_ROLE, role=account.role.name)
    document = Document("", {"version": 1, "workspace": "w", SECTION: {account.name: _entry(account)}}, {}, {})
    valid = not check(document) and next(iter(problems(document)), None) is None
    return None if valid else fact(Code.NOT_EXPRESSIBLE)


def _entry(account: Account) -> dict[str, Any]:
    role = str(account.role) or Role.ADMIN.value  # the API's default
    text = account.description.text
    return {"role": role} | ({"description": text} if text else {})
