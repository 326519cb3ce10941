"""Leavers have no access from a day on, whatever the document says about them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from beamctl.apply.record import Record, Run, State
from beamctl.cli.floors import floors_of
from beamctl.document.desired import Desired
from beamctl.document.document import Document
from beamctl.document.problem import Place
from beamctl.kinds.registry import all_kinds, kinds_for
from beamctl.model.identity import Identity
from beamctl.plan.across_kinds import read_all
from beamctl.plan.base_guards import BaseDocument
from beamctl.plan.change import Reason
from beamctl.plan.comparison import Situation
from beamctl.plan.coverage import Coverage
from beamctl.plan.plan import Plan, managed
from beamctl.plan.plan_json import address
from beamctl.report.drift_text import drift_text
from beamctl.report.plan_text import plan_text
from beamctl.workflow.saved_plan import could_be_planned, recheck_readings, rechecked
from beamctl.workflow.undo import undo
from tests.fakes.one_workspace import plan
from tests.fakes.runs import API, TODAY, applied, document, left, planned, shown
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace, person

EVE = "eve@x.io"
ROOT = person("root@x.io", "admin")
SECOND = person("second@x.io", "admin")
SELF = {"self": {"serviceAccount": "ci"}}
WAYS: dict[str, dict[str, Any]] = {
    "listed": {"members": {"root@x.io": "admin", "EVE@x.io": "admin"}},
    "not listed": {"members": {"root@x.io": "admin"}},
    "additive": {"members": {"root@x.io": "admin"}, "manage": {"members": "additive"}},
    "not managed": {"settings": {"displayName": "Acme"}},
    "skipped": {
        "members": {"root@x.io": "admin"},
        "manage": {"skip": {EVE: {"until": "2027-01-01", "reason": "x"}}},
    },
    "skipped with a domain": {
        "members": {"root@x.io": "admin"},
        "manage": {"skip": {"*@x.io": {"until": "2027-01-01", "reason": "x"}}},
    },
}


def risks(plan: Plan) -> list[str]:
    return [f"{hazard.risk.value}={hazard.value}" for hazard in plan.hazards]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("there", "action"),
    [
        (person(EVE), "remove"),
        (person(EVE, "admin"), "remove"),
        (person(EVE, "owner"), "remove"),
        (person(EVE, accepted=False), "revoke"),
        (person(EVE, "", accepted=False), "revoke"),
        (person(EVE, accepted=False, expired=True), "revoke"),
        (None, ""),
    ],
)
def test_a_leaver_loses_access_without_a_hazard(way: str, there: dict[str, Any] | None, action: str) -> None:
    live = FakeWorkspace.of([ROOT, *([there] if there else [])])
    live.settings["displayName"] = "Acme"
    want = left(document(**WAYS[way], guards=SELF), EVE)
    found = planned(want, live)
    assert [(each.action.value, each.reason) for each in found.changes] == ([(action, Reason.LEFT)] if action else [])
    assert risks(found) == []
    assert not any(each.differs for each in found.notes)
    assert all(could_be_planned(each) for each in found.changes)
    applied(found, live)
    assert EVE not in live.users
    assert not planned(want, live).differs


@pytest.mark.parametrize("days", [-400, -1, 0, 1])
def test_access_ends_on_the_day(days: int) -> None:
    live = FakeWorkspace.of([ROOT, person(EVE)])
    want = left(document({"root@x.io": "admin", EVE: "member"}), EVE, since=TODAY + timedelta(days))
    found = planned(want, live)
    assert [each.reason for each in found.changes] == ([Reason.LEFT] if days <= 0 else [])


def test_only_leavers_are_managed_if_there_are_no_members() -> None:
    live = FakeWorkspace.of([ROOT, person("other@x.io"), person(EVE), person("kim@x.io")])
    want = left(document(settings={"displayName": "Acme"}), EVE, since=TODAY)
    want = replace(want, leavers={**want.leavers, **left(want, "kim@x.io", since=date(2027, 1, 1)).leavers})
    assert "member" in {kind.name for kind in managed(kinds_for(want.keys), want)}
    assert [each.key for each in planned(want, live).changes if each.kind == "member"] == [EVE]
    assert "member" not in {kind.name for kind in kinds_for(replace(want, leavers={}).keys)}


def test_someone_of_a_directory_remains_and_that_is_a_difference() -> None:
    live = FakeWorkspace.of([ROOT, person(EVE, "member", source="directory_sync")])
    found = planned(left(document({"root@x.io": "admin"}), EVE), live)
    assert (found.changes, found.differs) == ((), True)
    (note,) = found.notes
    said = f"{EVE} left on 2026-11-24 (HR-77), but is member through directory sync: remove them there"
    assert (words(note.fact), note.place) == (said, Place("leavers.yaml", 3, 3))


def test_other_removals_count_without_leavers() -> None:
    people = [person(f"p{number}@x.io") for number in range(6)]
    live = FakeWorkspace.of([ROOT, *people])
    keep = {"root@x.io": "admin", **{each["email"]: "member" for each in people[4:]}}
    leavers = [each["email"] for each in people[:4]]
    assert risks(planned(document(keep, guards=SELF), live)) == ["mass-removal=4"]
    assert risks(planned(left(document(keep, guards=SELF), *leavers), live)) == []
    rest = left(document({"root@x.io": "admin"}, guards=SELF | {"maxRemovals": 1}), *leavers)
    assert risks(planned(rest, live)) == ["mass-removal=2"]


def test_leavers_of_a_saved_plan_count_for_floors_unless_it_is_signed() -> None:
    live = FakeWorkspace.of([ROOT, person(EVE), person("kim@x.io")])
    made = planned(left(document({"root@x.io": "admin"}), EVE, "kim@x.io"), live)
    floors = floors_of(environment={}, min_admins=None, max_removals="1", protect=[], allowed_domains=[])
    found = read_all(recheck_readings(made), live)
    for is_signed, expected in ((False, ["mass-removal=2"]), (True, [])):
        again = rechecked(made, found, None, floors=floors, is_signed=is_signed)
        assert [f"{each.risk}={each.value}" for each in again.below_floors] == expected


def test_a_section_of_leavers_only_is_empty() -> None:
    live = FakeWorkspace.of([ROOT, SECOND, person(EVE), person("other@x.io")])
    found = planned(left(document({EVE: "member"}, guards=SELF | {"maxRemovals": 9}), EVE), live)
    assert "empty-section=members" in risks(found)
    assert risks(planned(left(document({EVE: "admin"}, manage={"members": "additive"}), EVE), live)) == []


@pytest.mark.parametrize(
    ("guards", "risk"),
    [
        ({"self": {"email": EVE}}, f"self-lockout={EVE}"),
        (SELF | {"minAdmins": 2}, "too-few-admins=1"),
        (SELF | {"protected": [EVE]}, f"removes-protected={EVE}"),
    ],
)
def test_these_stay_hazards(guards: dict[str, Any], risk: str) -> None:
    live = FakeWorkspace.of([ROOT, person(EVE, "admin")])
    assert risks(planned(left(document({"root@x.io": "admin", EVE: "admin"}, guards=guards), EVE), live)) == [risk]


def test_the_last_admin_stays() -> None:
    live = FakeWorkspace.of([person(EVE, "admin"), person("root@x.io")])
    want = left(document(settings={"displayName": "Acme"}, guards=SELF), EVE)
    assert "last-admin=none" in risks(planned(want, live))


def test_a_similar_new_address_is_not_suspect() -> None:
    live = FakeWorkspace.of([ROOT, person("jane.doe@old.io")])
    want = document({"root@x.io": "admin", "jane.doe@new.io": "member"}, guards={"maxRemovals": 9})
    assert risks(planned(want, live)) == ["rename-suspect=jane.doe@old.io,jane.doe@new.io"]
    found = planned(left(want, "jane.doe@old.io"), live)
    assert risks(found) == []
    assert [each.depends_on for each in found.changes] == [(), ()]


def test_every_report_says_why_and_where() -> None:
    live = FakeWorkspace.of([ROOT, person(EVE)])
    found = planned(left(document({"root@x.io": "admin"}), EVE), live)
    (line,) = (each for each in plan_text(found).splitlines() if EVE in each)
    assert line.split() == f"- remove {EVE} was member leavers.yaml:3 left 2026-11-24 · reason: HR-77".split()
    assert "left on 2026-11-24" in drift_text(found)
    assert "leavers.yaml:3" in drift_text(found)


def test_coverage() -> None:
    live = [person(EVE), person("kim@x.io", source="directory_sync"), person("other@x.io")]
    (kind,) = (each for each in all_kinds() if each.name == "member")
    people = shown(kind, live)
    want = left(document(settings={"displayName": "Acme"}), EVE, "kim@x.io")
    found = {each.key: each.coverage for each in kind.coverage(want, people, TODAY)}
    assert found == {EVE: Coverage.MANAGED, "kim@x.io": Coverage.EXCLUDED, "other@x.io": Coverage.UNMANAGED}


def undone(found: Plan, now: FakeWorkspace, desired: Desired | None = None) -> Plan:
    states = {address("acme", each): State.DONE for each in found.changes}
    record = Record(Run("r1", "", "", "", ""), "acme", API, "", found.changes, states, {})
    bare = Desired("acme", Document("run r1", {}, {}, {}), leavers=desired.leavers if desired else {})
    return undo(record, bare, now, Situation(TODAY, API))


def test_undo_gives_no_leaver_access() -> None:
    live = FakeWorkspace.of([ROOT, person(EVE)])
    want = document({"root@x.io": "admin"}, guards={"maxRemovals": 9})
    said = f"{EVE} is a leaver, and gets no access back: edit leavers, and run `beamctl plan`"
    as_leaver, as_other = planned(left(want, EVE), live), planned(want, live)
    applied(as_leaver, live)
    for found in (undone(as_leaver, live), undone(as_other, live, left(want, EVE))):
        assert found.changes == ()
        assert [words(note.fact) for note in found.notes] == [said]
    assert [each.action.value for each in undone(as_other, live).changes] == ["invite"]


def test_undo_of_an_invitation_removes_a_leaver() -> None:
    live = FakeWorkspace.of([ROOT])
    want = document({"root@x.io": "admin", EVE: "member"})
    found = planned(want, live)
    applied(found, live)
    (change,) = undone(found, live, left(want, EVE)).changes
    assert (change.action.value, change.reason, change.declared) == ("revoke", Reason.UNDOES, {})
    assert could_be_planned(change)


def test_a_change_from_a_file_has_a_day_exactly_if_the_person_left() -> None:
    live = FakeWorkspace.of([ROOT, person(EVE)])
    (change,) = planned(left(document({"root@x.io": "admin"}), EVE), live).changes
    assert could_be_planned(change)
    for other in (
        replace(change, declared={}),
        replace(change, declared={"since": "soon", "reason": "x"}),
        replace(change, reason=Reason.NOT_DECLARED),
    ):
        assert not could_be_planned(other)


BASE = document({"root@x.io": "admin"})
LISTED = document({"root@x.io": "admin", "Eve@x.io": "member"})
ADDITIVE = document({"root@x.io": "admin"}, manage={"members": "additive"})


@pytest.mark.parametrize(
    ("base", "now", "expected"),
    [
        (left(LISTED, EVE), LISTED, ["loosens-guards=leavers"]),
        (left(LISTED, EVE), left(LISTED, EVE, since=TODAY + timedelta(9)), ["loosens-guards=leavers"]),
        (left(ADDITIVE, EVE), ADDITIVE, ["loosens-guards=leavers"]),
        (left(BASE, EVE), BASE, []),
        (left(LISTED, EVE), left(LISTED, EVE), []),
        (left(LISTED, EVE), left(LISTED, EVE, since=TODAY - timedelta(9)), []),
        (LISTED, left(LISTED, EVE), []),
    ],
)
def test_bringing_someone_back_is_a_hazard_at_a_base(base: Desired, now: Desired, expected: list[str]) -> None:
    live = FakeWorkspace.of([ROOT])
    found = plan(now, live, Situation(TODAY, API, base=BaseDocument(base, "1a2b:access.yaml", all_kinds())))
    assert [each for each in risks(found) if each.startswith("loosens")] == expected


def test_our_own_removal_comes_last() -> None:
    live = FakeWorkspace.of([ROOT, person(EVE, "admin")])
    found = planned(left(document({"root@x.io": "admin"}), EVE), live, identity=Identity(email=EVE))
    assert [each.stage.name for each in found.changes] == ["OURSELVES"]
