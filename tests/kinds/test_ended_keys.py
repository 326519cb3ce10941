"""An API key that lets nobody in any more goes with the one that is made in its place, and not without it."""

from beamctl.apply.event import NotAttempted
from tests.fakes.accounts import FakeAccounts, api_key, machine
from tests.fakes.runs import all_done, applied, document, outcomes, planned
from tests.fakes.vault import FakeVault
from tests.fakes.workspace import FakeWorkspace, person

KEY = {"expiresIn": "90d", "rotateBefore": "14d", "keepOld": "3d", "secretTo": {"file": "hub"}}
WANT = document(serviceAccounts={"ci": {"role": "member", "apiKeys": {"hub": KEY}}})


def workspace() -> FakeWorkspace:
    kept = {"c1": machine("c1", "ci")}
    keys = {"c1": [api_key("k1", "hub", "2026-01-01T00:00:00Z", "90d")]}
    return FakeWorkspace.of([person("root@x.io", "admin")], accounts=FakeAccounts(kept, keys))


def test_it_goes_with_the_one_that_is_made() -> None:
    live = workspace()
    plan = planned(WANT, live)
    assert [(change.name, change.action.value) for change in plan.changes] == [
        ("ci/hub", "create"),
        ("ci/hub (k1)", "delete"),
    ]
    assert all_done(applied(plan, live, vault=FakeVault()))
    assert planned(WANT, live).changes == ()
    assert [key["id"] for key in live.accounts.keys["c1"]] == ["key-1"]


def test_it_stays_where_none_is_made() -> None:
    live = workspace()
    vault = FakeVault(before=lambda _: "the place is full")
    events = applied(planned(WANT, live), live, vault=vault)
    assert outcomes(events) == {"ci/hub": "failed", "ci/hub (k1)": "not attempted"}
    (skipped,) = [event for event in events if isinstance(event, NotAttempted)]
    assert skipped.why == "it depends on ci/hub, which was not done"
    assert [key["id"] for key in live.accounts.keys["c1"]] == ["k1"]


def test_one_of_an_age_that_is_not_told_is_not_renewed_in_time_and_that_is_said() -> None:
    live = workspace()
    del live.accounts.keys["c1"][0]["createdAt"]
    plan = planned(WANT, live)
    assert plan.changes == ()
    said = "the API does not tell when ci/hub was made, so no plan renews it in time"
    assert [note.text for note in plan.notes if "ci/hub" in note.text] == [said]
