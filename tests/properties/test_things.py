"""The invariants of policies, integration connections and environments, for any document and any live state."""

import random as seeded
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.document.document import Desired, Document
from beamctl.kinds.environment import EnvironmentKind
from beamctl.kinds.integration import IntegrationKind
from beamctl.kinds.policy import PolicyKind
from beamctl.plan.comparison import Situation
from beamctl.plan.plan import Plan
from beamctl.plan.saved import saved_text
from beamctl.report.as_json import plans_json
from beamctl.report.text.drift import drift_text
from beamctl.report.text.plan import plan_text
from beamctl.usecases.questions import look_again, open_plan, undo
from tests.fakes.runs import API, TODAY, all_done, applied, document, planned
from tests.fakes.saved import saved
from tests.fakes.things import FakeThings, thing
from tests.fakes.vault import FakeVault
from tests.fakes.workspace import FakeWorkspace
from tests.kinds.test_undo import record_of

NAMES = ["a", "b-2", "production", "x" * 49]
KINDS = {kind.name: kind for kind in (PolicyKind(), IntegrationKind(), EnvironmentKind())}
CANARY = "sk-canary-0123456789abcdef"
texts = st.dictionaries(st.sampled_from(["k", "é", "a.b"]), st.text('x"é', max_size=2), max_size=2)
places = st.lists(
    st.fixed_dictionaries({"type": st.sampled_from(["country", "continent"]), "name": st.sampled_from(["eu", "us"])}),
    max_size=3,
)
specs: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "policies": st.fixed_dictionaries(
        {"type": st.sampled_from(["location", "maxToken"])},
        optional={
            "resourceTypes": st.lists(st.sampled_from(["model", "agent", "function"]), max_size=3),
            "locations": places,
            "maxTokens": st.dictionaries(st.sampled_from(["input", "total"]), st.integers(0, 2), max_size=2),
        },
    ),
    "integrations": st.fixed_dictionaries(
        {"integration": st.sampled_from(["openai", "slack"])}, optional={"config": texts}
    ),
    "environments": st.fixed_dictionaries({}, optional={"policies": st.lists(st.sampled_from(NAMES), max_size=3)}),
}
metadata = st.fixed_dictionaries({}, optional={"displayName": st.text("aé", max_size=3), "labels": texts})
secrets = st.none() | st.integers(1, 3)


def entry(section: str, spec: dict[str, Any], more: dict[str, Any], version: int | None) -> dict[str, Any]:
    nested = {"spec": spec} if section == "policies" else spec
    secret = {"secret": {"key": {"env": "KEY"}, "version": version}} if version and section == "integrations" else {}
    return {**more, **nested, **secret}


def kept(section: str, name: str, spec: dict[str, Any], more: dict[str, Any], version: int | None) -> dict[str, Any]:
    version_label = {"beamctl-secret-version": str(version)} if version and section == "integrations" else {}
    unknown = {"sandbox": True} if version and section != "environments" else {}
    labels = {**more.get("labels", {}), **version_label}
    return thing(name, labels, more.get("displayName", ""), **spec, **unknown)


def sections(one: Any) -> st.SearchStrategy[dict[str, dict[str, Any]]]:
    return st.fixed_dictionaries(
        {
            section: st.dictionaries(st.sampled_from(NAMES), st.tuples(specs[section], metadata, secrets), max_size=3)
            for section in specs
        }
    ).map(
        lambda found: {
            section: {name: one(section, name, *told) for name, told in things.items()}
            for section, things in found.items()
        }
    )


def whole(found: dict[str, dict[str, Any]]) -> Desired:
    for each in found["environments"].values():
        if "policies" in each:
            each["policies"] = [name for name in each["policies"] if name in found["policies"]]
    return document(**found)


wanted = sections(lambda section, _name, *told: entry(section, *told)).map(whole)
lives = st.builds(
    lambda found, paged, quirks: FakeWorkspace(things=FakeThings(found, paged=paged), quirks=quirks),
    sections(kept),
    st.integers(0, 2),
    st.frozensets(st.sampled_from(["put-replaces", "spec-merges", "masked-secrets", "echoed-secrets"])),
)
VAULT = FakeVault({"the variable KEY": CANARY})


def doable(plan: Plan) -> bool:
    """Whether the API lets it be done: what is built in cannot be made."""
    return not any("is built in" in note.text or "is sent again" in note.text for note in plan.notes)


@given(wanted, lives)
@settings(max_examples=50, deadline=None)
def test_apply_then_plan_is_empty(want: Desired, live: FakeWorkspace) -> None:
    first = planned(want, live)
    before = [each for each in live.things.kept["policies"].values() if each["spec"].get("sandbox")]
    assert all_done(applied(first, live, vault=VAULT))
    second = planned(want, live)
    assert second.changes == ()
    assert second.differs is not doable(first)
    for section, one in (("policies", each["metadata"]["name"]) for each in before):
        assert one not in live.things.kept[section] or live.things.kept[section][one]["spec"]["sandbox"] is True
    for text in (plans_json([first], ()), plan_text(first), drift_text(first)):
        assert CANARY not in text


def shuffled(data: Any, chance: seeded.Random) -> Any:
    match data:
        case list():
            return chance.sample([shuffled(item, chance) for item in data], len(data))
        case dict():
            return {key: shuffled(data[key], chance) for key in chance.sample(list(data), len(data))}
        case _:
            return data


@given(wanted, lives, st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_no_order_means_anything(want: Desired, live: FakeWorkspace, seed: int) -> None:
    chance = seeded.Random(seed)  # noqa: S311 - an order, no secret
    listed = {section: want.section(section) for section in specs}
    again = document(**{section: shuffled(entries, chance) for section, entries in listed.items()})
    first = planned(want, live)
    assert first.fingerprint == planned(want, live).fingerprint
    live.things.kept = {section: shuffled(things, chance) for section, things in live.things.kept.items()}
    second = planned(again, live)
    told = [[(each.name, each.before, each.after, each.secrets) for each in plan.changes] for plan in (first, second)]
    assert told[0] == told[1]
    assert first.fingerprint == second.fingerprint


@given(wanted, lives)
@settings(max_examples=40, deadline=None)
def test_a_saved_plan_is_read_and_holds_and_what_it_did_is_undone(want: Desired, live: FakeWorkspace) -> None:
    plan = planned(want, live)
    assert all(KINDS[change.kind].is_sound(change) for change in plan.changes)
    found = open_plan(saved_text(saved(plan)).encode(), "p.json").plans[0]
    assert found.changes == plan.changes
    assert look_again(found, live, None).moved == ()
    before = planned(want, live)
    applied(plan, live, vault=VAULT)
    assert look_again(found, live, None).in_place == found.changes
    bare = Desired("acme", Document("run r1", {}, {}, {}))
    back = undo(record_of(plan), bare, live, Situation(TODAY, API))
    assert all(KINDS[change.kind].is_sound(change) for change in back.changes)
    assert all_done(applied(back, live, vault=VAULT))
    again = planned(want, live)
    was = {(change.kind, change.name, change.action.value) for change in before.changes}
    secret_only = {
        (change.kind, change.name)
        for change in before.changes
        if change.kind == "integration" and "secretVersion" in {**(change.before or {}), **(change.after or {})}
    }
    now = {(change.kind, change.name, change.action.value) for change in again.changes}
    assert {each for each in was ^ now if each[:2] not in secret_only} == set()
