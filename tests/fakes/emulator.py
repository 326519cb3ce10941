"""The emulator with one seeded workspace: the fake for tests that need the real client, HTTP, permissions, e-mail or
time. Unit tests use `tests/fakes/workspace.py` instead. It can be reset quickly, and its state is read around any
faults: members, settings, service accounts, sent e-mails, and which secrets are valid."""

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

from beamctl.emulator import BehaviorFlag, as_operator, ask, create_app, load_seed
from beamctl.emulator.credentials import digest
from beamctl.emulator.mail.mailer import Mailer
from beamctl.emulator.store import service_account
from beamctl.kinds.create_with_secret import ids_in
from beamctl.kinds.service_account.live import CLIENT_SECRET
from beamctl.plan.change import Action, Change
from tests.fakes.journal import Journal
from tests.fakes.resources import SHAPES
from tests.fakes.vault import FakeVault

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
RANDOM = re.compile(r"\b(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|ak_[0-9a-f]{32}|[0-9a-f]{64}|[0-9a-f]{8})\b")
"""Ids, digests and random numbers of markers, which differ in every run."""
_KEYS = "SELECT client_id, id, name, expires_at FROM api_key WHERE client_id IS NOT NULL ORDER BY created_at"
_SHARES = (
    "SELECT resource.kind, resource.name, coalesce(workspace.name, 'account') FROM share "
    "JOIN resource ON resource.id = resource_id LEFT JOIN workspace ON workspace.id = target_id"
)
LISTINGS = {name: shape.path for name, shape in SHAPES.items()}


def has_attributes(resource: Mapping[str, Any], attributes: Mapping[str, Any]) -> bool:
    """Whether a resource has these attributes, regardless of the order of lists."""
    shown = {"labels": {}, **resource["metadata"], **resource["spec"]}
    shown["secretVersion"] = int(shown["labels"].get("beamctl-secret-version", 1))
    return all(in_order(shown.get(name, type(value)())) == in_order(value) for name, value in attributes.items())


def in_order(value: Any) -> Any:
    return sorted(map(str, value)) if isinstance(value, list) else value


