"""Decides about one person at a time: from the table's decision to a change, a note or a count."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, assert_never

from beamctl.document.desired import Desired, Leaver, Mode, Skip
from beamctl.document.problem import Place
from beamctl.kinds.member.desired import SECTION, DesiredMember
from beamctl.kinds.member.live import Person, attributes
from beamctl.kinds.member.table import Decision, Leaving, Standing, verdict
from beamctl.model.code import Code
from beamctl.model.email import everyone_at, folded, is_pattern
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import Role, reduces_access
from beamctl.plan.change import Action, Change, Reason, Stage
from beamctl.plan.comparison import Decisions, Note, Situation, UnchangedReason

KIND = "member"
_WARN_DAYS = 14
"""How many days before `until` a plan starts to warn."""

_TALLY = {
    Decision.NOTHING: UnchangedReason.UNCHANGED,
    Decision.WAIT: UnchangedReason.PENDING,
}
_SOURCES = {"directory_sync": UnchangedReason.DIRECTORY_SYNC, "domain_capture": UnchangedReason.DOMAIN_CAPTURE}
_SHAPE = {
    Decision.INVITE: (Action.INVITE, Stage.INVITE, Reason.NOT_THERE),
    Decision.RESEND: (Action.RESEND, Stage.INVITE, Reason.INVITATION_EXPIRED),
    Decision.SET_ROLE: (Action.SET_ROLE, Stage.PROMOTE, Reason.ROLE_DIFFERS),
    Decision.REMOVE: (Action.REMOVE, Stage.REMOVE, Reason.NOT_DECLARED),
    Decision.REVOKE: (Action.REVOKE, Stage.REVOKE, Reason.NOT_DECLARED),
}


class MemberDecider(Decisions):
    """Collects the decisions about all people.

    Attributes:
        lowered: By key, the day on which a person's role as an admin ended and a lower one began.
    """

    def __init__(
        self,
        desired: Desired,
        situation: Situation,
        ours: frozenset[str],
        written: Mapping[str, str],
        *people: Collection[str],
    ) -> None:
        super().__init__()
        self._document = desired.document
        self._through = desired.through
        self._additive = desired.mode(SECTION) is Mode.ADDITIVE
        self._today = situation.today
        self._deferred = situation.deferred
        self._withdrawn = situation.withdrawn
        self._resent = situation.resent.get(KIND, {})
        self._most_resends = desired.max_reinvites
        self._ours = ours
        self._written = written
        self._skip = desired.skip
        self._leaver = desired.leaver
        self._has_leavers = bool(desired.leavers)
        self._people = people
        self.lowered: dict[str, str] = {}

    def skips(self, key: str) -> bool:
        """Whether the document skips this person for now. Leavers are not skipped."""
        return is_skipped(self._skip, key, self._today) and not self.has_left(key)

    def has_left(self, key: str) -> bool:
        """Whether this person is a leaver."""
        return self._has_leavers and self._leaver(key, self._today) is not None

    def person(self, key: str, want: DesiredMember | None, live: Person | None) -> None:
        """Decide about one person."""
        if self._has_leavers and (leaver := self._leaver(key, self._today)):
            self._remove_leaver(key, leaver, live)
            return
        if self._skip and self._is_skipped(key, unmatched=want is None and live is None):
            return
        role = want.role if want is not None else None
        if want is not None and want.until is not None:
            role, now = want.on(self._today), want.at(self._today)
            self.lowered |= {key: str(want.until)} if now is not want and want.role is Role.ADMIN else {}
            want = now
            self._warn_of_end(key, want)
        if role is None and live is None:
            return
        if want is None and self._additive:
            self.tally[UnchangedReason.NOT_DECLARED] += 1
            return
        what = verdict(role, live.standing if live else None, live.role if live else None)
        match what:
            case Decision.NOTHING | Decision.WAIT:
                self.tally[_TALLY[what]] += 1
            case Decision.LEAVE | Decision.LEAVE_AND_REPORT:
                self._leave(what, key, want, role, live)
            case _ if want is not None and (why := self._why_not(what, key, want, live)):
                waits = what is Decision.SET_ROLE
                self.tally[UnchangedReason.PENDING if waits else UnchangedReason.NOT_INVITED_AGAIN] += 1
                self.notes.append(Note(why, self._place(key), differs=not waits))
            case Decision.INVITE | Decision.RESEND | Decision.SET_ROLE | Decision.REMOVE | Decision.REVOKE:
                self.changes.append(self._change(what, key, want, live))
            case _:
                assert_never(what)

    def _remove_leaver(self, key: str, leaver: Leaver, live: Person | None) -> None:
        """Remove a leaver, whatever the document says about them. A directory would add them back."""
        if live is None:
            return
        what, since, why = verdict(Leaving.LEFT, live.standing, live.role), leaver.since.isoformat(), leaver.reason
        if what is Decision.LEAVE_AND_REPORT:
            self.tally[_SOURCES.get(live.source, UnchangedReason.OTHER_SOURCE)] += 1
            email, role, source = live.email, str(live.role), live.source
            said = fact(Code.LEAVER_REMAINS, email=email, since=since, reason=why, role=role, source=source)
            self.notes.append(Note(said, leaver.place, differs=True))
            return
        found = self._change(what, key, None, live)
        declared = {"since": since, "reason": why}
        self.changes.append(replace(found, reason=Reason.LEFT, place=leaver.place, declared=declared))

    def _is_skipped(self, key: str, *, unmatched: bool) -> bool:
        """Whether this person is left alone. An entry of `manage.skip` for them gets a note in any case."""
        unmatched = unmatched and not self._is_pattern_of_someone(key)
        if key in self._skip:
            self._say_skipped(self._skip[key], unmatched=unmatched)
        if not self.skips(key):
            return False
        self.tally[UnchangedReason.SKIPPED] += not unmatched and not is_pattern(key)
        return True

    def _why_not(self, what: Decision, key: str, want: DesiredMember, live: Person | None) -> Fact | None:
        """Why a change is useless at the moment according to earlier run records; None if it is not."""
        most = self._most_resends
        match what:
            case Decision.SET_ROLE if live is not None and self._waits(key, want, live):
                return fact(Code.ROLE_PENDING, email=live.email, role=str(live.role), desired=want.role.value)
            case Decision.RESEND if (times := self._resent.get(key, 0)) >= most:
                return fact(Code.TOO_MANY_INVITATIONS, email=self._email(key), number=times + 1, limit=most)
            case Decision.INVITE if (times := self._times_revoked(key, want)) > most:
                role = want.role.value
                email = self._email(key)
                return fact(Code.TOO_MANY_REVOCATIONS, email=email, times=times, role=role, limit=most)
            case _:
                return None

    def _waits(self, key: str, want: DesiredMember, live: Person) -> bool:
        """Whether an earlier run found that the API does not give this role to an invitation until it is accepted."""
        asked = self._deferred.get((KIND, key), {})
        less = bool(str(live.role)) and not reduces_access(live.role, want.role)
        return live.standing is Standing.INVITED and less and asked.get("role") == want.role.value

    def _is_pattern_of_someone(self, key: str) -> bool:
        """Whether a skipped key is a pattern that matches someone."""
        return is_pattern(key) and any(everyone_at(each) == key for keys in self._people for each in keys)

    def _say_skipped(self, skip: Skip, *, unmatched: bool) -> None:
        email, until = skip.email, skip.until.isoformat()
        if self._today < skip.until:
            said = fact(Code.SKIPPED, email=email, until=until, reason=skip.reason)
        elif self.skips(folded(email)):
            said = fact(Code.SKIPPED_WITH_DOMAIN, email=email, pattern=everyone_at(email), until=until)
        else:
            said = fact(Code.NO_LONGER_SKIPPED, email=email, until=until, reason=skip.reason)
        if unmatched and is_pattern(email):
            said = fact(Code.SKIPS_NO_ONE_AT, skip=said, domain=email.partition("@")[2])
        elif unmatched:
            said = fact(Code.SKIPS_NO_ONE, skip=said)
        self.notes.append(Note(said, skip.place, excused=self._today < skip.until))

    def _warn_of_end(self, key: str, want: DesiredMember) -> None:
        days = (want.until - self._today).days if want.until is not None else 0
        if 0 < days <= _WARN_DAYS:
            email, until, role, then = self._email(key), str(want.until), want.role.value, want.then
            said = fact(Code.ACCESS_ENDS_SOON, email=email, until=until, days=days)
            if then is not None:
                said = fact(Code.ROLE_ENDS_SOON, email=email, until=until, days=days, role=role, then=then.role.value)
            self.notes.append(Note(said, self._place(key)))

    def _times_revoked(self, key: str, want: DesiredMember) -> int:
        """How often in a row an invitation with this role was revoked because it granted more."""
        last = self._withdrawn.get((KIND, key))
        return last.times if last and last.after["role"] == want.role.value else 0

    def _leave(
        self, what: Decision, key: str, want: DesiredMember | None, role: Role | None, person: Person | None
    ) -> None:
        if person is None:
            return
        directory = person.standing is Standing.DIRECTORY
        self.tally[
            _SOURCES.get(person.source, UnchangedReason.OTHER_SOURCE) if directory else UnchangedReason.UNKNOWN_ROLE
        ] += 1
        place = self._place(key) if want else None
        if not directory:
            said = fact(Code.UNKNOWN_ROLE, email=person.email, role=str(person.role))
            self.notes.append(Note(said, place, differs=True))
        elif what is Decision.LEAVE_AND_REPORT or (want is not None and role is None):
            now, declared = str(person.role), role.value if role else ""
            said = fact(Code.ROLE_FROM_DIRECTORY, email=person.email, role=now, source=person.source, declared=declared)
            self.notes.append(Note(said, place, differs=True))

    def _change(self, what: Decision, key: str, want: DesiredMember | None, person: Person | None) -> Change:
        before = attributes(person) if person else None
        action, stage, reason = _SHAPE[what]
        after: dict[str, Any] | None = None
        name = person.email if person else self._email(key)
        if want is not None and what in (Decision.INVITE, Decision.RESEND):
            after = {"email": name, "role": want.role.value, "standing": "invited", "source": "invitation"}
        elif want is not None and what is Decision.SET_ROLE and person is not None and before is not None:
            after = before | {"role": want.role.value}
            lowers = want.role is not Role.ADMIN and reduces_access(person.role, want.role)
            stage = Stage.DEMOTE if lowers else Stage.PROMOTE
        if want is not None and after is None:
            reason = Reason.ACCESS_ENDED
        if stage.revokes_access and key in self._ours:
            stage = Stage.OURSELVES
        return Change(
            kind=KIND,
            key=key,
            name=name,
            action=action,
            stage=stage,
            attribute="role",
            before=before,
            after=after,
            reason=reason,
            place=self._place(key) if want else None,
            declared=want.declared if want else {},
            through=self._through.get(key, ()) if want else (),
        )

    def _email(self, key: str) -> str:
        """The e-mail as written in the document."""
        return self._written.get(key, key)

    def _place(self, key: str) -> Place:
        return self._document.key_place(SECTION, self._email(key))


def is_skipped(skip: Mapping[str, Skip], key: str, today: date) -> bool:
    """Whether a document skips a person on that day."""
    entries = [skip.get(each) for each in (key, everyone_at(key))] if skip else []
    return any(entry is not None and today < entry.until for entry in entries)
