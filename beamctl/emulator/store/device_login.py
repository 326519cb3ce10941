"""The rows of device logins: begun by a device, approved or denied by a person elsewhere, used once. It keeps no
code but as its digest, and must not know tokens."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from beamctl.emulator.clock import stamp
from beamctl.emulator.credential import user_code_digest

LIFETIME = timedelta(minutes=10)
"""How long a login can be approved and finished (a guess; the official command line asks for three minutes)."""

INTERVAL = 3
"""How many seconds a device is told to wait between two polls: what the official command line waits."""

_REMEMBERED = timedelta(days=1)
"""How long a login is known after its end, so that its code is told to have expired."""


class State(StrEnum):
    """How far a login is."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    USED = "used"


@dataclass(frozen=True, slots=True)
class DeviceLogin:
    """One login.

    Attributes:
        device_code: The digest of its device code, by which its row is known.
        client_id: What the device calls itself, such as `blaxel`.
        state: How far it is.
        sub: The person who approved it; None before that.
        interval: The seconds that the device must let pass between two polls.
        polled_at: When the device asked last, as a stamp; None before the first time.
        created_at: When it began, as a stamp.
        expires_at: Until when it can be approved and finished, as a stamp.
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
        """Whether it is too late for it."""
        return self.expires_at <= stamp(moment)

    def can_be_approved(self, moment: datetime) -> bool:
        """Whether a person can still approve or deny it."""
        return self.state is State.PENDING and not self.expired(moment)

    def polled_too_soon(self, moment: datetime) -> bool:
        """Whether a poll now would be too soon after the last; a second too soon is let pass, for clocks differ."""
        if self.polled_at is None:
            return False
        passed = moment.astimezone(UTC) - datetime.fromisoformat(self.polled_at)
        return timedelta() <= passed < timedelta(seconds=self.interval - 1)


def add(rows: sqlite3.Connection, device_code: str, user_code: str, client_id: str, moment: datetime) -> None:
    """Begins a login.

    Args:
        rows: The transaction.
        device_code: The digest of the device code.
        user_code: The digest of the user code.
        client_id: What the device calls itself.
        moment: When it begins; logins that ended a day before are forgotten.
    """
    rows.execute("DELETE FROM device_login WHERE expires_at <= ?", (stamp(moment - _REMEMBERED),))
    rows.execute(
        "INSERT INTO device_login (device_code, user_code, client_id, interval, created_at, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (device_code, user_code, client_id, INTERVAL, stamp(moment), stamp(moment + LIFETIME)),
    )


def find(rows: sqlite3.Connection, device_code: str) -> DeviceLogin | None:
    """The login with that digest of a device code, whatever has become of it."""
    return _login(rows.execute("SELECT * FROM device_login WHERE device_code = ?", (device_code,)).fetchone())


def by_user_code(rows: sqlite3.Connection, typed: str) -> DeviceLogin | None:
    """The login that a person means with a user code, whatever has become of it.

    Args:
        rows: The transaction.
        typed: The code itself, as the person typed it: in any case, with or without its hyphen.
    """
    query = "SELECT * FROM device_login WHERE user_code = ?"
    return _login(rows.execute(query, (user_code_digest(typed),)).fetchone())


def approve(rows: sqlite3.Connection, login: DeviceLogin, sub: str, moment: datetime) -> bool:
    """Lets the device act as that person; False, and nothing happens, where it is too late or was decided before."""
    return _decide(rows, login, State.APPROVED, sub, moment)


def deny(rows: sqlite3.Connection, login: DeviceLogin, moment: datetime) -> bool:
    """Turns the device away; False, and nothing happens, where it is too late or was decided before."""
    return _decide(rows, login, State.DENIED, None, moment)


def use(rows: sqlite3.Connection, login: DeviceLogin) -> None:
    """Notes that an approved login is finished: nobody gets tokens for it again."""
    rows.execute("UPDATE device_login SET state = ? WHERE device_code = ?", (State.USED.value, login.device_code))


def note_poll(rows: sqlite3.Connection, login: DeviceLogin, slower: int, moment: datetime) -> None:
    """Notes that the device asked, and how many more seconds it must let pass from now on."""
    rows.execute(
        "UPDATE device_login SET polled_at = ?, interval = interval + ? WHERE device_code = ?",
        (stamp(moment), slower, login.device_code),
    )


def _decide(rows: sqlite3.Connection, login: DeviceLogin, state: State, sub: str | None, moment: datetime) -> bool:
    cursor = rows.execute(
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
