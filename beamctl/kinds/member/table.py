"""The decision table for one person: desired role by live standing and role, every cell spelled out. The reference
prints it and tests check every cell."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from beamctl.model.identity import LiveRole, Role, UnknownRole


class Standing(StrEnum):
    """The state of a live member."""

    INVITED = "invited"
    EXPIRED = "expired"
    ACCEPTED = "accepted"
    DIRECTORY = "directory"
    """Added by directory sync or domain capture, which would add them back."""


class Decision(StrEnum):
    """What to do about one person."""

    NOTHING = "·"
    """No change."""
    WAIT = "wait"
    """Invited as desired; the invitee has to accept."""
    INVITE = "invite"
    RESEND = "resend"
    SET_ROLE = "set role"
    REMOVE = "remove"
    REVOKE = "revoke"
    LEAVE = "leave"
    """Not managed by beamctl: from a directory, or an unknown role that the document does not change."""
    LEAVE_AND_REPORT = "leave, report"
    """Not managed by beamctl, although the document declares another role."""


class Column(StrEnum):
    """A live role, as the table groups it."""

    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"
    UNKNOWN = "another role"
    UNTOLD = "role not told"
    """The API does not show the role of an invitation (`UnknownRole("")`)."""


_ = Decision.NOTHING
WAIT, INVITE, RESEND, SET = Decision.WAIT, Decision.INVITE, Decision.RESEND, Decision.SET_ROLE
REMOVE, REVOKE, LEAVE, REPORT = Decision.REMOVE, Decision.REVOKE, Decision.LEAVE, Decision.LEAVE_AND_REPORT

DESIRED_ROLES: tuple[Role | None, ...] = (None, Role.ADMIN, Role.MEMBER, Role.VIEWER)
"""The columns of the table; None means not declared."""

ROWS: dict[tuple[Standing, Column] | None, tuple[Decision, Decision, Decision, Decision]] = {
    # live                                    absent   admin   member  viewer
    None:                                    (_,      INVITE, INVITE, INVITE),
    (Standing.INVITED, Column.ADMIN):        (REVOKE, WAIT,   SET,    SET),
    (Standing.INVITED, Column.MEMBER):       (REVOKE, SET,    WAIT,   SET),
    (Standing.INVITED, Column.VIEWER):       (REVOKE, SET,    SET,    WAIT),
    (Standing.INVITED, Column.UNKNOWN):      (LEAVE,  SET,    SET,    SET),
    (Standing.INVITED, Column.UNTOLD):       (REVOKE, WAIT,   WAIT,   WAIT),
    (Standing.EXPIRED, Column.ADMIN):        (REVOKE, RESEND, RESEND, RESEND),
    (Standing.EXPIRED, Column.MEMBER):       (REVOKE, RESEND, RESEND, RESEND),
    (Standing.EXPIRED, Column.VIEWER):       (REVOKE, RESEND, RESEND, RESEND),
    (Standing.EXPIRED, Column.UNKNOWN):      (LEAVE,  RESEND, RESEND, RESEND),
    (Standing.EXPIRED, Column.UNTOLD):       (REVOKE, RESEND, RESEND, RESEND),
    (Standing.ACCEPTED, Column.ADMIN):       (REMOVE, _,      SET,    SET),
    (Standing.ACCEPTED, Column.MEMBER):      (REMOVE, SET,    _,      SET),
    (Standing.ACCEPTED, Column.VIEWER):      (REMOVE, SET,    SET,    _),
    (Standing.ACCEPTED, Column.UNKNOWN):     (LEAVE,  SET,    SET,    SET),
    (Standing.DIRECTORY, Column.ADMIN):      (LEAVE,  _,      REPORT,   REPORT),
    (Standing.DIRECTORY, Column.MEMBER):     (LEAVE,  REPORT,   _,      REPORT),
    (Standing.DIRECTORY, Column.VIEWER):     (LEAVE,  REPORT,   REPORT,   _),
    (Standing.DIRECTORY, Column.UNKNOWN):    (LEAVE,  REPORT,   REPORT,   REPORT),
    (Standing.DIRECTORY, Column.UNTOLD):     (LEAVE,  REPORT,   REPORT,   REPORT),
}  # fmt: skip
"""Every cell. There is no row for an accepted member without a role: such a listing is rejected."""

_CELLS = {
    (live, desired): cell for live, cells in ROWS.items() for desired, cell in zip(DESIRED_ROLES, cells, strict=True)
}
_COLUMNS: dict[LiveRole, Column] = {role: Column(role.value) for role in Role} | {UnknownRole(""): Column.UNTOLD}


def column(role: LiveRole) -> Column:
    """The row label of a live role."""
    return _COLUMNS.get(role, Column.UNKNOWN)


@lru_cache(maxsize=1_000)
def verdict(desired: Role | None, standing: Standing | None, role: LiveRole | None) -> Decision:
    """The decision for a person who is declared as `wanted` and shown with `standing` and `role`."""
    live = None if standing is None or role is None else (standing, column(role))
    return _CELLS[live, desired]
