"""The secret that signs the tokens of one database file. It must not know what is signed."""

from __future__ import annotations

import sqlite3


def token_secret(rows: sqlite3.Connection) -> bytes:
    """The secret, which was made together with the file."""
    return bytes(rows.execute("SELECT value FROM meta WHERE key = 'token secret'").fetchone()["value"])
