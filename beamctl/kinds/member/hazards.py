"""What is dangerous about a set of changes to people. It must not know how they came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from beamctl.document.document import Guards
from beamctl.kinds.member.desired import SECTION
from beamctl.kinds.member.live import People, admins
from beamctl.kinds.member.moves import rename_hazards
from beamctl.kinds.member.table import Standing
from beamctl.model.email import domain, folded, matches
from beamctl.model.identity import Identity
from beamctl.model.role import Role
from beamctl.model.text import printable
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.comparison import AdminGroups, Note
from beamctl.plan.declared import is_recorded
from beamctl.plan.floors import InForce
from beamctl.plan.hazard import Hazard, Risk

_GRANTS = frozenset({Action.INVITE, Action.RESEND})


@dataclass(frozen=True, slots=True)
class Admins:
    """The accepted admins before and after. An invited admin is none yet.

    Attributes:
        before: Folded e-mails.
        after: Folded e-mails, without those in doubt.
        in_doubt: Those whom a directory made admins, and who may be none when it syncs: the mapping of a group goes.
    """

    before: frozenset[str]
    after: frozenset[str]
    in_doubt: frozenset[str]

    @property
    def relied_on(self) -> tuple[str, ...]:
        """Who must be an admin, those promoted first among them, before anything is taken from anyone."""
        return tuple(sorted(self.after))


def admins_of(everybody: People, changes: Sequence[Change], groups: AdminGroups) -> Admins:
    """Who is an accepted admin now, and who will be, whatever becomes of the groups that make people admins."""
    before = admins(everybody.items())
    after = set(before)
    for change in changes:
        accepted = change.key in everybody and everybody[change.key].accepted
        if accepted and change.after is not None and change.after["role"] == Role.ADMIN.value:
            after.add(change.key)
        elif change.takes:
            after.discard(change.key)
    takes_admin = any(change.takes and change.key in before for change in changes)
    in_doubt: set[str] = set()
    if groups is AdminGroups.NONE or (groups is AdminGroups.FEWER and takes_admin):
        in_doubt = {key for key in after if everybody[key].standing is Standing.DIRECTORY}
    return Admins(frozenset(before), frozenset(after - in_doubt), frozenset(in_doubt))


def ourselves(everybody: People, guards: Guards, identity: Identity | None) -> frozenset[str] | None:
    """The folded e-mails beamctl may run as: what the document says, and what the credential tells.

    Empty for a service account, which is no member; None where nothing tells.
    """
    ours = {folded(guards.runs_as.email)} if guards.runs_as is not None and guards.runs_as.email else set()
    if identity is not None:
        ours |= {key for key, person in everybody.items() if identity.sub and person.sub == identity.sub}
        ours |= {folded(identity.email)} if identity.email else set()
    told = guards.runs_as is not None or (identity is not None and bool(ours or identity.client_id))
    return frozenset(ours) if told else None


def strangers(everybody: People, guards: Guards, identity: Identity | None) -> list[Hazard]:
    """Whom beamctl is said to run as, and the API does not show: then what it shows may not be all."""
    said = [guards.runs_as.email] if guards.runs_as is not None else []
    if identity is not None and not identity.client_id:  # a service account is no member
        ours = identity.sub and any(person.sub == identity.sub for person in everybody.values())
        said += [] if ours else [identity.email]
    missing = {folded(email): printable(email) for email in reversed(said) if email and folded(email) not in everybody}
    because = "beamctl is said to run as {}, who is not in the workspace: check guards.self"
    return [Hazard(Risk.LIVE_WITHOUT_US, missing[key], because.format(missing[key])) for key in sorted(missing)]


def without_admins(everybody: People) -> list[Hazard]:
    """That the API shows people and no accepted admin, which is so in hardly any workspace: it may not show all."""
    if not everybody or admins(everybody.items()):
        return []
    count = len(everybody)
    because = f"the API shows no accepted admin among {count} {'people' if count != 1 else 'person'}"
    return [Hazard(Risk.LIVE_WITHOUT_ADMINS, SECTION, because)]


def not_believed(everybody: People) -> list[Hazard]:
    """Why a listing is suspect, for a plan that was made from another one."""
    if not everybody:
        return [Hazard(Risk.LIVE_EMPTY, SECTION, f"the API shows no {SECTION} at all")]
    return without_admins(everybody)


def hazards(
    changes: Sequence[Change], count: Admins, guards: InForce, ours: frozenset[str], ends: Mapping[str, str]
) -> list[Hazard]:
    """Every risk that only this kind can see.

    Args:
        changes: To people.
        count: The admins before and after.
        guards: Those in force.
        ours: The folded e-mails beamctl may run as.
        ends: By folded e-mail, the days on which the access of admins ends, as the last recorded run shows them.
    """
    found = [*last_admin(changes, count), *guarded(changes, count, guards), *rename_hazards(changes)]
    for change in (each for each in changes if each.takes):
        name = printable(change.name)
        if change.key in ours:
            found.append(Hazard(Risk.SELF_LOCKOUT, name, f"beamctl runs as {name}, who {_loses(change)}"))
        if change.key in count.before and not _ends_as_recorded(change, ends):
            found.append(Hazard(Risk.REMOVES_ADMIN, name, f"{name} is an admin{_and_then(change)}"))
    return found


def _ends_as_recorded(change: Change, ends: Mapping[str, str]) -> bool:
    """Whether this access ends on a day that was declared, and reviewed, before it came."""
    return change.reason is Reason.ACCESS_ENDED and is_recorded(ends, change.key, change.declared["until"])


def _and_then(change: Change) -> str:
    if change.reason is Reason.ACCESS_ENDED:
        return f", and no recorded run shows that `until: {change.declared['until']}` was declared before that day"
    return ", and would be demoted" if change.after else ""


def guarded(changes: Sequence[Change], count: Admins, guards: InForce) -> list[Hazard]:
    """What the guards in force refuse, each with the name of the one that does."""
    found = _too_few_admins(changes, count, guards)
    for change in changes:
        name = printable(change.name)
        protecting = [source for source, side in guards.sides("protected") if matches(side.protected, change.key)]
        if change.takes and protecting:
            because = f"{name} is protected by {' and '.join(protecting)}, and {_loses(change)}"
            found.append(Hazard(Risk.REMOVES_PROTECTED, name, because))
        grants = change.action in _GRANTS or (change.action is Action.SET_ROLE and not change.takes)
        outside = [
            f"{source} ({', '.join(side.allowed_domains) or 'an empty list'})"
            for source, side in guards.sides("allowedDomains")
            if side.allowed_domains is not None and domain(change.name) not in side.allowed_domains
        ]
        if grants and outside:
            because = f"{change.name} is outside {' and '.join(outside)}"
            found.append(Hazard(Risk.GRANTS_OUTSIDE_DOMAIN, name, because))
    return found


def _loses(change: Change) -> str:
    return f"would be {'demoted' if change.after else 'removed'}"


def takes_admin(changes: Sequence[Change], count: Admins) -> bool:
    """Whether somebody who is an admin now would be none, or gone."""
    return any(change.takes and change.key in count.before for change in changes)


def last_admin(changes: Sequence[Change], count: Admins) -> list[Hazard]:
    """That nobody would remain who could let anyone in."""
    if count.before and not count.after and (count.in_doubt or any(change.takes for change in changes)):
        because = "every accepted admin would be removed or demoted; somebody invited is no admin yet"
        if count.in_doubt:
            because = "no admin would remain but those of the directory, of whom a group is no longer mapped to admin"
        return [Hazard(Risk.LAST_ADMIN, "none", because)]
    return []


def _too_few_admins(changes: Sequence[Change], count: Admins, guards: InForce) -> list[Hazard]:
    if not count.in_doubt and not any(change.takes for change in changes):
        return []
    left, asking = _missing_admins(count, guards)
    if last_admin(changes, count) or not asking or left >= len(count.before) > 0:
        return []
    because = f"{left} accepted admin{'s' * (left != 1)} would remain; {asking}"
    return [Hazard(Risk.TOO_FEW_ADMINS, str(left), because)]


def minimum_not_met(count: Admins, guards: InForce) -> list[Note]:
    """That there are too few admins whatever the plan does: nothing is refused then, as nothing gets worse."""
    left, asking = _missing_admins(count, guards)
    met = not asking or left < len(count.before) or not left
    return [] if met else [Note(f"{left} accepted admin{'s' * (left != 1)} after this plan; {asking}")]


def _missing_admins(count: Admins, guards: InForce) -> tuple[int, str]:
    """How many admins there will be, and which guards ask for more, in words."""
    left = len(count.after)
    asking = [f"{name} is {side.min_admins}" for name, side in guards.sides("minAdmins") if left < side.min_admins]
    return left, " and ".join(asking)
