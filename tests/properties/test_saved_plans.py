"""Saved plans and records, for any document and any workspace: they are read back, edits are detected, and applies can
be undone."""

import json
import random as seeded
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.apply.record import Ended, Event, NotAttempted, Run, event_line, first_line, last_line
from beamctl.apply.record_reader import UnreadableRecordError, read_record
from beamctl.apply.summary import left_of, summary_of
from beamctl.document.desired import Desired
from beamctl.document.document import Document
from beamctl.errors import UsageError
from beamctl.kinds.registry import all_kinds
from beamctl.plan.comparison import Situation
from beamctl.plan.hazard import Risk
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import read_saved, saved_text
from beamctl.plan.staleness import stale_objects
from beamctl.report.apply_text import outcome_text, run_text
from beamctl.report.json_report import runs_json
from beamctl.workflow.saved_plan import open_plan
from beamctl.workflow.undo import undo
from tests.fakes.one_workspace import recheck_plan
from tests.fakes.runs import API, TODAY, applied, document, planned, shown
from tests.fakes.saved_plans import by_hand, saved
from tests.fakes.schemas import problems_with
from tests.fakes.workspace import FakeWorkspace, person
from tests.properties.samples import EMAILS, workspaces
from tests.properties.test_member_plans import documents

AT = "2026-11-24T12:00:00.000Z"


TEXT = saved_text(
    saved(
        planned(
            document({"root@x.io": "admin", "new@x.io": "member"}, settings={"labels": {"a": "1"}}),
            FakeWorkspace.of([person("root@x.io", "admin"), person("gone@x.io")]),
        )
    )
).encode()


def read_or_refused(content: bytes) -> bool:
    try:
        open_plan(content, "p.json")
    except UsageError:
        return False
    return True


@given(st.integers(0, len(TEXT) - 1), st.integers(0, 255))
@settings(max_examples=300, deadline=None)
def test_changed_byte_is_detected(at: int, byte: int) -> None:
    changed = TEXT[:at] + bytes([byte]) + TEXT[at + 1 :]
    assert not read_or_refused(changed) or json.loads(changed) == json.loads(TEXT)


plain = st.none() | st.booleans() | st.integers(-1, 2**70) | st.floats(allow_nan=False) | st.text(max_size=3)
junk = plain | st.lists(plain, max_size=2) | st.dictionaries(st.text(max_size=3), plain, max_size=2)


@given(st.integers(0, 10**9), junk)
@settings(max_examples=80, deadline=None)
def test_edited_value_is_refused_with_a_message(where: int, value: Any) -> None:
    def change(data: dict[str, Any]) -> None:
        chance = seeded.Random(where)  # noqa: S311 - a walk, no secret
        at: Any = data
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            key = chance.choice(keys)
            if not isinstance(at[key], dict | list) or not at[key] or chance.random() < 0.2:
                at[key] = value
                return
            at = at[key]

    read_or_refused(by_hand(TEXT, change))


@given(documents(), workspaces, st.randoms(use_true_random=False), st.sampled_from(["z1@y.io", "z2@y.io"]))
@settings(max_examples=80, deadline=None)
def test_unrelated_member_does_not_make_a_plan_stale(
    want: Desired, live: FakeWorkspace, random: Any, other: str
) -> None:
    plan = planned(want, live)
    shuffled = list(live.users.items())
    random.shuffle(shuffled)
    live.users = dict(shuffled) | {other: person(other, random.choice(["admin", "member"]))}
    assert recheck_plan(plan, live, None).stale_objects == ()


