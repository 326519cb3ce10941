"""Undo of changes to policies, connections and environments, and which changes in a file are not valid."""

from dataclasses import replace
from typing import Any

import pytest

from beamctl.apply.record import Ended, Run, event_line, first_line, last_line
from beamctl.apply.record_reader import read_record
from beamctl.document.desired import Desired
from beamctl.document.document import Document
from beamctl.errors import UsageError
from beamctl.kinds.environment import EnvironmentKind
from beamctl.kinds.integration import IntegrationKind
from beamctl.kinds.policy import PolicyKind
from beamctl.plan.change import Action, Change, Reason, Stage
from beamctl.plan.comparison import Situation
from beamctl.plan.kind import Status
from beamctl.workflow.saved_plan import could_be_planned
from beamctl.workflow.undo import undo
from tests.fakes.resources import resource
from tests.fakes.runs import API, TODAY, all_done, applied, document, planned
from tests.fakes.vault import FakeVault
from tests.fakes.wording import counts, words
from tests.fakes.workspace import FakeWorkspace, person
from tests.kinds.test_undo import inverse, record_of

LEFT_ALONE = "t changed since that run and is left alone"
NO_SECRET = "t is re-created without its secret, which cannot be read: set it in the console"
NOT_BACK = "the earlier secret value of t cannot be restored"
LABEL = "beamctl-secret-version"
Resource = dict[str, Any] | None


def live(section: str, one: Resource) -> FakeWorkspace:
    found = FakeWorkspace()
    found.resources.kept[section] = {"t": one} if one else {}
    return found


def want(section: str, entry: Any) -> Desired:
    return document(**{section: {"t": entry} if entry else {}}, guards={"maxRemovals": 1})


TOKENS: dict[str, dict[str, Any]] = {
    names: resource("t", type="maxToken", maxTokens=dict.fromkeys(names.split(), 0))
    for names in ("input", "input total", "input total step", "input step", "")
}
"""Policies by the names of their limits."""
LIMITED: dict[str, Any] = {"spec": {"type": "maxToken", "maxTokens": {"total": 0}}}
LOCATION, FLAVOR = resource("t", type="location"), resource("t", type="flavor")
NAMED = resource("t", {"a": "b"}, "T", type="flavor")
OPENAI = {"integration": "openai", "config": {"org": "b"}, "secret": {"k": {"env": "KEY"}, "version": 2}}
CONNECTION = resource("t", integration="openai", config={"org": "a"})
SECTIONS = {"policies": {"spec": {"type": "location"}}, "integrations": OPENAI, "environments": {"policies": ["p"]}}
POLICY = SECTIONS["policies"]
CASES: list[tuple[str, Resource, Any, Resource, str, Any, list[str]]] = [
    # section        before      entry    now                           by        to                     said
    ("policies",     None,       POLICY,  LOCATION,                     "delete", None,                  []),
    ("policies",     None,       POLICY,  None,                         "",       None,                  []),
    ("policies",     None,       POLICY,  FLAVOR,                       "",       None,                  [LEFT_ALONE]),
    ("policies",     FLAVOR,     POLICY,  LOCATION,                     "update", {"type": "flavor"},    []),
    ("policies",     FLAVOR,     POLICY,  FLAVOR,                       "",       None,                  []),
    ("policies",     FLAVOR,     POLICY,  resource("t", type="maxToken"), "",     None,                  [LEFT_ALONE]),
    ("policies",     FLAVOR,     POLICY,  None,                         "",       None,                  [LEFT_ALONE]),
    ("policies",     TOKENS["input"], LIMITED, TOKENS["input total"],   "update", {"maxTokens": {"input": 0}}, []),
    ("policies",     TOKENS["input"], LIMITED, TOKENS["input"],         "",       None,                  []),
    ("policies",     TOKENS["input"], LIMITED, TOKENS["input total step"], "update",
     {"maxTokens": {"input": 0, "step": 0}},                                                             []),
    ("policies",     TOKENS["input"], LIMITED, TOKENS["input step"],    "",       None,                  []),
    ("policies",     TOKENS[""], LIMITED, TOKENS["input total"],        "update", {"maxTokens": {"input": 0}}, []),
    ("policies",     NAMED,      None,    None,                         "create",
     {"displayName": "T", "labels": {"a": "b"}, "type": "flavor"},                                       []),
    ("policies",     NAMED,      None,    NAMED,                        "",       None,                  []),
    ("policies",     NAMED,      None,    LOCATION,                     "",       None,                  [LEFT_ALONE]),
    ("integrations", CONNECTION, None,    None,                         "create",
     {"integration": "openai", "config": {"org": "a"}},                                                  [NO_SECRET]),
    ("integrations", CONNECTION, OPENAI,  resource("t", {LABEL: "2"}, integration="openai", config={"org": "b"}),
     "update", {"config": {"org": "a"}},                                                                 [NOT_BACK]),
    ("environments", resource("t"), SECTIONS["environments"], resource("t", policies=["p"]),
     "update", {"policies": []}, []),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[4]}")
