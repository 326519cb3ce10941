"""API keys of service accounts as the API shows them, without the keys themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from beamctl.document.scalars import duration
from beamctl.errors import GarbledError
from beamctl.kinds.create_with_secret import ids_in, name_in
from beamctl.kinds.service_account.live import LONGEST_TEXT, Account, Accounts
from beamctl.model.api_call import moment
from beamctl.model.text import is_whole
from beamctl.plan.change import CreationKey

NEVER = "never"
"""The lifetime of a key that does not expire."""
_ID = re.compile(r"[\w.:~+=-]{1,200}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,10}", re.ASCII)
_UNKNOWN_AGE = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One API key.

    Attributes:
        id: The API's id. It is used in paths and markers.
        name: Not unique.
        created: None if the API does not show it.
        expires_in: Lifetime as the API shows it; empty for no expiry.
    """

    id: str
    name: str
    created: datetime | None
    expires_in: str

    @property
    def age_order(self) -> tuple[datetime, str]:
        """Sort key: creation time."""
        return self.created or _UNKNOWN_AGE, self.id

    @property
    def end(self) -> datetime | None:
        """When it expires; None if never or unknown."""
        return end_of(self.created, lifetime(self.expires_in))


@dataclass(frozen=True, slots=True)
class Owned:
    """A service account and its keys.

    Attributes:
        keys: Oldest first; None if they cannot be read.
    """

    account: Account
    keys: tuple[ApiKey, ...] | None

    def named(self, name: str) -> tuple[ApiKey, ...]:
        """The keys of that name, oldest first."""
        return tuple(key for key in self.keys or () if key.name == name)

    def orphans(self, name: str) -> tuple[ApiKey, ...]:
        """The keys of that name that may not have been handed over."""
        marks = self.account.description.of(name)
        return tuple(key for key in self.named(name) if any(key.id not in mark.before for mark in marks))

    def handed_over(self, name: str) -> list[ApiKey]:
        """The other keys of that name, oldest first."""
        orphans = self.orphans(name)
        return [key for key in self.named(name) if key not in orphans]


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys of a workspace.

    Attributes:
        by_account: By client id.
        known: Whether the API has service accounts.
    """

    by_account: Mapping[str, Owned]
    known: bool = True

    @property
    def accounts(self) -> Accounts:
        """Their service accounts."""
        return Accounts({key: owned.account for key, owned in self.by_account.items()}, self.known)


def api_keys(payload: Any) -> tuple[ApiKey, ...]:  # noqa: ANN401 - validated here
    """Parse `GET /service_accounts/{clientId}/api_keys`.

    Raises:
        GarbledError: The payload is not a list of keys with an id each.
    """
    if not isinstance(payload, list):
        raise GarbledError("the API's list of API keys is not a list", "Check --api-url and try again later.")
    return tuple(sorted(map(_key, payload), key=lambda key: key.age_order))


def _key(entry: Any) -> ApiKey:  # noqa: ANN401 - as above
    match entry:
        case {"id": str(identifier)} if _ID.fullmatch(identifier):
            name, created, expires_in = (entry.get(key) or "" for key in ("name", "createdAt", "expires_in"))
        case _:
            raise _garbled()
    if not all(isinstance(text, str) and _is_text(text) for text in (name, created, expires_in)):
        raise _garbled()
    return ApiKey(identifier, name, moment(created), expires_in)


def lifetime(text: str) -> timedelta | None:
    """A key's lifetime; None for no expiry or if unknown. A bare number counts seconds."""
    return timedelta(seconds=int(text)) if _SECONDS.fullmatch(text) else duration(text)


def end_of(created: datetime | None, lives: timedelta | None) -> datetime | None:
    """When something with this creation time and lifetime expires."""
    try:
        return created + lives if created is not None and lives is not None else None
    except OverflowError:
        return None


def _is_text(text: str) -> bool:
    return len(text) <= LONGEST_TEXT and is_whole(text)


def _garbled() -> GarbledError:
    return GarbledError(
        "the API's list of API keys has an entry that is not a key with an id",
        "Nothing is planned from an invalid list. Try again later. --debug shows the response.",
    )


def attributes(owned: Owned, key: ApiKey) -> dict[str, str]:
    """A key as plain data, for plans and `show`."""
    return {
        "account": owned.account.name,
        "name": key.name,
        "expiresIn": key.expires_in or NEVER,
        "createdAt": f"{key.created.replace(tzinfo=None).isoformat(timespec='seconds')}Z" if key.created else "",
        "id": key.id,
        "clientId": owned.account.client_id,
        "unfinished": "not handed over" if key in owned.orphans(key.name) else "",
    }


def creation_key_of(account: str, name: str, owned: Owned | None) -> CreationKey:
    """The key of a change that creates an API key.

    Args:
        account: The client id, or the name of an account that does not exist yet.
        name: The API key's name.
        owned: The account; None if it does not exist yet.
    """
    good, orphans = (owned.handed_over(name), owned.orphans(name)) if owned else ((), ())
    return CreationKey(f"{account} / {name}", [key.id for key in good], [key.id for key in orphans])


def made_since(live: Keys, keys: Iterable[str]) -> Mapping[str, dict[str, str]]:
    """For every key of a creation that is outdated because a newer API key exists, that API key as plain data."""
    found = {}
    for owned in live.by_account.values():
        account = owned.account
        labels = [account.client_id] if account.unfinished else [account.client_id, account.name]
        names = {key.name for key in owned.keys or ()}
        made = {f"{label} / {name}": owned.handed_over(name) for label in labels for name in names}
        for key in keys:
            newer = [each for each in made.get(name_in(key), ()) if each.id not in ids_in(key)]
            found.update({key: attributes(owned, newer[-1])} if newer else {})
    return found
