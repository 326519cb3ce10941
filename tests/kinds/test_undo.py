"""Undo of changes to members and settings, including after later changes."""

from dataclasses import replace
from typing import Any

import pytest

from beamctl.apply.record import Record, Run, State
from beamctl.document.desired import Desired
from beamctl.document.document import Document
from beamctl.errors import UsageError
from beamctl.model.identity import Identity
from beamctl.plan.comparison import Situation
from beamctl.plan.plan import Plan
from beamctl.plan.plan_json import address
from beamctl.workflow.undo import undo
from tests.fakes.runs import API, TODAY, document, planned
from tests.fakes.wording import counts, words
from tests.fakes.workspace import FakeWorkspace, person

ROOT = person("root@x.io", "admin")
P = "p@x.io"
LEFT_ALONE = f"{P} changed since that run and is left alone"
INVITEE = f"{P} is invited again, and has access after accepting"
ACCEPTED = f"{P} has since accepted the invitation and would lose access"
EXPIRED = f"{P} had an expired invitation: there is nothing to restore"
Who = dict[str, Any] | None


def member(role: str = "member") -> Who:
    return person(P, role)


def invited(role: str = "member") -> Who:
    return person(P, role, accepted=False)


def expired(role: str = "member") -> Who:
    return person(P, role, accepted=False, expired=True)


def directory(role: str = "member") -> Who:
    return person(P, role, accepted=False, source="directory_sync")


def live(who: Who, **more: Any) -> FakeWorkspace:
    return FakeWorkspace.of([ROOT, person("other@x.io")] + ([who] if who else []), **more)


def record_of(plan: Plan, *states: State) -> Record:
    found = states or (State.DONE,) * len(plan.changes)
    by_address = {address("acme", change): state for change, state in zip(plan.changes, found, strict=True)}
    return Record(Run("r1", "", "", "", ""), "acme", API, "", plan.changes, by_address, {})


def inverse(record: Record, now: FakeWorkspace, more: Desired | None = None) -> Plan:
    bare = Desired("acme", Document("run r1", {}, {}, {}))
    desired = replace(bare, guards=more.guards, skip=more.skip) if more else bare
    return undo(record, desired, now, Situation(TODAY, API))


def run(before: Who, wanted: str | None) -> Record:
    want = document({"root@x.io": "admin", "other@x.io": "member"} | ({P: wanted} if wanted else {}))
    plan = planned(want, live(before))
    assert len(plan.changes) == 1
    return record_of(plan)


CASES: list[tuple[str, Who, str | None, Who, str, list[str]]] = [
    # what was done        before               wanted    now                 undone by           said
    ("invite",             None,                "member", invited(),          "revoke",           []),
    ("invite",             None,                "member", member(),           "remove",           [ACCEPTED]),
    ("invite",             None,                "admin",  invited("member"),  "revoke",           []),
    ("invite",             None,                "admin",  expired("member"),  "revoke",           []),
    ("invite",             None,                "admin",  member(),           "",                 [LEFT_ALONE]),
    ("invite",             None,                "admin",  directory(),        "",                 [LEFT_ALONE]),
    ("invite",             None,                "member", invited(""),        "revoke",           []),
    ("invite",             None,                "member", None,               "",                 []),
    ("resend",             expired(),           "member", invited(),          "revoke",           []),
    ("resend",             expired("viewer"),   "admin",  invited("member"),  "revoke",           []),
    ("resend",             expired("viewer"),   "member", member(),           "remove",           []),
    ("resend",             expired(),           "member", expired(),          "",                 []),
    ("set role",           member("viewer"),    "admin",  member("admin"),    "set role viewer",  []),
    ("set role",           member("admin"),     "viewer", member("viewer"),   "set role admin",   []),
    ("set role",           member("viewer"),    "admin",  member("viewer"),   "",                 []),
    ("set role",           member("viewer"),    "admin",  member("member"),   "",                 [LEFT_ALONE]),
    ("set role",           member("viewer"),    "admin",  None,               "",                 [LEFT_ALONE]),
    ("set role",           invited("viewer"),   "admin",  invited("admin"),   "set role viewer",  []),
    ("set role",           invited("viewer"),   "admin",  invited("member"),  "",                 [LEFT_ALONE]),
    ("set role",           invited("viewer"),   "admin",  member("admin"),    "set role viewer",  []),
    ("set role",           member("owner"),     "viewer", member("viewer"),   "",
     [f"{P} had the role 'owner', which beamctl cannot set: set it in the console"]),
    ("remove",             member("admin"),     None,     None,               "invite admin",     [INVITEE]),
    ("remove",             member(),            None,     member(),           "",                 []),
    ("remove",             member(),            None,     invited(),          "",                 [LEFT_ALONE]),
    ("remove",             member(),            None,     member("admin"),    "",                 [LEFT_ALONE]),
    ("revoke",             invited("viewer"),   None,     None,               "invite viewer",    []),
    ("revoke",             invited("viewer"),   None,     member(),           "",                 [LEFT_ALONE]),
    ("revoke",             invited(""),         None,     None,               "",
     [f"{P} had a role that the API did not show: set it in the console"]),
    ("revoke",             expired(),           None,     None,               "",                 [EXPIRED]),
]  # fmt: skip


