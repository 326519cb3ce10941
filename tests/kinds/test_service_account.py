"""Service accounts and their API keys: the plan for each document and workspace, and what must not happen."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from beamctl.apply.event import Ended
from beamctl.apply.record import Record, Run, State
from beamctl.document.document import Desired, Document
from beamctl.document.load import SourceText
from beamctl.emulator import Quirk
from beamctl.errors import ApiError, DocumentError, ForbiddenError, MissingError
from beamctl.kinds.registry import all_kinds
from beamctl.kinds.service_account.live import PendingMarker, description
from beamctl.model.identity import Identity
from beamctl.plan.change import Action, Stage
from beamctl.plan.hazard import Risk
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import read_saved, saved_text
from beamctl.plan.plan_json import address
from beamctl.plan.reading import read
from beamctl.plan.staleness import in_place, moved
from beamctl.report.text.drift import drift_text
from beamctl.report.text.plan import plan_text
from beamctl.workflow.documents import validate
from beamctl.workflow.plan import plan
from beamctl.workflow.saved_plan import could_be_planned
from beamctl.workflow.show import show
from beamctl.workflow.undo import undo
from tests.fakes.accounts import FakeAccounts, machine
from tests.fakes.machines import Machines, account
from tests.fakes.runs import all_done, document, outcomes, planned
from tests.fakes.saved import saved
from tests.fakes.vault import FakeVault
from tests.fakes.wording import counts, words
from tests.fakes.workspace import FakeWorkspace, person

RUNNER = {"runner": {"role": "admin"}}
CI = {"role": "member", "secretTo": {"file": "ci.json"}}


def want(section: Mapping[str, Any], **more: Any) -> Desired:
    return document(serviceAccounts={**RUNNER, **section}, **{"guards": {"maxRemovals": 99}, **more})


def told(plan: Plan) -> list[tuple[str, str, str]]:
    return [(change.name, change.action.value, change.stage.name) for change in plan.changes]


def risks(plan: Plan) -> set[tuple[Risk, str]]:
    return {(hazard.risk, hazard.value) for hazard in plan.hazards}


def test_each_difference_is_one_change(tmp_path: Path) -> None:
    machines = Machines(tmp_path, [account("up"), account("down", "admin"), account("said"), account("gone")])
    made = machines.plan(
        want(
            {
                "up": {"role": "admin"},
                "down": {"role": "viewer"},
                "said": {"role": "member", "description": "x"},
                "ci": CI,
            }
        )
    )
    assert told(made) == [
        ("up", "set role", "PROMOTE"),
        ("ci", "create", "CREATE"),
        ("said", "update", "UPDATE"),
        ("down", "set role", "DEMOTE"),
        ("gone", "delete", "DELETE"),
    ]
    assert risks(made) == {(Risk.REMOVES_ADMIN, "down"), (Risk.DELETES_SERVICE_ACCOUNT, "gone")}
    events = machines.apply(made)
    assert all_done(events)
    rows = {
        each["name"]: (each["role"], each.get("description", "")) for each in machines.ask("GET", "/service_accounts")
    }
    assert rows == {
        "runner": ("admin", ""),
        "up": ("admin", ""),
        "down": ("viewer", ""),
        "said": ("member", "x"),
        "ci": ("member", ""),
    }
    assert (
        machines.plan(want({name: {"role": rows[name][0], "description": rows[name][1]} for name in rows})).changes
        == ()
    )


def test_ourselves_come_last_and_are_a_hazard(tmp_path: Path) -> None:
    machines = Machines(tmp_path)
    (runner,) = machines.live("runner")
    for identity, guards in (
        (Identity(client_id=runner["client_id"]), {}),
        (None, {"self": {"serviceAccount": "runner"}}),
    ):
        demoted = machines.plan(document(serviceAccounts={"runner": {"role": "member"}}, guards=guards), identity)
        deleted = machines.plan(document(serviceAccounts={}, guards=guards), identity)
        for made in (demoted, deleted):
            assert [change.stage for change in made.changes] == [Stage.OURSELVES]
            assert (Risk.SELF_LOCKOUT, "runner") in risks(made)
    stranger = machines.plan(document(serviceAccounts={"ci": CI}), Identity(client_id="another"))
    assert (Risk.LIVE_WITHOUT_US, "another") in risks(stranger)


def test_names_are_not_unique_and_ids_are(tmp_path: Path) -> None:
    machines = Machines(tmp_path, [account("twin"), account("twin", "viewer", apiKey="bl_twin2"), account("old")])
    ids = {each["role"]: each["client_id"] for each in machines.live("twin")}
    with pytest.raises(DocumentError) as caught:
        machines.plan(want({"twin": {"role": "member"}}))
    (problem,) = caught.value.problems
    assert problem.message == "there are 2 service accounts named 'twin'"
    assert all(each in problem.hint for each in ids.values())
    made = machines.plan(want({"twin": {"role": "member", "clientId": ids["member"]}}))
    assert (f"twin ({ids['viewer']})", "delete", "DELETE") in told(made)
    (old,) = machines.live("old")
    both = {
        "twin": {"role": "member", "clientId": ids["member"]},
        "new": {"role": "member", "clientId": old["client_id"]},
    }
    renamed = machines.plan(want(both, manage={"serviceAccounts": "additive"}))
    assert [(change.action, change.attribute, change.after["name"]) for change in renamed.changes if change.after] == [
        (Action.UPDATE, "name", "new")
    ]
    assert all_done(machines.apply(renamed))
    assert [each["client_id"] for each in machines.live("new")] == [old["client_id"]]
    with pytest.raises(DocumentError, match="1 problem"):
        machines.plan(want({"ci": {"role": "member", "clientId": "nobody"}}))


def test_an_api_without_roles_says_so_and_goes_on(tmp_path: Path) -> None:
    machines = Machines(tmp_path, [account("bot")], [Quirk.NO_SERVICE_ACCOUNT_ROLES])
    made = machines.plan(want({"bot": {"role": "viewer", "description": "x"}, "ci": CI}))
    assert [words(note.fact) for note in made.notes if "does not show roles" in words(note.fact)]
    events = machines.apply(made)
    assert all_done(events)
    assert any("does not show its role" in words(event.outcome.remark) for event in events if isinstance(event, Ended))
    assert machines.plan(want({"bot": {"role": "viewer", "description": "x"}, "ci": CI})).changes == ()


def test_keys_are_removed_only_where_they_are_declared(tmp_path: Path) -> None:
    machines = Machines(tmp_path, [account("bot")])
    assert machines.plan(want({"bot": {"role": "member"}})).changes == ()
    ours = {"bot": {"role": "member", "apiKeys": {}}}
    additive = machines.plan(want(ours, manage={"serviceAccounts": "additive"}))
    assert additive.changes == ()
    assert counts(additive)["not in the document, left (additive)"] == 1
    made = machines.plan(want(ours))
    assert [(change.action, change.stage) for change in made.changes] == [(Action.DELETE, Stage.DELETE)]
    assert all_done(machines.apply(made))
    assert machines.keys("bot") == []


def test_keys_that_cannot_be_seen_are_left(tmp_path: Path) -> None:
    machines = Machines(tmp_path, [account("bot")])
    with machines.reader() as reader:
        for status in (MissingError, ForbiddenError):

            class Blind:
                def get(self, path: str, status: type[ApiError] = status) -> Any:
                    if path.endswith("/api_keys"):
                        raise status("not for you")
                    return reader.get(path)

            made = plan(want({"bot": {"role": "member", "apiKeys": {"k": {}}}}), Blind(), machines.situation())
            assert made.changes == ()
            assert made.differs
            assert "cannot be read" in words(made.notes[0].fact)


def test_the_later_of_two_makes_nothing_and_says_what_it_cannot_know(tmp_path: Path) -> None:
    machines = Machines(tmp_path)
    section = want({"ci": {**CI, "apiKeys": {"k": {"secretTo": {"file": "k"}}}}})
    first, second = machines.plan(section), machines.plan(section)
    assert all_done(machines.apply(first))
    held = dict(machines.vault.holds)
    events = machines.apply(second)
    remarks = [words(event.outcome.remark) for event in events if isinstance(event, Ended)]
    by_whom = "was created in the meantime, by another run or manually; it is not known whether the file"
    assert remarks == [f"{by_whom} ci.json holds its client secret"]
    assert outcomes(events)["ci/k"] == "not attempted"
    assert machines.vault.holds == held
    assert len(machines.live("ci")) == len(machines.keys("ci")) == 1


def test_a_run_that_was_stopped_is_not_taken_for_an_account(tmp_path: Path) -> None:
    machines = Machines(tmp_path)
    section = want({"ci": CI})
    planned = machines.plan(section)
    body = {"name": "ci", "role": "member", "description": "(beamctl: client secret not handed over yet)"}
    machines.ask("POST", "/service_accounts", body)
    machines.ask("POST", "/service_accounts", body)
    (event,) = [each for each in machines.apply(planned) if isinstance(each, Ended)]
    assert "another run is creating it" in words(event.outcome.remark)
    machines.plane.journal.add_killed(planned)
    made = machines.plan(section)
    assert sorted(each.action.value for each in made.changes) == ["create", "delete", "delete"]
    assert made.hazards == ()
    assert "its secret was not stored" in plan_text(made)
    assert "secret was not stored" in drift_text(made)
    assert all_done(machines.apply(made))
    assert len(machines.live("ci")) == 1
    assert machines.plan(section).changes == ()


def test_a_secret_with_nowhere_to_go_is_never_made(tmp_path: Path) -> None:
    machines = Machines(tmp_path, [account("bot")])
    made = machines.plan(want({"ci": {"role": "member"}, "bot": {"role": "member", "apiKeys": {"seed": {}, "k": {}}}}))
    assert sum("add secretTo" in words(note.fact) for note in made.notes) == 2
    assert not all_done(machines.apply(made))
    assert machines.live("ci") == []
    assert [key["name"] for key in machines.keys("bot")] == ["seed"]


def test_a_secret_with_nowhere_to_go_is_made_where_it_is_shown(tmp_path: Path) -> None:
    machines = Machines(tmp_path, vault=FakeVault(shows=True))
    made = machines.plan(want({"ci": {"role": "member", "apiKeys": {"k": {}}}}))
    events = machines.apply(made)
    assert all_done(events)
    remarks = [words(event.outcome.remark) for event in events if isinstance(event, Ended)]
    assert [remark.partition("; ")[2] for remark in remarks] == [
        "its client secret went to the terminal",
        "it went to the terminal",
    ]
    assert machines.vault.given == ["the terminal"] * 2
    assert machines.lets_in(machines.vault.holds["the terminal"])
    assert machines.plan(want({"ci": {"role": "member", "apiKeys": {"k": {}}}})).changes == ()


def test_saved_plans_hold_until_somebody_makes_the_same(tmp_path: Path) -> None:
    machines = Machines(tmp_path, [account("bot", "admin"), account("gone")])
    first, second = ({"k": {"expiresIn": "30d", "secretTo": {"command": [word]}}} for word in ("keep", "put"))
    made = machines.plan(want({"ci": {**CI, "apiKeys": first}, "bot": {"role": "viewer", "apiKeys": second}}))
    text = saved_text(saved(made))
    (again,) = read_saved(text.encode(), "plan.json").plans
    kinds = {kind.name: kind for kind in all_kinds()}
    assert all(could_be_planned(change) for change in again.changes)
    assert [change.secrets for change in again.changes] == [change.secrets for change in made.changes]
    unsound = [replace(change, name="another") for change in again.changes]
    unsound += [replace(change, stage=Stage.SETTINGS) for change in again.changes]
    unsound += [replace(change, secrets={"secretTo": {"env": "X"}}) for change in again.changes]
    assert not any(could_be_planned(change) for change in unsound)
    assert all_done(machines.apply(made))
    ours = [kinds[name] for name in made.sections]
    with machines.reader() as reader:
        live = {kind.name: read(kind, "acme", reader) for kind in ours}
    assert {each.name for each in moved(again, ours, live)} == {change.name for change in again.changes}
    assert {change.name for change in in_place(again, ours, live)} >= {"ci", "bot", "gone", "bot/k"}


def test_what_can_be_undone_is(tmp_path: Path) -> None:
    machines = Machines(tmp_path, [account("bot", "admin"), account("gone")])
    made = machines.plan(want({"ci": {**CI, "apiKeys": {"k": {"secretTo": {"file": "k"}}}}, "bot": {"role": "viewer"}}))
    assert all_done(machines.apply(made))
    states = {address("acme", change): State.DONE for change in made.changes}
    run = Run("r1", "2026-11-24T12:00:00.000Z", "ada", "", "sha256:0")
    record = Record(run, "acme", made.api, "", made.changes, states, {})
    bare = Desired("acme", Document("run r1", {}, {}, {}))
    with machines.reader() as reader:
        back = undo(record, bare, reader, machines.situation())
        assert show("acme", reader)["apiKeys"].rows
    assert told(back) == [("bot", "set role", "PROMOTE"), ("ci", "delete", "DELETE")]
    said = " ".join(words(note.fact) for note in back.notes)
    assert "gone cannot be restored" in said
    assert "ci/k was handed over and stays" in said
    assert all_done(machines.apply(back))
    assert machines.live("ci") == []
    assert machines.live("bot")[0]["role"] == "admin"


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
def test_what_is_wrong_with_a_document_is_said_with_its_place(section: str) -> None:
    text = f"version: 1\nworkspace: acme\nserviceAccounts: {section}\n".encode().decode("unicode_escape")
    (problem,) = validate([SourceText("a.yaml", text.encode())]).problems
    assert PROBLEMS[section] in f"{problem.message} {problem.hint}"
    assert problem.place.line == 3
    assert problem.hint


@pytest.mark.parametrize("text", ["", "CI (nightly)", "two words"])
def test_marks_come_off_as_they_were_put_on(text: str) -> None:
    for marks in ((), (PendingMarker("a"),), (PendingMarker("a", ("k1", "k2")), PendingMarker("b c"))):
        for unfinished in (False, True):
            noted = replace(description(text), unfinished=unfinished, marks=marks)
            assert description(str(noted)) == noted


@pytest.mark.parametrize(("name", "said"), [("ci", 0), ("new", 0), ("c1", 1)])
def test_who_beamctl_is_said_to_run_as_and_is_nowhere_is_said(name: str, said: int) -> None:
    want = document(
        serviceAccounts={"new": {"role": "member"}},
        manage={"serviceAccounts": "additive"},
        guards={"self": {"serviceAccount": name}},
    )
    live = FakeWorkspace.of([person("root@x.io", "admin")], accounts=FakeAccounts({"c1": machine("c1", "ci")}))
    assert len([note for note in planned(want, live).notes if "guards.self names c1" in words(note.fact)]) == said
