"""API calls of changes to policies, connections and environments, and the outcome of each response."""

from dataclasses import replace
from typing import Any

import pytest

from beamctl.apply.record import Ended, NotAttempted
from beamctl.document.desired import Desired
from beamctl.kinds.policy import PolicyKind
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response
from beamctl.plan.kind import Outcome
from tests.fakes.resources import MASK, FakeResources, resource
from tests.fakes.runs import applied, document, outcomes, planned
from tests.fakes.vault import FakeVault
from tests.fakes.wording import counts, lost, words
from tests.fakes.workspace import FakeWorkspace

LOCATION: dict[str, Any] = {"type": "location", "locations": [{"type": "continent", "name": "eu"}]}
VAULT = FakeVault({"the environment variable KEY": "sk-canary", "the file secrets/old": "sk-old"})


def workspace(*policies: dict[str, Any], quirks: str = "", **more: Any) -> FakeWorkspace:
    live = FakeWorkspace(quirks=frozenset(quirks.split()))
    live.resources = FakeResources(**more)
    live.resources.kept["policies"] |= {each["metadata"]["name"]: each for each in policies}
    return live


def connection(live: FakeWorkspace, name: str, **spec: Any) -> None:
    live.resources.kept["integrations"][name] = resource(name, **spec)


def policies(guards: int = 9, **entries: Any) -> Desired:
    return document(policies=entries, guards={"maxRemovals": guards})


def only(live: FakeWorkspace, want: Desired) -> Outcome:
    (change,) = planned(want, live).changes
    (ended,) = [event for event in applied(planned(want, live), live, vault=VAULT) if isinstance(event, Ended)]
    assert ended.change == change
    return ended.outcome


def test_whole_object_is_sent_and_undeclared_fields_are_kept() -> None:
    was = resource("p", {"a": "b"}, "Name", **LOCATION, sandbox=True)
    live = workspace(was, quirks="put-replaces")
    only(live, policies(p={"spec": {"type": "location", "locations": [], "resourceTypes": ["model"]}}))
    after = live.resources.kept["policies"]["p"]
    assert after["spec"] == {"type": "location", "resourceTypes": ["model"], "sandbox": True}
    assert (after["metadata"]["displayName"], after["metadata"]["labels"]) == ("Name", {"a": "b"})


@pytest.mark.parametrize("written", [{}, {"locations": []}, {"maxTokens": {}}, {"flavors": [], "resourceTypes": []}])
def test_empty_field_equals_an_absent_one(written: dict[str, Any]) -> None:
    want = policies(p={"spec": {"type": "location", **written}})
    for live in (workspace(resource("p", type="location")), workspace(resource("p", type="location", locations=[]))):
        assert planned(want, live).changes == ()


def test_absent_field_of_a_policy_is_empty() -> None:
    live = workspace(resource("p", **LOCATION, resourceTypes=["model"]), quirks="spec-merges")
    want = policies(p={"spec": LOCATION})
    (change,) = planned(want, live).changes
    assert (change.before, change.after) == ({"resourceTypes": ["model"]}, {"resourceTypes": []})
    assert outcomes(applied(planned(want, live), live)) == {"p": "done"}
    assert live.resources.kept["policies"]["p"]["spec"] == LOCATION


def test_a_limit_that_someone_added_since_the_plan_is_not_overwritten() -> None:
    live = workspace(resource("p", type="maxToken", maxTokens={"step": 1}))
    plan = planned(policies(p={"spec": {"type": "maxToken", "maxTokens": {"total": 6}}}), live)
    live.resources.kept["policies"]["p"]["spec"]["maxTokens"]["total"] = 5
    assert outcomes(applied(plan, live)) == {"p": "failed"}
    assert live.resources.kept["policies"]["p"]["spec"]["maxTokens"] == {"total": 5, "step": 1}
    live.resources.kept["policies"]["p"]["spec"]["maxTokens"]["total"] = 6
    assert outcomes(applied(plan, live)) == {"p": "done"}


def test_only_declared_token_limits_are_compared() -> None:
    live = workspace(resource("p", type="maxToken", maxTokens={"total": 5, "step": 1}))
    assert planned(policies(p={"spec": {"type": "maxToken", "maxTokens": {"total": 5}}}), live).changes == ()
    only(live, policies(p={"spec": {"type": "maxToken", "maxTokens": {"total": 6}}}))
    assert live.resources.kept["policies"]["p"]["spec"]["maxTokens"] == {"total": 6, "step": 1}


