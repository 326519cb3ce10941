"""The emulator in this process: for `--api-url local`, and for acting as somebody else in it. With `emulator`, the only
importer of the emulator; it must not know what beamctl asks of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from beamctl.errors import UsageError

DATABASE = Path(".beamctl") / "emulator.db"
"""Where the local control plane lives, below the current directory."""

Wsgi = Callable[..., Any]


def local_app(database: Path = DATABASE) -> Wsgi:
    """The control plane of the current directory, with every permission and no login.

    Raises:
        UsageError: The extra is not installed, or there is no database yet.
    """
    require_emulator()
    if not database.exists():
        raise UsageError(
            f"there is no local control plane yet: {database} does not exist",
            "Make one from a seed file:  beamctl emulator seed FILE\n`beamctl demo` makes one with everything in it.",
        )
    from beamctl.emulator import as_operator

    wsgi: Wsgi = as_operator(opened(database))
    return wsgi


def opened(database: Path, **options: Any) -> Any:  # noqa: ANN401 - the emulator's own, which only it may name
    """The emulator over a database, which is made where there is none.

    Raises:
        UsageError: The file is no database of this emulator, or cannot be written.
    """
    from beamctl.emulator import EmulatorError, create_app

    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        return create_app(database, **options)
    except EmulatorError as error:
        raise UsageError(
            str(error), f"Move it away, and make one:  beamctl emulator seed FILE --db {database}"
        ) from None
    except OSError as error:
        raise UsageError(f"cannot use {database}: {error.strerror or error}", "Name another file with --db.") from None


def require_emulator() -> None:
    """Say how to install the emulator where it is not.

    Raises:
        UsageError: Flask or waitress is missing.
    """
    from importlib.util import find_spec

    if find_spec("flask") is None or find_spec("waitress") is None:
        raise UsageError("the emulator is not installed", "Install it:  pip install 'beamctl[emulator]'")
