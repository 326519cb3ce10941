from collections.abc import Callable
from pathlib import Path

import pytest

from beamctl.emulator import Quirk
from tests.emulator.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "plane.db")


@pytest.fixture
def with_quirks(tmp_path: Path) -> Callable[..., World]:
    def build(*quirks: Quirk) -> World:
        return World(tmp_path / "quirky.db", frozenset(quirks))

    return build
