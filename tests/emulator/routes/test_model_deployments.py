"""Deployments of a model to environments, in the Beamlit era."""

import pytest

from tests.emulator.world import World, body_of

ERA = {"X-Beamlit-Workspace": "acme"}
PATH = "/models/gpt/deployments"


@pytest.fixture
def gpt(world: World) -> World:
    world.call("max", "POST", "/models", body_of("/models", "gpt"))
    return world


def test_a_put_creates_then_updates(gpt: World) -> None:
    body = {"environment": "production", "model": "gpt", "policies": ["eu"], "labels": None, "serving_port": 80}
    made = gpt.call("max", "PUT", f"{PATH}/production", body, ERA).get_json()
    assert {key: made[key] for key in ("environment", "model", "workspace", "enabled", "policies", "serving_port")} == {
        "environment": "production",
        "model": "gpt",
        "workspace": "acme",
        "enabled": True,
        "policies": ["eu"],
        "serving_port": 80,
    }
    changed = gpt.call("ci", "PUT", f"{PATH}/production", {"enabled": False, "policies": []}, ERA).get_json()
    assert (changed["enabled"], changed["serving_port"], "policies" in changed) == (False, 80, False)
    assert changed["created_by"] == made["created_by"] != changed["updated_by"] == "cid"
    gpt.call("max", "PUT", f"{PATH}/development", {}, ERA)
    listed = gpt.call("vic", "GET", PATH, headers=ERA).get_json()
    assert {each["environment"] for each in listed} == {"production", "development"}
    assert gpt.call("max", "DELETE", f"{PATH}/production", headers=ERA).get_json()["environment"] == "production"
    for method in ("GET", "DELETE"):
        gone = gpt.call("max", method, f"{PATH}/production", headers=ERA)
        assert gpt.error(gone) == "404 Model deployment not found"


def test_they_are_deleted_with_their_model(gpt: World) -> None:
    gpt.call("max", "PUT", f"{PATH}/production", {}, ERA)
    gpt.call("max", "DELETE", "/models/gpt")
    gone = gpt.call("max", "GET", PATH, headers=ERA)
    assert gpt.error(gone) == "404 Model not found"
    gpt.call("max", "POST", "/models", body_of("/models", "gpt"))
    assert gpt.call("max", "GET", PATH, headers=ERA).get_json() == []


@pytest.mark.parametrize(
    ("environment", "body", "status"),
    [
        ("production", {"model": "other"}, 400),
        ("production", {"environment": "development"}, 400),
        ("production", {"flavors": [{"type": "x", "name": "y"}]}, 400),
        ("production", {"serving_port": 0}, 400),
        ("production", {"metric_port": True}, 400),
        ("nowhere", {}, 404),
    ],
)
def test_an_invalid_deployment_is_refused(gpt: World, environment: str, body: object, status: int) -> None:
    assert gpt.call("max", "PUT", f"{PATH}/{environment}", body, ERA).status_code == status
    assert gpt.call("max", "GET", PATH, headers=ERA).get_json() == []


def test_outside_the_beamlit_era_there_are_none(gpt: World) -> None:
    assert gpt.call("max", "GET", PATH).status_code == 404


@pytest.mark.parametrize("era", [{}, ERA])
def test_what_a_deployment_uses_its_model_uses(gpt: World, era: dict[str, str]) -> None:
    """Once, however many environments it is deployed to; and deployments are not counted as objects of their own."""
    for name in ("eu", "us", "unused"):
        gpt.call("ada", "POST", "/policies", body_of("/policies", name))
    gpt.call("max", "PUT", "/models/gpt", body_of("/models", "gpt", policies=["us"]))
    gpt.call("max", "POST", "/agents", body_of("/agents", "production", policies=["eu"]))
    for environment in ("production", "development"):
        gpt.call("max", "PUT", f"{PATH}/{environment}", {"policies": ["eu", "us"]}, ERA)

    def seen(policy: str) -> tuple[list[str], list[str], dict[str, int]]:
        usages = gpt.call("vic", "GET", f"/policies/{policy}/usages", headers=era).get_json()
        (listed,) = (
            each["usage"]
            for each in gpt.call("vic", "GET", "/policies", headers=era).get_json()
            if each["metadata"]["name"] == policy
        )
        models, agents = ([each["name"] for each in usages[kind]] for kind in ("models", "agents"))
        return models, agents, {kind: number for kind, number in listed.items() if number}

    assert seen("eu") == (["gpt"], ["production"], {"models": 1, "agents": 1})
    assert seen("us") == (["gpt"], [], {"models": 1})
    assert seen("unused") == ([], [], {})
    space = gpt.call("vic", "GET", "/workspaces/acme?countResources=true", headers=era).get_json()
    counts = {kind: number for kind, number in space["resourceCounts"].items() if number}
    assert counts == {"agents": 1, "models": 1, "policies": 3, "serviceaccounts": 2}
    gpt.call("max", "DELETE", "/models/gpt")
    assert seen("eu") == ([], ["production"], {"agents": 1})
