"""The emulator with one workspace of machines and a clock that stands still until it is moved: planned, applied, and
looked at past whatever is done to the requests."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from beamctl.api.breakdown import Timeouts
from beamctl.api.credential import ApiKey
from beamctl.api.settings import LOCAL_URL, Connection
from beamctl.api.workspace import Options, open_workspace
from beamctl.apply.event import Event
from beamctl.document.document import Desired
from beamctl.emulator import Quirk, as_operator, ask, create_app, load_seed
from beamctl.emulator.credential import digest
from beamctl.emulator.store import api_key, service_account
from beamctl.model.identity import Identity
from beamctl.model.ports import Reader, Vault
from beamctl.plan.comparison import Situation
from beamctl.plan.plan import Plan
from beamctl.usecases.questions import plan
from tests.api.fakes import FakeClock
from tests.fakes.faulty import Faulty
from tests.fakes.runs import API, apply_through
from tests.fakes.vault import FakeVault

RUNNER = "bl_runner"
"""The key of the service account that beamctl runs as."""
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


def account(name: str, role: str = "member", **more: Any) -> dict[str, Any]:
    return {"workspace": "acme", "name": name, "role": role, "apiKey": f"bl_{name}", **more}


@dataclass(frozen=True)
class Moment:
    rows: sqlite3.Connection
    holds: Mapping[str, str]
    now: datetime


@dataclass
class Machines:
    """Attributes:
    folder: Where the database is.
    accounts: Those of the seed, beside the one that beamctl runs as.
    quirks: Of the emulator.
    """

    folder: Path
    accounts: Iterable[Mapping[str, Any]] = ()
    quirks: Iterable[Quirk] = ()
    clock: Clock = field(default_factory=Clock)
    vault: FakeVault = field(default_factory=FakeVault)

    def __post_init__(self) -> None:
        seed = {
            "workspaces": [{"name": "acme"}],
            "users": [{"email": "ada@x.io", "workspaces": {"acme": "admin"}}],
            "serviceAccounts": [account("runner", "admin", apiKey=RUNNER), *self.accounts],
        }
        self.db = self.folder / "machines.db"
        load_seed(self.db, seed)
        self.app = create_app(self.db, quirks=frozenset(self.quirks), now=self.clock)
        self.faulty = Faulty(self.app)
        self._watcher = as_operator(create_app(self.db, now=self.clock))

    def options(self, transports: Any = None) -> Options:
        return Options(
            Timeouts(read=0.1), clock=FakeClock(), chance=lambda: 1.0, transports=transports or self.faulty.transport
        )

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        with open_workspace(_connection(ApiKey(RUNNER)), "acme", self.options()) as api:
            yield api.reader()

    def plan(self, want: Desired, identity: Identity | None = None) -> Plan:
        with open_workspace(_connection(ApiKey(RUNNER)), "acme", self.options()) as api:
            return plan(want, api.reader(), self.situation(identity))

    def snapshot(self) -> "Moment":
        """All of it, to be put back to."""
        kept = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self.db)) as file:
            file.backup(kept)
        return Moment(kept, dict(self.vault.holds), self.clock.now)

    def restore(self, moment: "Moment") -> None:
        with closing(sqlite3.connect(self.db)) as file:
            file.execute("PRAGMA synchronous = OFF")
            moment.rows.backup(file)
        self.vault = FakeVault(dict(moment.holds))
        self.clock.now = moment.now

    def situation(self, identity: Identity | None = None) -> Situation:
        return Situation(self.clock.now.date(), API, identity, {}, now=self.clock.now)

    def apply(self, approved: Plan, vault: Vault | None = None) -> list[Event]:
        with open_workspace(_connection(ApiKey(RUNNER)), "acme", self.options()) as api:
            return apply_through(approved, api.reader(), api.sender(), vault=vault or self.vault)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        status, text = ask(self._watcher, method, path, body, "acme")
        assert status == 200, text
        return json.loads(text)

    def live(self, name: str) -> list[dict[str, Any]]:
        """The accounts of that name."""
        return [each for each in self.ask("GET", "/service_accounts") if each["name"] == name]

    def keys(self, name: str) -> list[dict[str, Any]]:
        """The keys of the accounts of that name, the expired ones too."""
        return [
            key
            for each in self.live(name)
            for key in self.ask("GET", f"/service_accounts/{each['client_id']}/api_keys")
        ]

    def lets_in(self, secret: str) -> bool:
        """Whether a key, or client credentials as they are handed over, are good for anything now."""
        with closing(sqlite3.connect(self.db)) as rows:
            if secret.startswith("{"):
                pair = json.loads(secret)
                return service_account.has_secret(rows, pair["clientId"], digest(pair["clientSecret"]))
            rows.row_factory = sqlite3.Row
            return api_key.owner(rows, digest(secret), self.clock.now) is not None


def _connection(credential: Any) -> Connection:
    return Connection(LOCAL_URL, credential=credential, credential_from="the test")
