"""What is dangerous about a set of changes to people. It must not know how they came about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from beamctl.document.document import Guards
from beamctl.kinds.member.live import People, admins
from beamctl.kinds.member.rename import pairs
from beamctl.kinds.member.table import Standing
from beamctl.model.email import domain, folded
from beamctl.model.identity import Identity
from beamctl.model.role import Role
from beamctl.model.text import printable
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.comparison import AdminGroups
from beamctl.plan.hazard import Hazard, Risk

_GRANTS = frozenset({Action.INVITE, Action.RESEND})
_LEAVES = frozenset({Action.REMOVE, Action.REVOKE})


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


def hazards(changes: Sequence[Change], count: Admins, guards: Guards, ours: frozenset[str]) -> list[Hazard]:
    """Every risk that only this kind can see."""
    taking = [change for change in changes if change.takes]
    found = [*_about_admins(taking, count, guards), *_renames(changes)]
    for change in taking:
        name = printable(change.name)
        what = f"would {'be demoted' if change.after else 'be removed'}"
        if change.key in ours:
            found.append(Hazard(Risk.SELF_LOCKOUT, name, f"beamctl runs as {name}, who {what}"))
        if change.key in count.before and change.reason is not Reason.ACCESS_ENDED:  # that day was reviewed
            and_then = ", and would be demoted" if change.after else ""
            found.append(Hazard(Risk.REMOVES_ADMIN, name, f"{name} is an admin{and_then}"))
        if change.key in guards.protected:
            found.append(Hazard(Risk.REMOVES_PROTECTED, name, f"{name} is protected, and {what}"))
    for change in changes:
        grants = change.action in _GRANTS or (change.action is Action.SET_ROLE and not change.takes)
        if grants and guards.allowed_domains is not None and domain(change.name) not in guards.allowed_domains:
            allowed = ", ".join(guards.allowed_domains) or "an empty list"
            because = f"{change.name} is outside {allowed}"
            found.append(Hazard(Risk.GRANTS_OUTSIDE_DOMAIN, printable(change.name), because))
    return found


def takes_admin(changes: Sequence[Change], count: Admins) -> bool:
    """Whether somebody who is an admin now would be none, or gone."""
    return any(change.takes and change.key in count.before for change in changes)


def in_turn(changes: Sequence[Change]) -> list[Change]:
    """The changes, where somebody who may only have another e-mail goes only once that was invited."""
    leaving, coming = _moves(changes)
    keys = {change.name: change.key for change in changes}
    follows = {old: keys[new] for old, new in pairs(leaving, coming)}
    return [replace(each, follows=follows.get(each.name, "") if each.action in _LEAVES else "") for each in changes]


def last_admin(changes: Sequence[Change], count: Admins) -> list[Hazard]:
    """That nobody would remain who could let anyone in."""
    if count.before and not count.after and (count.in_doubt or any(change.takes for change in changes)):
        because = "every accepted admin would be removed or demoted; somebody invited is no admin yet"
        if count.in_doubt:
            because = "no admin would remain but those of the directory, of whom a group is no longer mapped to admin"
        return [Hazard(Risk.LAST_ADMIN, "none", because)]
    return []


def _about_admins(taking: Sequence[Change], count: Admins, guards: Guards) -> list[Hazard]:
    if not taking and not count.in_doubt:
        return []
    left = len(count.after)
    if last := last_admin(taking, count):
        return last
    if left < guards.min_admins and (left < len(count.before) or not count.before):
        because = f"{left} accepted admin{'s' * (left != 1)} would remain; guards.minAdmins is {guards.min_admins}"
        return [Hazard(Risk.TOO_FEW_ADMINS, str(left), because)]
    return []


def _renames(changes: Sequence[Change]) -> list[Hazard]:
    """Somebody leaves, and somebody very alike is invited."""
    leaving, coming = _moves(changes)
    found = []
    for old, new in pairs(leaving, coming):
        before, after = printable(old), printable(new)
        if leaving[old].action is Action.REMOVE:
            then = f"{before} would lose access until {after} accepts"
        else:
            then = f"the invitation of {before} would be void, and {after} would have to accept one"
        found.append(Hazard(Risk.RENAME_SUSPECT, f"{before},{after}", f"an e-mail that changed? {then}"))
    return found


def _moves(changes: Sequence[Change]) -> tuple[dict[str, Change], list[str]]:
    """Who leaves, by name, and the names of those who are invited."""
    leaving = {change.name: change for change in changes if change.action in _LEAVES}
    return leaving, [change.name for change in changes if change.action is Action.INVITE]
