"""The rows of people's accounts and of API keys. It must not know workspaces, nor see a key that is not a digest."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from beamctl.emulator.caller import Person, ServiceAccount
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


def profile(rows: sqlite3.Connection, sub: str) -> dict[str, str] | None:
    """What an invitation shows of the one who made it; None where that is no person."""
    row = rows.execute("SELECT sub, email, given_name, family_name FROM person WHERE sub = ?", (sub,)).fetchone()
    return {key: row[key] for key in row.keys() if row[key]} if row else None  # noqa: SIM118 - a Row is no mapping


def key_is_known(rows: sqlite3.Connection, digest: str) -> bool:
    """Whether somebody has the key with that digest."""
    return bool(rows.execute("SELECT 1 FROM api_key WHERE digest = ?", (digest,)).fetchone())


def add_key(rows: sqlite3.Connection, digest: str, owner: Person | ServiceAccount, name: str, moment: datetime) -> None:
    """Gives a person or a service account the key with that digest, without an end."""
    sub, client_id = (owner.sub, None) if isinstance(owner, Person) else (None, owner.client_id)
    rows.execute(
        "INSERT INTO api_key (digest, id, sub, client_id, name, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (digest, f"ak_{new_identifier().replace('-', '')}", sub, client_id, name, stamp(moment), owner.name),
    )


def key_owner(rows: sqlite3.Connection, digest: str, moment: datetime) -> Person | ServiceAccount | None:
    """Whose the key with that digest is; None where there is none or it has expired."""
    row = rows.execute(
        "SELECT sub, email, client_id, workspace_id, role FROM api_key "
        "LEFT JOIN person USING (sub) LEFT JOIN service_account USING (client_id) "
        "WHERE digest = ? AND (api_key.expires_at IS NULL OR api_key.expires_at > ?)",
        (digest, stamp(moment)),
    ).fetchone()
    if row is None:
        return None
    if row["sub"]:
        return Person(row["sub"], row["email"])
    return ServiceAccount(row["client_id"], row["workspace_id"], row["role"])
