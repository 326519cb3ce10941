"""The emulator with one seeded workspace, put back to its beginning in a moment, and watched past whatever is done to
the requests: who is in, which settings and machines there are, who got a letter, and which secrets let somebody in."""

import json
import re
import sqlite3
import weakref
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from beamctl.emulator import Quirk, as_operator, ask, create_app, load_seed
from beamctl.emulator.credentials import digest
from beamctl.emulator.mail.mailer import Mailer
from beamctl.emulator.store import api_key, service_account
from beamctl.kinds.create_with_secret import ids_in
from beamctl.kinds.service_account.live import CLIENT_SECRET
from beamctl.plan.change import Action, Change
from tests.fakes.journal import Journal
from tests.fakes.vault import FakeVault

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
RANDOM = re.compile(r"\b(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|ak_[0-9a-f]{32}|[0-9a-f]{64}|[0-9a-f]{8})\b")
"""Ids, digests and the numbers of marks, which are different in every run."""
LISTINGS = {"policy": "/policies", "integration": "/integrations/connections", "environment": "/environments"}


def has_attributes(resource: Mapping[str, Any], attributes: Mapping[str, Any]) -> bool:
    """Whether something with metadata and a spec has these attributes, whatever the order of lists."""
    shown = {"labels": {}, **resource["metadata"], **resource["spec"]}
    shown["secretVersion"] = int(shown["labels"].get("beamctl-secret-version", 1))
    return all(in_order(shown.get(name, type(value)())) == in_order(value) for name, value in attributes.items())


def in_order(value: Any) -> Any:
    return sorted(map(str, value)) if isinstance(value, list) else value


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


@dataclass(frozen=True)
class Snapshot:
    """All there was, to be put back to."""

    rows: sqlite3.Connection
    holds: Mapping[str, str]
    now: datetime


@dataclass(frozen=True)
class State:
    """How the workspace is.

    Attributes:
        users: By e-mail.
        settings: The workspace as the API shows it.
        resources: By kind and name, policies and the like.
        accounts: Service accounts by client id, each with its `keys`, the oldest first.
    """

    users: Mapping[str, Mapping[str, Any]]
    settings: Mapping[str, Any]
    resources: Mapping[str, Mapping[str, Any]]
    accounts: Mapping[str, Mapping[str, Any]]

    def shows(self, change: Change) -> bool:
        """Whether it is as the change would have it."""
        if change.kind in LISTINGS:
            resource = self.resources[change.kind].get(change.key)
            return (
                has_attributes(resource, change.after)
                if resource and change.after is not None
                else resource is change.after
            )
        if change.kind == "service_account":
            return self._shows_account(change)
        if change.kind == "api_key":
            return self._shows_key(change)
        user = self.users.get(change.key)
        match change.action:
            case Action.SET:
                return all(
                    self.settings.get(key, type(value)()) == value for key, value in (change.after or {}).items()
                )
            case Action.REMOVE | Action.REVOKE:
                return user is None
            case Action.INVITE | Action.RESEND:
                return user is not None and not user.get("expired") and user["role"] == (change.after or {})["role"]
            case _:
                return user is not None and user["role"] == (change.after or {})["role"]

    def about(self, change: Change) -> Any:
        """The part that a change is about."""
        if change.kind in LISTINGS:
            return self.resources[change.kind].get(change.key)
        if change.kind == "service_account":
            found = self._named(change.after["name"]) if change.after else [self.accounts.get(change.key, {})]
            return [
                {name: each[name] for name in each if name != "keys"} for each in found
            ]  # those are a kind of their own
        if change.kind == "api_key":
            return [key for key in self._keys(change) if change.after or key["id"] == change.key]
        return self.settings.get(change.name) if change.action is Action.SET else self.users.get(change.key)

    def _shows_account(self, change: Change) -> bool:
        """One of that name, with its secret handed over; what was deleted is gone."""
        after = change.after
        if after is None:
            return change.key not in self.accounts
        whole = [each for each in self._named(after["name"]) if CLIENT_SECRET not in each.get("description", "")]
        return len(whole) == 1 and all(
            whole[0].get(name, "").partition("(beamctl:")[0].strip() == after[name] for name in ("role", "description")
        )

    def _shows_key(self, change: Change) -> bool:
        """A newer one than there was, and no mark; what was deleted is gone."""
        keys = self._keys(change)
        gone = all(key["id"] != change.key for key in keys)
        if change.after is None:
            return gone
        (account,) = self._named(change.after["account"]) or [{}]
        marked = f"API key {change.after['name']} not" in account.get("description", "")
        return gone and not marked and bool(keys) and keys[-1]["id"] not in ids_in(change.key)

    def _named(self, name: str) -> list[Mapping[str, Any]]:
        return [account for account in self.accounts.values() if account["name"] == name]

    def _keys(self, change: Change) -> list[Mapping[str, Any]]:
        told = change.before or change.after or {}
        return [key for one in self._named(told["account"]) for key in one["keys"] if key["name"] == told["name"]]


