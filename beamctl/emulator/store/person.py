"""The rows of people's accounts. It must not know workspaces, nor keys."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from beamctl.emulator.caller import Person
from beamctl.emulator.clock import stamp
from beamctl.emulator.credential import new_identifier
from beamctl.emulator.rules import folded


def find(rows: sqlite3.Connection, email: str) -> Person | None:
    """The person with an account for that address."""
    row = rows.execute("SELECT sub, email FROM person WHERE folded = ?", (folded(email),)).fetchone()
    return Person(row["sub"], row["email"]) if row else None


def by_sub(rows: sqlite3.Connection, sub: str) -> Person | None:
    """The person with that account."""
    row = rows.execute("SELECT sub, email FROM person WHERE sub = ?", (sub,)).fetchone()
    return Person(row["sub"], row["email"]) if row else None


def sign_up(rows: sqlite3.Connection, email: str, moment: datetime) -> Person:
    """The person with that address, after making an account where there is none."""
    known = find(rows, email)
    if known:
        return known
    sub = new_identifier()
    rows.execute(
        "INSERT INTO person (sub, email, folded, created_at) VALUES (?, ?, ?, ?)",
        (sub, email, folded(email), stamp(moment)),
    )
    return Person(sub, email)


def describe(rows: sqlite3.Connection, sub: str, given_name: str | None, family_name: str | None, *, mfa: bool) -> None:
    """Sets what else is known of a person."""
    rows.execute(
        "UPDATE person SET given_name = ?, family_name = ?, mfa_enabled = ? WHERE sub = ?",
        (given_name, family_name, int(mfa), sub),
    )


def set_billing(rows: sqlite3.Connection, sub: str, *, linked: bool) -> None:
    """Links a billing account, as everybody has one at first, or takes it away."""
    rows.execute("UPDATE person SET billing = ? WHERE sub = ?", (int(linked), sub))


def has_billing(rows: sqlite3.Connection, sub: str) -> bool:
    """Whether a billing account is linked."""
    return bool(rows.execute("SELECT 1 FROM person WHERE sub = ? AND billing", (sub,)).fetchone())


def profile(rows: sqlite3.Connection, sub: str) -> dict[str, str] | None:
    """What an invitation shows of the one who made it; None where that is no person."""
    row = rows.execute("SELECT sub, email, given_name, family_name FROM person WHERE sub = ?", (sub,)).fetchone()
    return {key: row[key] for key in row.keys() if row[key]} if row else None  # noqa: SIM118 - a Row is no mapping
