"""Rows of people, of the directory that assigns them to workspaces, and of the device logins that they approve."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from beamctl.emulator.clock import stamp
from beamctl.emulator.credentials import new_identifier, user_code_digest
from beamctl.emulator.permission import Person
from beamctl.emulator.rules import folded
from beamctl.emulator.store import membership


def find_person(db: sqlite3.Connection, email: str) -> Person | None:
    """The person with this address."""
    row = db.execute("SELECT sub, email FROM person WHERE folded = ?", (folded(email),)).fetchone()
    return Person(row["sub"], row["email"]) if row else None


def person_by_sub(db: sqlite3.Connection, sub: str) -> Person | None:
    """The person with this sub."""
    row = db.execute("SELECT sub, email FROM person WHERE sub = ?", (sub,)).fetchone()
    return Person(row["sub"], row["email"]) if row else None


def sign_up(db: sqlite3.Connection, email: str, moment: datetime) -> Person:
    """Return the person with this address, creating an account if needed."""
    known = find_person(db, email)
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
    """The sub, address and names of a person; None if there is no person with this sub."""
    row = db.execute("SELECT sub, email, given_name, family_name FROM person WHERE sub = ?", (sub,)).fetchone()
    return {key: row[key] for key in row.keys() if row[key]} if row else None  # noqa: SIM118 - a Row is not a mapping


LOGIN_LIFETIME = timedelta(minutes=10)
"""How long a login can be approved and finished (a guess; the official command line asks for three minutes)."""

POLL_INTERVAL = 3
"""The polling interval in seconds, as in the official CLI."""

_REMEMBERED = timedelta(days=1)
"""How long an ended login is kept, so that its code is reported as expired."""


class LoginState(StrEnum):
    """The state of a login."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    USED = "used"


@dataclass(frozen=True, slots=True)
class DeviceLogin:
    """A device login.

    Attributes:
        device_code: The digest of its device code, the key of its row.
        client_id: The client's name, such as `blaxel`.
        state: Its state.
        sub: The person who approved it; None before that.
        interval: The required seconds between two polls.
        polled_at: Timestamp of the last poll; None before the first.
        created_at: Timestamp of its start.
        expires_at: Timestamp until which it can be approved and finished.
    """

    device_code: str
    client_id: str
    state: LoginState
    sub: str | None
    interval: int
    polled_at: str | None
    created_at: str
    expires_at: str

    def expired(self, moment: datetime) -> bool:
        """Whether it has expired."""
        return self.expires_at <= stamp(moment)

    def can_be_approved(self, moment: datetime) -> bool:
        """Whether a person can still approve or deny it."""
        return self.state is LoginState.PENDING and not self.expired(moment)

    def polled_too_soon(self, moment: datetime) -> bool:
        """Whether a poll now comes too soon after the last. One second of tolerance, because clocks differ."""
        if self.polled_at is None:
            return False
        passed = moment.astimezone(UTC) - datetime.fromisoformat(self.polled_at)
        return timedelta() <= passed < timedelta(seconds=self.interval - 1)


def add_login(db: sqlite3.Connection, device_code: str, user_code: str, client_id: str, moment: datetime) -> None:
    """Start a login, and delete logins that ended more than a day ago.

    Args:
        db: The transaction.
        device_code: The digest of the device code.
        user_code: The digest of the user code.
        client_id: The client's name.
        moment: The current time.
    """
    db.execute("DELETE FROM device_login WHERE expires_at <= ?", (stamp(moment - _REMEMBERED),))
    db.execute(
        "INSERT INTO device_login (device_code, user_code, client_id, interval, created_at, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (device_code, user_code, client_id, POLL_INTERVAL, stamp(moment), stamp(moment + LOGIN_LIFETIME)),
    )


def find_login(db: sqlite3.Connection, device_code: str) -> DeviceLogin | None:
    """The login with this device code digest, in any state."""
    return _login(db.execute("SELECT * FROM device_login WHERE device_code = ?", (device_code,)).fetchone())


def login_by_user_code(db: sqlite3.Connection, typed: str) -> DeviceLogin | None:
    """The login with this user code, in any state.

    Args:
        db: The transaction.
        typed: The code as typed: in any case, with or without its hyphen.
    """
    query = "SELECT * FROM device_login WHERE user_code = ?"
    return _login(db.execute(query, (user_code_digest(typed),)).fetchone())


def approve_login(db: sqlite3.Connection, login: DeviceLogin, sub: str, moment: datetime) -> bool:
    """Approve a login as a person; False, without effect, if it has expired or was already decided."""
    return _decide(db, login, LoginState.APPROVED, sub, moment)


def deny_login(db: sqlite3.Connection, login: DeviceLogin, moment: datetime) -> bool:
    """Deny a login; False, without effect, if it has expired or was already decided."""
    return _decide(db, login, LoginState.DENIED, None, moment)


def use_login(db: sqlite3.Connection, login: DeviceLogin) -> None:
    """Mark an approved login as used: it gives no further tokens."""
    db.execute("UPDATE device_login SET state = ? WHERE device_code = ?", (LoginState.USED.value, login.device_code))


def note_poll(db: sqlite3.Connection, login: DeviceLogin, slower: int, moment: datetime) -> None:
    """Record a poll, and by how many seconds the interval grows."""
    db.execute(
        "UPDATE device_login SET polled_at = ?, interval = interval + ? WHERE device_code = ?",
        (stamp(moment), slower, login.device_code),
    )


def _decide(db: sqlite3.Connection, login: DeviceLogin, state: LoginState, sub: str | None, moment: datetime) -> bool:
    cursor = db.execute(
        "UPDATE device_login SET state = ?, sub = ? WHERE device_code = ? AND state = ? AND expires_at > ?",
        (state.value, sub, login.device_code, LoginState.PENDING.value, stamp(moment)),
    )
    return cursor.rowcount > 0


def _login(row: sqlite3.Row | None) -> DeviceLogin | None:
    if row is None:
        return None
    return DeviceLogin(
        device_code=row["device_code"],
        client_id=row["client_id"],
        state=LoginState(row["state"]),
        sub=row["sub"],
        interval=row["interval"],
        polled_at=row["polled_at"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


DIRECTORY_SOURCE = "directory_sync"
"""The API's `source` of members added by the directory."""

_MISSING = """
SELECT workspace.name AS workspace, workspace_id, sub, email, person.folded, directory.role
FROM directory JOIN person USING (sub) JOIN workspace ON workspace.id = workspace_id
WHERE NOT EXISTS (
  SELECT 1 FROM membership
  WHERE membership.workspace_id = directory.workspace_id AND membership.sub = directory.sub
)
ORDER BY workspace.name, person.folded
"""


def add_to_directory(db: sqlite3.Connection, workspace_id: int, sub: str, role: str) -> None:
    """Add a person to the directory for a workspace, with a role."""
    db.execute("INSERT INTO directory VALUES (?, ?, ?)", (workspace_id, sub, role))


def synchronize_directory(db: sqlite3.Connection, moment: datetime) -> list[tuple[str, str]]:
    """Re-add directory members that are missing, with the directory's role, and delete their invitations.

    Members keep their roles.

    Returns:
        The address and workspace name of each person added.
    """
    missing = db.execute(_MISSING).fetchall()
    for row in missing:
        db.execute("DELETE FROM invitation WHERE workspace_id = ? AND folded = ?", (row["workspace_id"], row["folded"]))
        membership.add_member(db, row["workspace_id"], row["sub"], row["role"], DIRECTORY_SOURCE, moment)
    return [(row["email"], row["workspace"]) for row in missing]
