"""Service accounts as the API shows them, and the markers in their descriptions that say that a secret was created but
not yet handed over. Markers survive if beamctl is stopped in between."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from beamctl.errors import GarbledError
from beamctl.model.api_call import moment
from beamctl.model.identity import LiveRole, live_role
from beamctl.model.text import is_whole
from beamctl.plan.change import CreationKey

CLIENT_SECRET = "(beamctl: client secret not handed over yet)"  # noqa: S105 - a mark
_KEY = re.compile(
    r"\(beamctl: API key ([^()]+?) not handed over yet(?:; before it: ([^();]*))?(?:; run ([0-9a-f]+))?\)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class PendingMarker:
    """An API key is being created and was not handed over yet.

    Attributes:
        key: Its name.
        before: The ids of keys with this name that were handed over earlier. Any other id is the new key.
        run: The run that set it. Each run removes only its own.
    """

    key: str
    before: tuple[str, ...] = ()
    run: str = ""

    def __str__(self) -> str:
        before = f"; before it: {', '.join(self.before)}" if self.before else ""
        run = f"; run {self.run}" if self.run else ""
        return f"(beamctl: API key {self.key} not handed over yet{before}{run})"


@dataclass(frozen=True, slots=True)
class Description:
    """A description and beamctl's markers in it.

    Attributes:
        text: Without the markers.
        unfinished: Whether the client secret was not handed over.
        marks: Markers of API keys.
    """

    text: str = ""
    unfinished: bool = False
    marks: tuple[PendingMarker, ...] = ()

    def __str__(self) -> str:
        parts = [self.text, *([CLIENT_SECRET] if self.unfinished else []), *map(str, self.marks)]
        return " ".join(filter(None, parts))

    def of(self, key: str) -> tuple[PendingMarker, ...]:
        """The markers of API keys with that name: one for each run that creates it or was stopped."""
        return tuple(mark for mark in self.marks if mark.key == key)


def description(text: str) -> Description:
    """Parse a description as the API shows it."""
    marks = tuple(PendingMarker(found[1], _ids(found[2]), found[3] or "") for found in _KEY.finditer(text))
    unfinished = CLIENT_SECRET in text
    if not marks and not unfinished:
        return Description(text)
    return Description(_KEY.sub("", text).replace(CLIENT_SECRET, "").strip(), unfinished, marks)


def handed_over(marks: Iterable[PendingMarker], key: str, identifier: str) -> tuple[PendingMarker, ...]:
    """The markers, with the key of that id added to those that were handed over."""
    return tuple(replace(each, before=(*each.before, identifier)) if each.key == key else each for each in marks)


def _ids(listed: str | None) -> tuple[str, ...]:
    return tuple(filter(None, (listed or "").split(", ")))


LONGEST_TEXT = 10_000
"""Maximum length of a name, id or description; longer ones are rejected as implausible."""

_NO_KEYS = "client secret not handed over"
HAS_KEYS = f"{_NO_KEYS}, and it may have API keys"
"""Shown for an account whose client secret was lost."""


@dataclass(frozen=True, slots=True)
class Account:
    """One service account.

    Attributes:
        client_id: The API's id, used to log in.
        name: Not unique.
        role: `UnknownRole("")` if the API does not show it.
        description: Including beamctl's markers.
        has_keys: Whether it may have API keys; read only if its client secret was not handed over.
        created: None if the API does not show it.
        updated: When it was last changed; None if the API does not show it.
    """

    client_id: str
    name: str
    role: LiveRole
    description: Description
    has_keys: bool = False
    created: datetime | None = None
    updated: datetime | None = None

    @property
    def unfinished(self) -> bool:
        """Whether its description says that its client secret was not handed over. That is no proof (`orphans`)."""
        return self.description.unfinished


@dataclass(frozen=True, slots=True)
class Accounts:
    """All accounts of a workspace.

    Attributes:
        by_id: By client id.
        known: Whether the API has service accounts.
    """

    by_id: Mapping[str, Account]
    known: bool = True

    def named(self, name: str) -> list[Account]:
        """The accounts of that name, finished ones first."""
        found = (account for account in self.by_id.values() if account.name == name)
        return sorted(found, key=lambda account: (account.unfinished, account.client_id))

    @property
    def tells_roles(self) -> bool:
        """Whether the API shows roles. True if there are no accounts."""
        return not self.by_id or any(str(account.role) for account in self.by_id.values())


def accounts(payload: Any) -> Accounts:  # noqa: ANN401 - validated here
    """Parse `GET /service_accounts`.

    Raises:
        GarbledError: The payload is not a list of service accounts with an id and a name each.
    """
    if not isinstance(payload, list):
        raise GarbledError("the API's list of service accounts is not a list", "Check --api-url and try again later.")
    found = [account(entry) for entry in payload]
    return Accounts({each.client_id: each for each in sorted(found, key=lambda each: each.client_id)})


def account(entry: Any) -> Account:  # noqa: ANN401 - as above
    """Parse one account.

    Raises:
        GarbledError: The payload is not a service account.
    """
    match entry:
        case {"client_id": str(client_id), "name": str(name)} if client_id:
            role, text = entry.get("role") or "", entry.get("description") or ""
        case _:
            raise _garbled()
    if not all(isinstance(each, str) and _is_text(each) for each in (client_id, name, role, text)):
        raise _garbled()
    created, updated = (moment(entry.get(name)) for name in ("created_at", "updated_at"))
    return Account(client_id, name, live_role(role), description(text), created=created, updated=updated)


def _is_text(text: str) -> bool:
    return len(text) <= LONGEST_TEXT and is_whole(text)


def _garbled() -> GarbledError:
    return GarbledError(
        "the API's list of service accounts has an entry that is not a service account with an id and a name",
        "Nothing is planned from an invalid list. Try again later. --debug shows the response.",
    )


def attributes(account: Account) -> dict[str, Any]:
    """A service account as plain data, for plans and `show`."""
    return {
        "name": account.name,
        "role": str(account.role),
        "description": account.description.text,
        "clientId": account.client_id,
        "unfinished": _unfinished(account),
    }


def _unfinished(account: Account) -> str:
    return (HAS_KEYS if account.has_keys else _NO_KEYS) if account.unfinished else ""


def creation_key_of(name: str, there: Sequence[Account]) -> CreationKey:
    """The key of a change that creates an account with this name."""
    finished = [each.client_id for each in there if not each.unfinished]
    return CreationKey(name, finished, [each.client_id for each in there if each.unfinished])
