"""The SQLite file: creates and opens it, and runs transactions for any number of threads and processes.

Without an ORM, which would hide what the statements use: STRICT tables, triggers, `json_each`, and one write lock.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from beamctl.emulator.errors import EmulatorError

SCHEMA_VERSION = 5
APPLICATION_ID = 0x6265616D
"""Marks a file as an emulator database (`beam` in ASCII)."""

_SCHEMA = Path(__file__).with_name("schema.sql")
_BUSY_SECONDS = 30.0
_IDLE_CONNECTIONS = 16
_WAL_ATTEMPTS = 200


class Database:
    """An emulator database with a pool of connections."""

    def __init__(self, path: Path) -> None:
        """Open the file, creating it if it does not exist.

        Raises:
            EmulatorError: The file is not an emulator database, has another version, or cannot be opened.
        """
        self._path = path
        self._idle: deque[sqlite3.Connection] = deque()
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            with closing(self._connect()) as connection:
                _prepare(connection, path)
        except OSError as error:
            raise EmulatorError(f"cannot open {path}: {error.strerror}") from error
        except sqlite3.Error as error:
            raise EmulatorError(f"cannot open {path} as an emulator database: {error}") from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A read-only transaction with a consistent snapshot."""
        with self._transaction("BEGIN") as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction. It holds the write lock from the start and is rolled back on any exception."""
        with self._transaction("BEGIN IMMEDIATE") as db:
            yield db

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        db = self._borrow()
        try:
            db.execute(begin)
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        finally:
            self._give_back(db)

    def _borrow(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if len(self._idle) < _IDLE_CONNECTIONS:
            self._idle.append(connection)
        else:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create the schema in an empty file; reject a file with another one."""
    connection.execute("BEGIN")  # one snapshot: another process may be creating the schema right now
    version = _version(connection, path)
    connection.execute("COMMIT")
    if version == SCHEMA_VERSION:
        return
    if version:
        raise EmulatorError(
            f"{path} was created by another version of the emulator (schema {version}, this one is {SCHEMA_VERSION})",
        )
    _use_wal(connection)
    connection.execute("BEGIN IMMEDIATE")
    if not _version(connection, path):  # another process may have been faster
        for statement in _statements(_SCHEMA.read_text(encoding="utf-8")):
            connection.execute(statement)
        connection.execute("INSERT INTO meta VALUES ('token secret', ?)", (secrets.token_bytes(32),))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """The schema version of the file; 0 if the file is empty."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise EmulatorError(f"{path} is a SQLite database of another application")
    return int(version) if application == APPLICATION_ID else 0


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging. SQLite fails at once, without waiting, while another process does the same."""
    for attempt in range(_WAL_ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if attempt == _WAL_ATTEMPTS - 1:
                raise
            time.sleep(0.01)
        else:
            return


def _statements(script: str) -> Iterator[str]:
    """The statements of a script. `executescript` would end the transaction they must run in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def signing_secret(db: sqlite3.Connection) -> bytes:
    """Return the secret, generated when the file was created."""
    return bytes(db.execute("SELECT value FROM meta WHERE key = 'token secret'").fetchone()["value"])


_READ_OFFSET = "SELECT value FROM meta WHERE key = 'clock offset'"
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """The offset of the clock of a database, for every process that uses it."""

    database: Database

    def read(self) -> timedelta:
        """How far the clock is ahead of the real one; zero in a new database."""
        with self.database.reading() as db:
            return _offset(db)

    def change(self, to: Callable[[timedelta], timedelta]) -> None:
        """Replace the offset by `to(offset)`, in one transaction."""
        with self.database.writing() as db:
            after = str(to(_offset(db)) // _MICROSECOND).encode()
            db.execute("INSERT OR REPLACE INTO meta VALUES ('clock offset', ?)", (after,))


def _offset(db: sqlite3.Connection) -> timedelta:
    row = db.execute(_READ_OFFSET).fetchone()
    return int(row["value"]) * _MICROSECOND if row else timedelta()
