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


class Leaving(StrEnum):
    """What a document can say about a person instead of a role."""

    LEFT = "leaver"
    """The person is a leaver, and must have no access."""


class RoleLabel(StrEnum):
    """A live role, as the table groups it."""

    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"
    UNKNOWN = "another role"
    NOT_SHOWN = "role not shown"
    """The API does not show the role of an invitation (`UnknownRole("")`)."""


_ = Decision.NOTHING
WAIT, INVITE, RESEND, SET = Decision.WAIT, Decision.INVITE, Decision.RESEND, Decision.SET_ROLE
REMOVE, REVOKE, LEAVE, REPORT = Decision.REMOVE, Decision.REVOKE, Decision.LEAVE, Decision.LEAVE_AND_REPORT

DesiredRole = Role | Leaving | None

DESIRED_ROLES: tuple[DesiredRole, ...] = (None, Role.ADMIN, Role.MEMBER, Role.VIEWER, Leaving.LEFT)
"""The columns of the table; None means not declared."""

ROWS: dict[tuple[Standing, RoleLabel] | None, tuple[Decision, Decision, Decision, Decision, Decision]] = {
    # live                                    absent   admin   member  viewer    leaver
    None:                                    (_,      INVITE, INVITE, INVITE, _),
    (Standing.INVITED, RoleLabel.ADMIN):        (REVOKE, WAIT,   SET,    SET, REVOKE),
    (Standing.INVITED, RoleLabel.MEMBER):       (REVOKE, SET,    WAIT,   SET, REVOKE),
    (Standing.INVITED, RoleLabel.VIEWER):       (REVOKE, SET,    SET,    WAIT, REVOKE),
    (Standing.INVITED, RoleLabel.UNKNOWN):      (LEAVE,  SET,    SET,    SET, REVOKE),
    (Standing.INVITED, RoleLabel.NOT_SHOWN):       (REVOKE, WAIT,   WAIT,   WAIT, REVOKE),
    (Standing.EXPIRED, RoleLabel.ADMIN):        (REVOKE, RESEND, RESEND, RESEND, REVOKE),
    (Standing.EXPIRED, RoleLabel.MEMBER):       (REVOKE, RESEND, RESEND, RESEND, REVOKE),
    (Standing.EXPIRED, RoleLabel.VIEWER):       (REVOKE, RESEND, RESEND, RESEND, REVOKE),
    (Standing.EXPIRED, RoleLabel.UNKNOWN):      (LEAVE,  RESEND, RESEND, RESEND, REVOKE),
    (Standing.EXPIRED, RoleLabel.NOT_SHOWN):       (REVOKE, RESEND, RESEND, RESEND, REVOKE),
    (Standing.ACCEPTED, RoleLabel.ADMIN):       (REMOVE, _,      SET,    SET, REMOVE),
    (Standing.ACCEPTED, RoleLabel.MEMBER):      (REMOVE, SET,    _,      SET, REMOVE),
    (Standing.ACCEPTED, RoleLabel.VIEWER):      (REMOVE, SET,    SET,    _, REMOVE),
    (Standing.ACCEPTED, RoleLabel.UNKNOWN):     (LEAVE,  SET,    SET,    SET, REMOVE),
    (Standing.DIRECTORY, RoleLabel.ADMIN):      (LEAVE,  _,      REPORT,   REPORT, REPORT),
    (Standing.DIRECTORY, RoleLabel.MEMBER):     (LEAVE,  REPORT,   _,      REPORT, REPORT),
    (Standing.DIRECTORY, RoleLabel.VIEWER):     (LEAVE,  REPORT,   REPORT,   _, REPORT),
    (Standing.DIRECTORY, RoleLabel.UNKNOWN):    (LEAVE,  REPORT,   REPORT,   REPORT, REPORT),
    (Standing.DIRECTORY, RoleLabel.NOT_SHOWN):     (LEAVE,  REPORT,   REPORT,   REPORT, REPORT),
}  # fmt: skip
"""Every cell. There is no row for an accepted member without a role: such a listing is rejected."""

_CELLS = {
    (live, desired): cell for live, cells in ROWS.items() for desired, cell in zip(DESIRED_ROLES, cells, strict=True)
}
_LABELS: dict[LiveRole, RoleLabel] = {role: RoleLabel(role.value) for role in Role} | {
    UnknownRole(""): RoleLabel.NOT_SHOWN
}


def role_label(role: LiveRole) -> RoleLabel:
    """The row label of a live role."""
    return _LABELS.get(role, RoleLabel.UNKNOWN)


@lru_cache(maxsize=1_000)
def verdict(desired: DesiredRole, standing: Standing | None, role: LiveRole | None) -> Decision:
    """The decision for a person who is declared as `desired` and shown with `standing` and `role`."""
    live = None if standing is None or role is None else (standing, role_label(role))
    return _CELLS[live, desired]