@dataclass
class Clock:
    """A clock that moves only on request."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


@dataclass(frozen=True)
class Snapshot:
    """A state to return to."""

    rows: sqlite3.Connection
    holds: Mapping[str, str]
    now: datetime


@dataclass(frozen=True)
class State:
    """The state of the workspace.

    Attributes:
        users: By e-mail.
        settings: The workspace as the API shows it.
        resources: Policies, integrations and environments by kind and name.
        accounts: Service accounts by client id, each with its `keys`, oldest first.
        secrets: When each workspace secret was last set.
        shares: The shares by key.
    """

    users: Mapping[str, Mapping[str, Any]]
    settings: Mapping[str, Any]
    resources: Mapping[str, Mapping[str, Any]]
    accounts: Mapping[str, Mapping[str, Any]]
    secrets: Mapping[str, str]
    shares: frozenset[str]

    def matches(self, change: Change) -> bool:
        """Whether the change is in effect."""
        if change.kind in LISTINGS:
            resource = self.resources[change.kind].get(change.key)
            return (
                has_attributes(resource, change.after)
                if resource and change.after is not None
                else resource is change.after
            )
        if change.kind == "share":
            return (change.key in self.shares) is (change.after is not None)
        if change.kind == "secret":
            updated = self.secrets.get(change.key)
            return updated is None if change.after is None else (updated or "") >= change.after.get("updatedAt", "0")
        if change.kind == "service_account":
            return self._matches_account(change)
        if change.kind == "api_key":
            return self._matches_key(change)
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

    def part_of(self, change: Change) -> Any:
        """The part of the state that the change is about."""
        if change.kind in LISTINGS:
            return self.resources[change.kind].get(change.key)
        if change.kind == "share":
            return change.key in self.shares
        if change.kind == "secret":
            return self.secrets.get(change.key)
        if change.kind == "service_account":
            found = self._named(change.after["name"]) if change.after else [self.accounts.get(change.key, {})]
            return [{name: each[name] for name in each if name != "keys"} for each in found]  # keys are another kind
        if change.kind == "api_key":
            return [key for key in self._keys(change) if change.after or key["id"] == change.key]
        return self.settings.get(change.name) if change.action is Action.SET else self.users.get(change.key)

    def _matches_account(self, change: Change) -> bool:
        """Whether exactly one account has the name and its secret was stored, or the deleted account is gone."""
        after = change.after
        if after is None:
            return change.key not in self.accounts
        whole = [each for each in self._named(after["name"]) if CLIENT_SECRET not in each.get("description", "")]
        return len(whole) == 1 and all(
            whole[0].get(name, "").partition("(beamctl:")[0].strip() == after[name] for name in ("role", "description")
        )

    def _matches_key(self, change: Change) -> bool:
        """Whether there is a newer key and no marker, and the deleted key is gone."""
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
        attributes = change.before or change.after or {}
        return [
            key
            for one in self._named(attributes["account"])
            for key in one["keys"]
            if key["name"] == attributes["name"]
        ]


class EmulatedWorkspace:
    """Attributes:
    app: The application, for the client.
    clock: The clock of the application.
    vault: Stores and provides secrets.
    emails: The recipients of invitations since the start.
    journal: The run records since the start.
    """

    def __init__(self, folder: Path, seed: Mapping[str, Any], quirks: Iterable[BehaviorFlag] = ()) -> None:
        self.db = folder / "emulated.db"
        load_seed(self.db, seed)
        with closing(sqlite3.connect(self.db)) as rows:  # seeded objects are older than the clock
            rows.execute("UPDATE api_key SET created_at = '2026-11-01T00:00:00.000Z'")
            rows.execute("UPDATE service_account SET created_at = '2026-11-01T00:00:00.000Z'")
            rows.commit()
        self.clock, self.vault = Clock(), FakeVault()
        self.emails: list[str] = []
        self.journal = Journal()
        self._start_records: list[str] = []
        self.app = create_app(self.db, flags=frozenset(quirks), now=self.clock, post=Mailer((self,)))
        era = frozenset(quirks) & {BehaviorFlag.BEAMLIT_ERA}
        self._kinds = [kind for kind in LISTINGS if era or kind != "environment"]
        self._watcher = as_operator(create_app(self.db, flags=era, now=self.clock))  # without faults and other quirks
        self._rows = sqlite3.connect(
            self.db, check_same_thread=False
        )  # requests come from several threads, one at a time
        self._rows.row_factory = sqlite3.Row
        weakref.finalize(self, self._rows.close)
        self._tables = [name for (name,) in self._rows.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        self._states: dict[object, State] = {}
        self._beginning: Snapshot | None = None

    def deliver(self, message: EmailMessage) -> None:
        """Receive an e-mail: implements the emulator's `Delivery`."""
        self.emails.append(str(message["To"]))

    def set_start(self) -> None:
        """Make the current state the start."""
        if self._beginning is not None:
            self._beginning.rows.close()
        kept = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self.db)) as file:
            file.backup(kept)
        self._beginning = Snapshot(kept, dict(self.vault.holds), self.clock.now)
        self._start_records = list(self.journal.contents)

    def reset(self) -> None:
        """Return to the start."""
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
        """Everything that the outcome of a run depends on. Two states that differ only in random values are equal."""
        held = [f"{place}: {self._fingerprint(secret)}" for place, secret in self.vault.holds.items()]
        known = [*map(repr, self.journal.interrupted()), str(self.clock.now), str(sorted(self.emails))]
        found = sorted((*self.contents(), *held, *known), key=lambda line: RANDOM.sub("", line))
        numbers: dict[str, str] = {}
        return [RANDOM.sub(lambda text: numbers.setdefault(text[0], f"#{len(numbers)}"), line) for line in found]

    def _fingerprint(self, secret: str) -> str:
        """A secret as the database stores it, to find its owner."""
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
        accounts = {one["client_id"]: {**one, "keys": []} for one in self.ask("GET", "/service_accounts")}
        for client_id, *key in self._rows.execute(_KEYS):
            accounts[client_id]["keys"].append(dict(zip(("id", "name", "expires"), key, strict=True)))
        settings = self.ask("GET", "/workspaces/acme")
        secrets = dict(self._rows.execute("SELECT name, updated_at FROM resource WHERE kind = 'secrets'").fetchall())
        shares = self._rows.execute(_SHARES).fetchall()
        found = frozenset("/".join(map(str, row)) for row in shares)
        return State({user["email"].lower(): user for user in users}, settings, resources, accounts, secrets, found)

    def keys(self, account: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The API keys of a service account, oldest first."""
        found: list[dict[str, Any]] = self.ask("GET", f"/service_accounts/{account['client_id']}/api_keys")
        return sorted(found, key=lambda key: str(key["createdAt"]))

    def is_valid(self, secret: str) -> bool:
        """Whether an API key, or stored client credentials, are valid now."""
        if secret.startswith("{"):
            pair = json.loads(secret)
            return service_account.has_secret(self._rows, pair["clientId"], digest(pair["clientSecret"]))
        return service_account.key_owner(self._rows, digest(secret), self.clock.now) is not None

    def invalid_secrets(self) -> set[str]:
        """The destinations that hold a secret that is no longer valid."""
        places = {
            place: secret for place, secret in self.vault.holds.items() if not place.startswith("the environment ")
        }
        return {place for place, secret in places.items() if not self.is_valid(secret)}

    def admins(self) -> int:
        """The number of accepted admins."""
        (number,) = self._rows.execute("SELECT count(*) FROM membership WHERE role = 'admin'").fetchone()
        return int(number)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send a request without faults, quirks and permissions."""
        status, text = ask(self._watcher, method, path, body, "acme")
        assert status == 200, text
        return json.loads(text)
