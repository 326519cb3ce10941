"""Reads a seed file for the emulator, loads it into the database, and shows the keys it created."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from beamctl.cli.commands import local
from beamctl.cli.options import PathType
from beamctl.document.yaml_loader import parse_plain
from beamctl.errors import DocumentError, UsageError
from beamctl.model.text import printable
from beamctl.workflow.documents import read_sources

database_option = click.option(
    "--db",
    "database",
    type=PathType(dir_okay=False),
    default=local.DATABASE,
    show_default=True,
    help="The SQLite database, created if it does not exist.",
)


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
        hint = f"{details}\nTo continue with {database}, do not load a seed. To start over, delete the file."
        raise UsageError(f"the seed {seed_file} cannot be loaded into {database}", hint) from None
    for key in created:
        click.echo(f"Created for {printable(key.who)} ({key.kind}), shown only once: {key.key}")
