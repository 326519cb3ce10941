"""People: how the document and the API compare, person by person. The decision stands in `table`, the risks in
`hazards`, the API's spelling in `calls`; this must not know how a call travels or how a change is shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

from beamctl.document.document import Desired, Document, Guards, Mode
from beamctl.document.problem import Place, Problem
from beamctl.document.rules import people_in_guards
from beamctl.kinds.member import dependencies, hazards, invitation, lookalikes, operations
from beamctl.kinds.member import desired as document_side
from beamctl.kinds.member.decide import KIND, MemberDecider
from beamctl.kinds.member.desired import DesiredMember
from beamctl.kinds.member.export import export
from beamctl.kinds.member.hazards import takes_admin
from beamctl.kinds.member.live import People, Person, admins, attributes, digest, people, untouched
from beamctl.kinds.member.moves import dropped_tags
from beamctl.kinds.member.table import Standing
from beamctl.kinds.member.undo import undo
from beamctl.kinds.member.validity import is_sound
from beamctl.model.email import everyone_at, folded, matches
from beamctl.model.identity import Identity
from beamctl.model.role import Role, takes_away
from beamctl.model.text import some
from beamctl.plan.change import Action, Change, ChangeId
from beamctl.plan.comparison import Comparison, Note, Preconditions, Situation
from beamctl.plan.declared import declared_in_time
from beamctl.plan.export import Exported
from beamctl.plan.floors import NO_FLOORS, InForce, in_force
from beamctl.plan.kind import Conversation, Dependencies, Goes, Reading
from beamctl.plan.listing import Shown

WHO_ARE_WE = "beamctl cannot tell who it runs as, so it cannot see whether it locks itself out: set guards.self"


class MemberKind:
    """Implements `beamctl.plan.kind.Kind` for people."""

    name = KIND
    section = document_side.SECTION
    never_empty = True
    only_for_deletion: frozenset[str] = frozenset()

    def problems(self, document: Document) -> Iterable[Problem]:
        """What the schema cannot see in `members`, and in the addresses of the guards."""
        return chain(document_side.problems(document), lookalikes.problems(document))

    def is_declared(self, desired: Desired) -> bool:
        """Whether there is the section."""
        return desired.section(self.section) is not None

    def read(self, workspace: str, goes: Goes) -> Reading[People]:  # noqa: ARG002 - a header tells the workspace
        """The one listing of members and invitations: everybody by folded e-mail."""
        payload = yield invitation.LISTING
        return people(payload)

    def shown(self, live: People) -> Shown:
        """Everybody as plain data, by folded e-mail."""
        return Shown([attributes(live[key]) for key in sorted(live)])

    def export(self, live: People, now: datetime) -> Exported:  # noqa: ARG002 - nothing of it ends
        """Everybody whom a document can name."""
        return export(live)

    def digest(self, live: People) -> str:
        """Of who stands where."""
        return digest(live)

    def objects(self, live: People, keys: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """People as plain data; of a member also who that is, should the address be somebody else's by now."""
        return {key: attributes(live[key]) | _who(live[key]) for key in keys if key in live}

    def untouched(self, live: People, changes: Sequence[Change]) -> tuple[str, ...]:
        """Who has access and is not changed."""
        return untouched(live, changes)

    def footing(self, live: People, changes: Sequence[Change], situation: Situation) -> Preconditions:
        """The admins that must remain, and whether any does."""
        count = hazards.admins_of(live, changes, situation.admin_groups)
        return Preconditions(
            seen=len(live),
            relies_on=count.relied_on,
            hazards=(*hazards.last_admin(changes, count), *(hazards.not_believed(live) if changes else ())),
            admins_lose=takes_admin(changes, count),
            population=_have_access(live.values()),
            invited=_are_invited(live.values()),
            below_floors=tuple(hazards.guarded(changes, count, InForce(NO_FLOORS, situation.floors))),
        )

    def ourselves(self, live: People, identity: Identity) -> Collection[str]:
        """Whom of the people the credential names."""
        return hazards.ourselves(live, Guards(), identity) or frozenset()

    def compare(self, desired: Desired, live: People, situation: Situation) -> Comparison:
        """One verdict a person, and what follows from it."""
        section = document_side.wanted(desired.section(self.section))
        judge = MemberDecider(desired, situation, self._known(desired, live, situation), live.keys() | section.keys())
        for key, want in section.items():
            judge.person(key, want, live.get(key))
        for key in sorted((live.keys() | desired.skip.keys()) - section.keys()):
            judge.person(key, None, live.get(key))
        additive = desired.mode(self.section) is Mode.ADDITIVE
        judge.notes += _nobody(desired.document, live.keys() | section.keys() | desired.skip.keys()) if additive else ()
        ours = [person for key, person in live.items() if not judge.skips(key) and (not additive or key in section)]
        return replace(
            self._judged(judge, desired, live, situation),
            ends=_ends(section, situation),
            wanted=sum(want.on(situation.today) is not None for want in section.values()),
            population=_have_access(ours),
            invited=_are_invited(ours),
        )

    def undo(self, changes: Sequence[Change], desired: Desired, live: People, situation: Situation) -> Comparison:
        """What would make the people whom a run changed what they were before."""
        judge = MemberDecider(desired, situation, self._known(desired, live, situation), live.keys())
        undo(judge, changes, live)
        return self._judged(judge, desired, live, situation)

    def _known(self, desired: Desired, live: People, situation: Situation) -> frozenset[str]:
        return hazards.ourselves(live, desired.guards, situation.identity) or frozenset()

    def _judged(self, judge: MemberDecider, desired: Desired, live: People, situation: Situation) -> Comparison:
        """What follows from what was decided about each person: everybody may be changed, and is wanted."""
        changes = judge.changes
        ours = hazards.ourselves(live, desired.guards, situation.identity)
        guards = in_force(desired.guards, situation.floors)
        count = hazards.admins_of(live, changes, situation.admin_groups)
        judge.notes += dropped_tags(changes, live)
        judge.notes += hazards.minimum_not_met(count, guards)
        if ours is None and takes_admin(changes, count):
            judge.notes.append(Note(WHO_ARE_WE))
        return Comparison(
            changes=tuple(changes),
            hazards=tuple(hazards.hazards(changes, count, guards, ours or frozenset(), _recorded(situation))),
            doubts=(
                *hazards.without_admins(live),
                *hazards.strangers(live, desired.guards, situation.identity),
            ),
            notes=tuple(sorted(judge.notes, key=lambda note: (note.place or Place(""), note.text))),
            tally=judge.tally,
            wanted=len(live),
            seen=len(live),
            population=_have_access(live.values()),
            invited=_are_invited(live.values()),
            relies_on=count.relied_on,
        )

    def is_sound(self, change: Change) -> bool:
        """Whether a change that was read from a file is one that is planned for people."""
        return is_sound(change)

    def shows(self, live: People, change: Change) -> bool:
        """Whether the person is gone, has the role, or has an open invitation to no more than that role."""
        person = live.get(change.key)
        if person is None or change.after is None:
            return person is None and change.after is None
        told, role = str(person.role), Role(change.after["role"])
        if change.action is Action.SET_ROLE or person.accepted:
            return told in (role.value, "")  # some APIs do not show the role of an invitation
        return person.standing is not Standing.EXPIRED and not (told and takes_away(person.role, role))

    def dependencies(self, changes: Sequence[Change], relies_on: Sequence[str], keeps: int) -> Dependencies:
        """What the loss of access depends on."""
        return dependencies.dependencies(changes, relies_on, keeps)

    def perform(self, change: Change, workspace: str) -> Conversation:  # noqa: ARG002 - as above
        """Make a change to one person."""
        return operations.perform(change)

    def doubt(self, live: People, relies_on: Sequence[str], stays: Sequence[str]) -> str:
        """That no admin is shown where there must be one, or that a person is gone to whom nothing was to be done."""
        if relies_on and not admins(live.items()):
            return f"the API shows no admin at all, and {some(relies_on)} should be one: is the listing whole?"
        missing = [key for key in stays if key not in live or not live[key].accepted]
        if missing:
            return f"{some(missing)} should be untouched, and is no longer shown as a member: is the listing whole?"
        return ""

    def too_few_left(
        self, live: People, changes: Sequence[Change], relies_on: Sequence[str], keeps: int
    ) -> Mapping[ChangeId, str]:
        """The losses of admins for whom too few others are shown."""
        return dependencies.too_few_left(frozenset(admins(live.items())), changes, relies_on, keeps)

    def withdrawal(self, change: Change, shows: Mapping[str, Any] | None) -> Conversation | None:
        """The revocation of an invitation that offers more than was asked for."""
        return invitation.withdrawal(change, shows)


