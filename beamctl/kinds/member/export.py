"""Members as a document section whose plan is empty."""

from __future__ import annotations

from typing import Any

from beamctl.kinds.member.live import People, Person
from beamctl.kinds.member.lookalikes import ACKNOWLEDGED, doubtful
from beamctl.kinds.member.table import Standing
from beamctl.model.email import fault
from beamctl.model.identity import Role, UnknownRole
from beamctl.plan.export import Exported, Trail


def export(live: People) -> Exported:
    """Everyone whom a document can list, by e-mail.

    People from a directory are not listed, because the directory manages them. A person with an expired invitation
    would be invited again if listed, and revoked if not, so they are skipped for a while. So are people with an
    unknown role: they cannot be listed, and would be reported as a difference.
    """
    people = [live[key] for key in sorted(live)]
    listed = [person for person in people if _why_not(person) is None and person.standing is not Standing.EXPIRED]
    ambiguous = doubtful(person.email for person in listed)
    entries: dict[str, Any] = {}
    for person in listed:
        role = str(person.role) or Role.MEMBER.value
        entries[person.email] = {"role": role, ACKNOWLEDGED: True} if person.email in ambiguous else role
    remarks: dict[Trail, tuple[str, ...]] = {
        (person.email,): (comment,) for person in listed if (comment := _remark(person))
    }
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
        return "exported with an unknown role"
    return ""


def _is_unknown(person: Person) -> bool:
    return isinstance(person.role, UnknownRole) and bool(person.role.name)


def _why_not(person: Person) -> str | None:
    """Why a document cannot list them, to follow their name; None if it can."""
    if person.standing is Standing.DIRECTORY:
        return f"is {person.role} through {person.source.replace('_', ' ')}, which manages them"
    if _is_unknown(person):
        return f"has the unknown role '{person.role}'"
    return fault(person.email) or None


def _remark(person: Person) -> str:
    if person.standing is not Standing.INVITED:
        return ""
    return "invited" if str(person.role) else "invited, with a role that the API does not show"
