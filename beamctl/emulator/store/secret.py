"""The signing secret of a database file."""

from __future__ import annotations

import sqlite3


def token_secret(db: sqlite3.Connection) -> bytes:
    """Return the secret, generated when the file was created."""
    return bytes(db.execute("SELECT value FROM meta WHERE key = 'token secret'").fetchone()["value"])
