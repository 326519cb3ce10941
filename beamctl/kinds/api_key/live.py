"""API keys of service accounts as the API shows them: never the keys themselves. It must not know what the document
wants of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from beamctl.errors import GarbledError
from beamctl.kinds.creation_key import beside, name_in, premise
from beamctl.kinds.service_account.live import LONGEST_TEXT, Account, Accounts, moment
from beamctl.model.duration import duration
from beamctl.model.text import is_whole

NEVER = "never"
"""What stands for a key without an end."""
_ID = re.compile(r"[\w.:~+=-]{1,200}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,10}", re.ASCII)
_UNKNOWN_AGE = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One API key.

    Attributes:
        id: The API's own id. It goes into paths and into marks.
        name: There may be others of that name.
        created: When it was made; None where the API does not tell.
        expires_in: How long it lives, as the API shows it; empty for no end.
    """

    id: str
    name: str
    created: datetime | None
    expires_in: str

    @property
    def age_order(self) -> tuple[datetime, str]:
        """Sorts keys by when they were made."""
        return self.created or _UNKNOWN_AGE, self.id

    @property
    def end(self) -> datetime | None:
        """When it ends; None where it does not, or where nothing tells."""
        return end_of(self.created, lifetime(self.expires_in))


@dataclass(frozen=True, slots=True)
class Owned:
    """A service account and its keys.

    Attributes:
        account: The account.
        keys: The oldest first; None where they cannot be seen.
    """

    account: Account
    keys: tuple[ApiKey, ...] | None

    def named(self, name: str) -> tuple[ApiKey, ...]:
        """Those of that name, the oldest first."""
        return tuple(key for key in self.keys or () if key.name == name)

    def orphans(self, name: str) -> tuple[ApiKey, ...]:
        """Those of that name that were made and may not have been handed over."""
        marks = self.account.description.of(name)
        return tuple(key for key in self.named(name) if any(key.id not in mark.before for mark in marks))

    def handed_over(self, name: str) -> list[ApiKey]:
        """The others of that name, the oldest first."""
        orphans = self.orphans(name)
        return [key for key in self.named(name) if key not in orphans]


@dataclass(frozen=True, slots=True)
class Keys:
    """All of a workspace.

    Attributes:
        by_account: By client id.
        known: Whether the API has service accounts at all.
    """

    by_account: Mapping[str, Owned]
    known: bool = True

    @property
    def accounts(self) -> Accounts:
        """Whose they are."""
        return Accounts({key: owned.account for key, owned in self.by_account.items()}, self.known)


def api_keys(payload: Any) -> tuple[ApiKey, ...]:  # noqa: ANN401 - this is where its shape is checked
    """Read `GET /service_accounts/{clientId}/api_keys`.

    Raises:
        GarbledError: It is not a list of keys with an id each.
    """
    if not isinstance(payload, list):
        raise GarbledError("the API's list of API keys is not a list", "Check --api-url, and try again later.")
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
    """How long a key lives; None for no end, or where the text does not tell. A bare number counts seconds."""
    return timedelta(seconds=int(text)) if _SECONDS.fullmatch(text) else duration(text)


def end_of(created: datetime | None, lives: timedelta | None) -> datetime | None:
    """When something ends that was made then and lives so long."""
    try:
        return created + lives if created is not None and lives is not None else None
    except OverflowError:
        return None


def _is_text(text: str) -> bool:
    return len(text) <= LONGEST_TEXT and is_whole(text)


def _garbled() -> GarbledError:
    return GarbledError(
        "the API's list of API keys has an entry that is not a key with an id",
        "beamctl plans nothing from a list it cannot read. Try again later; --debug shows the answer.",
    )


def attributes(owned: Owned, key: ApiKey) -> dict[str, str]:
    """A key as plain data: for plans and for `show`."""
    return {
        "account": owned.account.name,
        "name": key.name,
        "expiresIn": key.expires_in or NEVER,
        "createdAt": f"{key.created.replace(tzinfo=None).isoformat(timespec='seconds')}Z" if key.created else "",
        "id": key.id,
        "clientId": owned.account.client_id,
        "unfinished": "not handed over" if key in owned.orphans(key.name) else "",
    }


def premise_of(account: str, name: str, owned: Owned | None) -> str:
    """The key of a change that makes an API key beside those that there are.

    Args:
        account: The client id, or the name of an account that is still to be made.
        name: Of the API key.
        owned: The account; None for one that is still to be made.
    """
    good, orphans = (owned.handed_over(name), owned.orphans(name)) if owned else ((), ())
    return premise(f"{account} / {name}", [key.id for key in good], [key.id for key in orphans])


def made_since(live: Keys, keys: Iterable[str]) -> Mapping[str, dict[str, str]]:
    """For every premise that no longer holds as there is a newer key, that key as plain data."""
    found = {}
    for owned in live.by_account.values():
        account = owned.account
        labels = [account.client_id] if account.unfinished else [account.client_id, account.name]
        names = {key.name for key in owned.keys or ()}
        made = {f"{label} / {name}": owned.handed_over(name) for label in labels for name in names}
        for key in keys:
            newer = [each for each in made.get(name_in(key), ()) if each.id not in beside(key)]
            found.update({key: attributes(owned, newer[-1])} if newer else {})
    return found


def digest(live: Keys) -> str:
    """A fingerprint of all keys."""
    rows = [[attributes(owned, key) for key in owned.keys or ()] for owned in live.by_account.values()]
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
