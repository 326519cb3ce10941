"""What happens to one person: a table of wanted by (standing and role), every cell spelled out.
It must not know who the person is; the README prints it and the tests go through it cell by cell."""

from __future__ import annotations

from enum import Enum

from beamctl.model.role import LiveRole, Role, UnknownRole


class Standing(Enum):
    """Where a live member stands."""

    INVITED = "invited"
    EXPIRED = "expired"
    ACCEPTED = "accepted"
    DIRECTORY = "directory"
    """Brought in by directory sync or domain capture: the directory would bring them back."""


class Decision(Enum):
    """What is done about one person, in the words of the table."""

    NOTHING = "·"
    """As it should be."""
    WAIT = "wait"
    """Invited as wanted: it is the invitee's turn."""
    INVITE = "invite"
    RESEND = "resend"
    SET_ROLE = "set role"
    REMOVE = "remove"
    REVOKE = "revoke"
    LEAVE = "leave"
    """Not beamctl's to touch: the directory's, or a role that nobody asked to change."""
    LEAVE_SAID = "leave, say"
    """Not beamctl's to touch, although the document wants another role."""


class Column(Enum):
    """A live role as the table sees it."""

    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"
    UNKNOWN = "another role"
    UNTOLD = "role not told"
    """The API does not say which role an invitation carries (`UnknownRole("")`)."""


_ = Decision.NOTHING
WAIT, INVITE, RESEND, SET = Decision.WAIT, Decision.INVITE, Decision.RESEND, Decision.SET_ROLE
REMOVE, REVOKE, LEAVE, SAID = Decision.REMOVE, Decision.REVOKE, Decision.LEAVE, Decision.LEAVE_SAID

WANTED: tuple[Role | None, ...] = (None, Role.ADMIN, Role.MEMBER, Role.VIEWER)
"""The columns of the table; None is: not wanted."""

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
    (Standing.DIRECTORY, Column.ADMIN):      (LEAVE,  _,      SAID,   SAID),
    (Standing.DIRECTORY, Column.MEMBER):     (LEAVE,  SAID,   _,      SAID),
    (Standing.DIRECTORY, Column.VIEWER):     (LEAVE,  SAID,   SAID,   _),
    (Standing.DIRECTORY, Column.UNKNOWN):    (LEAVE,  SAID,   SAID,   SAID),
    (Standing.DIRECTORY, Column.UNTOLD):     (LEAVE,  SAID,   SAID,   SAID),
}  # fmt: skip
"""Every cell. An accepted member without a role is no row: such a listing is refused as a whole."""

_CELLS = {(live, wanted): cell for live, cells in ROWS.items() for wanted, cell in zip(WANTED, cells, strict=True)}
_COLUMNS: dict[LiveRole, Column] = {role: Column(role.value) for role in Role} | {UnknownRole(""): Column.UNTOLD}


def column(role: LiveRole) -> Column:
    """The row label of a live role."""
    return _COLUMNS.get(role, Column.UNKNOWN)


def verdict(wanted: Role | None, standing: Standing | None, role: LiveRole | None) -> Decision:
    """What happens to a person whom the document wants as `wanted` and the API shows as `standing` and `role`."""
    live = None if standing is None or role is None else (standing, column(role))
    return _CELLS[live, wanted]
