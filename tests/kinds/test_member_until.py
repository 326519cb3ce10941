"""Removing an admin after `until` needs no flag only if an earlier run recorded that date before it came."""

from datetime import date, timedelta
from typing import Any

import pytest

from beamctl.plan.guards import Declared
from beamctl.plan.plan import Plan
from tests.fakes.runs import TODAY, desired, document, planned
from tests.fakes.workspace import FakeWorkspace, person

LIVE = [person("root@x.io", "admin"), person("Ada@x.io", "admin"), person("bob@x.io")]
BEFORE, AFTER = "2026-11-01", "2026-12-01"


def plan(until: str | None, *, today: date = TODAY, last: Plan | None = None, role: str = "admin", **more: Any) -> Plan:
    ada = {"role": role} | ({"until": until} if until else {})
    want = document({"root@x.io": "admin", "ADA@x.io": ada, "bob@x.io": "member"}, **more)
    recorded = last.declared if last else None
    return planned(want, FakeWorkspace.of(LIVE), today=today, recorded=recorded)


def admin_hazards(found: Plan) -> list[str]:
    return [hazard.value for hazard in found.hazards if hazard.risk.value == "removes-admin"]


def ends(found: Plan) -> dict[str, str]:
    assert isinstance(found.declared, Declared)
    return dict(found.declared.ends.get("member", {}))


def test_past_date_seen_for_the_first_time_is_a_hazard() -> None:
    found = plan(BEFORE)
    assert admin_hazards(found) == ["Ada@x.io"]
    assert ends(found) == {}
    assert admin_hazards(plan(BEFORE, last=found)) == ["Ada@x.io"]  # an attempt is not a review
    assert admin_hazards(plan(str(TODAY))) == ["Ada@x.io"]


def test_recorded_future_date_needs_no_flag() -> None:
    first = plan(BEFORE, today=date(2026, 10, 1))
    assert ends(first) == {"ada@x.io": BEFORE}
    found = plan(BEFORE, last=first)
    assert [change.key for change in found.changes] == ["ada@x.io"]
    assert admin_hazards(found) == []
    assert ends(found) == {"ada@x.io": BEFORE}  # if the removal fails, the next run needs no flag either
    assert admin_hazards(plan(BEFORE, last=found, today=TODAY + timedelta(days=9))) == []


@pytest.mark.parametrize(
    ("recorded", "declared", "refused"),
    [
        ("2026-11-10", "2026-11-10", False),
        ("2026-11-10", "2026-11-20", False),  # it had already ended
        ("2026-11-20", "2026-11-10", True),  # backdated
        (AFTER, "2026-11-10", True),
        (None, "2026-11-10", True),
    ],
)
def test_changed_date_is_compared_with_the_record(recorded: str | None, declared: str, refused: object) -> None:
    first = plan(recorded, today=date(2026, 11, 1))
    assert bool(admin_hazards(plan(declared, last=first))) is refused


def test_postponed_date_counts() -> None:
    first = plan("2026-11-10", today=date(2026, 11, 1))
    later = plan(AFTER, today=date(2026, 11, 5), last=first)
    assert ends(later) == {"ada@x.io": AFTER}
    assert admin_hazards(plan("2026-11-10", last=later)) == ["Ada@x.io"]
    assert ends(plan(None, last=first)) == {}


def test_only_dates_of_admins_are_recorded() -> None:
    assert ends(plan(AFTER, role="member")) == {}
    removed = plan(BEFORE, role="member", last=plan(BEFORE, role="member", today=date(2026, 10, 1)))
    assert admin_hazards(removed) == ["Ada@x.io"]  # an admin that the document never declared as one


def test_recorded_dates_are_kept_without_the_section() -> None:
    first = plan(AFTER)
    want = document(settings={"displayName": "Else"})
    assert ends(planned(want, FakeWorkspace.of(LIVE), recorded=first.declared)) == {"ada@x.io": AFTER}


def test_non_admins_need_no_flag() -> None:
    want = document({"root@x.io": "admin", "ada@x.io": "admin", "bob@x.io": {"role": "member", "until": BEFORE}})
    assert planned(want, FakeWorkspace.of(LIVE)).hazards == ()


def test_a_lower_role_through_a_group_follows_without_a_hazard_if_the_day_was_recorded() -> None:
    text = (
        "version: 1\nworkspace: acme\nmembers:\n  root@x.io: admin\n  bob@x.io: member\n"
        f"  groups: {{ops: {{role: admin, until: {AFTER}}}, team: member}}\n"
        "groups: {ops: {members: {ada@x.io: }}, team: {members: {ada@x.io: }}}\n"
    )
    want = desired(text)
    live = FakeWorkspace.of(LIVE)
    first = planned(want, live, today=TODAY)
    assert (first.changes, ends(first)) == ((), {"ada@x.io": AFTER})
    day = date.fromisoformat(AFTER)
    (change,) = planned(want, live, today=day, recorded=first.declared).changes
    assert (change.action.value, (change.after or {})["role"], change.stage.name) == ("set role", "member", "DEMOTE")
    assert admin_hazards(planned(want, live, today=day, recorded=first.declared)) == []
    assert admin_hazards(planned(want, live, today=day)) == ["Ada@x.io"]
