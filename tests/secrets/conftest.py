"""Tests here use the command line's fixtures."""

from tests.cli.conftest import api, cli, database, directory, local, no_pauses, people, seeded, write

__all__ = ["api", "cli", "database", "directory", "local", "no_pauses", "people", "seeded", "write"]
