"""The emulator inside this process, for `--api-url local` and the `emulator` commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from beamctl.errors import UsageError

DATABASE = Path(".beamctl") / "emulator.db"
"""The default database of the emulator, relative to the current directory."""

MAIL = "mail"
"""The name of the maildir next to a database."""

Wsgi = Callable[..., Any]


def local_app(database: Path = DATABASE) -> Wsgi:
    """The emulator of the current directory, with every permission and without a login.

    Raises:
        UsageError: The emulator is not installed, or there is no database yet.
    """
    require_emulator()
    if not database.exists():
        raise UsageError(
            f"there is no emulator database yet: {database} does not exist",
            "Create one from a seed file:  beamctl emulator seed FILE\n`beamctl demo` creates one with example data.",
        )
    from beamctl.emulator import as_operator

    wsgi: Wsgi = as_operator(opened(database))
    return wsgi


def maildir(database: Path) -> Path:
    """The default maildir of a database."""
    return database.parent / MAIL


def opened(
    database: Path,
    *,
    mail: Path | None = None,
    smtp: str | None = None,
    **options: Any,  # noqa: ANN401 - as below
) -> Any:  # noqa: ANN401 - a type of the emulator
    """The emulator for a database, which is created if it does not exist.

    Args:
        database: The file.
        mail: The maildir for e-mails; None for the one next to the database.
        smtp: A mail server to send e-mails through as well.
        options: Further options of `create_app`.

    Raises:
        UsageError: The file is not a database of this emulator or cannot be written, or an option is invalid.
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
            str(error), f"Move it away and create a new one:  beamctl emulator seed FILE --db {database}"
        ) from None
    except OSError as error:
        raise UsageError(f"cannot use {database}: {error.strerror or error}", "Name another file with --db.") from None


def require_emulator() -> None:
    """Require that the emulator's libraries are installed.

    Raises:
        UsageError: Flask or waitress is missing.
    """
    from importlib.util import find_spec

    if find_spec("flask") is None or find_spec("waitress") is None:
        raise UsageError("the emulator is not installed", "Install it:  pip install 'beamctl[emulator]'")
