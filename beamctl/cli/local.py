"""The emulator in this process: for `--api-url local`, and for acting as somebody else in it. Only this and the
`emulator…` commands import the emulator; it must not know what beamctl asks of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from beamctl.errors import UsageError

DATABASE = Path(".beamctl") / "emulator.db"
"""Where the local control plane lives, below the current directory."""

MAIL = "mail"
"""The maildir of a database, beside it."""

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


def maildir(database: Path) -> Path:
    """Where the letters of that control plane are put, unless it is served with another folder."""
    return database.parent / MAIL


def opened(
    database: Path,
    *,
    mail: Path | None = None,
    smtp: str | None = None,
    **options: Any,  # noqa: ANN401 - as below
) -> Any:  # noqa: ANN401 - the emulator's own, which only it may name
    """The emulator over a database, which is made where there is none.

    Args:
        database: The file.
        mail: Where letters are put; None for beside the database.
        smtp: The mail server that they are sent to as well; None for none.
        options: What else `create_app` takes.

    Raises:
        UsageError: The file is no database of this emulator, or cannot be written; or an option is wrong.
    """
    from beamctl.emulator import EmulatorError, WrongOptionError, create_app, open_post

    try:
        post = open_post(mail or maildir(database), smtp)
        database.parent.mkdir(parents=True, exist_ok=True)
        return create_app(database, post=post, **options)
    except WrongOptionError as error:
        raise UsageError(str(error), "See: beamctl emulator serve --help") from None
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
