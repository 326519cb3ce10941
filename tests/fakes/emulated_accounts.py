"""An emulated workspace with service accounts and a clock that moves only on request. Plans and applies go through
faults; reads of its state do not."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from beamctl.api.config import LOCAL_URL, Connection
from beamctl.api.credential import ApiKeyCredential
from beamctl.api.errors import Timeouts
from beamctl.api.workspace import Options, open_workspace
from beamctl.apply.record import Event
from beamctl.document.desired import Desired
from beamctl.emulator import BehaviorFlag
from beamctl.model.api_call import Reader
from beamctl.model.identity import Identity
from beamctl.model.secret import SecretStore
from beamctl.plan.comparison import Situation
from beamctl.plan.plan import Plan
from beamctl.secrets.redaction import Redactor
from tests.api.fakes import FakeClock
from tests.fakes.emulator import EmulatedWorkspace
from tests.fakes.faulty_emulator import FaultyEmulator
from tests.fakes.one_workspace import plan
from tests.fakes.runs import API, apply_through
from tests.fakes.vault import FakeVault

RUNNER = "bl_runner"
"""The API key of the service account that beamctl runs as."""


def account(name: str, role: str = "member", **more: Any) -> dict[str, Any]:
    return {"workspace": "acme", "name": name, "role": role, "apiKey": f"bl_{name}", **more}


class EmulatedAccounts:
    """Attributes:
    emulated: The emulator with its clock and vault.
    faulty: Adds faults to requests.
    """

    def __init__(
        self,
        folder: Path,
        accounts: Iterable[Mapping[str, Any]] = (),
        quirks: Iterable[BehaviorFlag] = (),
        vault: FakeVault | None = None,
    ) -> None:
        seed = {
            "workspaces": [{"name": "acme"}],
            "users": [{"email": "ada@x.io", "workspaces": {"acme": "admin"}}],
            "serviceAccounts": [account("runner", "admin", apiKey=RUNNER), *accounts],
        }
        self.emulated = EmulatedWorkspace(folder, seed, quirks)
        self.emulated.vault = vault or self.emulated.vault
        self.faulty = FaultyEmulator(self.emulated.app)
        self.ask, self.is_valid, self.clock = self.emulated.ask, self.emulated.is_valid, self.emulated.clock

    @property
    def vault(self) -> FakeVault:
        """The destination of secrets."""
        return self.emulated.vault

    def options(self, transports: Any = None) -> Options:
        return Options(
            Timeouts(read=0.1),
            clock=FakeClock(),
            chance=lambda: 1.0,
            transports=transports or self.faulty.transport,
            redactor=Redactor(),
        )

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        with open_workspace(_connection(ApiKeyCredential(RUNNER)), "acme", self.options()) as api:
            yield api.reader()

    def plan(self, want: Desired, identity: Identity | None = None) -> Plan:
        with open_workspace(_connection(ApiKeyCredential(RUNNER)), "acme", self.options()) as api:
            return plan(want, api.reader(), self.situation(identity))

    def situation(self, identity: Identity | None = None) -> Situation:
        left = self.emulated.journal.interrupted()
        return Situation(self.clock.now.date(), API, identity, {}, now=self.clock.now, interrupted=left)

    def apply(self, approved: Plan, vault: SecretStore | None = None) -> list[Event]:
        with open_workspace(_connection(ApiKeyCredential(RUNNER)), "acme", self.options()) as api:
            return apply_through(approved, api.reader(), api.sender(), vault=vault or self.vault)

    def live(self, name: str) -> list[dict[str, Any]]:
        """The accounts with this name."""
        return [each for each in self.ask("GET", "/service_accounts") if each["name"] == name]

    def keys(self, name: str) -> list[dict[str, Any]]:
        """The keys of the accounts with this name, including expired ones."""
        return [key for each in self.live(name) for key in self.emulated.keys(each)]


def _connection(credential: Any) -> Connection:
    return Connection(LOCAL_URL, credential=credential, credential_from="the test")
