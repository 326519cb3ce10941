"""Rows of people's accounts."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from beamctl.emulator.caller import Person
from beamctl.emulator.clock import stamp
from beamctl.emulator.credential import new_identifier
from beamctl.emulator.rules import folded


def find(db: sqlite3.Connection, email: str) -> Person | None:
    """The person with this address."""
    row = db.execute("SELECT sub, email FROM person WHERE folded = ?", (folded(email),)).fetchone()
    return Person(row["sub"], row["email"]) if row else None


def by_sub(db: sqlite3.Connection, sub: str) -> Person | None:
    """The person with this sub."""
    row = db.execute("SELECT sub, email FROM person WHERE sub = ?", (sub,)).fetchone()
    return Person(row["sub"], row["email"]) if row else None


def sign_up(db: sqlite3.Connection, email: str, moment: datetime) -> Person:
    """Return the person with this address, creating an account if needed."""
    known = find(db, email)
    if known:
        return known
    sub = new_identifier()
    db.execute(
        "INSERT INTO person (sub, email, folded, created_at) VALUES (?, ?, ?, ?)",
        (sub, email, folded(email), stamp(moment)),
    )
    return Person(sub, email)


def describe(db: sqlite3.Connection, sub: str, given_name: str | None, family_name: str | None, *, mfa: bool) -> None:
    """Set names and MFA of a person."""
    db.execute(
        "UPDATE person SET given_name = ?, family_name = ?, mfa_enabled = ? WHERE sub = ?",
        (given_name, family_name, int(mfa), sub),
    )


def set_billing(db: sqlite3.Connection, sub: str, *, linked: bool) -> None:
    """Link or unlink a billing account; new accounts have one."""
    db.execute("UPDATE person SET billing = ? WHERE sub = ?", (int(linked), sub))


def has_billing(db: sqlite3.Connection, sub: str) -> bool:
    """Whether a billing account is linked."""
    return bool(db.execute("SELECT 1 FROM person WHERE sub = ? AND billing", (sub,)).fetchone())


def profile(db: sqlite3.Connection, sub: str) -> dict[str, str] | None:
    """What an invitation shows of its sender; None if the sender is not a person."""
    row = db.execute("SELECT sub, email, given_name, family_name FROM person WHERE sub = ?", (sub,)).fetchone()
    return {key: row[key] for key in row.keys() if row[key]} if row else None  # noqa: SIM118 - a Row is not a mapping
