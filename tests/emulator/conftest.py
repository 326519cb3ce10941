"""Fixtures of the emulator's tests: a control plane in process, and the official SDK."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from beamctl.emulator.app import create_app
from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.mail.mailer import open_mailer
from tests.cli.loopback import serving
from tests.emulator.sdk import Sdk, driving
from tests.emulator.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "plane.db")


@pytest.fixture
def with_flags(tmp_path: Path) -> Callable[..., World]:
    def build(*flags: BehaviorFlag) -> World:
        return World(tmp_path / "flags.db", frozenset(flags))

    return build


@pytest.fixture(scope="session")
def blaxel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """The official SDK, imported."""
    with driving(tmp_path_factory.mktemp("home"), "blaxel") as process:
        yield process


@pytest.fixture
def sdk(world: World, blaxel: subprocess.Popen[str]) -> Iterator[Sdk]:
    """The official SDK as Ada, against the emulator on a socket."""
    with serving(create_app(world.db)) as api:
        yield Sdk(blaxel, api.url)


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def mailing(tmp_path: Path, mail: Path) -> World:
    return World(tmp_path / "plane.db", mailer=open_mailer(mail))
