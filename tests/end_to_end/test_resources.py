"""Apply and export policies and environments through the command line."""

import json

from beamctl.emulator import BehaviorFlag
from tests.end_to_end.conftest import KEY, AtOnce, Playground

SEED = f"""
workspaces: [{{name: acme, displayName: Acme}}]
users: [{{email: ada@example.com, apiKey: {KEY}, workspaces: {{acme: admin}}}}]
policies:
  - {{workspace: acme, name: eu-only, displayName: Europe, spec: {{type: location, resourceTypes: [model]}}}}
  - {{workspace: acme, name: used, spec: {{type: flavor}}}}
models: [{{workspace: acme, name: gpt, spec: {{policies: [used]}}}}]
"""
DOCUMENT = """
version: 1
workspace: acme
policies:
  eu-only: {spec: {type: location, resourceTypes: [agent, model], locations: [{type: continent, name: eu}]}}
environments:
  production: {policies: [eu-only]}
guards: {maxRemovals: 1}
"""
ALLOW = ("--allow", "deletes-policy-in-use=used")


def test_from_a_file_to_a_workspace_and_back(at_once: AtOnce) -> None:
    with at_once.serving(SEED, frozenset({BehaviorFlag.BEAMLIT_ERA})):
        apply_and_check(at_once)


def apply_and_check(playground: Playground) -> None:
    playground.write("beamctl.yaml", DOCUMENT)
    refused = playground.beamctl("plan", "--out", "plan.json", code=5).out
    assert "deletes-policy-in-use — used is in use by model/gpt." in refused
    playground.beamctl("apply", "plan.json", "--auto-approve", code=5)
    assert "Applied to acme: 3 done." in playground.beamctl("apply", "plan.json", "--auto-approve", *ALLOW).out
    assert "No changes. acme matches beamctl.yaml." in playground.beamctl("plan", "--detailed-exitcode").out
    shown = json.loads(playground.beamctl("show", "-o", "json").out)
    assert [(row["name"], row["resourceTypes"]) for row in shown["policies"]] == [("eu-only", ["agent", "model"])]
    assert "eu-only  Europe" in playground.beamctl("show").out
    by_hand = '{"metadata": {"name": "eu-only"}, "spec": {"type": "location"}}'
    playground.beamctl("emulator", "call", "--as", "ada@example.com", "-w", "acme", "PUT", "/policies/eu-only", by_hand)
    assert 'resourceTypes: "agent" is missing' in playground.beamctl("drift", code=2).out
    playground.beamctl("apply", "--auto-approve")
    playground.beamctl(
        "undo", json.loads(playground.beamctl("runs", "-o", "json").out)["runs"][-1]["run"], "--out", "back.json"
    )
    assert "✓ create used" in playground.beamctl("apply", "back.json", "--auto-approve").out
    (eu, used) = json.loads(playground.beamctl("show", "-o", "json").out)["policies"]
    assert (eu["resourceTypes"], eu["locations"], used["type"]) == (["model"], [], "flavor")