class EmulatedWorkspace:
    """Attributes:
    app: The application, for the client.
    clock: Of the application.
    vault: Where secrets go to and come from.
    emails: To whom an invitation was sent, since the beginning.
    journal: The records of runs since the beginning.
    """

    def __init__(self, folder: Path, seed: Mapping[str, Any], quirks: Iterable[Quirk] = ()) -> None:
        self.db = folder / "emulated.db"
        load_seed(self.db, seed)
        with closing(sqlite3.connect(self.db)) as rows:  # what is seeded was there before the clock's first moment
            rows.execute("UPDATE api_key SET created_at = '2026-11-01T00:00:00.000Z'")
            rows.execute("UPDATE service_account SET created_at = '2026-11-01T00:00:00.000Z'")
            rows.commit()
        self.clock, self.vault = Clock(), FakeVault()
        self.emails: list[str] = []
        self.journal = Journal()
        self._start_records: list[str] = []
        self.app = create_app(self.db, quirks=frozenset(quirks), now=self.clock, post=Mailer((self,)))
        era = frozenset(quirks) & {Quirk.BEAMLIT_ERA}
        self._kinds = [kind for kind in LISTINGS if era or kind != "environment"]
        self._watcher = as_operator(create_app(self.db, quirks=era, now=self.clock))  # without faults and other quirks
        self._rows = sqlite3.connect(self.db, check_same_thread=False)  # requests come from threads, one at a time
        self._rows.row_factory = sqlite3.Row
        weakref.finalize(self, self._rows.close)
        self._tables = [name for (name,) in self._rows.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        self._states: dict[object, State] = {}
        self._beginning: Snapshot | None = None

    def deliver(self, message: EmailMessage) -> None:
        """A letter is sent: implements the emulator's `Delivery`."""
        self.emails.append(str(message["To"]))

    def set_start(self) -> None:
        """What it is now is the beginning from now on."""
        if self._beginning is not None:
            self._beginning.rows.close()
        kept = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self.db)) as file:
            file.backup(kept)
        self._beginning = Snapshot(kept, dict(self.vault.holds), self.clock.now)
        self._start_records = list(self.journal.contents)

    def reset(self) -> None:
        """As it was in the beginning."""
        assert self._beginning is not None
        self.emails.clear()
        self.journal = Journal(list(self._start_records))
        with closing(sqlite3.connect(self.db)) as file:
            file.execute("PRAGMA synchronous = OFF")
            self._beginning.rows.backup(file)
        self.vault = FakeVault(dict(self._beginning.holds))
        self.clock.now = self._beginning.now

    def close(self) -> None:
        self._rows.close()
        if self._beginning is not None:
            self._beginning.rows.close()

    def contents(self) -> Sequence[str]:
        """Every row, with the name of its table."""
        return [
            f"{table} {tuple(row)}"
            for table in self._tables
            for row in self._rows.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own tables
        ]

    def comparable_state(self) -> Sequence[str]:
        """All that the outcome of a run depends on. Two that differ only in what is random are equal."""
        held = [f"{place}: {self._fingerprint(secret)}" for place, secret in self.vault.holds.items()]
        told = [*map(repr, self.journal.interrupted()), str(self.clock.now), str(sorted(self.emails))]
        found = sorted((*self.contents(), *held, *told), key=lambda line: RANDOM.sub("", line))
        numbers: dict[str, str] = {}
        return [RANDOM.sub(lambda text: numbers.setdefault(text[0], f"#{len(numbers)}"), line) for line in found]

    def _fingerprint(self, secret: str) -> str:
        """A secret as the rows have it, so that it can be told whose it is."""
        if not secret.startswith("{"):
            return digest(secret)
        pair = json.loads(secret)
        return f"{pair['clientId']} {digest(pair['clientSecret'])}"

    def state(self) -> State:
        seen = (self.clock.now, *self.contents())
        if seen not in self._states:
            self._states[seen] = self._state()
        return self._states[seen]

    def _state(self) -> State:
        users = self.ask("GET", "/users")
        resources = {
            kind: {one["metadata"]["name"]: one for one in self.ask("GET", LISTINGS[kind])} for kind in self._kinds
        }
        accounts = {one["client_id"]: {**one, "keys": self.keys(one)} for one in self.ask("GET", "/service_accounts")}
        settings = self.ask("GET", "/workspaces/acme")
        return State({user["email"].lower(): user for user in users}, settings, resources, accounts)

    def keys(self, account: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The API keys of a service account, the oldest first."""
        found: list[dict[str, Any]] = self.ask("GET", f"/service_accounts/{account['client_id']}/api_keys")
        return sorted(found, key=lambda key: str(key["createdAt"]))

    def is_valid(self, secret: str) -> bool:
        """Whether a key, or client credentials as they are handed over, are good for anything now."""
        if secret.startswith("{"):
            pair = json.loads(secret)
            return service_account.has_secret(self._rows, pair["clientId"], digest(pair["clientSecret"]))
        return api_key.owner(self._rows, digest(secret), self.clock.now) is not None

    def invalid_secrets(self) -> set[str]:
        """The places with a secret that lets nobody in any more; where one comes from is none of them."""
        places = {
            place: secret for place, secret in self.vault.holds.items() if not place.startswith("the environment ")
        }
        return {place for place, secret in places.items() if not self.is_valid(secret)}

    def admins(self) -> int:
        """How many accepted admins there are."""
        (number,) = self._rows.execute("SELECT count(*) FROM membership WHERE role = 'admin'").fetchone()
        return int(number)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Past faults, quirks and permissions."""
        status, text = ask(self._watcher, method, path, body, "acme")
        assert status == 200, text
        return json.loads(text)
