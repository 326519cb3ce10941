"""Service accounts and their API keys: plans, applies, undo and problems."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from beamctl.apply.record import Ended, Record, Run, State
from beamctl.document.desired import Desired
from beamctl.document.document import Document
from beamctl.document.load import SourceText
from beamctl.emulator import BehaviorFlag
from beamctl.errors import ApiError, DocumentError, ForbiddenError, MissingError
from beamctl.kinds.registry import all_kinds
from beamctl.kinds.service_account.live import PendingMarker, description
from beamctl.model.identity import Identity
from beamctl.plan.across_kinds import read
from beamctl.plan.change import Action, Stage
from beamctl.plan.hazard import Risk
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import read_saved, saved_text
from beamctl.plan.plan_json import address
from beamctl.plan.staleness import in_effect, stale_objects
from beamctl.report.drift_text import drift_text
from beamctl.report.plan_text import plan_text
from beamctl.workflow.documents import validate
from beamctl.workflow.saved_plan import could_be_planned
from beamctl.workflow.undo import undo
from tests.fakes.emulated_accounts import EmulatedAccounts, account
from tests.fakes.one_workspace import show
from tests.fakes.runs import all_done, document, outcomes, planned
from tests.fakes.saved_plans import saved
from tests.fakes.service_accounts import FakeServiceAccounts, service_account
from tests.fakes.vault import FakeVault
from tests.fakes.wording import counts, words
from tests.fakes.workspace import FakeWorkspace, person

RUNNER = {"runner": {"role": "admin"}}
CI = {"role": "member", "secretTo": {"file": "ci.json"}}


def want(section: Mapping[str, Any], **more: Any) -> Desired:
    return document(serviceAccounts={**RUNNER, **section}, **{"guards": {"maxRemovals": 99}, **more})


def summary(plan: Plan) -> list[tuple[str, str, str]]:
    return [(change.name, change.action.value, change.stage.name) for change in plan.changes]


def risks(plan: Plan) -> set[tuple[Risk, str]]:
    return {(hazard.risk, hazard.value) for hazard in plan.hazards}


def test_each_difference_is_one_change(tmp_path: Path) -> None:
    accounts = EmulatedAccounts(tmp_path, [account("up"), account("down", "admin"), account("said"), account("gone")])
    made = accounts.plan(
        want(
            {
                "up": {"role": "admin"},
                "down": {"role": "viewer"},
                "said": {"role": "member", "description": "x"},
                "ci": CI,
            }
        )
    )
    assert summary(made) == [
        ("up", "set role", "PROMOTE"),
        ("ci", "create", "CREATE"),
        ("said", "update", "UPDATE"),
        ("down", "set role", "DEMOTE"),
        ("gone", "delete", "DELETE"),
    ]
    assert risks(made) == {(Risk.REMOVES_ADMIN, "down"), (Risk.DELETES_SERVICE_ACCOUNT, "gone")}
    events = accounts.apply(made)
    assert all_done(events)
    rows = {
        each["name"]: (each["role"], each.get("description", "")) for each in accounts.ask("GET", "/service_accounts")
    }
    assert rows == {
        "runner": ("admin", ""),
        "up": ("admin", ""),
        "down": ("viewer", ""),
        "said": ("member", "x"),
        "ci": ("member", ""),
    }
    assert (
        accounts.plan(want({name: {"role": rows[name][0], "description": rows[name][1]} for name in rows})).changes
        == ()
    )


def test_own_account_is_changed_last_and_is_a_hazard(tmp_path: Path) -> None:
    accounts = EmulatedAccounts(tmp_path)
    (runner,) = accounts.live("runner")
    for identity, guards in (
        (Identity(client_id=runner["client_id"]), {}),
        (None, {"self": {"serviceAccount": "runner"}}),
    ):
        demoted = accounts.plan(document(serviceAccounts={"runner": {"role": "member"}}, guards=guards), identity)
        deleted = accounts.plan(document(serviceAccounts={}, guards=guards), identity)
        for made in (demoted, deleted):
            assert [change.stage for change in made.changes] == [Stage.OURSELVES]
            assert (Risk.SELF_LOCKOUT, "runner") in risks(made)
    stranger = accounts.plan(document(serviceAccounts={"ci": CI}), Identity(client_id="another"))
    assert (Risk.LIVE_WITHOUT_US, "another") in risks(stranger)


def test_accounts_with_the_same_name_are_told_apart_by_id(tmp_path: Path) -> None:
    accounts = EmulatedAccounts(
        tmp_path, [account("twin"), account("twin", "viewer", apiKey="bl_twin2"), account("old")]
    )
    ids = {each["role"]: each["client_id"] for each in accounts.live("twin")}
    with pytest.raises(DocumentError) as caught:
        accounts.plan(want({"twin": {"role": "member"}}))
    (problem,) = caught.value.problems
    assert problem.message == "there are 2 service accounts named 'twin'"
    assert all(each in problem.hint for each in ids.values())
    made = accounts.plan(want({"twin": {"role": "member", "clientId": ids["member"]}}))
    assert (f"twin ({ids['viewer']})", "delete", "DELETE") in summary(made)
    (old,) = accounts.live("old")
    both = {
        "twin": {"role": "member", "clientId": ids["member"]},
        "new": {"role": "member", "clientId": old["client_id"]},
    }
    renamed = accounts.plan(want(both, manage={"serviceAccounts": "additive"}))
    assert [(change.action, change.attribute, change.after["name"]) for change in renamed.changes if change.after] == [
        (Action.UPDATE, "name", "new")
    ]
    assert all_done(accounts.apply(renamed))
    assert [each["client_id"] for each in accounts.live("new")] == [old["client_id"]]
    with pytest.raises(DocumentError, match="1 problem"):
        accounts.plan(want({"ci": {"role": "member", "clientId": "nobody"}}))


def test_api_without_roles_is_noted(tmp_path: Path) -> None:
    accounts = EmulatedAccounts(tmp_path, [account("bot")], [BehaviorFlag.NO_SERVICE_ACCOUNT_ROLES])
    made = accounts.plan(want({"bot": {"role": "viewer", "description": "x"}, "ci": CI}))
    assert [words(note.fact) for note in made.notes if "does not show roles" in words(note.fact)]
    events = accounts.apply(made)
    assert all_done(events)
    assert any("does not show its role" in words(event.outcome.remark) for event in events if isinstance(event, Ended))
    assert accounts.plan(want({"bot": {"role": "viewer", "description": "x"}, "ci": CI})).changes == ()


def test_keys_are_removed_only_if_declared(tmp_path: Path) -> None:
    accounts = EmulatedAccounts(tmp_path, [account("bot")])
    assert accounts.plan(want({"bot": {"role": "member"}})).changes == ()
    ours = {"bot": {"role": "member", "apiKeys": {}}}
    additive = accounts.plan(want(ours, manage={"serviceAccounts": "additive"}))
    assert additive.changes == ()
    assert counts(additive)["not in the document, not managed (additive)"] == 1
    made = accounts.plan(want(ours))
    assert [(change.action, change.stage) for change in made.changes] == [(Action.DELETE, Stage.DELETE)]
    assert all_done(accounts.apply(made))
    assert accounts.keys("bot") == []


@pytest.mark.parametrize("error", [MissingError("not for you"), ForbiddenError("not for you")])
def test_unreadable_keys_are_left_alone(error: ApiError) -> None:
    answers = {"GET /service_accounts/c1/api_keys": error}
    accounts = FakeServiceAccounts({"c0": service_account("c0", "runner", "admin"), "c1": service_account("c1", "bot")})
    live = FakeWorkspace.of([], accounts=accounts, answers=answers)
    made = planned(want({"bot": {"role": "member", "apiKeys": {"k": {}}}}), live)
    assert made.changes == ()
    assert made.differs
    assert "cannot be read" in words(made.notes[0].fact)


def test_second_of_two_runs_creates_nothing(tmp_path: Path) -> None:
    accounts = EmulatedAccounts(tmp_path)
    section = want({"ci": {**CI, "apiKeys": {"k": {"secretTo": {"file": "k"}}}}})
    first, second = accounts.plan(section), accounts.plan(section)
    assert all_done(accounts.apply(first))
    held = dict(accounts.vault.holds)
    events = accounts.apply(second)
    remarks = [words(event.outcome.remark) for event in events if isinstance(event, Ended)]
    by_whom = "was created in the meantime, by another run or manually; it is not known whether the file"
    assert remarks == [f"{by_whom} ci.json holds its client secret"]
    assert outcomes(events)["ci/k"] == "not attempted"
    assert accounts.vault.holds == held
    assert len(accounts.live("ci")) == len(accounts.keys("ci")) == 1


def test_pending_account_of_an_interrupted_run_is_not_adopted(tmp_path: Path) -> None:
    accounts = EmulatedAccounts(tmp_path)
    section = want({"ci": CI})
    planned = accounts.plan(section)
    body = {"name": "ci", "role": "member", "description": "(beamctl: client secret not handed over yet)"}
    accounts.ask("POST", "/service_accounts", body)
    accounts.ask("POST", "/service_accounts", body)
    (event,) = [each for each in accounts.apply(planned) if isinstance(each, Ended)]
    assert "another run is creating it" in words(event.outcome.remark)
    accounts.emulated.journal.add_killed(planned)
    made = accounts.plan(section)
    assert sorted(each.action.value for each in made.changes) == ["create", "delete", "delete"]
    assert made.hazards == ()
    assert "its secret was not stored" in plan_text(made)
    assert "secret was not stored" in drift_text(made)
    assert all_done(accounts.apply(made))
    assert len(accounts.live("ci")) == 1
    assert accounts.plan(section).changes == ()


def test_no_secret_is_created_without_a_destination(tmp_path: Path) -> None:
    accounts = EmulatedAccounts(tmp_path, [account("bot")])
    made = accounts.plan(want({"ci": {"role": "member"}, "bot": {"role": "member", "apiKeys": {"seed": {}, "k": {}}}}))
    assert sum("add secretTo" in words(note.fact) for note in made.notes) == 2
    assert not all_done(accounts.apply(made))
    assert accounts.live("ci") == []
    assert [key["name"] for key in accounts.keys("bot")] == ["seed"]


def test_secret_without_a_destination_is_created_if_it_is_shown(tmp_path: Path) -> None:
    accounts = EmulatedAccounts(tmp_path, vault=FakeVault(shows=True))
    made = accounts.plan(want({"ci": {"role": "member", "apiKeys": {"k": {}}}}))
    events = accounts.apply(made)
    assert all_done(events)
    remarks = [words(event.outcome.remark) for event in events if isinstance(event, Ended)]
    assert [remark.partition("; ")[2] for remark in remarks] == [
        "its client secret went to the terminal",
        "it went to the terminal",
    ]
    assert accounts.vault.given == ["the terminal"] * 2
    assert accounts.is_valid(accounts.vault.holds["the terminal"])
    assert accounts.plan(want({"ci": {"role": "member", "apiKeys": {"k": {}}}})).changes == ()


def test_saved_plan_is_stale_once_the_account_exists(tmp_path: Path) -> None:
    accounts = EmulatedAccounts(tmp_path, [account("bot", "admin"), account("gone")])
    first, second = ({"k": {"expiresIn": "30d", "secretTo": {"command": [word]}}} for word in ("keep", "put"))
    made = accounts.plan(want({"ci": {**CI, "apiKeys": first}, "bot": {"role": "viewer", "apiKeys": second}}))
    text = saved_text(saved(made))
    (again,) = read_saved(text.encode(), "plan.json").plans
    kinds = {kind.name: kind for kind in all_kinds()}
    assert all(could_be_planned(change) for change in again.changes)
    assert [change.secrets for change in again.changes] == [change.secrets for change in made.changes]
    unsound = [replace(change, name="another") for change in again.changes]
    unsound += [replace(change, stage=Stage.SETTINGS) for change in again.changes]
    unsound += [replace(change, secrets={"secretTo": {"env": "X"}}) for change in again.changes]
    assert not any(could_be_planned(change) for change in unsound)
    assert all_done(accounts.apply(made))
    ours = [kinds[name] for name in made.sections]
    with accounts.reader() as reader:
        live = {kind.name: read(kind, "acme", reader) for kind in ours}
    assert {each.name for each in stale_objects(again, ours, live)} == {change.name for change in again.changes}
    assert {change.name for change in in_effect(again, ours, live)} >= {"ci", "bot", "gone", "bot/k"}


def test_account_changes_are_undone(tmp_path: Path) -> None:
    accounts = EmulatedAccounts(tmp_path, [account("bot", "admin"), account("gone")])
    made = accounts.plan(want({"ci": {**CI, "apiKeys": {"k": {"secretTo": {"file": "k"}}}}, "bot": {"role": "viewer"}}))
    assert all_done(accounts.apply(made))
    states = {address("acme", change): State.DONE for change in made.changes}
    run = Run("r1", "2026-11-24T12:00:00.000Z", "ada", "", "sha256:0")
    record = Record(run, "acme", made.api, "", made.changes, states, {})
    bare = Desired("acme", Document("run r1", {}, {}, {}))
    with accounts.reader() as reader:
        back = undo(record, bare, reader, accounts.situation())
        assert show("acme", reader)["apiKeys"].rows
    assert summary(back) == [("bot", "set role", "PROMOTE"), ("ci", "delete", "DELETE")]
    said = " ".join(words(note.fact) for note in back.notes)
    assert "gone cannot be restored" in said
    assert "ci/k is kept, because it may be in use" in said
    assert all_done(accounts.apply(back))
    assert accounts.live("ci") == []
    assert accounts.live("bot")[0]["role"] == "admin"


PROBLEMS = {
    "{a: {role: member, clientId: x}, b: {role: member, clientId: x}}": "clientId is already used",
    "{a: {role: member, secretTo: {file: x}}, b: {role: member, secretTo: {file: x}}}": "destination is already used",
    "{a: {role: member, secretTo: {file: s/x}}, b: {role: member, secretTo: {file: ./s//x}}}": "destination is already",
    "{a: {role: member, secretTo: {keyring: {service: s, user: u}}}, "
    "b: {role: member, secretTo: {keyring: {user: u, service: s}}}}": "destination is already used",
    "{a: {role: member, secretTo: {file: ~/x}}}": "is not expanded to your home directory",
    "{a: {role: member, description: 'x (beamctl: client secret not handed over yet)'}}": "a marker that beamctl uses",
    "{a: {role: member, description: '(beamctl: API key k not handed over yet; run 0f)'}}": "a marker that",
    "{'a\\u200b': {role: member}}": "is not a valid name",
    "{a: {role: member, apiKeys: {'(k)': {}}}}": "is not a valid name",
    "{a: {role: member, apiKeys: {k: {expiresIn: 3651d}}}}": "at most 10 years",
    "{a: {role: member, apiKeys: {k: {rotateBefore: 3d}}}}": "a key that does not expire is never renewed",
    "{a: {role: member, apiKeys: {k: {expiresIn: 3d, rotateBefore: 3d}}}}": "every plan would renew the key",
    "{a: {role: member, apiKeys: {k: {expiresIn: 9d, rotateBefore: 3d, keepOld: 4d}}}}": "would expire before",
    "{a: {role: member, secretTo: {fil: x}}}": "unknown key",
    "{a: {role: member, secretTo: {env: X}}}": "unknown key",
    "{a: {role: member, apiKeys: {k: {expiresIn: 3 days}}}}": "is not a length of time",
    "{a: {description: x}}": "role",
}


@pytest.mark.parametrize("section", PROBLEMS)
def test_document_problems_have_a_place(section: str) -> None:
    text = f"version: 1\nworkspace: acme\nserviceAccounts: {section}\n".encode().decode("unicode_escape")
    (problem,) = validate([SourceText("a.yaml", text.encode())]).problems
    assert PROBLEMS[section] in f"{problem.message} {problem.hint}"
    assert problem.place.line == 3
    assert problem.hint


@pytest.mark.parametrize("text", ["", "CI (nightly)", "two words"])
def test_markers_are_removed_without_a_trace(text: str) -> None:
    for markers in ((), (PendingMarker("a"),), (PendingMarker("a", ("k1", "k2")), PendingMarker("b c"))):
        for unfinished in (False, True):
            noted = replace(description(text), unfinished=unfinished, marks=markers)
            assert description(str(noted)) == noted


@pytest.mark.parametrize(("name", "said"), [("ci", 0), ("new", 0), ("c1", 1)])
def test_absent_self_service_account_is_noted(name: str, said: int) -> None:
    want = document(
        serviceAccounts={"new": {"role": "member"}},
        manage={"serviceAccounts": "additive"},
        guards={"self": {"serviceAccount": name}},
    )
    live = FakeWorkspace.of(
        [person("root@x.io", "admin")], accounts=FakeServiceAccounts({"c1": service_account("c1", "ci")})
    )
    assert len([note for note in planned(want, live).notes if "guards.self names c1" in words(note.fact)]) == said
