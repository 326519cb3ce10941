"""People: how the document and the API compare, person by person. The decision stands in `table`, the risks in
`hazards`, the API's spelling in `calls`; this must not know how a call travels or how a change is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from beamctl.document.document import Desired, Document, Mode
from beamctl.document.problem import Place, Problem
from beamctl.kinds.member import calls, hazards
from beamctl.kinds.member import wanted as document_side
from beamctl.kinds.member.judge import KIND, Judge
from beamctl.kinds.member.live import People, admins, attributes, digest, people
from beamctl.kinds.member.table import Standing
from beamctl.plan.change import Change
from beamctl.plan.kind import Comparison, Conversation, Note, Situation


class MemberKind:
    """Implements `beamctl.plan.kind.Kind` for people."""

    name = KIND
    section = document_side.SECTION
    never_empty = True

    def problems(self, document: Document) -> Sequence[Problem]:
        """What the schema cannot see in `members`."""
        return document_side.problems(document)

    def listing(self, workspace: str) -> str:  # noqa: ARG002 - the workspace is told by a header
        """The one listing of members and invitations."""
        return calls.LISTING

    def live(self, payload: Any) -> People:  # noqa: ANN401 - its shape is checked there
        """Everybody by folded e-mail."""
        return people(payload)

    def rows(self, live: People) -> Sequence[Mapping[str, Any]]:
        """Everybody as plain data, by folded e-mail."""
        return [attributes(live[key]) for key in sorted(live)]

    def digest(self, live: People) -> str:
        """Of who stands where."""
        return digest(live)

    def compare(self, desired: Desired, live: People, situation: Situation) -> Comparison:
        """One verdict a person, and what follows from it."""
        section = document_side.wanted(desired.section(self.section))
        ours = hazards.ourselves(live, desired.guards, situation.identity)
        known = ours or frozenset()
        judge = Judge(desired, situation.today, known)
        for key, want in section.items():
            judge.person(key, want, live.get(key))
        for key in sorted((live.keys() | desired.skip.keys()) - section.keys()):
            judge.person(key, None, live.get(key))
        changes = judge.changes
        count = hazards.admins_of(live, changes)
        takes_admin = any(change.takes and change.key in count.before for change in changes)
        if ours is None and takes_admin:
            judge.notes.append(
                Note(
                    "beamctl cannot tell who it runs as, so it cannot see whether it locks itself out: set guards.self"
                )
            )
        return Comparison(
            changes=tuple(changes),
            hazards=tuple(hazards.hazards(changes, count, desired.guards, known)),
            doubts=tuple(hazards.strangers(live, desired.guards, situation.identity)),
            notes=tuple(sorted(judge.notes, key=lambda note: (note.place or Place(""), note.text))),
            tally=judge.tally,
            wanted=sum(want.on(situation.today) is not None for want in section.values()),
            seen=len(live),
            population=sum(
                person.standing is Standing.ACCEPTED
                for key, person in live.items()
                if (key in section or desired.mode(self.section) is Mode.AUTHORITATIVE) and not judge.skips(key)
            ),
            relies_on=count.relied_on,
        )

    def perform(self, change: Change, workspace: str) -> Conversation:  # noqa: ARG002 - as above
        """Make a change to one person."""
        return calls.perform(change)

    def doubt(self, live: People, relies_on: Sequence[str]) -> str:
        """The admins that should remain and are no longer there."""
        gone = sorted(set(relies_on) - admins(live.items()))
        return f"{', '.join(gone)} should remain as admin, and is none any more" if gone else ""
