"""Anyone who can edit a description can add a marker. Only a run record proves that a secret was not stored."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.apply.record import Ended
from beamctl.errors import DocumentError
from beamctl.kinds.service_account.live import CLIENT_SECRET, PendingMarker
from beamctl.plan.change import Action, Change, CreationKey, Reason, Stage
from beamctl.plan.comparison import Interrupted
from beamctl.plan.hazard import Allowance, Risk, refused
from beamctl.plan.plan import Plan
from beamctl.workflow.saved_plan import could_be_planned
from tests.fakes.journal import creation, interrupted_runs
from tests.fakes.runs import NOW, all_done, applied, document, planned
from tests.fakes.service_accounts import FakeServiceAccounts, api_key, service_account
from tests.fakes.vault import FakeVault
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace, person

CI = {"role": "member", "description": "CI", "secretTo": {"file": "ci"}}
HUB = {"expiresIn": "90d", "rotateBefore": "14d", "keepOld": "3d", "secretTo": {"file": "hub"}}
ACCOUNT = document(serviceAccounts={"ci": CI})
KEY = document(serviceAccounts={"ci": {**CI, "apiKeys": {"hub": HUB}}})
OLD, NEW = api_key("old", "hub", "2026-11-01T00:00:00Z", "90d"), api_key("new", "hub", "2026-11-20T00:00:00Z", "90d")
ALLOWED = (Allowance(Risk.DELETES_SERVICE_ACCOUNT, "ci (c1)"), Allowance(Risk.DELETES_API_KEY, "ci/hub (new)"))
BEGAN = datetime(2026, 11, 20, 12, tzinfo=UTC)


def workspace(*accounts: dict[str, Any], keys: tuple[dict[str, Any], ...] = ()) -> FakeWorkspace:
    kept = FakeServiceAccounts({each["client_id"]: each for each in accounts}, {"c1": list(keys)})
    return FakeWorkspace({"root@x.io": person("root@x.io", "admin")}, accounts=kept)


def marked(text: str = f"CI {CLIENT_SECRET}", *keys: dict[str, Any], **more: Any) -> FakeWorkspace:
    return workspace(service_account("c1", "ci", "member", text) | more, keys=keys)


def summary(plan: Plan) -> list[tuple[str, Action]]:
    return [(each.name, each.action) for each in plan.changes]


def test_planted_marker_is_noted_and_changes_nothing() -> None:
    live = marked()
    plan = planned(ACCOUNT, live)
    assert (plan.changes, plan.hazards, plan.differs) == ((), (), True)
    assert [words(note.fact).partition(",")[0] for note in plan.notes] == [
        "the description of ci (c1) says that its client secret was not handed over"
    ]
    assert planned(ACCOUNT, live).changes == ()  # the next plan is empty, too


def test_account_with_a_planted_marker_is_still_managed() -> None:
    live = marked()
    live.accounts.kept["c1"]["role"] = "admin"
    plan = planned(ACCOUNT, live)
    assert summary(plan) == [("ci", Action.SET_ROLE)]
    assert all_done(applied(plan, live))
    assert live.accounts.kept["c1"]["role"] == "member"
    chosen = document(serviceAccounts={"ci": {**CI, "clientId": "c1", "role": "viewer"}})
    assert summary(planned(chosen, live)) == [("ci", Action.SET_ROLE)]
    other = document(serviceAccounts={"other": {"role": "member"}})
    assert {each.risk for each in planned(other, live).hazards} >= {Risk.DELETES_SERVICE_ACCOUNT}


def test_account_with_a_planted_marker_is_demoted_and_gets_its_key() -> None:
    live = marked(role="admin")
    plan = planned(KEY, live)
    assert summary(plan) == [("ci/hub", Action.CREATE), ("ci", Action.SET_ROLE)]
    assert all_done(applied(plan, live, vault=FakeVault()))
    assert live.accounts.kept["c1"]["role"] == "member"
    assert planned(KEY, live).changes == ()


def test_only_the_document_tells_accounts_with_one_name_apart() -> None:
    live = workspace(service_account("c1", "ci", "member", CLIENT_SECRET), service_account("c2", "ci"))
    with pytest.raises(DocumentError) as caught:
        planned(ACCOUNT, live)
    assert "client secret not handed over yet" in caught.value.problems[0].hint
    plan = planned(ACCOUNT, live, allowed=ALLOWED)
    assert summary(plan) == [("ci", Action.UPDATE), ("ci (c1)", Action.DELETE)]
    assert {(each.risk, each.value) for each in plan.hazards} == {(Risk.DELETES_SERVICE_ACCOUNT, "ci (c1)")}


def test_account_without_a_record_is_replaced_if_allowed() -> None:
    live = marked()
    plan = planned(ACCOUNT, live, allowed=ALLOWED[:1])
    assert [(each.name, each.action, each.stage) for each in plan.changes] == [
        ("ci", Action.CREATE, Stage.CREATE),
        ("ci (c1)", Action.DELETE, Stage.DELETE),
    ]
    assert [hazard.risk for hazard in refused(plan.hazards, (), plan.workspace)] == [Risk.DELETES_SERVICE_ACCOUNT]
    assert refused(plan.hazards, ALLOWED[:1], plan.workspace) == ()
    assert all(could_be_planned(each) for each in plan.changes)
    assert all_done(applied(plan, live, vault=FakeVault()))
    assert (list(live.accounts.kept), planned(ACCOUNT, live).changes) == (["made-1"], ())


@pytest.mark.parametrize(
    ("runs", "created", "goes"),
    [
        (interrupted_runs("ci"), None, True),
        (interrupted_runs("ci", began=BEGAN), "2026-11-20T12:00:05Z", True),
        (interrupted_runs("ci", began=BEGAN), "2026-11-20T11:59:50Z", True),  # the API's clock is a little behind
        (interrupted_runs("ci", began=BEGAN), "2026-11-20T11:00:00Z", False),
        (interrupted_runs("ci", began=BEGAN), "0001-01-01T00:00:00Z", False),
        (interrupted_runs("ci", began=BEGAN), "0001-01-01T00:00:00+14:00", True),  # the API shows no creation time
        (interrupted_runs("ci", began=BEGAN), "9999-12-31T23:59:59Z", True),
        (interrupted_runs("ci", began=BEGAN, ended=BEGAN), "2026-11-20T12:00:05Z", True),
        (interrupted_runs("ci", began=BEGAN, ended=BEGAN), "2026-11-20T13:00:00Z", False),
        (interrupted_runs("ci", began=BEGAN, repeated=NOW), "2026-11-20T12:00:05Z", True),
        (interrupted_runs("ci", began=BEGAN, repeated=NOW), "2026-11-24T12:00:00Z", False),
        (interrupted_runs("ci", began=BEGAN, repeated=NOW), None, False),
        (interrupted_runs("ci", existing="c1"), None, False),
        (interrupted_runs("ci", existing="| c1"), None, False),
        (interrupted_runs("ci", existing="c0, c2 | c3"), None, True),
        (interrupted_runs("other"), None, False),
        (interrupted_runs("ci/hub"), None, False),
        (interrupted_runs("c1/ci"), None, False),
        ((), None, False),
    ],
)
def test_record_must_match_the_account(runs: tuple[Interrupted, ...], created: str | None, *, goes: bool) -> None:
    live = marked(created_at=created)
    plan = planned(ACCOUNT, live, interrupted=runs)
    assert summary(plan) == ([("ci", Action.CREATE), ("ci (c1)", Action.DELETE)] if goes else [])
    assert plan.hazards == ()


@pytest.mark.parametrize(
    ("runs", "goes"),
    [
        (interrupted_runs("ci/hub", existing="old"), True),
        (interrupted_runs("c1/hub", existing="old"), True),
        (interrupted_runs("ci/hub", existing="old", began=BEGAN - timedelta(days=1)), True),
        (interrupted_runs("ci/hub", existing="old, new"), False),
        (interrupted_runs("ci/hub", existing="old | new"), False),
        (interrupted_runs("ci/hub", existing="old", began=BEGAN), False),
        (interrupted_runs("ci/hub", existing="old", ended=BEGAN - timedelta(days=1)), False),
        (interrupted_runs("ci/hub", existing="old", repeated=datetime(2026, 11, 1, tzinfo=UTC)), False),
        (interrupted_runs("ci/other", "ci", "c2/hub"), False),
    ],
)
def test_record_must_match_the_key(runs: tuple[Interrupted, ...], *, goes: bool) -> None:
    live = marked(f"CI {PendingMarker('hub', ('old',))}", OLD, NEW)
    plan = planned(KEY, live, interrupted=runs)
    assert summary(plan) == ([("ci/hub", Action.CREATE), ("ci/hub (new)", Action.DELETE)] if goes else [])
    assert (plan.hazards, plan.differs) == ((), True)


@pytest.mark.parametrize(
    "mark",
    [
        PendingMarker("hub"),
        PendingMarker("hub", ("old",)),
        PendingMarker("hub", ("new",)),
        PendingMarker("hub", (), "0b"),
    ],
)
def test_planted_marker_deletes_and_renews_no_key(mark: PendingMarker) -> None:
    live = marked(f"CI {mark}", OLD, NEW)
    plan = planned(KEY, live)
    superseded = [] if "new" not in mark.before else [("ci/hub (old)", Action.DELETE)]
    assert summary(plan) == superseded  # the same as without a marker: which key is newer is known
    assert plan.differs
    alone = marked(f"CI {mark}", NEW)
    assert summary(planned(KEY, alone)) == []


def test_key_with_a_planted_marker_is_renewed_and_the_marker_removed() -> None:
    live = marked(f"CI {PendingMarker('hub')}", api_key("old", "hub", "2026-09-01T00:00:00Z", "90d"))
    plan = planned(KEY, live)
    assert [(each.name, each.reason) for each in plan.changes] == [("ci/hub", Reason.EXPIRES)]
    assert all_done(applied(plan, live, vault=FakeVault()))
    assert live.accounts.kept["c1"]["description"] == "CI"
    assert summary(planned(KEY, live)) == []


def test_key_without_a_record_is_replaced_if_allowed() -> None:
    live = marked(f"CI {PendingMarker('hub', ('old',))}", OLD, NEW)
    plan = planned(KEY, live, allowed=ALLOWED)
    assert [(each.name, each.action, each.stage) for each in plan.changes] == [
        ("ci/hub", Action.CREATE, Stage.CREATE_WITHIN),
        ("ci/hub (new)", Action.DELETE, Stage.UPDATE),
    ]
    assert [(each.risk, each.value) for each in plan.hazards] == [(Risk.DELETES_API_KEY, "ci/hub (new)")]
    assert all(could_be_planned(each) for each in plan.changes)
    assert all_done(applied(plan, live, vault=FakeVault()))
    assert [key["id"] for key in live.accounts.keys["c1"]] == ["old", "key-1"]
    assert planned(KEY, live).changes == ()


def test_run_without_a_record_is_not_disturbed() -> None:
    """Another machine has no record of the run, so it leaves the objects alone, and the run completes."""
    live, vault = workspace(), FakeVault()
    others: list[list[Change]] = []

    def run_concurrently(number: int) -> str:
        if number <= 2:
            vault.lock.release()
            others.append(list(planned(KEY, live).changes))
            vault.lock.acquire()
        return ""

    vault.before = run_concurrently
    events = applied(planned(KEY, live), live, vault=vault)
    assert all_done(events), [each.outcome for each in events if isinstance(each, Ended)]
    assert [[each.kind for each in found if each.action is not Action.CREATE] for found in others] == [[], []]
    assert planned(KEY, live).changes == ()


names = st.sampled_from(["ci", "hub", "x"])
ids = st.sampled_from(["c1", "c2", "old", "new", "k3", "?"])
marker_texts = st.one_of(
    st.just(CLIENT_SECRET),
    st.builds(
        lambda name, before, run: str(PendingMarker(name, tuple(before), run)),
        names,
        st.lists(ids, max_size=3),
        st.sampled_from(["", "0b"]),
    ),
    st.text(max_size=5),
    st.sampled_from(["(beamctl: API key hub not handed over yet", "; before it: old)", "(beamctl: ", "CI"]),
)
texts = st.lists(marker_texts, max_size=4).map(" ".join)
moments = st.datetimes(timezones=st.just(UTC), min_value=datetime(2026, 9, 1), max_value=datetime(2026, 12, 1))  # noqa: DTZ001
runs = st.builds(
    lambda name, existing, began, ended, repeated: Interrupted(
        creation(name, ", ".join(existing)), began, ended, repeated
    ),
    st.sampled_from(["ci", "x", "ci/hub", "c1/hub", "ci/x", "x/hub"]),
    st.lists(ids, max_size=3),
    moments,
    st.none() | moments,
    st.none() | moments,
)
WANTED = [
    ACCOUNT,
    KEY,
    document(serviceAccounts={"ci": {**CI, "clientId": "c1", "apiKeys": {"hub": HUB, "x": {}}}}),
    document(serviceAccounts={"ci": CI, "x": {**CI, "secretTo": {"file": "x"}, "apiKeys": {"hub": {}}}}),
]


def stamp(moment: datetime) -> str:
    return moment.isoformat()


@given(
    want=st.sampled_from(WANTED),
    accounts=st.lists(st.tuples(names, texts, st.none() | moments.map(stamp)), min_size=1, max_size=2),
    keys=st.lists(st.tuples(st.sampled_from(["old", "new", "k3"]), names, moments.map(stamp)), max_size=3),
    records=st.lists(runs, max_size=3),
)
@settings(max_examples=400, deadline=None)
def test_no_description_deletes_objects_of_other_runs(
    want: Any, accounts: list[Any], keys: list[Any], records: list[Interrupted]
) -> None:
    listed = [
        service_account(f"c{number}", name, "member", text) | ({"created_at": at} if at else {})
        for number, (name, text, at) in enumerate(accounts, 1)
    ]
    found = {each[0]: api_key(each[0], each[1], each[2], "90d") for each in keys}
    live = workspace(*listed, keys=tuple(found.values()))
    bare = workspace(*(each | {"description": "CI"} for each in listed), keys=tuple(found.values()))
    try:
        plan = planned(want, live, interrupted=tuple(records))
        plain = {each.key for each in planned(want, bare).changes if each.action is Action.DELETE}
    except DocumentError:  # ambiguous documents have no plan
        return
    by_hand = {hazard.value for hazard in plan.hazards if hazard.risk is Risk.DELETES_SERVICE_ACCOUNT}
    for change in plan.changes:
        if change.action is not Action.DELETE or change.key in plain or change.name in by_hand:
            continue
        before = change.before or {}
        created = next((each.get("created_at") for each in listed if each["client_id"] == change.key), None)
        what = {before["name"]}
        if change.kind == "api_key":
            created = found[change.key]["createdAt"]
            what = {f"{label} / {before['name']}" for label in (before["clientId"], before["account"])}
        assert any(is_proof(each, change.kind, what, change.key, created) for each in records), change


def is_proof(run: Interrupted, kind: str, what: set[str], identifier: str, created: str | None) -> bool:
    key = run.change.key
    assert isinstance(key, CreationKey)
    if run.change.kind != kind or key.name not in what or identifier in (*key.next_to, *key.in_place_of):
        return False
    if created is None:
        return run.repeated is None
    minute, moment = timedelta(minutes=1), datetime.fromisoformat(created)
    late = run.ended is not None and moment > run.ended + minute
    newer = run.repeated is not None and moment >= run.repeated - minute
    return moment >= run.began - minute and not late and not newer


def test_next_run_makes_a_deletion_that_was_left_undone() -> None:
    live = workspace(service_account("c1", "ci", "member", CLIENT_SECRET), service_account("c2", "ci", "member", "CI"))
    (gone,) = [
        each for each in planned(ACCOUNT, marked(), interrupted=interrupted_runs("ci")).changes if each.after is None
    ]
    left = Interrupted(gone, NOW)
    assert summary(planned(ACCOUNT, live, interrupted=(left,))) == [("ci (c1)", Action.DELETE)]
    other = Interrupted(replace(gone, key="c2"), NOW)
    with pytest.raises(DocumentError):
        planned(ACCOUNT, live, interrupted=(other,))