def test_every_change(case: tuple[str, Resource, Any, Resource, str, Any, list[str]]) -> None:
    section, before, entry, now, by, to, said = case
    made = planned(want(section, entry), live(section, before))
    assert len(made.changes) == 1
    plan = inverse(record_of(made), live(section, now))
    assert [change.action.value for change in plan.changes] == ([by] if by else [])
    assert [change.after for change in plan.changes] == ([to] if by else [])
    assert [words(note.fact) for note in plan.notes] == said
    assert all(change.reason.value == "undoes_run" for change in plan.changes)
    assert counts(plan) == ({} if by or said else {"already as before": 1})


@pytest.mark.parametrize("quirks", ["", "put-replaces", "spec-merges"])
def test_undo_removes_a_limit_that_the_run_added(quirks: str) -> None:
    there = FakeWorkspace(quirks=frozenset(quirks.split()))
    there.resources.kept["policies"] = {"t": TOKENS["input"]}
    made = planned(want("policies", LIMITED), there)
    assert all_done(applied(made, there))
    assert there.resources.kept["policies"]["t"]["spec"]["maxTokens"] == {"input": 0, "total": 0}
    back = inverse(record_of(made), there)
    assert all_done(applied(back, there))
    assert there.resources.kept["policies"]["t"]["spec"]["maxTokens"] == {"input": 0}
    assert counts(inverse(record_of(made), there)) == {"already as before": 1}


def test_undo_sends_the_same_secret_as_the_run() -> None:
    now = live("integrations", CONNECTION)
    vault = FakeVault({"the environment variable KEY": "sk-canary"})
    made = planned(want("integrations", OPENAI), now)
    assert all_done(applied(made, now, vault=vault))
    assert all_done(applied(inverse(record_of(made), now), now, vault=vault))
    kept = now.resources.kept["integrations"]["t"]
    assert kept["spec"] == {"integration": "openai", "config": {"org": "a"}, "secret": {"k": "sk-canary"}}
    assert kept["metadata"]["labels"] == {LABEL: "2"}


def test_undo_does_not_delete_a_policy_that_is_now_in_use() -> None:
    made = planned(want("policies", POLICY), live("policies", None))
    now = live("policies", LOCATION)
    now.resources.users = {"t": {"agents": ["a"]}}
    hazards = inverse(record_of(made), now).hazards
    assert [words(each.fact) for each in hazards if each.risk.value == "deletes-policy-in-use"] == [
        "t is in use by agent/a"
    ]


KINDS = {kind.name: kind for kind in (PolicyKind(), IntegrationKind(), EnvironmentKind())}


def changes(section: str, before: Resource, entry: Any) -> Change:
    (change,) = planned(want(section, entry), live(section, before)).changes
    return change


CREATE, UPDATE = changes("policies", None, POLICY), changes("policies", FLAVOR, POLICY)
DELETE, MAKE = changes("policies", NAMED, None), changes("integrations", None, OPENAI)
INVALID: list[Change] = [
    replace(CREATE, action=Action.SET_ROLE),
    replace(CREATE, stage=Stage.DELETE),
    replace(CREATE, before={}),
    replace(CREATE, attribute="role"),
    replace(CREATE, serial_group="x"),
    replace(CREATE, declared={"until": "2099-01-01"}),
    replace(CREATE, key="other"),
    replace(CREATE, key="..", name=".."),
    replace(CREATE, after={"type": 7}),
    replace(CREATE, after={"name": "x"}),
    replace(CREATE, after={"usedBy": []}),
    replace(CREATE, after={"type": "bogus"}),
    replace(CREATE, after={"type": "location", "displayName": "x" * 64}),
    replace(CREATE, after={"type": "location", "resourceTypes": ["planet"]}),
    replace(CREATE, after={"type": "location", "locations": ["eu"]}),
    replace(MAKE, after={"integration": ""}),
    replace(MAKE, secrets={"from": {"k": {"env": "KEY", "file": "key"}}}),
    replace(CREATE, secrets={"from": {"k": {"env": "KEY"}}}),
    replace(UPDATE, after={}),
    replace(UPDATE, after={"locations": []}),
    replace(UPDATE, stage=Stage.SETTINGS),
    replace(DELETE, before={**(DELETE.before or {}), "usedBy": "agent/a"}),
    replace(DELETE, stage=Stage.UPDATE),
    replace(MAKE, secrets={}),
    replace(MAKE, secrets={"to": {"k": {"env": "KEY"}}}),
    replace(MAKE, secrets={"from": {"k": "sk-live"}}),
    replace(MAKE, secrets={"from": {"k": {"keyring": {"service": "s", "user": "u"}}}}),
    replace(changes("environments", resource("t"), None), key="production", name="production"),
]


def test_undo_may_restore_what_no_document_declares() -> None:
    assert could_be_planned(replace(CREATE, reason=Reason.UNDOES, after={"type": "bogus"}))


@pytest.mark.parametrize("change", INVALID)
def test_change_that_beamctl_does_not_plan_is_invalid(change: Change) -> None:
    assert not could_be_planned(change)


def test_record_with_an_invalid_change_is_refused() -> None:
    record = record_of(planned(want("policies", POLICY), live("policies", FLAVOR)))
    with pytest.raises(UsageError, match="has a change that beamctl would not plan: update t"):
        inverse(replace(record, changes=(replace(UPDATE, after={}),)), live("policies", LOCATION))


def test_change_by_someone_else_is_not_undone() -> None:
    spec: dict[str, Any] = {"type": "location", "locations": [{"type": "country", "name": "fr"}]}
    there = FakeWorkspace.of([person("root@x.io", "admin")])
    plan = planned(document(policies={"eu": {"spec": spec}}), there)
    there.resources.kept["policies"] = {"eu": resource("eu", **spec)}
    events = applied(plan, there)
    assert [words(each.outcome.remark) for each in events if isinstance(each, Ended)] == ["already exists"]
    at = "2026-11-24T12:00:00.000Z"
    lines = [first_line(Run("r1", at, "ann", "", "sha256:0"), plan), *(event_line(plan, each, at) for each in events)]
    record = read_record("".join([*lines, last_line(plan, events, at, interrupted=False)]).encode())
    back = undo(record, Desired("acme", Document("run r1", {}, {}, {})), there, Situation(TODAY, API))
    assert back.changes == ()
    assert [words(note.fact) for note in back.notes] == ["that run did not make 1 of its changes"]


def test_undo_says_that_a_re_created_connection_keeps_its_secret() -> None:
    section = {"openai": {"integration": "openai", "secret": {"apiKey": {"env": "KEY"}}}}
    there = FakeWorkspace.of([person("root@x.io", "admin")])
    plan = planned(document(integrations=section), there)
    there.resources.kept["integrations"] = {
        "openai": resource("openai", integration="openai", secret={"apiKey": "THEIRS"})
    }
    (_, end) = applied(plan, there, vault=FakeVault({"the environment variable KEY": "sk-ours-0123456789"}))
    assert isinstance(end, Ended)
    assert (end.outcome.status, words(end.outcome.remark)) == (
        Status.FAILED,
        "exists, but its secret may be a different one",
    )
    assert "Increase secret.version" in words(end.outcome.hint)


def test_older_secret_is_not_sent_with_another_change() -> None:
    there = FakeWorkspace.of([person("root@x.io", "admin")])
    labels = {"beamctl-secret-version": "3"}
    there.resources.kept["integrations"] = {
        "openai": resource("openai", labels, integration="openai", config={"org": "a"})
    }
    secret = {"apiKey": {"env": "KEY"}, "version": 2}
    entry = {"integration": "openai", "config": {"org": "b"}, "secret": secret}
    plan = planned(document(integrations={"openai": entry}), there)
    assert (plan.changes, plan.differs) == ((), True)
    assert "set version 3 or higher" in words(plan.notes[0].fact)
    secret["version"] = 3
    assert [each.key for each in planned(document(integrations={"openai": entry}), there).changes] == ["openai"]
