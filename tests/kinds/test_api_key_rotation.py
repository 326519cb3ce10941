"""An expired API key is deleted if its replacement is created, and kept otherwise."""

import pytest

from beamctl.apply.record import NotAttempted
from beamctl.plan.comparison import Situation
from tests.fakes.one_workspace import plan as plan_at
from tests.fakes.runs import API, NOW, TODAY, all_done, applied, document, outcomes, planned
from tests.fakes.service_accounts import FakeServiceAccounts, api_key, service_account
from tests.fakes.vault import FakeVault
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace, person

KEY = {"expiresIn": "90d", "rotateBefore": "14d", "keepOld": "3d", "secretTo": {"file": "hub"}}
WANT = document(serviceAccounts={"ci": {"role": "member", "apiKeys": {"hub": KEY}}})


def workspace() -> FakeWorkspace:
    kept = {"c1": service_account("c1", "ci")}
    keys = {"c1": [api_key("k1", "hub", "2026-01-01T00:00:00Z", "90d")]}
    return FakeWorkspace.of([person("root@x.io", "admin")], accounts=FakeServiceAccounts(kept, keys))


def test_expired_key_is_deleted_when_its_replacement_is_created() -> None:
    live = workspace()
    plan = planned(WANT, live)
    assert [(change.name, change.action.value) for change in plan.changes] == [
        ("ci/hub", "create"),
        ("ci/hub (k1)", "delete"),
    ]
    assert all_done(applied(plan, live, vault=FakeVault()))
    assert planned(WANT, live).changes == ()
    assert [key["id"] for key in live.accounts.keys["c1"]] == ["key-1"]


def test_expired_key_is_kept_if_its_replacement_is_not_created() -> None:
    live = workspace()
    vault = FakeVault(before=lambda _: "the place is full")
    events = applied(planned(WANT, live), live, vault=vault)
    assert outcomes(events) == {"ci/hub": "failed", "ci/hub (k1)": "not attempted"}
    (skipped,) = [event for event in events if isinstance(event, NotAttempted)]
    assert words(skipped.why) == "it depends on ci/hub, which was not done"
    assert [key["id"] for key in live.accounts.keys["c1"]] == ["k1"]


ENDS = {"expiresIn": "90d", "secretTo": {"file": "hub"}}


@pytest.mark.parametrize(
    ("made", "lives", "declared", "mode", "said"),
    [
        ("2026-09-09T12:00:00Z", "90d", ENDS, "authoritative", "2026-12-08"),  # in 14 days
        ("2026-08-26T12:00:01Z", "90d", ENDS, "authoritative", "2026-11-24"),  # in a second
        ("2026-09-09T12:00:01Z", "90d", ENDS, "authoritative", ""),
        ("2026-09-09T12:00:00Z", "90d", ENDS, "additive", "2026-12-08"),
        ("2026-09-09T12:00:00Z", "90d", {"secretTo": {"file": "hub"}}, "authoritative", "2026-12-08"),
        ("2026-11-20T12:00:00Z", "7d", ENDS, "authoritative", "2026-11-27"),
        ("2026-09-09T12:00:00Z", "", {"secretTo": {"file": "hub"}}, "authoritative", ""),
        ("2026-09-20T12:00:00Z", "90d", KEY, "authoritative", ""),
        ("2026-09-09T12:00:00Z", "90d", None, "additive", ""),
    ],
)
def test_note_two_weeks_before_a_key_without_rotation_expires(
    made: str, lives: str, declared: dict[str, object] | None, mode: str, said: str
) -> None:
    keys = {"hub": declared} if declared else {}
    want = document(serviceAccounts={"ci": {"role": "member", "apiKeys": keys}}, manage={"serviceAccounts": mode})
    live = workspace()
    live.accounts.keys["c1"] = [api_key("k1", "hub", made, lives)]
    plan = plan_at(want, live, Situation(TODAY, API, now=NOW))
    assert plan.changes == ()
    assert [words(note.fact) for note in plan.notes if "hub" in words(note.fact)] == (
        [f"ci/hub expires on {said}; set rotateBefore to have it renewed"] if said else []
    )
    assert all(note.place is not None for note in plan.notes)


def test_note_if_a_key_of_unknown_age_cannot_be_renewed_in_time() -> None:
    live = workspace()
    del live.accounts.keys["c1"][0]["createdAt"]
    plan = planned(WANT, live)
    assert plan.changes == ()
    said = "the API does not show when ci/hub was created, so it is not renewed in time"
    assert [words(note.fact) for note in plan.notes if "ci/hub" in words(note.fact)] == [said]