NEW = policies(p={"spec": LOCATION})
OLD = resource("p", type="location")
RACES: list[tuple[str, Any, Any, Desired, str, str]] = [
    # what                 live  meanwhile                                wanted      ending    remark
    ("made by another",    None, resource("p", **LOCATION),               NEW,        "done",   "already exists"),
    ("made otherwise",     None, OLD,                                     NEW,        "failed",
     "already exists, with a different locations"),
    ("changed so",         OLD,  resource("p", **LOCATION),               NEW,        "done",   "is already in effect"),
    ("changed otherwise",  OLD,  resource("p", type="location", locations=[{"type": "country", "name": "us"}]),
     NEW, "failed", "locations changed in the meantime"),
    ("changed elsewhere",  OLD,  resource("p", type="location", sandbox=True), NEW,      "done",   ""),
    ("gone",               OLD,  None,                                    NEW,        "failed", "p no longer exists"),
    ("gone already",       OLD,  None,                                    policies(), "done",   "was already gone"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "now", "want", "ending", "remark"), [row[1:] for row in RACES], ids=lambda _: "")
def test_concurrent_change_by_someone_else(before: Any, now: Any, want: Desired, ending: str, remark: str) -> None:
    live = workspace(*([before] if before else []))
    plan = planned(want, live)
    live.resources.kept["policies"] = {"p": now} if now else {}
    (ended,) = [event for event in applied(plan, live) if isinstance(event, Ended)]
    assert (ended.outcome.status.value, words(ended.outcome.remark)) == (ending, remark)


@pytest.mark.parametrize(
    ("before", "want", "call"),
    [(None, NEW, "POST /policies"), (OLD, NEW, "PUT /policies/p"), (OLD, policies(), "DELETE /policies/p")],
)
def test_lost_response_is_looked_up(before: Any, want: Desired, call: str) -> None:
    live = workspace(*([before] if before else []))
    live.loses = frozenset({call})
    assert only(live, want).status.value == "done"
    assert "GET /policies/p" in live.calls
    assert planned(want, live).changes == ()


@pytest.mark.parametrize("call", ["POST /policies", "PUT /policies/p", "DELETE /policies/p"])
def test_refusal_is_reported(call: str) -> None:
    live = workspace(*([] if call.startswith("POST") else [OLD]))
    live.refuses = frozenset({call})
    outcome = only(live, policies() if call.startswith("DELETE") else NEW)
    assert (outcome.status.value, words(outcome.remark)) == ("failed", "the API responded with 422: refused on purpose")


def test_response_with_other_values_is_no_confirmation() -> None:
    def lie(call: ApiCall, answer: Any) -> None:
        if call.method is Method.PUT:
            answer.body["spec"]["locations"] = []

    live = workspace(OLD)
    live.after = lie
    outcome = only(live, NEW)
    assert words(outcome.remark) == "the API accepted the change but returned a different locations"


def test_policy_in_use_is_not_deleted_unless_allowed() -> None:
    live = workspace(resource("p", type="location"), users={"p": {"models": ["m"]}})
    plan = planned(policies(), live)
    assert [(each.risk.value, each.value) for each in plan.hazards] == [
        ("deletes-policy-in-use", "p"),
        ("empty-section", "policies"),
    ]
    live.resources.users["p"]["agents"] = ["a"]
    assert outcomes(applied(plan, live)) == {"p": "not attempted"}
    unread = replace(plan, prior_state={})  # the policy comes into use after the recheck
    (ended,) = [event for event in applied(unread, live) if isinstance(event, Ended)]
    assert words(ended.outcome.remark) == "is now in use by agent/a, which the plan does not list; it was not deleted"
    assert "p" in live.resources.kept["policies"]
    del live.resources.users["p"]["agents"]
    assert outcomes(applied(plan, live)) == {"p": "done"}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Response(500, None, "down"), "the API responded with 500: down"),
        (Response(200, ["no", "object"]), ""),
        (lost("the connection was reset"), "the connection was reset"),
    ],
)
def test_policy_with_unreadable_usages_is_kept(answer: Response | NoResponse, why: str) -> None:
    (change,) = planned(policies(), workspace(resource("p", type="location"))).changes
    conversation = PolicyKind().perform(change, "acme")
    assert next(conversation) == ApiCall(Method.GET, "/policies/p/usages")
    with pytest.raises(StopIteration) as end:
        conversation.send(answer)
    assert words(end.value.value.remark).startswith(f"its usages cannot be read: {why}")


def test_usages_of_a_policy_that_is_kept_are_not_read() -> None:
    live = workspace(OLD, resource("q", type="location"))
    planned(document(policies={"p": {"spec": LOCATION}}), live)
    assert live.calls == ["GET /policies?limit=200", "GET /policies/q/usages"]
    live.calls.clear()
    planned(document(policies={}, manage={"policies": "additive"}), live)
    assert live.calls == ["GET /policies?limit=200"]


def test_api_refuses_to_delete_a_connection_in_use() -> None:
    live = workspace(users={"c": {"agents": ["a"]}})
    connection(live, "c", integration="openai")
    outcome = only(live, document(integrations={}, guards={"maxRemovals": 1}))
    assert words(outcome.remark) == "the API responded with 409: Integration connection c is in use by agents/a"
    assert words(outcome.hint).startswith("Remove it from what uses it")


