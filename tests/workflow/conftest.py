"""These tests use the fixtures of the command line."""

from tests.cli.conftest import api, cli, database, directory, local, people, seeded, write

__all__ = ["api", "cli", "database", "directory", "local", "people", "seeded", "write"]