@pytest.mark.parametrize(("done", "before", "wanted", "now", "by", "said"), CASES)
def test_every_change(done: str, before: Who, wanted: str | None, now: Who, by: str, said: list[str]) -> None:
    record = run(before, wanted)
    assert record.changes[0].action.value == done
    plan = inverse(record, live(now))
    found = [f"{change.action.value} {change.after['role'] if change.after else ''}".strip() for change in plan.changes]
    assert found == ([by] if by else [])
    about_ourselves = "beamctl does not know whose credential it uses"
    assert [words(note.fact) for note in plan.notes if not words(note.fact).startswith(about_ourselves)] == said
    assert all(change.reason.value == "undoes_run" and change.place is None for change in plan.changes)
    assert counts(plan) == ({} if by or said else {"already as before": 1})


def two() -> tuple[Plan, FakeWorkspace]:
    before = live(None)
    plan = planned(document({"root@x.io": "admin", "other@x.io": "viewer", P: "member"}), before)
    assert [change.name for change in plan.changes] == [P, "other@x.io"]
    return plan, before


@pytest.mark.parametrize("state", [State.UNKNOWN, State.FAILED])
def test_change_that_may_have_been_made_is_undone_if_it_was(state: State) -> None:
    plan, before = two()
    record = record_of(plan, state, State.WAITING)
    not_made = inverse(record, before)
    assert not_made.changes == ()
    assert [words(note.fact) for note in not_made.notes] == ["that run did not make 1 of its changes"]
    made = inverse(record, live(invited()))
    assert [(change.action.value, change.name) for change in made.changes] == [("revoke", P)]
    assert [words(note.fact) for note in made.notes] == [
        f"it is not known whether that run or someone else changed {P}",
        "that run did not make 1 of its changes",
    ]


@pytest.mark.parametrize("state", [State.WAITING, State.DEFERRED])
def test_change_that_was_not_made_is_not_undone(state: State) -> None:
    plan, _ = two()
    found = inverse(record_of(plan, state, state), live(invited()))
    assert found.changes == ()
    assert [words(note.fact) for note in found.notes] == ["that run did not make 2 of its changes"]


def test_invalid_email_is_not_invited_again() -> None:
    odd = "\u201cp\u201d@x.io"
    plan = planned(document({"root@x.io": "admin"}), FakeWorkspace.of([ROOT, person(odd)]))
    undone = inverse(record_of(plan), live(None))
    assert undone.changes == ()
    assert f"{odd} has an invalid address and is not invited again" in [words(note.fact) for note in undone.notes]


def test_skipped_member_is_left_alone() -> None:
    more = document({"root@x.io": "admin"}, manage={"skip": {P: {"until": "2099-01-01", "reason": "R"}}})
    plan = inverse(run(member(), None), live(None), more)
    assert plan.changes == ()
    assert counts(plan) == {"skipped": 1}
    assert not any("comes back" in words(note.fact) for note in plan.notes)


def test_hazards_apply_to_an_undo() -> None:
    more = document(
        {"root@x.io": "admin"},
        guards={"protected": [P], "maxRemovals": 0, "allowedDomains": ["y.io"], "self": {"email": P}},
    )
    promoted = inverse(run(member("viewer"), "admin"), live(member("admin")), more)
    assert [hazard.risk.value for hazard in promoted.hazards] == [
        "self-lockout", "mass-removal", "removes-admin", "removes-protected",
    ]  # fmt: skip
    assert promoted.changes[0].stage.name == "OURSELVES"
    removed = inverse(run(member(), None), live(None), more)
    assert [hazard.risk.value for hazard in removed.hazards] == ["grants-outside-domain", "live-without-us"]
    alone = FakeWorkspace.of([person(P, "admin")])
    alone_again = inverse(run(member("viewer"), "admin"), alone)
    assert alone_again.hazards[0].risk.value == "last-admin"


def test_record_with_an_invalid_change_is_refused() -> None:
    record = run(member("viewer"), "admin")
    (change,) = record.changes
    forged = replace(change, before={**(change.before or {}), "email": "root@x.io"})
    with pytest.raises(UsageError, match="the record of r1 has a change that beamctl would not plan: set role p@"):
        inverse(replace(record, changes=(forged,)), live(member("admin")))