OPENAI = {"integration": "openai", "secret": {"apiKey": {"env": "KEY"}}}


def test_secret_is_sent_on_creation_and_version_changes() -> None:
    live = workspace()
    assert only(live, document(integrations={"c": OPENAI})).status.value == "done"
    kept = live.resources.kept["integrations"]
    assert kept["c"]["spec"] == {"integration": "openai", "secret": {"apiKey": "sk-canary"}}
    assert "labels" not in kept["c"]["metadata"]
    raised = {**OPENAI, "secret": {"apiKey": {"file": "secrets/old"}, "version": 2}}
    assert planned(document(integrations={"c": OPENAI}), live).changes == ()
    (change,) = planned(document(integrations={"c": raised}), live).changes
    assert (change.before, change.after) == ({"secretVersion": 1}, {"secretVersion": 2})
    assert change.secrets == {"from": {"apiKey": {"file": "secrets/old"}}}
    assert only(live, document(integrations={"c": raised})).status.value == "done"
    assert kept["c"]["spec"]["secret"] == {"apiKey": "sk-old"}
    assert kept["c"]["metadata"]["labels"] == {"beamctl-secret-version": "2"}
    assert planned(document(integrations={"c": raised}), live).changes == ()
    relabelled = document(integrations={"c": {**raised, "labels": {"a": "b"}}})
    only(live, relabelled)
    assert kept["c"]["metadata"]["labels"] == {"a": "b", "beamctl-secret-version": "2"}
    assert planned(relabelled, live).changes == ()


@pytest.mark.parametrize("quirks", ["put-replaces", "spec-merges", "masked-secrets", "echoed-secrets", ""])
def test_no_change_loses_a_secret_or_stores_its_mask(quirks: str) -> None:
    live = workspace(quirks=quirks)
    connection(live, "c", integration="openai", config={"org": "a"}, secret={"apiKey": "sk-canary"})
    only(live, document(integrations={"c": {**OPENAI, "config": {"org": "b"}}}))
    assert live.resources.kept["integrations"]["c"]["spec"] == {
        "integration": "openai",
        "config": {"org": "b"},
        "secret": {"apiKey": "sk-canary"},
    }


def test_undeclared_secret_is_not_sent_back() -> None:
    live = workspace(quirks="masked-secrets")
    connection(live, "c", integration="openai", secret={"apiKey": "sk-1"})
    want = document(integrations={"c": {"integration": "other"}})
    assert ["whether the API keeps the secret" in words(note.fact) for note in planned(want, live).notes] == [True]
    only(live, want)
    assert live.resources.kept["integrations"]["c"]["spec"]["secret"] == {"apiKey": "sk-1"}
    assert MASK not in str(live.resources.kept)


@pytest.mark.parametrize(
    ("name", "why"), [("NOT_THERE", "the environment variable NOT_THERE is not set"), ("EMPTY", "it is empty")]
)
def test_nothing_is_sent_without_the_secret(name: str, why: str) -> None:
    live = workspace()
    want = document(integrations={"c": {"integration": "openai", "secret": {"apiKey": {"env": name}}}})
    plan = planned(want, live)
    live.calls.clear()
    (ended,) = [
        e for e in applied(plan, live, vault=FakeVault({"the environment variable EMPTY": ""})) if isinstance(e, Ended)
    ]
    assert words(ended.outcome.remark) == f"the secret apiKey is not available: {why}; nothing was sent"
    assert live.calls == []


def test_built_in_environment_is_neither_created_nor_deleted() -> None:
    live = workspace()
    want = document(environments={"production": {"policies": ["p"]}})
    plan = planned(want, live)
    assert (plan.changes, plan.differs) == ((), True)
    live.resources.kept["environments"]["development"] = resource("development", policies=["x"])
    live.resources.kept["environments"]["production"] = resource("production")
    (change,) = planned(want, live).changes
    assert (change.name, change.after) == ("production", {"policies": ["p"]})
    assert counts(planned(want, live)) == {"built in, not changed": 1}


def test_api_without_environments_is_reported() -> None:
    live = workspace()
    del live.resources.kept["environments"]
    plan = planned(document(environments={"production": {"policies": ["p"]}}), live)
    assert (plan.changes, plan.differs) == ((), False)
    assert [words(note.fact) for note in plan.notes] == ["this API has no environments, so the section is skipped"]


def test_nothing_is_deleted_if_an_unchanged_object_is_not_listed() -> None:
    live = workspace(OLD, resource("q", type="location"))
    plan = planned(document(policies={"p": {"spec": {"type": "location"}}}, guards={"maxRemovals": 1}), live)
    del live.resources.kept["policies"]["p"]
    (skipped,) = applied(plan, live)
    assert isinstance(skipped, NotAttempted)
    assert (
        words(skipped.why) == "p should be unchanged but is no longer among the policies: the listing may be incomplete"
    )
    assert "q" in live.resources.kept["policies"]
