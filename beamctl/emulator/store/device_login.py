"""Rows of device logins: started by a device, decided by a person, used once. Codes are stored as digests."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from beamctl.emulator.clock import stamp
from beamctl.emulator.credentials import user_code_digest

LIFETIME = timedelta(minutes=10)
"""How long a login can be approved and finished (a guess; the official command line asks for three minutes)."""

INTERVAL = 3
"""The polling interval in seconds, as in the official CLI."""

_REMEMBERED = timedelta(days=1)
"""How long an ended login is kept, so that its code is reported as expired."""


class State(StrEnum):
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
    state: State
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
        return self.state is State.PENDING and not self.expired(moment)

    def polled_too_soon(self, moment: datetime) -> bool:
        """Whether a poll now comes too soon after the last. One second of tolerance, because clocks differ."""
        if self.polled_at is None:
            return False
        passed = moment.astimezone(UTC) - datetime.fromisoformat(self.polled_at)
        return timedelta() <= passed < timedelta(seconds=self.interval - 1)


def add(db: sqlite3.Connection, device_code: str, user_code: str, client_id: str, moment: datetime) -> None:
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
        (device_code, user_code, client_id, INTERVAL, stamp(moment), stamp(moment + LIFETIME)),
    )


def find(db: sqlite3.Connection, device_code: str) -> DeviceLogin | None:
    """The login with this device code digest, in any state."""
    return _login(db.execute("SELECT * FROM device_login WHERE device_code = ?", (device_code,)).fetchone())


def by_user_code(db: sqlite3.Connection, typed: str) -> DeviceLogin | None:
    """The login with this user code, in any state.

    Args:
        db: The transaction.
        typed: The code as typed: in any case, with or without its hyphen.
    """
    query = "SELECT * FROM device_login WHERE user_code = ?"
    return _login(db.execute(query, (user_code_digest(typed),)).fetchone())


def approve(db: sqlite3.Connection, login: DeviceLogin, sub: str, moment: datetime) -> bool:
    """Approve a login as a person; False, without effect, if it has expired or was already decided."""
    return _decide(db, login, State.APPROVED, sub, moment)


def deny(db: sqlite3.Connection, login: DeviceLogin, moment: datetime) -> bool:
    """Deny a login; False, without effect, if it has expired or was already decided."""
    return _decide(db, login, State.DENIED, None, moment)


def use(db: sqlite3.Connection, login: DeviceLogin) -> None:
    """Mark an approved login as used: it gives no further tokens."""
    db.execute("UPDATE device_login SET state = ? WHERE device_code = ?", (State.USED.value, login.device_code))


def note_poll(db: sqlite3.Connection, login: DeviceLogin, slower: int, moment: datetime) -> None:
    """Record a poll, and by how many seconds the interval grows."""
    db.execute(
        "UPDATE device_login SET polled_at = ?, interval = interval + ? WHERE device_code = ?",
        (stamp(moment), slower, login.device_code),
    )


def _decide(db: sqlite3.Connection, login: DeviceLogin, state: State, sub: str | None, moment: datetime) -> bool:
    cursor = db.execute(
        "UPDATE device_login SET state = ?, sub = ? WHERE device_code = ? AND state = ? AND expires_at > ?",
        (state.value, sub, login.device_code, State.PENDING.value, stamp(moment)),
    )
    return cursor.rowcount > 0


def _login(row: sqlite3.Row | None) -> DeviceLogin | None:
    if row is None:
        return None
    return DeviceLogin(
        device_code=row["device_code"],
        client_id=row["client_id"],
        state=State(row["state"]),
        sub=row["sub"],
        interval=row["interval"],
        polled_at=row["polled_at"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )
