"""Private clusters: flat objects, until November 2025."""

from pathlib import Path

import pytest
from werkzeug.test import Client

from tests.emulator.world import SEED, World

CLUSTER = {
    "name": "eu-1",
    "displayName": "EU",
    "continent": "eu",
    "country": "fr",
    "latitude": "48.8",
    "ownedBy": "cid",
}


def test_a_cluster_is_flat_and_can_be_changed_and_deleted(world: World) -> None:
    made = world.call("max", "POST", "/privateclusters", {**CLUSTER, "workspace": "ignored", "extra": 1}).get_json()
    assert {key: made[key] for key in CLUSTER} == CLUSTER
    assert (made["workspace"], made["healthy"], "metadata" in made) == ("acme", False, False)
    assert world.call("max", "POST", "/privateclusters", CLUSTER).status_code == 409
    changed = world.call("ci", "PUT", "/privateclusters/eu-1", {"country": "de", "latitude": ""}).get_json()
    assert (changed["country"], changed["continent"], "latitude" in changed) == ("de", "eu", False)
    assert changed["updatedBy"] == "cid"
    bare = Client(world.app).put("/v0/privateclusters/eu-1", headers={"Api-Key": "bl_max"})
    assert bare.get_json()["country"] == "de", "official clients send no body"
    assert [each["name"] for each in world.call("vic", "GET", "/privateclusters").get_json()] == ["eu-1"]
    assert world.call("max", "DELETE", "/privateclusters/eu-1").get_json()["name"] == "eu-1"
    for method in ("GET", "PUT", "DELETE"):
        assert world.error(world.call("max", method, "/privateclusters/eu-1")) == "404 Private cluster not found"


def test_a_cluster_reports_its_health(world: World) -> None:
    world.call("max", "POST", "/privateclusters", CLUSTER)
    path = "/privateclusters/eu-1/health"
    assert world.call("vic", "GET", path).get_json() == {"name": "eu-1", "healthy": False}
    world.call("bot", "POST", path)
    healthy = {"name": "eu-1", "healthy": True, "lastHealthCheckTime": "2026-03-01T12:00:00.000Z"}
    assert world.call("vic", "GET", path).get_json() == healthy
    assert world.call("vic", "GET", "/privateclusters/eu-1").get_json()["lastHealthCheckTime"].startswith("2026-03-01")


@pytest.mark.parametrize("body", [{}, {"name": "A"}, {"name": "a", "healthy": "yes"}, {"name": "a", "country": 1}])
def test_an_invalid_cluster_is_400(world: World, body: object) -> None:
    assert world.call("ada", "POST", "/privateclusters", body).status_code == 400


def test_clients_with_an_api_version_have_no_clusters(world: World) -> None:
    assert world.call("ada", "GET", "/privateclusters").status_code == 200
    newer = {"Blaxel-Version": "2026-04-16"}
    assert world.call("ada", "GET", "/privateclusters", headers=newer).status_code == 404
    assert world.call("ada", "GET", "/clusters").status_code == 404


def test_a_seed_has_flat_clusters(tmp_path: Path) -> None:
    world = World(tmp_path / "plane.db", seed={**SEED, "clusters": [{**CLUSTER, "workspace": "acme", "healthy": True}]})
    (shown,) = world.call("ada", "GET", "/privateclusters").get_json()
    assert {key: shown[key] for key in CLUSTER} == CLUSTER
    assert shown["healthy"] is True
