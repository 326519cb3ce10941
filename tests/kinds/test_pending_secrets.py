"""Objects whose secret was not stored, while someone else creates, completes or uses one with the same name: nothing
that may be in use is deleted, and nothing unknown is claimed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from beamctl.apply.record import Ended, NotAttempted
from beamctl.document.desired import Desired
from beamctl.errors import ForbiddenError
from beamctl.kinds.registry import all_kinds
from beamctl.kinds.service_account.live import CLIENT_SECRET, PendingMarker, description
from beamctl.model.api_call import ApiCall, Method, NoResponse, Reader, Response
from beamctl.model.identity import Identity
from beamctl.plan.change import Action, Reason, Stage
from beamctl.plan.hazard import Risk
from beamctl.plan.plan import Plan
from beamctl.workflow.saved_plan import could_be_planned
from tests.fakes.journal import interrupted_runs
from tests.fakes.one_workspace import recheck_plan
from tests.fakes.runs import all_done, applied, document, outcomes
from tests.fakes.runs import planned as planned_with
from tests.fakes.service_accounts import FakeServiceAccounts, api_key, service_account
from tests.fakes.vault import FakeVault
from tests.fakes.wording import lost, words
from tests.fakes.workspace import FakeWorkspace, person

CI = {"role": "member", "secretTo": {"file": "ci"}}
HUB = {"expiresIn": "90d", "rotateBefore": "14d", "keepOld": "3d", "secretTo": {"file": "hub"}}
ACCOUNT = document(serviceAccounts={"ci": CI})
KEY = document(serviceAccounts={"ci": {**CI, "apiKeys": {"hub": HUB}}})
OLD, NEW = api_key("old", "hub", "2026-09-20T00:00:00Z", "90d"), api_key("n1", "hub", "2026-11-20T00:00:00Z", "90d")
MARKER = str(PendingMarker("hub", ("old",)))
INTERRUPTED = (*interrupted_runs("ci"), *interrupted_runs("ci/hub", existing="old"))
"""Records of interrupted runs that created the objects of these tests."""
NOT_DONE = "it depends on ci, which was not done"


def planned(want: Desired, live: Reader, **more: Any) -> Plan:
    return planned_with(want, live, **{"interrupted": INTERRUPTED, **more})


def workspace(*accounts: dict[str, Any], keys: Mapping[str, list[dict[str, Any]]] | None = None) -> FakeWorkspace:
    kept = FakeServiceAccounts(
        {each["client_id"]: each for each in accounts}, {name: [*of] for name, of in (keys or {}).items()}
    )
    return FakeWorkspace.of([person("root@x.io", "admin")], accounts=kept)


def hub(noted: str, *keys: dict[str, Any], role: str = "member") -> FakeWorkspace:
    return workspace(service_account("c1", "ci", role, noted), keys={"c1": [*keys]})


def run(plan: Plan, live: FakeWorkspace, vault: FakeVault | None = None) -> dict[str, str]:
    """The outcome of each change, as text."""
    events = applied(plan, live, vault=vault or FakeVault())
    ends = {
        each.change.name: f"{each.outcome.status.value}: {words(each.outcome.remark)}"
        for each in events
        if isinstance(each, Ended)
    }
    return ends | {each.change.name: words(each.why) for each in events if isinstance(each, NotAttempted)}


def ids(live: FakeWorkspace) -> list[str]:
    return [key["id"] for key in live.accounts.keys.get("c1", [])]


def summary(plan: Plan) -> list[tuple[str, Action, Reason, Stage]]:
    return [(each.name, each.action, each.reason, each.stage) for each in plan.changes]


def risks(plan: Plan) -> set[Risk]:
    return {hazard.risk for hazard in plan.hazards}


def test_pending_account_is_replaced_and_then_deleted() -> None:
    live = workspace(
        service_account("c1", "ci", "member", CLIENT_SECRET), service_account("c2", "ci", "member", CLIENT_SECRET)
    )
    plan = planned(ACCOUNT, live)
    assert summary(plan) == [
        ("ci", Action.CREATE, Reason.NOT_HANDED_OVER, Stage.CREATE),
        ("ci (c1)", Action.DELETE, Reason.NOT_HANDED_OVER, Stage.UPDATE),
        ("ci (c2)", Action.DELETE, Reason.NOT_HANDED_OVER, Stage.UPDATE),
    ]
    assert plan.hazards == ()
    failing = run(plan, live, FakeVault(before=lambda _: "the place is full"))
    assert (failing["ci (c1)"], failing["ci (c2)"]) == (NOT_DONE, NOT_DONE)
    assert list(live.accounts.kept) == ["c1", "c2"]
    assert all_done(applied(plan, live, vault=FakeVault()))
    assert planned(ACCOUNT, live).changes == ()


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (
            [service_account("c1", "ci")],
            "failed: accounts with this name changed since the plan was made, so it was not created",
        ),
        (
            [service_account("c9", "ci", "member", CLIENT_SECRET)],
            "failed: another run is creating it, or was stopped before its client secret was stored",
        ),
        (
            [service_account("c1", "ci", "member", CLIENT_SECRET), service_account("c9", "ci")],
            "failed: was created in the meantime, by another run or manually; it is not known whether the file",
        ),
        ([], "failed: accounts with this name changed since the plan was made, so it was not created"),
    ],
    ids=["stored", "another one pending", "another one stored", "deleted"],
)
def test_account_whose_marker_is_gone_is_kept(now: list[dict[str, Any]], said: str) -> None:
    live = workspace(service_account("c1", "ci", "member", CLIENT_SECRET))
    plan, vault = planned(ACCOUNT, live), FakeVault()
    live.accounts.kept = {each["client_id"]: each for each in now}
    ended = run(plan, live, vault)
    assert ended["ci"].startswith(said)
    assert ended["ci (c1)"] == NOT_DONE
    assert (list(live.accounts.kept), vault.given) == ([each["client_id"] for each in now], [])


def test_account_whose_secret_is_stored_in_the_meantime_is_kept() -> None:
    live = workspace(service_account("c1", "ci", "member", CLIENT_SECRET))

    def store(_: int) -> str:
        live.accounts.kept["c1"]["description"] = ""
        return ""

    ended = run(planned(ACCOUNT, live), live, FakeVault(before=store))
    assert ended["ci (c1)"] == "failed: its client secret was stored in the meantime"
    assert list(live.accounts.kept) == ["c1", "made-1"]


def test_deleting_an_account_that_may_be_in_use_is_a_hazard() -> None:
    pending = service_account("c1", "ci", "member", CLIENT_SECRET)
    used = planned(ACCOUNT, workspace(pending, keys={"c1": [NEW]}))
    assert [each.stage for each in used.changes] == [Stage.CREATE, Stage.DELETE]
    assert risks(used) == {Risk.DELETES_SERVICE_ACCOUNT}
    ours = planned(ACCOUNT, workspace(pending), identity=Identity(client_id="c1"))
    assert [each.stage for each in ours.changes] == [Stage.CREATE, Stage.OURSELVES]
    assert risks(ours) == {Risk.DELETES_SERVICE_ACCOUNT, Risk.SELF_LOCKOUT}
    live = workspace(pending)
    plan = planned(ACCOUNT, live)
    hidden = live.with_faults(answers={"GET /service_accounts/c1/api_keys": ForbiddenError("not for you")})
    assert risks(planned(ACCOUNT, hidden)) == {Risk.DELETES_SERVICE_ACCOUNT}
    live.accounts.keys["c1"] = [NEW]
    assert run(plan, live)["ci (c1)"] == "failed: it has API keys now; it was not deleted"
    assert all(could_be_planned(each) for each in (*used.changes, *ours.changes))


def test_account_is_created_for_a_name_that_another_gives_up() -> None:
    section = {"ci": CI, "before": {"role": "member", "clientId": "c1"}}
    want, live = document(serviceAccounts=section), workspace(service_account("c1", "ci"))
    assert all_done(applied(planned(want, live), live, vault=FakeVault()))
    assert {key: each["name"] for key, each in live.accounts.kept.items()} == {"c1": "before", "made-1": "ci"}
    assert planned(want, live).changes == ()


@pytest.mark.parametrize(
    ("noted", "keys", "said"),
    [
        ("", [OLD, NEW], "failed: the marker of the previous key changed since the plan was made"),
        (MARKER, [OLD, NEW, api_key("n2", "hub", "2026-11-24T11:59:59Z", "90d")], "failed: another run is creating it"),
        (MARKER, [OLD], "failed: the API no longer shows the previous key"),
        (
            str(PendingMarker("hub", ("old", "n2"))),
            [OLD, NEW, api_key("n2", "hub", "2026-11-24T11:59:59Z", "90d")],
            "failed: was created in the meantime, by another run or manually; it is not known whether the file",
        ),
    ],
    ids=["stored", "another one pending", "deleted", "another one stored"],
)
def test_key_whose_marker_is_gone_is_kept(noted: str, keys: list[dict[str, Any]], said: str) -> None:
    live = hub(MARKER, OLD, NEW)
    plan, vault = planned(KEY, live), FakeVault()
    assert summary(plan) == [
        ("ci/hub", Action.CREATE, Reason.NOT_HANDED_OVER, Stage.CREATE_WITHIN),
        ("ci/hub (n1)", Action.DELETE, Reason.NOT_HANDED_OVER, Stage.UPDATE),
    ]
    live.accounts.kept["c1"]["description"], live.accounts.keys["c1"] = noted, [*keys]
    ended = run(plan, live, vault)
    assert ended["ci/hub"].startswith(said)
    assert ended["ci/hub (n1)"] == "it depends on ci/hub, which was not done"
    assert (ids(live), vault.given) == ([each["id"] for each in keys], [])


def test_key_without_a_replacement_is_kept() -> None:
    live = hub(MARKER, OLD, NEW)
    kind = next(each for each in all_kinds() if each.name == "api_key")
    gone = planned(KEY, live).changes[1]
    assert could_be_planned(gone)
    assert not could_be_planned(replace(gone, depends_on=()))
    assert not could_be_planned(replace(gone, before={**(gone.before or {}), "unfinished": ""}))
    conversation = kind.perform(gone, "acme")
    next(conversation)
    with pytest.raises(StopIteration) as ended:
        conversation.send(Response(200, [NEW]))
    assert words(ended.value.value.remark) == "there is no replacement"


def test_saved_plan_is_stale_after_a_key_was_stored() -> None:
    live = hub(MARKER, OLD, NEW)
    plan = planned(KEY, live)
    live.accounts.kept["c1"]["description"] = ""
    assert [each.name for each in recheck_plan(plan, live, None).stale_objects] == ["ci/hub (n1)"]
    assert planned(KEY, live).fingerprint != plan.fingerprint


def test_only_one_of_two_runs_replaces_a_key() -> None:
    live, vault = hub(MARKER, OLD, NEW), FakeVault()
    first, second = planned(KEY, live), planned(KEY, live)
    other: dict[str, str] = {}

    def run_concurrently(number: int) -> str:
        if number == 1:
            vault.lock.release()
            other.update(run(second, live, vault))
            vault.lock.acquire()
        return ""

    vault.before = run_concurrently
    assert all_done(applied(first, live, vault=vault))
    assert other["ci/hub"].startswith("failed: another run is creating it")
    assert (ids(live), vault.holds["the file hub"].partition("-a-")[0]) == (["old", "key-1"], "key-1")
    assert planned(KEY, live).changes == ()


def test_key_stored_by_another_run_and_its_marker_are_kept() -> None:
    live = hub(MARKER, OLD, NEW)

    def store(_: int) -> str:
        kept = live.accounts.kept["c1"]
        noted = description(kept["description"])
        kept["description"] = str(noted.marks[-1])  # the other run removed its marker
        return ""

    ended = run(planned(KEY, live), live, FakeVault(before=store))
    assert "its marker may remain: another run stored a key at the same time" in ended["ci/hub"]
    assert ended["ci/hub (n1)"] == "it depends on ci/hub, which was not done"
    assert ids(live) == ["old", "n1", "key-1"]
    assert planned(KEY, live).changes  # which of the two is stored is unknown, so it is replaced
    assert all_done(applied(planned(KEY, live), live, vault=FakeVault()))
    assert planned(KEY, live).changes == ()


@pytest.mark.parametrize("part", ["role", "description"])
def test_manual_change_while_a_secret_is_stored_is_kept(part: str) -> None:
    live = hub("", role="admin")
    want = document(serviceAccounts={"ci": {**CI, "role": "admin", "apiKeys": {"hub": HUB}}})

    def edit(_: int) -> str:
        kept = live.accounts.kept["c1"]
        kept[part] = "viewer" if part == "role" else f"for the hub {kept[part]}"
        return ""

    assert all_done(applied(planned(want, live), live, vault=FakeVault(before=edit)))
    kept = live.accounts.kept["c1"]
    assert (kept["role"], kept["description"]) == (("viewer", "") if part == "role" else ("admin", "for the hub"))


def test_marker_of_another_run_is_kept() -> None:
    live = hub("")

    def add_marker(_: int) -> str:
        live.accounts.kept["c1"]["description"] += " " + str(PendingMarker("hub", (), "0b"))
        return ""

    assert all_done(applied(planned(KEY, live), live, vault=FakeVault(before=add_marker)))
    assert description(live.accounts.kept["c1"]["description"]).marks == (PendingMarker("hub", ("key-1",), "0b"),)
    assert planned(KEY, live).changes == ()


def test_key_that_is_listed_late_is_not_replaced() -> None:
    live = hub("", NEW)
    looks = iter([Response(200, [])] * 2)

    def hide_keys(call: ApiCall) -> Response | None:
        return next(looks, None) if (call.method, call.path[-9:]) == (Method.GET, "/api_keys") else None

    live.before = hide_keys
    bare = hub("")
    plan = planned(KEY, bare)
    next(looks)
    assert run(plan, live)["ci/hub"].startswith("failed: another run is creating it")
    assert (ids(live), live.accounts.kept["c1"]["description"]) == (["n1"], "")
    assert planned(KEY, live).changes == ()


def test_no_key_is_created_if_the_keys_cannot_be_read() -> None:
    live = hub("")
    looks = iter([None, lost("the connection was reset")])

    def lose_second_read(call: ApiCall) -> Response | NoResponse | None:
        return next(looks, None) if (call.method, call.path[-9:]) == (Method.GET, "/api_keys") else None

    plan = planned(KEY, live)
    live.before = lose_second_read
    assert run(plan, live) == {"ci/hub": "failed: the API keys cannot be read: the connection was reset"}
    assert (ids(live), live.accounts.kept["c1"]["description"]) == ([], "")


@pytest.mark.parametrize(
    ("wanted", "shown", "now"),
    [
        ({"role": "admin", "description": "y"}, service_account("c1", "ci", "admin", "x"), {"role": "viewer"}),
        ({"role": "member", "description": "x"}, service_account("c1", "ci", "viewer", "x"), {"role": "admin"}),
        ({"role": "admin", "description": "y"}, service_account("c1", "ci", "admin", "x"), {"description": "z"}),
    ],
    ids=["demoted in the meantime", "promoted in the meantime", "described in the meantime"],
)
def test_account_that_changed_since_the_plan_is_not_updated(
    wanted: dict[str, str], shown: dict[str, Any], now: dict[str, str]
) -> None:
    live = workspace(shown)
    plan = planned(document(serviceAccounts={"ci": wanted}), live)
    live.accounts.kept["c1"] |= now
    left = dict(live.accounts.kept["c1"])
    assert run(plan, live) == {"ci": "failed: changed since the plan was made, so it was not updated"}
    assert live.accounts.kept["c1"] == left


def test_lost_response_to_a_rollback_is_reported() -> None:
    live = hub("")
    live.loses = frozenset({"DELETE /service_accounts/c1/api_keys/key-1"})
    ended = run(planned(KEY, live), live, FakeVault(before=lambda _: "the place is full"))
    assert "the key key-1 may still exist (the connection was reset)" in ended["ci/hub"]


def own(*keys: dict[str, Any], noted: str = "") -> tuple[Desired, FakeWorkspace]:
    """Beamctl runs as ci. The same apply removes someone else."""
    section = {"ci": {**CI, "apiKeys": {"hub": HUB}}}
    want = document({"root@x.io": "admin"}, serviceAccounts=section, guards={"self": {"serviceAccount": "ci"}})
    live = hub(noted, *keys)
    live.users["eve@x.io"] = person("eve@x.io")
    return want, live


def test_superseded_key_of_beamctl_is_deleted_last() -> None:
    want, live = own(OLD, NEW)
    plan = planned(want, live)
    assert [(each.name, each.stage) for each in plan.changes] == [
        ("eve@x.io", Stage.REMOVE),
        ("ci/hub (old)", Stage.OURSELVES),
    ]
    assert plan.hazards == ()
    again = recheck_plan(plan, live, Identity(sub="c1")).plan
    assert again.hazards == ()
    assert [each.revokes_access for each in plan.changes] == [True, False]
    assert all_done(applied(plan, live))


@pytest.mark.parametrize(
    ("keys", "noted"), [([OLD, NEW], MARKER), ([OLD, api_key("x", "by hand", "2026-11-20T00:00:00Z")], "")]
)
def test_deleting_a_key_that_beamctl_may_use_is_a_hazard(keys: list[dict[str, Any]], noted: str) -> None:
    want, live = own(*keys, noted=noted)
    plan = planned(want, live)
    assert plan.changes[-1].stage is Stage.OURSELVES
    assert Risk.SELF_LOCKOUT in risks(plan)
    later = planned(document(serviceAccounts={"ci": {**CI, "apiKeys": {"hub": HUB}}}), live)
    assert Risk.SELF_LOCKOUT in risks(recheck_plan(later, live, Identity(sub="c1")).plan)


def test_superseded_key_is_kept_if_the_newer_one_is_gone() -> None:
    live = hub("", OLD, NEW)
    plan = planned(KEY, live)
    live.accounts.keys["c1"] = [OLD]
    assert run(plan, live) == {"ci/hub (old)": "failed: there is no longer a newer key"}
    assert ids(live) == ["old"]


def test_existing_marker_is_kept_if_nothing_was_created() -> None:
    live = hub(MARKER, OLD, NEW)
    outcome = outcomes(applied(planned(KEY, live), live, vault=FakeVault(before=lambda _: "the place is full")))
    assert outcome == {"ci/hub": "failed", "ci/hub (n1)": "not attempted"}
    assert live.accounts.kept["c1"]["description"] == MARKER


def run_while_a_secret_is_stored(
    want: Desired, live: FakeWorkspace
) -> tuple[dict[str, str], dict[str, str], FakeVault]:
    """While one run stores a secret, another one plans and applies. Return the outcomes of both."""
    vault, theirs = FakeVault(), dict[str, str]()

    def run_concurrently(number: int) -> str:
        if number == 1:
            vault.lock.release()
            theirs.update(run(planned(want, live), live, vault))
            vault.lock.acquire()
        return ""

    vault.before = run_concurrently
    return run(planned(want, live), live, vault), theirs, vault


@pytest.mark.parametrize(("noted", "keys"), [("", []), (MARKER, [OLD, NEW])])
def test_key_mistaken_for_an_interrupted_runs_is_replaced(noted: str, keys: list[dict[str, Any]]) -> None:
    live = hub(noted, *keys)
    ours, theirs, vault = run_while_a_secret_is_stored(KEY, live)
    assert theirs["ci/hub"].startswith("done")
    assert "its marker may remain: another run mistook this one for one of an interrupted run" in ours["ci/hub"]
    assert vault.holds["the file hub"].startswith("key-1-")  # that key was deleted
    assert ids(live) == [*(["old"] if keys else []), "key-2"]
    assert all_done(applied(planned(KEY, live), live, vault=vault))
    assert vault.holds["the file hub"].startswith(f"{ids(live)[-1]}-")
    assert planned(KEY, live).changes == ()


def test_account_mistaken_for_an_interrupted_runs_is_reported_as_deleted() -> None:
    live = workspace()
    ours, theirs, _ = run_while_a_secret_is_stored(ACCOUNT, live)
    assert theirs["ci"].startswith("done")
    assert ours["ci"] == (
        "failed: another run mistook it for one of an interrupted run and deleted it; it is not known whether the file "
        "ci holds the client secret of the existing account"
    )
    assert list(live.accounts.kept) == ["made-2"]
