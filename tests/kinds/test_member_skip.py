"""Skipped members are left alone until a date and reported by each run. The golden texts are in tests/cases."""

from datetime import date

import pytest

from beamctl.document.problem import Place
from beamctl.plan.hazard import Risk
from beamctl.report.drift_text import drift_text
from tests.fakes.one_workspace import drift_json
from tests.fakes.runs import TODAY, applied, document, planned
from tests.fakes.wording import counts, words
from tests.fakes.workspace import FakeWorkspace, person

UNTIL = {"until": "2026-11-25", "reason": "TICKET-901"}
SKIP = {"skip": {"Kim@x.io": UNTIL}}
ROOT = person("root@x.io", "admin")
SAID = "Kim@x.io is skipped until 2026-11-25: TICKET-901"

STANDINGS = [
    None,
    person("kim@x.io", "admin"),
    person("kim@x.io"),
    person("kim@x.io", "owner"),
    person("kim@x.io", accepted=False),
    person("kim@x.io", accepted=False, expired=True),
    person("kim@x.io", source="directory_sync"),
]


@pytest.mark.parametrize("wanted", [None, "admin", {"role": "viewer", "until": "2026-11-01"}])
@pytest.mark.parametrize("there", STANDINGS)
def test_skipped_member_is_left_alone_in_every_case(there: dict[str, object] | None, wanted: object) -> None:
    live = FakeWorkspace.of([ROOT, *([there] if there else [])])
    members = {"root@x.io": "admin", **({"KIM@x.io": wanted} if wanted else {})}
    plan = planned(document(members, manage=SKIP), live)
    assert (plan.changes, plan.hazards, plan.differs) == ((), (), False)
    absent = "" if there or wanted else "; no one with that address is in the workspace or under members"
    (note,) = plan.notes
    assert (words(note.fact), note.place, note.excused) == (SAID + absent, Place("access.yaml", 5, 5), True)
    assert counts(plan) == {"unchanged": 1, **({} if absent else {"skipped": 1})}


def test_skip_ends_on_its_date() -> None:
    live = FakeWorkspace.of([ROOT, person("kim@x.io")])
    want = document({"root@x.io": "admin"}, manage=SKIP)
    assert planned(want, live, today=TODAY).changes == ()
    plan = planned(want, live, today=date(2026, 11, 25))
    assert [change.action.value for change in plan.changes] == ["remove"]
    assert [words(note.fact) for note in plan.notes] == ["Kim@x.io is no longer skipped since 2026-11-25 (TICKET-901)"]
    assert counts(plan) == {"unchanged": 1}


def test_drift_reports_skipped_members() -> None:
    live = FakeWorkspace.of([ROOT, person("kim@x.io")])
    want = document({"root@x.io": "admin"}, manage=SKIP)
    plan = planned(want, live)
    assert f"  ! {SAID}  (access.yaml:5)\n" in drift_text(plan)
    assert "No drift" in drift_text(plan)
    assert f'"text": "{SAID}"' in drift_json(plan).partition('"excused"')[2]
    ended = planned(want, live, today=date(2026, 11, 25))
    assert "skipped" not in drift_text(ended)
    assert "Drift: 1 difference" in drift_text(ended)


def test_skipped_admin_counts_and_must_be_listed() -> None:
    live = FakeWorkspace.of([ROOT, person("kim@x.io", "admin")])
    guards = {"maxRemovals": 9}
    want = document({"new@x.io": "member"}, guards=guards, manage=SKIP)
    plan = planned(want, live)
    assert {hazard.risk for hazard in plan.hazards} == {Risk.REMOVES_ADMIN}
    assert plan.quorums["member"].keys == ("kim@x.io",)
    applied(plan, live)
    assert set(live.users) == {"kim@x.io", "new@x.io"}


def test_skipped_invited_admin_does_not_count() -> None:
    live = FakeWorkspace.of([ROOT, person("kim@x.io", "admin", accepted=False)])
    want = document({"new@x.io": "member"}, guards={"maxRemovals": 9}, manage=SKIP)
    assert Risk.LAST_ADMIN in {hazard.risk for hazard in planned(want, live).hazards}


def test_skipped_members_do_not_raise_the_removal_limit() -> None:
    skipped = {f"s{n}@x.io": person(f"s{n}@x.io") for n in range(8)}
    live = FakeWorkspace.of([ROOT, person("a@x.io"), person("b@x.io"), *skipped.values()])
    want = document({"root@x.io": "admin"}, manage={"skip": dict.fromkeys(skipped, UNTIL)})
    assert [(hazard.risk, hazard.value) for hazard in planned(want, live).hazards] == [(Risk.MASS_REMOVAL, "2")]


def test_skip_pattern_is_reported_by_its_domain() -> None:
    live = FakeWorkspace.of([ROOT, person("a@y.io"), person("b@y.io")])
    plan = planned(document({"root@x.io": "admin"}, manage={"skip": {"*@Y.io": UNTIL, "*@Nobody.org": UNTIL}}), live)
    assert plan.changes == ()
    assert counts(plan) == {"unchanged": 1, "skipped": 2}
    assert [words(note.fact) for note in plan.notes] == [
        "*@Y.io is skipped until 2026-11-25: TICKET-901",
        (
            "*@Nobody.org is skipped until 2026-11-25: TICKET-901; "
            "no one at Nobody.org is in the workspace or under members"
        ),
    ]


def test_any_unexpired_entry_skips() -> None:
    live = FakeWorkspace.of([ROOT, person("kim@y.io")])
    ended = {"until": "2026-11-01", "reason": "TICKET-1"}
    plan = planned(document({"root@x.io": "admin"}, manage={"skip": {"kim@y.io": ended, "*@y.io": UNTIL}}), live)
    assert (plan.changes, counts(plan)) == ((), {"unchanged": 1, "skipped": 1})
    assert "kim@y.io is still skipped, with *@y.io: their own entry ended on 2026-11-01" in {
        words(note.fact) for note in plan.notes
    }
    plan = planned(document({"root@x.io": "admin"}, manage={"skip": {"kim@y.io": UNTIL, "*@y.io": ended}}), live)
    assert (plan.changes, counts(plan)) == ((), {"unchanged": 1, "skipped": 1})


def test_skip_in_an_additive_or_absent_section() -> None:
    live = FakeWorkspace.of([ROOT, person("kim@x.io")])
    plan = planned(document({"kim@x.io": "admin"}, manage={"members": "additive", **SKIP}), live)
    assert plan.changes == ()
    assert counts(plan) == {"skipped": 1, "not in the document, not managed (additive)": 1}
    plan = planned(document(settings={"displayName": "Acme"}, manage=SKIP), live)
    assert (plan.changes, plan.notes, counts(plan)) == ((), (), {"unchanged": 1})
