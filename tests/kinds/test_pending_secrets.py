"""Objects whose secret was not handed over, while someone else creates, finishes or uses one of that name: nothing
that may be in use is deleted, and nothing unknown is claimed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from beamctl.apply.event import Ended, NotAttempted
from beamctl.document.document import Desired
from beamctl.errors import ForbiddenError
from beamctl.kinds.registry import all_kinds
from beamctl.kinds.service_account.live import CLIENT_SECRET, PendingMarker, description
from beamctl.model.api_call import ApiCall, Method, NoResponse, Reader, Response
from beamctl.model.identity import Identity
from beamctl.plan.change import Action, Reason, Stage
from beamctl.plan.hazard import Risk
from beamctl.plan.plan import Plan
from beamctl.workflow.saved_plan import could_be_planned, look_again
from tests.fakes.accounts import FakeAccounts, api_key, machine
from tests.fakes.journal import stopped
from tests.fakes.runs import all_done, applied, document, outcomes
from tests.fakes.runs import planned as planned_with
from tests.fakes.vault import FakeVault
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace, person

CI = {"role": "member", "secretTo": {"file": "ci"}}
HUB = {"expiresIn": "90d", "rotateBefore": "14d", "keepOld": "3d", "secretTo": {"file": "hub"}}
ACCOUNT = document(serviceAccounts={"ci": CI})
KEY = document(serviceAccounts={"ci": {**CI, "apiKeys": {"hub": HUB}}})
OLD, NEW = api_key("old", "hub", "2026-09-20T00:00:00Z", "90d"), api_key("n1", "hub", "2026-11-20T00:00:00Z", "90d")
MARK = str(PendingMarker("hub", ("old",)))
STOPPED = (*stopped("ci"), *stopped("ci/hub", beside="old"))
"""Runs that were stopped as they made what the tests find, as their records show."""
RACE = "it depends on ci, which was not done"


class Watched(FakeWorkspace):
    """A workspace in which something happens right before a call, or instead of it."""

    before: Callable[[ApiCall], Response | NoResponse | None] = staticmethod(lambda _: None)

    def send(self, call: ApiCall) -> Response | NoResponse:
        return self.before(call) or super().send(call)


class Forbidding:
    """A reader that may not see the keys."""

    def __init__(self, live: FakeWorkspace) -> None:
        self._live = live

    def get(self, path: str) -> Any:
        if path.endswith("/api_keys"):
            raise ForbiddenError("not for you")
        return self._live.get(path)


def planned(want: Desired, live: Reader, **more: Any) -> Plan:
    return planned_with(want, live, **{"interrupted": STOPPED, **more})


def workspace(*accounts: dict[str, Any], keys: Mapping[str, list[dict[str, Any]]] | None = None) -> Watched:
    kept = FakeAccounts(
        {each["client_id"]: each for each in accounts}, {name: [*of] for name, of in (keys or {}).items()}
    )
    return Watched({"root@x.io": person("root@x.io", "admin")}, accounts=kept)


def hub(noted: str, *keys: dict[str, Any], role: str = "member") -> Watched:
    return workspace(machine("c1", "ci", role, noted), keys={"c1": [*keys]})


def run(plan: Plan, live: FakeWorkspace, vault: FakeVault | None = None) -> dict[str, str]:
    """How each change ended, in words."""
    events = applied(plan, live, vault=vault or FakeVault())
    ends = {
        each.change.name: f"{each.outcome.status.value}: {words(each.outcome.remark)}"
        for each in events
        if isinstance(each, Ended)
    }
    return ends | {each.change.name: words(each.why) for each in events if isinstance(each, NotAttempted)}


def ids(live: FakeWorkspace) -> list[str]:
    return [key["id"] for key in live.accounts.keys.get("c1", [])]


def told(plan: Plan) -> list[tuple[str, Action, Reason, Stage]]:
    return [(each.name, each.action, each.reason, each.stage) for each in plan.changes]


def risks(plan: Plan) -> set[Risk]:
    return {hazard.risk for hazard in plan.hazards}


def test_it_is_made_anew_and_goes_with_the_one_in_its_place() -> None:
    live = workspace(machine("c1", "ci", "member", CLIENT_SECRET), machine("c2", "ci", "member", CLIENT_SECRET))
    plan = planned(ACCOUNT, live)
    assert told(plan) == [
        ("ci", Action.CREATE, Reason.NOT_HANDED_OVER, Stage.CREATE),
        ("ci (c1)", Action.DELETE, Reason.NOT_HANDED_OVER, Stage.UPDATE),
        ("ci (c2)", Action.DELETE, Reason.NOT_HANDED_OVER, Stage.UPDATE),
    ]
    assert plan.hazards == ()
    failing = run(plan, live, FakeVault(before=lambda _: "the place is full"))
    assert (failing["ci (c1)"], failing["ci (c2)"]) == (RACE, RACE)
    assert list(live.accounts.kept) == ["c1", "c2"]
    assert all_done(applied(plan, live, vault=FakeVault()))
    assert planned(ACCOUNT, live).changes == ()


@pytest.mark.parametrize(
    ("meanwhile", "said"),
    [
        (
            [machine("c1", "ci")],
            "failed: accounts with this name changed since the plan was made, so it was not created",
        ),
        (
            [machine("c9", "ci", "member", CLIENT_SECRET)],
            "failed: another run is creating it, or was stopped before its client secret was handed over",
        ),
        (
            [machine("c1", "ci", "member", CLIENT_SECRET), machine("c9", "ci")],
            "failed: was created in the meantime, by another run or manually; it is not known whether the file",
        ),
        ([], "failed: accounts with this name changed since the plan was made, so it was not created"),
    ],
    ids=["handed over", "replaced, under way", "another whole one", "gone"],
)
def test_an_account_that_is_no_longer_an_orphan_stays(meanwhile: list[dict[str, Any]], said: str) -> None:
    live = workspace(machine("c1", "ci", "member", CLIENT_SECRET))
    plan, vault = planned(ACCOUNT, live), FakeVault()
    live.accounts.kept = {each["client_id"]: each for each in meanwhile}
    ended = run(plan, live, vault)
    assert ended["ci"].startswith(said)
    assert ended["ci (c1)"] == RACE
    assert (list(live.accounts.kept), vault.given) == ([each["client_id"] for each in meanwhile], [])


def test_an_account_that_is_handed_over_during_the_hand_over_stays() -> None:
    live = workspace(machine("c1", "ci", "member", CLIENT_SECRET))

    def finished(_: int) -> str:
        live.accounts.kept["c1"]["description"] = ""
        return ""

    ended = run(planned(ACCOUNT, live), live, FakeVault(before=finished))
    assert ended["ci (c1)"] == "failed: its client secret was handed over in the meantime"
    assert list(live.accounts.kept) == ["c1", "made-1"]


def test_an_account_that_somebody_may_use_is_a_hazard_to_delete() -> None:
    orphan = machine("c1", "ci", "member", CLIENT_SECRET)
    used = planned(ACCOUNT, workspace(orphan, keys={"c1": [NEW]}))
    assert [each.stage for each in used.changes] == [Stage.CREATE, Stage.DELETE]
    assert risks(used) == {Risk.DELETES_SERVICE_ACCOUNT}
    ours = planned(ACCOUNT, workspace(orphan), identity=Identity(client_id="c1"))
    assert [each.stage for each in ours.changes] == [Stage.CREATE, Stage.OURSELVES]
    assert risks(ours) == {Risk.DELETES_SERVICE_ACCOUNT, Risk.SELF_LOCKOUT}
    live = workspace(orphan)
    plan = planned(ACCOUNT, live)
    assert risks(planned(ACCOUNT, Forbidding(live))) == {Risk.DELETES_SERVICE_ACCOUNT}
    live.accounts.keys["c1"] = [NEW]
    assert run(plan, live)["ci (c1)"] == "failed: it has API keys now; it was not deleted"
    assert all(could_be_planned(each) for each in (*used.changes, *ours.changes))


def test_a_name_that_another_one_gives_up_is_made_beside_it() -> None:
    section = {"ci": CI, "before": {"role": "member", "clientId": "c1"}}
    want, live = document(serviceAccounts=section), workspace(machine("c1", "ci"))
    assert all_done(applied(planned(want, live), live, vault=FakeVault()))
    assert {key: each["name"] for key, each in live.accounts.kept.items()} == {"c1": "before", "made-1": "ci"}
    assert planned(want, live).changes == ()


@pytest.mark.parametrize(
    ("noted", "keys", "said"),
    [
        ("", [OLD, NEW], "failed: whether the previous key was handed over changed since the plan was made"),
        (MARK, [OLD, NEW, api_key("n2", "hub", "2026-11-24T11:59:59Z", "90d")], "failed: another run is creating it"),
        (MARK, [OLD], "failed: the API no longer shows the previous key"),
        (
            str(PendingMarker("hub", ("old", "n2"))),
            [OLD, NEW, api_key("n2", "hub", "2026-11-24T11:59:59Z", "90d")],
            "failed: was created in the meantime, by another run or manually; it is not known whether the file",
        ),
    ],
    ids=["handed over", "another under way", "gone", "another whole one"],
)
def test_a_key_that_is_no_longer_an_orphan_stays(noted: str, keys: list[dict[str, Any]], said: str) -> None:
    live = hub(MARK, OLD, NEW)
    plan, vault = planned(KEY, live), FakeVault()
    assert told(plan) == [
        ("ci/hub", Action.CREATE, Reason.NOT_HANDED_OVER, Stage.CREATE_WITHIN),
        ("ci/hub (n1)", Action.DELETE, Reason.NOT_HANDED_OVER, Stage.UPDATE),
    ]
    live.accounts.kept["c1"]["description"], live.accounts.keys["c1"] = noted, [*keys]
    ended = run(plan, live, vault)
    assert ended["ci/hub"].startswith(said)
    assert ended["ci/hub (n1)"] == "it depends on ci/hub, which was not done"
    assert (ids(live), vault.given) == ([each["id"] for each in keys], [])


def test_a_key_that_nothing_is_in_the_place_of_stays() -> None:
    live = hub(MARK, OLD, NEW)
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


def test_a_saved_plan_sees_that_a_key_was_handed_over() -> None:
    live = hub(MARK, OLD, NEW)
    plan = planned(KEY, live)
    live.accounts.kept["c1"]["description"] = ""
    assert [each.name for each in look_again(plan, live, None).moved] == ["ci/hub (n1)"]
    assert planned(KEY, live).fingerprint != plan.fingerprint


def test_of_two_that_make_a_key_anew_one_is_in_its_place_and_lets_in() -> None:
    live, vault = hub(MARK, OLD, NEW), FakeVault()
    first, second = planned(KEY, live), planned(KEY, live)
    other: dict[str, str] = {}

    def meanwhile(number: int) -> str:
        if number == 1:
            vault.lock.release()
            other.update(run(second, live, vault))
            vault.lock.acquire()
        return ""

    vault.before = meanwhile
    assert all_done(applied(first, live, vault=vault))
    assert other["ci/hub"].startswith("failed: another run is creating it")
    assert (ids(live), vault.holds["the file hub"].partition("-a-")[0]) == (["old", "key-1"], "key-1")
    assert planned(KEY, live).changes == ()


def test_a_key_that_is_handed_over_during_the_hand_over_stays_and_the_mark_does() -> None:
    live = hub(MARK, OLD, NEW)

    def finished(_: int) -> str:
        kept = live.accounts.kept["c1"]
        noted = description(kept["description"])
        kept["description"] = str(noted.marks[-1])  # theirs is off
        return ""

    ended = run(planned(KEY, live), live, FakeVault(before=finished))
    assert "its marker may remain: another run handed over a key at the same time" in ended["ci/hub"]
    assert ended["ci/hub (n1)"] == "it depends on ci/hub, which was not done"
    assert ids(live) == ["old", "n1", "key-1"]
    assert planned(KEY, live).changes  # which of the two is in the place is not known: it is made anew
    assert all_done(applied(planned(KEY, live), live, vault=FakeVault()))
    assert planned(KEY, live).changes == ()


@pytest.mark.parametrize("part", ["role", "description"])
def test_what_somebody_changes_during_the_hand_over_stays(part: str) -> None:
    live = hub("", role="admin")
    want = document(serviceAccounts={"ci": {**CI, "role": "admin", "apiKeys": {"hub": HUB}}})

    def changed(_: int) -> str:
        kept = live.accounts.kept["c1"]
        kept[part] = "viewer" if part == "role" else f"for the hub {kept[part]}"
        return ""

    assert all_done(applied(planned(want, live), live, vault=FakeVault(before=changed)))
    kept = live.accounts.kept["c1"]
    assert (kept["role"], kept["description"]) == (("viewer", "") if part == "role" else ("admin", "for the hub"))


def test_another_runs_mark_stays_and_is_not_about_our_key() -> None:
    live = hub("")

    def marked(_: int) -> str:
        live.accounts.kept["c1"]["description"] += " " + str(PendingMarker("hub", (), "0b"))
        return ""

    assert all_done(applied(planned(KEY, live), live, vault=FakeVault(before=marked)))
    assert description(live.accounts.kept["c1"]["description"]).marks == (PendingMarker("hub", ("key-1",), "0b"),)
    assert planned(KEY, live).changes == ()


def test_a_key_that_is_seen_late_is_not_taken_for_an_orphan() -> None:
    live = hub("", NEW)
    looks = iter([Response(200, [])] * 2)

    def short(call: ApiCall) -> Response | None:
        return next(looks, None) if (call.method, call.path[-9:]) == (Method.GET, "/api_keys") else None

    live.before = short
    bare = hub("")
    plan = planned(KEY, bare)
    next(looks)
    assert run(plan, live)["ci/hub"].startswith("failed: another run is creating it")
    assert (ids(live), live.accounts.kept["c1"]["description"]) == (["n1"], "")
    assert planned(KEY, live).changes == ()


def test_where_the_keys_cannot_be_seen_after_marking_none_is_made() -> None:
    live = hub("")
    looks = iter([None, NoResponse("the connection was reset")])

    def second(call: ApiCall) -> Response | NoResponse | None:
        return next(looks, None) if (call.method, call.path[-9:]) == (Method.GET, "/api_keys") else None

    plan = planned(KEY, live)
    live.before = second
    assert run(plan, live) == {"ci/hub": "failed: the API keys cannot be read: the connection was reset"}
    assert (ids(live), live.accounts.kept["c1"]["description"]) == ([], "")


@pytest.mark.parametrize(
    ("wanted", "shown", "now"),
    [
        ({"role": "admin", "description": "y"}, machine("c1", "ci", "admin", "x"), {"role": "viewer"}),
        ({"role": "member", "description": "x"}, machine("c1", "ci", "viewer", "x"), {"role": "admin"}),
        ({"role": "admin", "description": "y"}, machine("c1", "ci", "admin", "x"), {"description": "z"}),
    ],
    ids=["demoted meanwhile", "promoted meanwhile", "described meanwhile"],
)
def test_an_account_that_is_no_longer_as_planned_is_left(
    wanted: dict[str, str], shown: dict[str, Any], now: dict[str, str]
) -> None:
    live = workspace(shown)
    plan = planned(document(serviceAccounts={"ci": wanted}), live)
    live.accounts.kept["c1"] |= now
    left = dict(live.accounts.kept["c1"])
    assert run(plan, live) == {"ci": "failed: changed since the plan was made, so it was not updated"}
    assert live.accounts.kept["c1"] == left


def test_a_lost_answer_to_taking_it_back_leaves_open_whether_it_is_there() -> None:
    live = hub("")
    live.loses = frozenset({"DELETE /service_accounts/c1/api_keys/key-1"})
    ended = run(planned(KEY, live), live, FakeVault(before=lambda _: "the place is full"))
    assert "the key key-1 may still exist (the connection was reset)" in ended["ci/hub"]


def own(*keys: dict[str, Any], noted: str = "") -> tuple[Desired, Watched]:
    """Beamctl runs as ci; somebody else is to go in the same apply."""
    section = {"ci": {**CI, "apiKeys": {"hub": HUB}}}
    want = document({"root@x.io": "admin"}, serviceAccounts=section, guards={"self": {"serviceAccount": "ci"}})
    live = hub(noted, *keys)
    live.users["eve@x.io"] = person("eve@x.io")
    return want, live


def test_an_old_key_of_ours_goes_last_and_is_no_hazard() -> None:
    want, live = own(OLD, NEW)
    plan = planned(want, live)
    assert [(each.name, each.stage) for each in plan.changes] == [
        ("eve@x.io", Stage.REMOVE),
        ("ci/hub (old)", Stage.OURSELVES),
    ]
    assert plan.hazards == ()
    again = look_again(plan, live, Identity(sub="c1")).plan
    assert again.hazards == ()
    assert [each.revokes_access for each in plan.changes] == [True, False]
    assert all_done(applied(plan, live))


@pytest.mark.parametrize(
    ("keys", "noted"), [([OLD, NEW], MARK), ([OLD, api_key("x", "by hand", "2026-11-20T00:00:00Z")], "")]
)
def test_a_key_of_ours_that_may_be_in_use_is_a_hazard(keys: list[dict[str, Any]], noted: str) -> None:
    want, live = own(*keys, noted=noted)
    plan = planned(want, live)
    assert plan.changes[-1].stage is Stage.OURSELVES
    assert Risk.SELF_LOCKOUT in risks(plan)
    later = planned(document(serviceAccounts={"ci": {**CI, "apiKeys": {"hub": HUB}}}), live)
    assert Risk.SELF_LOCKOUT in risks(look_again(later, live, Identity(sub="c1")).plan)


def test_an_old_key_stays_where_the_newer_one_is_gone() -> None:
    live = hub("", OLD, NEW)
    plan = planned(KEY, live)
    live.accounts.keys["c1"] = [OLD]
    assert run(plan, live) == {"ci/hub (old)": "failed: there is no newer key any more"}
    assert ids(live) == ["old"]


def test_a_mark_that_was_there_stays_where_nothing_was_made() -> None:
    live = hub(MARK, OLD, NEW)
    outcome = outcomes(applied(planned(KEY, live), live, vault=FakeVault(before=lambda _: "the place is full")))
    assert outcome == {"ci/hub": "failed", "ci/hub (n1)": "not attempted"}
    assert live.accounts.kept["c1"]["description"] == MARK


def during_the_hand_over(want: Desired, live: FakeWorkspace) -> tuple[dict[str, str], dict[str, str], FakeVault]:
    """A run hands a secret over as another one plans and applies from its beginning to its end: how each ended."""
    vault, theirs = FakeVault(), dict[str, str]()

    def meanwhile(number: int) -> str:
        if number == 1:
            vault.lock.release()
            theirs.update(run(planned(want, live), live, vault))
            vault.lock.acquire()
        return ""

    vault.before = meanwhile
    return run(planned(want, live), live, vault), theirs, vault


@pytest.mark.parametrize(("noted", "keys"), [("", []), (MARK, [OLD, NEW])])
def test_a_key_that_another_run_takes_for_a_stopped_ones_is_made_anew(noted: str, keys: list[dict[str, Any]]) -> None:
    live = hub(noted, *keys)
    ours, theirs, vault = during_the_hand_over(KEY, live)
    assert theirs["ci/hub"].startswith("done")
    assert "its marker may remain: another run mistook this one for one of an interrupted run" in ours["ci/hub"]
    assert vault.holds["the file hub"].startswith("key-1-")  # which is gone
    assert ids(live) == [*(["old"] if keys else []), "key-2"]
    assert all_done(applied(planned(KEY, live), live, vault=vault))
    assert vault.holds["the file hub"].startswith(f"{ids(live)[-1]}-")
    assert planned(KEY, live).changes == ()


def test_an_account_that_another_run_takes_for_a_stopped_ones_is_told_to_be_gone() -> None:
    live = workspace()
    ours, theirs, _ = during_the_hand_over(ACCOUNT, live)
    assert theirs["ci"].startswith("done")
    assert ours["ci"] == (
        "failed: another run mistook it for one of an interrupted run and deleted it; it is not known whether the file "
        "ci holds the client secret of the existing account"
    )
    assert list(live.accounts.kept) == ["made-2"]
