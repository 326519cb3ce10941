"""The official SDK sees what beamctl declares, and resources created with the SDK need no change by beamctl: policies
and integration connections, with and without pagination, with every behavior flag."""

from pathlib import Path
from typing import Any

import pytest

from beamctl.api.config import LOCAL
from beamctl.api.workspace import Options, open_workspace
from beamctl.document.desired import Desired
from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.control_plane import as_operator
from beamctl.plan.comparison import Situation
from beamctl.plan.plan import Plan
from beamctl.secrets.redaction import Redactor
from tests.emulator.sdk import Sdk
from tests.emulator.world import World
from tests.fakes.one_workspace import plan
from tests.fakes.runs import TODAY, all_done, apply_through, document
from tests.fakes.vault import FakeVault
from tests.fakes.wording import counts

SECRET = "sk-canary-0123456789abcdef"
POLICIES: dict[str, Any] = {
    "eu-only": {
        "displayName": "EU only",
        "labels": {"a": "b"},
        "spec": {
            "type": "location",
            "resourceTypes": ["model", "agent"],
            "locations": [{"type": "continent", "name": "eu"}, {"type": "country", "name": "us"}],
        },
    },
    "gpu": {"spec": {"type": "flavor", "flavors": [{"type": "gpu", "name": "t4"}]}},
    "budget": {"spec": {"type": "maxToken", "maxTokens": {"granularity": "day", "total": 5}}},
}
CONNECTION = {"integration": "openai", "config": {"org": "acme"}}
SOURCE = {"secret": {"apiKey": {"env": "KEY"}}}
WANT = document(policies=POLICIES, integrations={"openai": {**CONNECTION, **SOURCE}})


def planned(world: World, want: Desired) -> Plan:
    with open_workspace(LOCAL, "acme", Options(redactor=Redactor()), wsgi_app=as_operator(world.app)) as api:
        return plan(want, api.reader(), Situation(TODAY, "local"))


def apply_to(world: World, want: Desired) -> Plan:
    with open_workspace(LOCAL, "acme", Options(redactor=Redactor()), wsgi_app=as_operator(world.app)) as api:
        made = plan(want, api.reader(), Situation(TODAY, "local"))
        assert all_done(
            apply_through(made, api.reader(), api.sender(), vault=FakeVault({"the environment variable KEY": SECRET}))
        )
        return made


def test_the_sdk_sees_what_was_declared(world: World, sdk: Sdk) -> None:
    apply_to(world, WANT)
    for name, entry in POLICIES.items():
        seen = sdk.parsed("policies.get_policy", name)
        assert {field: seen["spec"].get(field) for field in entry["spec"]} == in_order(entry["spec"])
        assert seen["metadata"].get("displayName", "") == entry.get("displayName", "")
    (connection,) = sdk.parsed("integrations.list_integration_connections")
    assert {field: connection["spec"][field] for field in CONNECTION} == CONNECTION


def in_order(spec: dict[str, Any]) -> dict[str, Any]:
    """As beamctl sends it, with lists in order."""
    return {
        field: sorted(value, key=lambda item: str(sorted(item.items())) if isinstance(item, dict) else item)
        if isinstance(value, list)
        else value
        for field, value in spec.items()
    }


def test_resources_created_with_the_sdk_need_no_change(world: World, sdk: Sdk) -> None:
    for name, entry in POLICIES.items():
        metadata = {"name": name, **{field: entry[field] for field in ("displayName", "labels") if field in entry}}
        sdk.parsed("policies.create_policy", body={"metadata": metadata, "spec": entry["spec"]})
    spec = {**CONNECTION, "secret": {"apiKey": SECRET}}
    body = {"metadata": {"name": "openai"}, "spec": spec}
    sdk.parsed("integrations.create_integration_connection", body=body)
    found = planned(world, WANT)
    assert (found.changes, found.notes, counts(found)) == ((), (), {"unchanged": 4})


FLAGS = [
    BehaviorFlag.PUT_REPLACES,
    BehaviorFlag.SPEC_MERGES,
    BehaviorFlag.MASKED_SECRETS,
    BehaviorFlag.ECHOED_SECRETS,
    BehaviorFlag.BEAMLIT_ERA,  # which also lists policies without pages
]
CHANGED = document(
    policies={
        "eu-only": {"spec": {"type": "flavor", "flavors": [{"type": "cpu", "name": "x"}]}},
        "budget": {"spec": {"type": "maxToken", "maxTokens": {"total": 6}}},
    },
    integrations={"openai": {"integration": "openai", "config": {}, "secret": {"k": {"env": "KEY"}, "version": 2}}},
    environments={"production": {"policies": ["eu-only"]}},
    guards={"maxRemovals": 1},
)


@pytest.mark.parametrize("flag", FLAGS)
def test_the_result_matches_the_document_with_every_behavior_flag(flag: BehaviorFlag, tmp_path: Path) -> None:
    world = World(tmp_path / "w.db", flags=frozenset({flag}))
    apply_to(world, WANT)
    assert planned(world, WANT).changes == ()
    made = apply_to(world, CHANGED)
    assert len(made.changes) == (5 if flag is BehaviorFlag.BEAMLIT_ERA else 4)
    again = planned(world, CHANGED)
    assert (again.changes, again.differs) == ((), False)
    shown = world.call("ada", "GET", "/policies/eu-only").get_json()
    assert shown["spec"] == {"type": "flavor", "flavors": [{"type": "cpu", "name": "x"}]}
    assert shown["metadata"]["displayName"] == "EU only"
    returned = world.call("ada", "GET", "/integrations/connections/openai").get_json()["spec"].get("secret")
    assert returned == {BehaviorFlag.ECHOED_SECRETS: {"k": SECRET}, BehaviorFlag.MASKED_SECRETS: {"k": "********"}}.get(
        flag
    )


def test_policies_on_several_pages(world: World) -> None:
    many = {f"p{number}": {"spec": {"type": "location"}} for number in range(201)}
    apply_to(world, document(policies=many))
    assert counts(planned(world, document(policies=many))) == {"unchanged": 201}
