"""The public names of the package are imported when they are first used."""

import subprocess
import sys
from pathlib import Path

import pytest

import beamctl.emulator
from beamctl.emulator import BehaviorFlag, create_app, open_mailer
from beamctl.emulator.control_plane import plane_of


def test_importing_the_package_does_not_load_flask() -> None:
    code = "import sys, beamctl.emulator; sys.exit('flask' in sys.modules or 'sqlite3' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", beamctl.emulator.__all__)
def test_every_public_name_exists_and_is_documented(name: str) -> None:
    assert getattr(beamctl.emulator, name).__doc__


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'beamctl\.emulator' has no attribute 'build'"):
        _ = beamctl.emulator.build  # type: ignore[attr-defined] # that is what is tested
    with pytest.raises(ImportError, match="cannot import name 'build'"):
        exec("from beamctl.emulator import build")  # noqa: S102 - as above


def test_the_parameter_names_of_0_1_0_still_work(tmp_path: Path) -> None:
    mailer = open_mailer(tmp_path)
    flags = frozenset({BehaviorFlag.PUT_REPLACES})
    plane = plane_of(create_app(tmp_path / "emulator.db", quirks=flags, post=mailer))
    assert (plane.flags, plane.mailer) == (flags, mailer)
