"""The public names of the package are imported when they are first used."""

import subprocess
import sys

import pytest

import beamctl.emulator


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
