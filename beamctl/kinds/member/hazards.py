"""The hazards of changes to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from beamctl.document.desired import Guards
from beamctl.kinds.member.desired import SECTION, DesiredMember
from beamctl.kinds.member.live import People, admins
from beamctl.kinds.member.rename import rename_hazards
from beamctl.kinds.member.table import Standing
from beamctl.model.code import Code
from beamctl.model.email import domain, folded, matches
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import Identity, Role
from beamctl.model.text import printable
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.comparison import AdminGroups, Note
from beamctl.plan.guards import InForce, declared_in_time, is_recorded
from beamctl.plan.hazard import Hazard, Risk

_GRANTS = frozenset({Action.INVITE, Action.RESEND})


@dataclass(frozen=True, slots=True)
class Admins:
    """The accepted admins before and after the changes. Invited admins do not count.

    Attributes:
        before: Folded e-mails.
        after: Folded e-mails, excluding those in doubt.
        in_doubt: Admins from a directory who may lose the role at the next sync because their group's mapping is
            removed.
    """

    before: frozenset[str]
    after: frozenset[str]
    in_doubt: frozenset[str]

    @property
    def relied_on(self) -> tuple[str, ...]:
        """Who must be an admin before access is reduced, including those to be promoted."""
        return tuple(sorted(self.after))


def admins_of(members: People, changes: Sequence[Change], groups: AdminGroups) -> Admins:
    """The accepted admins now and after the changes."""
    before = admins(members.items())
    after = set(before)
    for change in changes:
        accepted = change.key in members and members[change.key].accepted
        if accepted and change.after is not None and change.after["role"] == Role.ADMIN.value:
            after.add(change.key)
        elif change.revokes_access:
            after.discard(change.key)
    removes_admin = any(change.revokes_access and change.key in before for change in changes)
    in_doubt: set[str] = set()
    if groups is AdminGroups.NONE or (groups is AdminGroups.FEWER and removes_admin):
        in_doubt = {key for key in after if members[key].standing is Standing.DIRECTORY}
    return Admins(frozenset(before), frozenset(after - in_doubt), frozenset(in_doubt))


def own_keys(members: People, guards: Guards, identity: Identity | None) -> frozenset[str] | None:
    """The folded e-mails that beamctl may run as, from the document and the credential.

    Empty for a service account, which is not a member; None if unknown.
    """
    ours = {folded(guards.runs_as.email)} if guards.runs_as is not None and guards.runs_as.email else set()
    if identity is not None:
        ours |= {key for key, person in members.items() if identity.sub and person.sub == identity.sub}
        ours |= {folded(identity.email)} if identity.email else set()
    known = guards.runs_as is not None or (identity is not None and bool(ours or identity.client_id))
    return frozenset(ours) if known else None


def own_identity_missing(members: People, guards: Guards, identity: Identity | None) -> list[Hazard]:
    """The identity that beamctl runs as, if the API does not show it. The listing may then be incomplete."""
    expected = [guards.runs_as.email] if guards.runs_as is not None else []
    if identity is not None and not identity.client_id:  # a service account is not a member
        ours = identity.sub and any(person.sub == identity.sub for person in members.values())
        expected += [] if ours else [identity.email]
    missing = {
        folded(email): printable(email) for email in reversed(expected) if email and folded(email) not in members
    }
    names = [missing[key] for key in sorted(missing)]
    return [Hazard(Risk.LIVE_WITHOUT_US, name, fact(Code.SELF_NOT_SHOWN, name=name)) for name in names]


def without_admins(members: People) -> list[Hazard]:
    """Hazard if the API shows people but no accepted admin: the listing is probably incomplete."""
    if not members or any(person.is_admin for person in members.values()):
        return []
    return [Hazard(Risk.LIVE_WITHOUT_ADMINS, SECTION, fact(Code.NO_ADMIN_SHOWN, count=len(members)))]


def not_believed(members: People) -> list[Hazard]:
    """Why a fresh listing is suspect, for a plan that was made from an earlier one."""
    if not members:
        return [Hazard(Risk.LIVE_EMPTY, SECTION, fact(Code.LISTING_EMPTY, section=SECTION))]
    return without_admins(members)


def hazards(
    changes: Sequence[Change],
    count: Admins,
    guards: InForce,
    ours: frozenset[str],
    ends: Mapping[str, str],
    lowered: Mapping[str, str],
) -> list[Hazard]:
    """The hazards specific to this kind.

    Args:
        changes: To people.
        count: The admins before and after.
        guards: The guards in force.
        ours: The folded e-mails that beamctl may run as.
        ends: By folded e-mail, the dates in the last recorded run on which admins' access ends.
        lowered: By folded e-mail, the dates on which admins were to get a lower role.
    """
    found = [*last_admin(changes, count), *guarded(changes, count, guards), *rename_hazards(changes)]
    for change in (each for each in changes if each.revokes_access):
        name = printable(change.name)
        if change.key in ours:
            found.append(Hazard(Risk.SELF_LOCKOUT, name, fact(Code.SELF_LOSES_ACCESS, name=name, loss=_loss(change))))
        if change.counts_as_removal and change.key in count.before and not _ends_as_recorded(change, ends, lowered):
            found.append(Hazard(Risk.REMOVES_ADMIN, name, _admin_lost(name, change)))
    return found


def ends_in_time(section: Mapping[str, DesiredMember], recorded: Mapping[str, str], today: date) -> Mapping[str, str]:
    """The dates on which admins' access ends, as far as each was declared in advance."""
    ends = {
        key: want.until.isoformat()
        for key, want in section.items()
        if want.role is Role.ADMIN and want.until is not None
    }
    return declared_in_time(ends, recorded, today)


