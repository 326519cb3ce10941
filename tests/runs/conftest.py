"""Tests here use the command line's fixtures."""

from tests.cli.conftest import api, cli, database, directory, local, people, seeded, write

__all__ = ["api", "cli", "database", "directory", "local", "people", "seeded", "write"]
