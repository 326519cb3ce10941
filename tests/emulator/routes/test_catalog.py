"""Workspace secrets, the catalog of integrations, locations, and objects asked for by their external ID."""

import pytest

from beamctl.emulator.behavior import BehaviorFlag
from tests.emulator.world import World, body_of, every_file

CANARY = "sk-canary-0123456789abcdef"
CONNECTIONS = "/integrations/connections"


@pytest.mark.parametrize("flags", [frozenset(), frozenset(BehaviorFlag)], ids=["plain", "flags"])
def test_the_value_of_a_secret_is_neither_stored_nor_shown(
    world: World, flags: frozenset[BehaviorFlag], caplog: pytest.LogCaptureFixture
) -> None:
    answers = [
        World(world.db.parent / "other.db", flags=flags).call(
            "ada", "POST", "/secrets", {"name": "A", "value": CANARY}
        ),
        world.call("ada", "POST", "/secrets", {"name": "A", "value": CANARY}),
        world.call("ada", "GET", "/secrets"),
        world.call("ada", "POST", "/secrets", {"name": "-", "value": CANARY}),
        world.call("ada", "DELETE", "/secrets/A"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 400, 200]
    assert CANARY not in "".join(answer.get_data(as_text=True) for answer in answers) + caplog.text
    assert not [content for content in every_file(world.db.parent) if CANARY.encode() in content]


def test_a_secret_is_created_replaced_and_deleted(world: World) -> None:
    made = world.call("ada", "POST", "/secrets", {"name": "Tok", "value": "a"}).get_json()
    assert made == {"name": "Tok", "createdAt": "2026-03-01T12:00:00.000Z", "updatedAt": "2026-03-01T12:00:00.000Z"}
    world.clock.forward(hours=1)
    again = world.call("ada", "POST", "/secrets", {"name": "Tok", "value": "b"}).get_json()
    assert again == {**made, "updatedAt": "2026-03-01T13:00:00.000Z"}
    world.call("ada", "POST", "/secrets", {"name": "TOK", "value": "c"})  # names are case-sensitive
    assert [one["name"] for one in world.call("max", "GET", "/secrets").get_json()] == ["TOK", "Tok"]
    assert world.call("alan", "GET", "/secrets", headers={"X-Blaxel-Workspace": "other"}).get_json() == []
    assert world.call("ada", "DELETE", "/secrets/Tok").get_json() == again
    assert world.call("ada", "DELETE", "/secrets?name=TOK").status_code == 200
    assert world.error(world.call("ada", "DELETE", "/secrets/Tok")) == "404 Secret not found"
    assert world.error(world.call("ada", "DELETE", "/secrets?name=TOK")) == "404 Secret not found"
    assert world.error(world.call("ada", "DELETE", "/secrets")) == "400 name is required"


@pytest.mark.parametrize(
    "body",
    [{}, {"name": "A"}, {"name": "A", "value": ""}, {"name": "A", "value": 1}, {"value": "v"}]
    + [{"name": name, "value": "v"} for name in ("", "a/b", "a b", "..", "{{x}}", "a\r\nb", "x" * 129, None, 1)],
)
def test_an_invalid_secret_is_400(world: World, body: object) -> None:
    assert world.call("ada", "POST", "/secrets", body).status_code == 400
    assert world.call("ada", "GET", "/secrets").get_json() == []


def test_the_catalog_describes_integrations_and_the_models_behind_connections(world: World) -> None:
    assert world.call("max", "GET", "/integrations/openai").get_json()["name"] == "openai"
    assert world.error(world.call("max", "GET", "/integrations/nothing")) == "404 Integration not found"
    world.call("ada", "POST", CONNECTIONS, body_of(CONNECTIONS, "hub", integration="huggingface"))
    world.call("ada", "POST", CONNECTIONS, body_of(CONNECTIONS, "own", integration="something else"))
    listed = world.call("max", "GET", f"{CONNECTIONS}/hub/models").get_json()
    assert {"id": "example/chat-1"} in listed
    for model in listed:  # an ID may contain slashes
        assert world.call("max", "GET", f"{CONNECTIONS}/hub/models/{model['id']}").get_json() == model
    assert world.error(world.call("max", "GET", f"{CONNECTIONS}/hub/models/none")) == "404 Model not found"
    (configuration,) = world.call("max", "GET", f"{CONNECTIONS}/hub/endpointConfigurations").get_json()
    assert configuration["models"] == [model["id"] for model in listed]
    for rest in ("models", "endpointConfigurations"):
        assert world.call("max", "GET", f"{CONNECTIONS}/own/{rest}").get_json() == []
        assert world.call("max", "GET", f"{CONNECTIONS}/none/{rest}").status_code == 404


def test_locations_are_the_regions_of_the_configuration(world: World) -> None:
    regions = world.call("max", "GET", "/configuration").get_json()["regions"]
    assert [one["region"] for one in world.call("max", "GET", "/locations").get_json()] == [
        region["name"] for region in regions
    ]


@pytest.mark.parametrize("path", ["/volumes", "/drives"])
def test_volumes_and_drives_are_counted_and_found_by_external_id(world: World, path: str) -> None:
    body = {"metadata": {"name": "data", "externalId": "session-1"}, "spec": {"region": "us-pdx-1"}}
    made = world.call("max", "POST", path, body).get_json()
    assert world.call("vic", "GET", f"{path}/by-external-id/session-1").get_json() == made
    assert world.call("vic", "GET", f"{path}/by-external-id/session-2").status_code == 404
    other = {"X-Blaxel-Workspace": "other"}
    assert world.call("alan", "GET", f"{path}/by-external-id/session-1", headers=other).status_code == 404
    counts = world.call("vic", "GET", "/workspaces/acme?countResources=true").get_json()["resourceCounts"]
    assert counts[path.removeprefix("/")] == 1