def _ends_as_recorded(change: Change, ends: Mapping[str, str], lowered: Mapping[str, str]) -> bool:
    """Whether this access ends on a day that was declared and reviewed in advance."""
    day = change.declared["until"] if change.reason is Reason.ACCESS_ENDED else lowered.get(change.key, "")
    return bool(day) and is_recorded(ends, change.key, day)


def _admin_lost(name: str, change: Change) -> Fact:
    if change.reason is Reason.ACCESS_ENDED:
        return fact(Code.END_NOT_RECORDED, name=name, until=change.declared["until"])
    return fact(Code.ADMIN_DEMOTED, name=name) if change.after else fact(Code.IS_ADMIN, name=name)


def guarded(changes: Sequence[Change], count: Admins, guards: InForce) -> list[Hazard]:
    """Hazards from the guards in force, each naming the guard that refuses."""
    found = _too_few_admins(changes, count, guards)
    for change in changes:
        name = printable(change.name)
        protecting = tuple(source for source, side in guards.sides("protected") if matches(side.protected, change.key))
        if change.revokes_access and protecting:
            why = fact(Code.PROTECTED, name=name, guards=protecting, loss=_loss(change))
            found.append(Hazard(Risk.REMOVES_PROTECTED, name, why))
        grants = change.action in _GRANTS or (change.action is Action.SET_ROLE and not change.revokes_access)
        outside = tuple(
            fact(Code.ALLOWED_DOMAINS, guard=source, domains=side.allowed_domains)
            for source, side in guards.sides("allowedDomains")
            if side.allowed_domains is not None and domain(change.name) not in side.allowed_domains
        )
        if grants and outside:
            why = fact(Code.OUTSIDE_ALLOWED_DOMAINS, email=change.name, lists=outside)
            found.append(Hazard(Risk.GRANTS_OUTSIDE_DOMAIN, name, why))
    return found


def _loss(change: Change) -> str:
    return "demoted" if change.after else "removed"


def removes_admin(changes: Sequence[Change], count: Admins) -> bool:
    """Whether a current admin would lose the role."""
    return any(change.revokes_access and change.key in count.before for change in changes)


def last_admin(changes: Sequence[Change], count: Admins) -> list[Hazard]:
    """Hazard if no admin would remain."""
    if count.before and not count.after and (count.in_doubt or any(change.revokes_access for change in changes)):
        code = Code.ONLY_DIRECTORY_ADMINS_LEFT if count.in_doubt else Code.NO_ADMIN_LEFT
        return [Hazard(Risk.LAST_ADMIN, "none", fact(code))]
    return []


def _too_few_admins(changes: Sequence[Change], count: Admins, guards: InForce) -> list[Hazard]:
    if not count.in_doubt and not any(change.revokes_access for change in changes):
        return []
    left, required = _missing_admins(count, guards)
    if last_admin(changes, count) or not required or left >= len(count.before) > 0:
        return []
    return [Hazard(Risk.TOO_FEW_ADMINS, str(left), fact(Code.TOO_FEW_ADMINS_LEFT, left=left, guards=required))]


def minimum_not_met(count: Admins, guards: InForce) -> list[Note]:
    """Note if there are too few admins whatever the plan does. That is not refused, because nothing gets worse."""
    left, required = _missing_admins(count, guards)
    met = not required or left < len(count.before) or not left
    return [] if met else [Note(fact(Code.FEW_ADMINS, left=left, guards=required))]


def _missing_admins(count: Admins, guards: InForce) -> tuple[int, tuple[Fact, ...]]:
    """How many admins will remain, and which guards require more."""
    left = len(count.after)
    sides = [(name, side.min_admins) for name, side in guards.sides("minAdmins") if left < side.min_admins]
    return left, tuple(fact(Code.LIMIT, guard=name, limit=limit) for name, limit in sides)
