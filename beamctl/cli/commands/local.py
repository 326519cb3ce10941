"""The emulator inside this process, for `--api-url local`, and what the `emulator` commands share: its database, seeds
and e-mails."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from beamctl.document.yaml_loader import parse_plain
from beamctl.errors import DocumentError, UsageError
from beamctl.model.text import printable
from beamctl.workflow.documents import read_sources

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
    from beamctl.emulator import EmulatorError, WrongOptionError, create_app, open_mailer

    try:
        post = open_mailer(mail or maildir(database), smtp)
        database.parent.mkdir(parents=True, exist_ok=True)
        return create_app(database, mailer=post, **options)
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


def read_seed(seed_file: str) -> Any:  # noqa: ANN401 - the emulator validates it
    """The document in a seed file; `-` is standard input.

    Raises:
        DocumentError: It is not valid YAML.
        UsageError: It is not exactly one document.
    """
    (source, *more) = read_sources([seed_file])
    documents, problems = parse_plain(source.content, source.name)
    if problems:
        raise DocumentError(problems)
    if more or len(documents) != 1:
        raise UsageError(f"{seed_file} is not a single document", "A seed is one file with one YAML document.")
    return documents[0]


def load(seed_file: str, seed: Any, database: Path, **options: Any) -> None:  # noqa: ANN401 - as above
    """Load the seed, with further options of the emulator's `load_seed`, and print the keys it created.

    Raises:
        UsageError: The seed is invalid, or conflicts with the database.
    """
    from beamctl.emulator import SeedError, load_seed

    try:
        created = load_seed(database, seed, **options)
    except SeedError as error:
        details = "\n".join(error.messages)
        if error.conflicts:
            details += f"\nTo continue with {database}, do not load a seed. To start over, delete the file."
        raise UsageError(f"the seed {seed_file} cannot be loaded into {database}", details) from None
    for key in created:
        click.echo(f"Created for {printable(key.who)} ({key.kind}), shown only once: {key.key}")


def command_to_read(mail: Path | None, database: Path) -> str:
    """The command that reads the e-mails of an emulator."""
    command = "beamctl emulator mail"
    if mail:
        return f"{command} --mail {shlex.quote(str(mail))}"
    return command if database == DATABASE else f"{command} --db {shlex.quote(str(database))}"