@given(documents(), workspaces, st.sampled_from(EMAILS), st.sampled_from(["gone", "admin", "viewer", "expired"]))
@settings(max_examples=100, deadline=None)
def test_changed_member_makes_a_plan_stale(want: Desired, live: FakeWorkspace, email: str, how: str) -> None:
    plan = planned(want, live)
    key = email.lower()
    before = live.users.pop(key, None)
    if how == "expired":
        live.users[key] = person(email, "member", accepted=False, expired=True)
    elif how != "gone":
        live.users[key] = person(email, how)
    kinds = [kind for kind in all_kinds() if kind.name == "member"]
    found = stale_objects(plan, kinds, {"member": shown(kinds[0], live.get("/users"))})
    was = shown(kinds[0], [before] if before else []), shown(kinds[0], [live.users[key]] if key in live.users else [])
    differs = kinds[0].objects(was[0], [key]) != kinds[0].objects(was[1], [key])
    assert [each.name.lower() for each in found] == ([key] if differs and key in plan.prior_state["member"] else [])


def recorded(plan: Plan, events: list[Event]) -> bytes:
    lines = [first_line(Run("r1", AT, "ann", "", "sha256:0"), plan)]
    lines += [event_line(plan, event, AT) for event in events]
    lines.append(last_line(plan, events, AT, interrupted=False))
    for line in lines:
        assert problems_with("run", json.loads(line)) == []
    return "".join(lines).encode()


def undone(plan: Plan, events: list[Event], live: FakeWorkspace) -> Plan:
    record = read_record(recorded(plan, events))
    assert record.changes == plan.changes
    bare = Desired("acme", Document("run r1", {}, {}, {}))
    return undo(record, bare, live, Situation(TODAY, API))


def access(live: FakeWorkspace) -> dict[str, str]:
    return {key: user["role"] for key, user in live.users.items()}


@given(documents(), workspaces, st.sampled_from([frozenset(), frozenset({"reinvite-conflicts"})]))
@settings(max_examples=100, deadline=None)
def test_undo_restores_the_previous_state(want: Desired, live: FakeWorkspace, odd: frozenset[str]) -> None:
    live.quirks = odd
    before, expired = access(live), {key for key, user in live.users.items() if user.get("expired")}
    first = planned(want, live)
    if any(hazard.risk in (Risk.LAST_ADMIN, Risk.LIVE_EMPTY) for hazard in first.hazards):
        return
    events = applied(first, live)
    inverse = undone(first, events, live)
    assert all(change.reason.value == "undoes_run" for change in inverse.changes)
    applied(inverse, live)
    touched = {change.key for change in first.changes}
    lost = expired & touched  # expired invitations are not restored
    assert {k: v for k, v in access(live).items() if k not in lost} == {
        k: v for k, v in before.items() if k not in lost
    }
    assert undone(first, events, live).changes == ()


@given(documents(), workspaces, st.sets(st.sampled_from(EMAILS)))
@settings(max_examples=80, deadline=None)
def test_only_completed_changes_are_undone(want: Desired, live: FakeWorkspace, refused: set[str]) -> None:
    live.refuses = frozenset(f"{how} /users/{email}" for email in refused for how in ("PUT", "DELETE"))
    before = access(live)
    plan = planned(want, live)
    if any(hazard.risk in (Risk.LAST_ADMIN, Risk.LIVE_EMPTY) for hazard in plan.hazards):
        return
    events = applied(plan, live)
    after = access(live)
    inverse = undone(plan, events, live)
    made = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    resent = {change.key for change in plan.changes if change.action.value == "resend"}
    assert {change.key for change in inverse.changes} - resent <= made
    ended = [event for event in events if isinstance(event, Ended | NotAttempted)]
    assert len(ended) == len(plan.changes)


RECORD = recorded(read_saved(TEXT, "p.json").plans[0], [])


@given(st.integers(0, len(RECORD) - 1), st.binary(max_size=2))
@settings(max_examples=150, deadline=None)
def test_edited_record_is_read_or_refused(at: int, piece: bytes) -> None:
    changed = RECORD[:at] + piece + RECORD[at + 1 :]
    try:
        record = read_record(changed)
    except UnreadableRecordError:
        left_of(changed, "acme", API)
    else:
        assert run_text(record).endswith("\n")
        assert json.loads(runs_json([("r1", record)]))["runs"][0]["run"] == "r1"
        assert outcome_text(summary_of(changed)) == outcome_text(record)
