"""Secrets of a workspace: when a value is sent, what is never overwritten, and what is not possible."""

from datetime import date
from typing import Any

import pytest

from beamctl.apply.record import Ended
from beamctl.document.desired import Desired
from beamctl.document.load import SourceText
from beamctl.errors import GarbledError
from beamctl.kinds.workspace_secret.kind import WorkspaceSecretKind
from beamctl.kinds.workspace_secret.live import workspace_secrets
from beamctl.model.api_call import Response
from beamctl.model.code import Code
from beamctl.plan.comparison import Situation
from beamctl.plan.kind import Outcome
from beamctl.plan.plan import Plan
from beamctl.workflow.documents import validate
from beamctl.workflow.show import export
from tests.fakes.runs import API, NOW, TODAY, applied, desired, document, planned
from tests.fakes.secrets_and_shares import PAST
from tests.fakes.vault import FakeVault
from tests.fakes.workspace import FakeWorkspace, person

VALUE = {"env": "KEY"}
SENT = "sk-canary-0123"


def workspace(**updated: str) -> FakeWorkspace:
    live = FakeWorkspace.of([person("root@x.io", "admin")])
    for name, time in updated.items():
        live.secrets.add(name, time)
    return live


def want(**entries: Any) -> Desired:
    return document(secrets=entries, guards={"maxRemovals": 9})


def ended(plan: Plan, live: FakeWorkspace) -> Outcome:
    events = applied(plan, live, vault=FakeVault({"the environment variable KEY": SENT}))
    (found,) = [each.outcome for each in events if isinstance(each, Ended)]
    return found


@pytest.mark.parametrize(
    ("updated", "asked", "is_sent"),
    [
        ("2026-10-31T23:59:59Z", "2026-11-01", True),
        ("2026-11-01T00:00:00Z", "2026-11-01", False),
        ("2026-11-01T01:00:00+02:00", "2026-11-01", True),
        ("2026-11-01T09:29:59.999Z", "2026-11-01T09:30:00Z", True),
        ("2026-11-01T09:30:00Z", "2026-11-01T09:30:00Z", False),
        (PAST, "", False),
        ("unknown", "2026-11-01", False),
    ],
)
def test_value_is_sent_again_if_it_is_too_old(updated: str, asked: str, *, is_sent: bool) -> None:
    live = workspace(A=updated)
    plan = planned(want(A={"value": VALUE} | ({"updatedAfter": asked} if asked else {})), live)
    assert bool(plan.changes) is is_sent
    unknown = [note.fact.code for note in plan.notes]
    assert unknown == ([Code.SECRET_AGE_UNKNOWN] if updated == "unknown" else [])
    if is_sent:
        ended(plan, live)
        assert live.secrets.values == {"A": SENT}


def test_time_in_the_future_waits() -> None:
    live, entry = workspace(A=PAST), {"value": VALUE, "updatedAfter": "2026-11-25"}
    plan = planned(want(A=entry), live)
    assert (plan.changes, [note.fact.code for note in plan.notes]) == ((), [Code.SECRET_DUE_LATER])
    assert planned(want(A=entry), live, today=date(2026, 11, 25)).changes


def test_secret_that_appeared_since_the_plan_is_not_overwritten() -> None:
    live = workspace()
    plan = planned(want(A={"value": VALUE}), live)
    live.secrets.add("A", value="theirs")
    assert ended(plan, live).remark is not None
    assert live.secrets.values == {"A": "theirs"}
    assert "POST /secrets" not in live.calls


def test_secret_that_changed_since_the_plan_is_not_overwritten() -> None:
    live = workspace(A=PAST)
    plan = planned(want(A={"value": VALUE, "updatedAfter": "2026-11-01"}), live)
    live.secrets.add("A", "2026-10-01T00:00:00Z", "theirs")
    assert ended(plan, live).remark is not None
    assert live.secrets.values == {"A": "theirs"}


@pytest.mark.parametrize("theirs", [False, True])
def test_after_a_lost_response_it_is_not_known_whose_value_it_is(*, theirs: bool) -> None:
    live = workspace()
    plan = planned(want(A={"value": VALUE}), live)
    live.loses = frozenset({"POST /secrets"})
    if theirs:
        live.after = lambda call, _: live.secrets.add("A", value="theirs") if call.method.value == "POST" else None
    outcome = ended(plan, live)
    assert (outcome.status.value, outcome.remark and outcome.remark.code) == ("failed", Code.EXISTS_SECRET_UNKNOWN)


def test_nothing_is_sent_without_the_value() -> None:
    live = workspace()
    plan = planned(want(A={"value": {"env": "NOT_THERE"}}), live)
    assert ended(plan, live).remark is not None
    assert live.secrets.values == {}


def test_additive_section_keeps_others() -> None:
    data = document(secrets={}, manage={"secrets": "additive"})
    assert planned(data, workspace(A=PAST)).changes == ()


def test_undo_deletes_what_was_created_and_restores_no_value() -> None:
    live = workspace(OLD=PAST, GONE=PAST)
    plan = planned(want(NEW={"value": VALUE}, OLD={"value": VALUE, "updatedAfter": "2026-11-01"}), live)
    applied(plan, live, vault=FakeVault({"the environment variable KEY": SENT}))
    there = workspace_secrets(live.get("/secrets"))
    found = WorkspaceSecretKind().undo(plan.changes, want(), there, Situation(TODAY, API))
    assert [(each.action.value, each.name) for each in found.changes] == [("delete", "NEW")]
    assert [note.fact.fields["name"] for note in found.notes] == ["OLD", "GONE"]


def test_export_needs_no_change() -> None:
    live = workspace(A=PAST, a=PAST)
    text = export("acme", live, NOW).text
    assert "A: {value: {env: SECRET_A}}" in text
    assert "a: {value: {env: SECRET_A_}}" in text
    assert planned(desired(text), live).changes == ()


def test_api_without_secrets() -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin")], answers={"GET /secrets": Response(404, None, "none")})
    plan = planned(want(A={"value": VALUE}), live)
    assert (plan.changes, [note.fact.code for note in plan.notes]) == ((), [Code.SECTION_NOT_IN_API])


@pytest.mark.parametrize("payload", [{}, None, [{}], [{"name": ""}], [{"name": 5}], [{"name": "a"}, {"name": "a"}]])
def test_malformed_listing_is_refused(payload: Any) -> None:
    with pytest.raises(GarbledError):
        workspace_secrets(payload)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("A: {value: sk-live-0123}", "'value' contains a secret in plain text"),
        ("A: sk-live-0123", "'A' must be a mapping, not a string"),
        ("A: {env: KEY}", "'value' is a required property of 'A'"),
        ("A: {value: {env: BL_API_KEY}}", "'BL_API_KEY' may hold beamctl's own credential, which is never sent"),
        ("A: {value: {env: KEY}, updatedAfter: 2026-02-30}", "'2026-02-30' is not a valid time"),
        ("A: {value: {env: KEY}, updatedAfter: 2026-11-01T25:00:00Z}", "'2026-11-01T25:00:00Z' is not a valid time"),
        ("A: {value: {env: KEY}, updatedAfter: yesterday}", "'yesterday' is not a time"),
    ],
)
def test_problems(entry: str, message: str) -> None:
    found = validate([SourceText("f.yaml", f"version: 1\nworkspace: acme\nsecrets:\n  {entry}\n".encode())]).problems
    assert any(message in each.message for each in found), found
    assert "sk-live" not in repr(found)