def _nobody(document: Document, known: Collection[str]) -> Iterator[Note]:
    """Whom the guards name and neither an additive section nor the workspace has."""
    domains = {everyone_at(key) for key in known}
    for path, email in people_in_guards(document.data):
        key = folded(email)
        if "protected" in path and key not in domains and not matches(known, key):
            text = f"guards.protected lists {email}, which is no one in the workspace or under members"
            yield Note(f"{text}: check the spelling", document.place(*path))


def _ends(section: Mapping[str, DesiredMember], situation: Situation) -> Mapping[str, str]:
    """The days on which the access of admins ends, as far as each was declared before it came."""
    ends = {
        key: want.until.isoformat()
        for key, want in section.items()
        if want.role is Role.ADMIN and want.until is not None
    }
    return declared_in_time(ends, _recorded(situation), situation.today)


def _recorded(situation: Situation) -> Mapping[str, str]:
    """The days that the last recorded run shows."""
    return situation.recorded.ends.get(KIND, {}) if situation.recorded else {}


def _who(person: Person) -> dict[str, str]:
    """A pending entry may or may not have an id, and may get one while it is pending: it says nothing."""
    return {"sub": person.sub} if person.accepted and person.sub else {}


def _have_access(everybody: Iterable[Person]) -> int:
    return sum(person.standing is Standing.ACCEPTED for person in everybody)


def _are_invited(everybody: Iterable[Person]) -> int:
    return sum(person.standing in (Standing.INVITED, Standing.EXPIRED) for person in everybody)
