"""The kind `member`: compares people in the document with people in the API."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from beamctl.document.desired import Desired, Guards, Mode
from beamctl.document.document import Document
from beamctl.document.problem import Place, Problem
from beamctl.document.rules import people_in_guards
from beamctl.kinds.member import desired as document_side
from beamctl.kinds.member import hazards, invitation, operations
from beamctl.kinds.member.decide import KIND, MemberDecider, is_skipped
from beamctl.kinds.member.hazards import removes_admin
from beamctl.kinds.member.live import (
    People,
    Person,
    admins,
    attributes,
    digest,
    export,
    identifier,
    people,
    unchanged,
    with_access_and_invited,
)
from beamctl.kinds.member.operations import undo
from beamctl.kinds.member.rename import dropped_tags
from beamctl.kinds.member.table import Decision, Standing, verdict
from beamctl.model.code import Code
from beamctl.model.email import everyone_at, folded, matches
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import Identity, Role, reduces_access
from beamctl.plan.change import Action, Change, ChangeId
from beamctl.plan.comparison import Comparison, Note, Preconditions, Situation
from beamctl.plan.guards import NO_FLOORS, InForce, in_force
from beamctl.plan.hazard import Hazard
from beamctl.plan.kind import Dependencies, Kind, Operation, Outcome, Quorum, Reading, ReadScope
from beamctl.plan.listing import Exported, Listing

if TYPE_CHECKING:
    from beamctl.plan.coverage import Coverage, Covered


class MemberKind(Kind[People]):
    """People, by folded e-mail."""

    name = KIND
    section = document_side.SECTION
    never_empty = True
    named_by = "email"
    grouped_by = ("role", "standing")

    def problems(self, document: Document) -> Iterable[Problem]:
        """What the schema cannot detect in `members` and in the addresses of guards."""
        return chain(document_side.problems(document), document_side.lookalike_problems(document))

    def is_declared(self, desired: Desired) -> bool:
        """Whether there are members, or leavers who must not be."""
        return bool(desired.leavers) or super().is_declared(desired)

    def read(self, _scope: ReadScope) -> Reading[People]:
        """The single listing of members and invitations, by folded e-mail."""
        payload = yield invitation.LISTING
        return people(payload)

    def listing(self, live: People) -> Listing:
        """Everyone as plain data, by folded e-mail."""
        return Listing([attributes(live[key]) for key in sorted(live)])

    def export(self, live: People, _now: datetime) -> Exported:
        """Everyone whom a document can list."""
        return export(live)

    def coverage(self, desired: Desired, live: People, today: date) -> Sequence[Covered]:
        """Everyone. Skipped people, those of a directory, and undeclared ones in unknown roles are left alone."""
        from beamctl.plan.coverage import Coverage, Covered, listed_or_whole

        section = desired.section(self.section)
        keys = None if section is None else {folded(email) for email in section}
        additive = desired.mode(self.section) is Mode.ADDITIVE

        def of(key: str, person: Person) -> Coverage:
            if desired.leaver(key, today) and person.standing is not Standing.DIRECTORY:
                return Coverage.MANAGED
            is_left = verdict(None, person.standing, person.role) is Decision.LEAVE and key not in (keys or ())
            if is_left or person.standing is Standing.DIRECTORY or is_skipped(desired.skip, key, today):
                return Coverage.EXCLUDED
            return listed_or_whole(key, keys, additive=additive)

        return [Covered(key, live[key].email, of(key, live[key])) for key in sorted(live)]

    def digest(self, live: People) -> str:
        """Of everyone's standing and role."""
        return digest(live)

    def objects(self, live: People, keys: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """People as plain data; for members also their id, in case the address was reassigned."""
        return {key: attributes(live[key]) | identifier(live[key]) for key in keys if key in live}

    def anomalies(self, live: People) -> Sequence[Hazard]:
        """No people, or none who is an admin."""
        return hazards.not_believed(live)

    def unchanged(self, live: People, changes: Sequence[Change]) -> tuple[str, ...]:
        """People with access who are not changed."""
        return unchanged(live, changes)

    def preconditions(self, live: People, changes: Sequence[Change], situation: Situation) -> Preconditions:
        """The admins that must remain, and hazards that hold regardless of the plan."""
        count = hazards.admins_of(live, changes, situation.admin_groups)
        population, invited = with_access_and_invited(live.values())
        return Preconditions(
            seen=len(live),
            quorum_keys=count.relied_on,
            hazards=(*hazards.last_admin(changes, count), *(self.anomalies(live) if changes else ())),
            admins_lose=removes_admin(changes, count),
            population=population,
            invited=invited,
            below_floors=tuple(hazards.guarded(changes, count, InForce(NO_FLOORS, situation.floors))),
        )

    def own_keys(self, live: People, identity: Identity) -> Collection[str]:
        """The people that the credential identifies."""
        return hazards.own_keys(live, Guards(), identity) or frozenset()

    def compare(self, desired: Desired, live: People, situation: Situation) -> Comparison:
        """Decide about every person."""
        declared = desired.section(self.section)
        section, written = document_side.desired_members(declared or {})
        ours = self._known(desired, live, situation)
        decider = MemberDecider(desired, situation, ours, written, live.keys(), section.keys())
        for key, want in section.items():
            decider.person(key, want, live.get(key))
        others = live.keys() | desired.skip.keys() if desired.skip else live.keys()
        others = others if declared is not None else set(filter(decider.has_left, desired.leavers))
        for key in sorted(others - section.keys()):
            decider.person(key, None, live.get(key))
        additive = declared is None or desired.mode(self.section) is Mode.ADDITIVE
        decider.notes += (
            _unknown_protected(desired.document, live.keys() | section.keys() | desired.skip.keys()) if additive else ()
        )
        people: Iterable[tuple[str, Person]] = live.items()
        if additive or desired.skip:
            people = ((key, who) for key, who in people if (key in section or not additive) and not decider.skips(key))
        ended = sum(
            decider.has_left(key) or (want.until is not None and want.on(situation.today) is None)
            for key, want in section.items()
        )
        return replace(
            self._comparison(decider, desired, live, situation, (person for _, person in people)),
            ends=hazards.ends_in_time(section, _recorded(situation), situation.today) if declared is not None else None,
            declared=len(section) - ended,
        )

    def undo(self, changes: Sequence[Change], desired: Desired, live: People, situation: Situation) -> Comparison:
        """What restores the people whom a run changed."""
        written = {change.key: change.name for change in changes}
        decider = MemberDecider(desired, situation, self._known(desired, live, situation), written, live.keys())
        undo(decider, changes, live)
        return self._comparison(decider, desired, live, situation, live.values())

    def _known(self, desired: Desired, live: People, situation: Situation) -> frozenset[str]:
        return hazards.own_keys(live, desired.guards, situation.identity) or frozenset()

    def _comparison(
        self, decider: MemberDecider, desired: Desired, live: People, situation: Situation, managed: Iterable[Person]
    ) -> Comparison:
        """The comparison that follows from the decisions."""
        changes = decider.changes = situation.only_chosen(decider.changes)
        ours = hazards.own_keys(live, desired.guards, situation.identity)
        guards = in_force(desired.guards, situation.floors)
        count = hazards.admins_of(live, changes, situation.admin_groups)
        population, invited = with_access_and_invited(managed)
        decider.notes += dropped_tags(changes, live)
        decider.notes += hazards.minimum_not_met(count, guards)
        if ours is None and removes_admin(changes, count):
            decider.notes.append(Note(fact(Code.IDENTITY_UNKNOWN)))
        risks = hazards.hazards(changes, count, guards, ours or frozenset(), _recorded(situation), decider.lowered)
        return replace(
            decider.comparison(risks, len(live)),
            anomalies=(
                *hazards.without_admins(live),
                *hazards.own_identity_missing(live, desired.guards, situation.identity),
            ),
            notes=tuple(sorted(decider.notes, key=lambda note: (note.place or Place(""), note.fact.order))),
            population=population,
            invited=invited,
            quorum_keys=count.relied_on,
        )

    def is_valid(self, change: Change) -> bool:
        """Whether a change from a file could have been planned for people."""
        from beamctl.kinds.member.validity import is_valid

        return is_valid(change)

    def is_in_effect(self, live: People, change: Change) -> bool:
        """Whether the person is gone, has the role, or has an open invitation to at most that role."""
        person = live.get(change.key)
        if person is None or change.after is None:
            return person is None and change.after is None
        shown_role, role = str(person.role), Role(change.after["role"])
        if change.action is Action.SET_ROLE or person.accepted:
            return shown_role in (role.value, "")  # some APIs do not show the role of an invitation
        return person.standing is not Standing.EXPIRED and not (shown_role and reduces_access(person.role, role))

    def dependencies(self, changes: Sequence[Change], quorum: Quorum) -> Dependencies:
        """What the loss of access depends on."""
        return operations.dependencies(changes, quorum)

    def perform(self, change: Change, _workspace: str) -> Operation[Outcome]:
        """Make a change to one person."""
        return operations.perform(change)

    def why_incomplete(self, live: People, quorum_keys: Sequence[str], unchanged: Sequence[str]) -> Fact | None:
        """Whether no admin is shown although there must be one, or an unchanged person is missing."""
        if quorum_keys and not admins(live.items()):
            return fact(Code.ADMINS_MISSING, names=tuple(quorum_keys))
        missing = tuple(key for key in unchanged if key not in live or not live[key].accepted)
        return fact(Code.MEMBERS_MISSING, names=missing) if missing else None

    def too_few_left(self, live: People, changes: Sequence[Change], quorum: Quorum) -> Mapping[ChangeId, Fact]:
        """The losses of admins that would leave too few others."""
        return operations.too_few_left(frozenset(admins(live.items())), changes, quorum)

    def withdrawal(self, change: Change, shows: Mapping[str, Any] | None) -> Operation[Outcome] | None:
        """The revocation of an invitation that grants more than requested."""
        return invitation.withdrawal(change, shows)


def _unknown_protected(document: Document, known: Collection[str]) -> Iterator[Note]:
    """Notes about protected people who are neither in an additive section nor in the workspace."""
    domains = {everyone_at(key) for key in known}
    for path, email in people_in_guards(document.data):
        key = folded(email)
        if "protected" in path and key not in domains and not matches(known, key):
            yield Note(fact(Code.PROTECTED_NOT_FOUND, email=email), document.place(*path))


def _recorded(situation: Situation) -> Mapping[str, str]:
    """The dates in the last recorded run."""
    return situation.recorded.ends.get(KIND, {}) if situation.recorded else {}