GROUPS = [{"groupName": "ops", "role": "admin"}]
OTHER = {"groupName": "all", "role": "member"}
SETTINGS: list[tuple[str, Any, Any, Any, Any, list[str]]] = [
    # setting       before   wanted         now                                      undone to  said
    ("displayName", "Old", "New", "New", "Old", []),
    ("displayName", "Old", "New", "Old", None, []),
    ("displayName", "Old", "New", "Other", None, ["displayName changed since that run and is left alone"]),
    ("displayName", "", "New", "New", "", []),
    ("labels", {"a": "1"}, {"b": "2"}, {"b": "2"}, {"a": "1"}, []),
    ("groupMappings", [], GROUPS, list(reversed(GROUPS)), [], []),
    ("groupMappings", [*GROUPS, OTHER], GROUPS, [OTHER, *GROUPS], None, []),
    ("groupMappings", [{"groupName": "x", "role": "owner"}], GROUPS, GROUPS, None,
     ["groupMappings had a role that beamctl cannot set: set it in the console"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "before", "wanted", "now", "to", "said"), SETTINGS)
def test_every_setting(name: str, before: Any, wanted: Any, now: Any, to: Any, said: list[str]) -> None:
    was = FakeWorkspace.of([ROOT], settings={"name": "acme", name: before})
    record = record_of(planned(document(settings={name: wanted}), was))
    plan = inverse(record, FakeWorkspace.of([ROOT], settings={"name": "acme", name: now}))
    assert [change.after for change in plan.changes] == ([] if to is None else [{name: to}])
    assert all(change.reason.value == "undoes_run" and change.place is None for change in plan.changes)
    assert plan.source == "run r1"
    assert [words(note.fact) for note in plan.notes] == said
    assert [hazard.risk.value for hazard in plan.hazards] == (["unmaps-admins"] if to == [] else [])


def test_already_restored_change_does_not_stop_the_others() -> None:
    before = {"displayName": "Old", "labels": {"a": "1"}, "groupMappings": GROUPS}
    was = FakeWorkspace.of([ROOT], settings={"name": "acme", **before})
    wanted = {"displayName": "New", "labels": {}, "groupMappings": [*GROUPS, {"groupName": "all", "role": "member"}]}
    record = record_of(planned(document(settings=wanted), was))
    now = {"displayName": "Old", "labels": {"c": "3"}, "groupMappings": wanted["groupMappings"]}
    plan = inverse(record, FakeWorkspace.of([ROOT], settings={"name": "acme", **now}))
    assert [change.after for change in plan.changes] == [{"groupMappings": GROUPS}]
    assert [words(note.fact) for note in plan.notes] == ["labels changed since that run and is left alone"]


def test_already_restored_members_are_counted() -> None:
    record = record_of(two()[0])
    assert counts(inverse(record, two()[1])) == {"already as before": 2}


@pytest.mark.parametrize("who", [{"sub": "s1"}, {"email": P}])
def test_removing_the_person_who_runs_undo_is_a_hazard(who: dict[str, str]) -> None:
    record = run(member("viewer"), "admin")
    bare = Desired("acme", Document("run r1", {}, {}, {}))
    now = live(person(P, "admin", sub="s1"))
    plan = undo(record, bare, now, Situation(TODAY, API, Identity(**who)))
    assert [(change.key, change.stage.name) for change in plan.changes] == [(P, "OURSELVES")]
    assert "self-lockout" in {hazard.risk.value for hazard in plan.hazards}


def test_undo_is_limited_to_a_share_of_members_and_invitations() -> None:
    want = document({"root@x.io": "admin", "i0@x.io": "member", "i1@x.io": "member"})
    record = record_of(planned(want, FakeWorkspace.of([ROOT])))
    waiting = [person(f"i{n}@x.io", accepted=False) for n in range(12)]
    few = inverse(record, FakeWorkspace.of([ROOT, *waiting[:2]]))
    assert [(hazard.risk.value, hazard.value) for hazard in few.hazards] == [("mass-removal", "2")]
    enough = inverse(record, FakeWorkspace.of([ROOT, *waiting]))
    assert len(enough.changes) == 2
    assert enough.hazards == ()


def test_undo_can_be_undone() -> None:
    record = run(member("viewer"), "admin")
    back = inverse(record, live(member("admin")))
    again = inverse(record_of(back), live(member("viewer")))
    assert [(change.action.value, (change.after or {})["role"]) for change in again.changes] == [("set role", "admin")]
