"""A seed file for the emulator: read as YAML, loaded into a database, and the keys that it made told once. It must not
know what a seed may hold: the emulator looks at its shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from beamctl.cli import local
from beamctl.cli.documents import read_sources
from beamctl.cli.options import PathType
from beamctl.document.yaml_loader import parse_plain
from beamctl.errors import DocumentError, UsageError
from beamctl.model.text import printable

database_option = click.option(
    "--db",
    "database",
    type=PathType(dir_okay=False),
    default=local.DATABASE,
    show_default=True,
    help="The SQLite file; made where there is none.",
)


def read_seed(seed_file: str) -> Any:  # noqa: ANN401 - the emulator looks at its shape
    """The one document of a seed file; `-` is standard input.

    Raises:
        DocumentError: It is no YAML.
        UsageError: It is not one document.
    """
    (source, *more) = read_sources([seed_file])
    documents, problems = parse_plain(source.content, source.name)
    if problems:
        raise DocumentError(problems)
    if more or len(documents) != 1:
        raise UsageError(f"{seed_file} is not one document", "A seed is one file with one document.")
    return documents[0]


def load(seed_file: str, seed: Any, database: Path, **options: Any) -> None:  # noqa: ANN401 - as above
    """Load the seed, with further options of the emulator's `load_seed`, and tell the keys it made.

    Raises:
        UsageError: The seed is wrong, or does not agree with what is there.
    """
    from beamctl.emulator import SeedError, load_seed

    try:
        made = load_seed(database, seed, **options)
    except SeedError as error:
        listed = "\n".join(error.messages)
        hint = f"{listed}\nTo go on with what is in {database}, load no seed; to begin anew, remove the file."
        raise UsageError(f"the seed {seed_file} cannot be loaded into {database}", hint) from None
    for key in made:
        click.echo(f"Made for {printable(key.who)} ({key.kind}), shown only once: {key.key}")
