"""People as a document would say them, so that a plan of it changes nothing. It must not know how it is written."""

from __future__ import annotations

from typing import Any

from beamctl.kinds.member.live import People, Person
from beamctl.kinds.member.lookalikes import ACKNOWLEDGED, doubtful
from beamctl.kinds.member.table import Standing
from beamctl.model.email import fault
from beamctl.model.role import Role, UnknownRole
from beamctl.plan.export import Exported, Trail


def export(live: People) -> Exported:
    """Everybody whom a document can name, by e-mail.

    Who came by a directory is not listed: the directory decides about them. Somebody with an expired invitation would
    be invited again where they are listed, and revoked where they are not, so they are skipped for a while. So is
    somebody with a role that beamctl does not know: they cannot be listed, and are a difference where they are not.
    """
    people = [live[key] for key in sorted(live)]
    listed = [person for person in people if _why_not(person) is None and person.standing is not Standing.EXPIRED]
    odd = doubtful(person.email for person in listed)
    entries: dict[str, Any] = {}
    for person in listed:
        role = str(person.role) or Role.MEMBER.value
        entries[person.email] = {"role": role, ACKNOWLEDGED: True} if person.email in odd else role
    remarks: dict[Trail, tuple[str, ...]] = {(person.email,): (said,) for person in listed if (said := _remark(person))}
    return Exported(
        entries=entries,
        remarks=remarks,
        whole=not any(each.standing is not Standing.DIRECTORY and fault(each.email) for each in people),
        left_out=tuple(f"{each.email} {why}" for each in people if (why := _why_not(each))),
        skip={each.email: why for each in people if not fault(each.email) and (why := _why_skipped(each))},
    )


def _why_skipped(person: Person) -> str:
    if person.standing is Standing.EXPIRED:
        return "exported with an expired invitation: list or revoke"
    if person.standing is not Standing.DIRECTORY and _is_unknown(person):
        return "exported with a role that beamctl does not know"
    return ""


def _is_unknown(person: Person) -> bool:
    return isinstance(person.role, UnknownRole) and bool(person.role.name)


def _why_not(person: Person) -> str | None:
    """Why a document cannot name them, to go on after the name; None where it can."""
    if person.standing is Standing.DIRECTORY:
        return f"is {person.role} through {person.source.replace('_', ' ')}, which decides"
    if _is_unknown(person):
        return f"has the role '{person.role}', which beamctl does not know"
    return fault(person.email) or None


def _remark(person: Person) -> str:
    if person.standing is not Standing.INVITED:
        return ""
    return "invited" if str(person.role) else "invited, in a role that the API does not tell"
