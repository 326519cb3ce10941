"""Resources with metadata and a spec: what all kinds share, and what is special about each."""

from typing import Any

import pytest

from tests.emulator.world import RESOURCES, World, body_of, every_file

ERA = {"X-Beamlit-Workspace": "acme"}
OTHER = {"X-Beamlit-Workspace": "other", "X-Blaxel-Workspace": "other"}
POLICIES, CONNECTIONS, MODELS = "/policies", "/integrations/connections", "/models"


def make(world: World, path: str, name: str, **spec: object) -> dict[str, Any]:
    answer = world.call("ada", "POST", path, body_of(path, name, **spec), ERA)
    assert answer.status_code == 200
    made: dict[str, Any] = answer.get_json()
    return made


@pytest.mark.parametrize("path", RESOURCES)
def test_create_read_update_and_delete(world: World, path: str) -> None:
    here = len(world.call("ada", "GET", path, headers=ERA).get_json())
    made = make(world, path, "first")
    ada = world.users()["ada@example.com"]["sub"]
    assert made["metadata"] == {
        "name": "first",
        "workspace": "acme",
        "createdAt": "2026-03-01T12:00:00.000Z",
        "updatedAt": "2026-03-01T12:00:00.000Z",
        "createdBy": ada,
        "updatedBy": ada,
    }
    assert world.call("ada", "GET", f"{path}/first", headers=ERA).get_json() == made
    assert len(world.call("ada", "GET", path, headers=ERA).get_json()) == here + 1
    world.clock.forward(hours=1)
    body = {"metadata": {"displayName": "First", "labels": {"a": "b"}, "externalId": "x-1", "plan": "ignored"}}
    after = world.call("ci", "PUT", f"{path}/first", body, ERA).get_json()
    assert (after["metadata"]["displayName"], after["metadata"]["labels"]) == ("First", {"a": "b"})
    assert (after["metadata"]["updatedBy"], after["metadata"]["createdBy"]) == ("cid", ada)
    assert after["metadata"]["updatedAt"] > after["metadata"]["createdAt"]
    assert after["spec"] == made["spec"]
    gone = world.call("ada", "DELETE", f"{path}/first", headers=ERA).get_json()
    assert gone["metadata"]["name"] == "first"
    for method in ("GET", "PUT", "DELETE"):
        assert world.call("ada", method, f"{path}/first", {} if method == "PUT" else None, ERA).status_code == 404


@pytest.mark.parametrize("path", RESOURCES)
def test_a_name_is_unique_in_a_workspace(world: World, path: str) -> None:
    make(world, path, "first")
    again = world.call("ada", "POST", path, body_of(path, "first"), ERA)
    assert again.status_code == 409
    assert again.headers["x-should-retry"] == "false"
    elsewhere = world.call("alan", "POST", path, body_of(path, "first"), OTHER)
    assert elsewhere.get_json()["metadata"]["workspace"] == "other"
    assert world.call("ada", "DELETE", f"{path}/first", headers=ERA).status_code == 200
    assert world.call("alan", "GET", f"{path}/first", headers=OTHER).status_code == 200


@pytest.mark.parametrize("name", ["", "A", "a--b", "-a", "a-", "a_b", "ä", "a" * 50, 5, None])
def test_an_invalid_name_is_400(world: World, name: object) -> None:
    assert world.call("ada", "POST", MODELS, {"metadata": {"name": name}, "spec": {}}).status_code == 400
    assert world.call("ada", "POST", MODELS, {"spec": {}}).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {"metadata": {"name": "renamed"}},
        {"metadata": {"displayName": "x" * 64}},
        {"metadata": {"displayName": None}},
        {"metadata": {"externalId": "a_b"}},
        {"metadata": {"externalId": "x" * 65}},
        {"metadata": {"labels": {"a": 1}}},
        {"metadata": []},
        {"spec": []},
        {"spec": None},
    ],
)
def test_an_invalid_body_is_400_and_changes_nothing(world: World, body: object) -> None:
    before = make(world, MODELS, "first")
    assert world.call("ada", "PUT", f"{MODELS}/first", body).status_code == 400
    assert world.call("ada", "GET", f"{MODELS}/first").get_json() == before


def test_a_response_can_be_written_back(world: World) -> None:
    for path in RESOURCES:
        read = make(world, path, "first")
        written = world.call("ada", "PUT", f"{path}/first", read, ERA).get_json()
        assert written == read


def test_metadata_is_kept_and_cleared(world: World) -> None:
    made = {"metadata": {"name": "m", "displayName": "M", "labels": {"a": "b"}, "externalId": "e"}, "spec": {}}
    world.call("ada", "POST", MODELS, made)
    kept = world.call("ada", "PUT", f"{MODELS}/m", {"spec": {"runtime": {"a": [1]}}}).get_json()
    assert (kept["metadata"]["displayName"], kept["spec"]) == ("M", {"runtime": {"a": [1]}})
    empty = {"metadata": {"displayName": "", "labels": {}, "externalId": ""}}
    cleared = world.call("ada", "PUT", f"{MODELS}/m", empty).get_json()["metadata"]
    assert not {"displayName", "labels", "externalId"} & set(cleared)


def test_a_put_replaces_the_spec(world: World) -> None:
    make(world, POLICIES, "p", locations=[{"type": "country", "name": "us"}])
    flavor = {"type": "flavor", "flavors": [{"type": "gpu", "name": "t4"}]}
    assert world.call("ada", "PUT", f"{POLICIES}/p", {"spec": flavor}).get_json()["spec"] == flavor


def test_a_put_of_a_missing_policy_is_404(world: World) -> None:
    answer = world.call("ada", "PUT", f"{POLICIES}/p", body_of(POLICIES, "p"))
    assert world.error(answer) == "404 Policy not found"


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"type": ""},
        {"type": "color"},
        {"type": ["location"]},
        {"type": "location", "resourceTypes": ["cluster"]},
        {"type": "location", "resourceTypes": "model"},
        {"type": "location", "locations": ["us"]},
        {"type": "location", "locations": [{"type": "planet", "name": "mars"}]},
        {"type": "location", "locations": [{"type": ["country"], "name": "us"}]},
        {"type": "location", "locations": [{"type": "country"}]},
        {"type": "location", "locations": [{"type": "country", "name": ""}]},
        {"type": "location", "locations": [{"type": "country", "name": "us"}] * 201},
        {"type": "flavor", "flavors": [{"type": "tpu", "name": "v5"}]},
        {"type": "maxToken", "maxTokens": {"granularity": "week"}},
        {"type": "maxToken", "maxTokens": {"input": -1}},
        {"type": "maxToken", "maxTokens": {"input": True}},
        {"type": "maxToken", "maxTokens": {"input": "5"}},
        {"type": "maxToken", "maxTokens": {"color": 5}},
        {"type": "maxToken", "maxTokens": None},
        {"type": "location", "sandbox": "no"},
    ],
)
def test_an_invalid_policy_is_400(world: World, spec: object) -> None:
    assert world.call("ada", "POST", POLICIES, {"metadata": {"name": "p"}, "spec": spec}).status_code == 400
    assert world.call("ada", "GET", POLICIES).get_json() == []


def test_every_type_of_policy_can_be_created(world: World) -> None:
    tokens = {"granularity": "day", "input": 5, "output": 0, "total": 7, "step": 1, "ratioInputOverOutput": 2}
    specs: dict[str, dict[str, Any]] = {
        "location": {"locations": [{"type": "continent", "name": "eu"}], "resourceTypes": ["model", "agent"]},
        "flavor": {"flavors": [{"type": "cpu", "name": "any"}], "sandbox": False},
        "maxtoken": {"type": "maxToken", "maxTokens": tokens},
    }
    for name, spec in specs.items():
        whole = {"type": name, **spec}
        assert make(world, POLICIES, name, **whole)["spec"] == whole


def test_empty_lists_equal_absent_lists(world: World) -> None:
    """The official SDK adds them to everything it has read."""
    made = make(world, POLICIES, "p", locations=[], flavors=[], resourceTypes=[], unknown=5)
    assert made["spec"] == {"type": "location"}


def test_the_users_of_a_policy_are_found(world: World) -> None:
    make(world, POLICIES, "p")
    make(world, POLICIES, "unused")
    make(world, MODELS, "m1", policies=["p", "p", "q"])
    make(world, MODELS, "m2", policies=["p"])
    make(world, "/agents", "a", policies=["p"])
    make(world, "/jobs", "j", policies="none of this is a list of names")
    make(world, "/functions", "f", policies=[{"a": "p"}, 5, None])
    make(world, "/environments", "e", policies=["p"])
    usages = world.call("max", "GET", f"{POLICIES}/p/usages").get_json()
    assert usages == {
        "agents": [{"name": "a"}],
        "functions": [],
        "jobs": [],
        "models": [{"name": "m1"}, {"name": "m2"}],
        "sandboxes": [],
    }
    usage = {one["metadata"]["name"]: one["usage"] for one in world.call("max", "GET", POLICIES).get_json()}
    assert usage["p"] == {"agents": 1, "functions": 0, "jobs": 0, "models": 2, "sandboxes": 0}
    assert set(usage["unused"].values()) == {0}
    assert "usage" not in world.call("max", "GET", f"{POLICIES}/p").get_json()
    assert world.call("max", "GET", f"{POLICIES}/nope/usages").status_code == 404


def test_a_connection_in_use_cannot_be_deleted(world: World) -> None:
    make(world, CONNECTIONS, "openai")
    make(world, MODELS, "m", integrationConnections=["openai"])
    answer = world.call("ada", "DELETE", f"{CONNECTIONS}/openai")
    assert world.error(answer) == "409 Integration connection openai is in use by models/m"
    world.call("ada", "DELETE", f"{MODELS}/m")
    assert world.call("ada", "DELETE", f"{CONNECTIONS}/openai").status_code == 200


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"integration": ""},
        {"integration": 5},
        {"integration": "openai", "config": {"a": 1}},
        {"integration": "openai", "secret": "s"},
        {"integration": "openai", "secret": {"a": None}},
        {"integration": "openai", "sandbox": 1},
    ],
)
def test_an_invalid_connection_is_400(world: World, spec: object) -> None:
    assert world.call("ada", "POST", CONNECTIONS, {"metadata": {"name": "c"}, "spec": spec}).status_code == 400


def test_the_secret_of_a_connection_is_neither_returned_nor_stored(world: World) -> None:
    made = make(world, CONNECTIONS, "openai", config={"org": "o"}, secret={"apiKey": "canary-one"})
    changed = world.call(
        "ada", "PUT", f"{CONNECTIONS}/openai", {"spec": {**made["spec"], "secret": {"k": "canary-two"}}}
    )
    assert made["spec"] == changed.get_json()["spec"] == {"integration": "openai", "config": {"org": "o"}}
    assert world.call("ada", "GET", CONNECTIONS).get_json()[0]["spec"] == made["spec"]
    for content in every_file(world.db.parent):
        assert b"canary" not in content


def test_connections_are_not_paginated_and_are_found_by_external_id(world: World) -> None:
    make(world, CONNECTIONS, "a")
    world.call("ada", "PUT", f"{CONNECTIONS}/a", {"metadata": {"externalId": "x-1"}})
    make(world, CONNECTIONS, "b")
    newest = {"Blaxel-Version": "2026-09-22"}
    assert len(world.call("ada", "GET", f"{CONNECTIONS}?limit=1", headers=newest).get_json()) == 2
    found = world.call("ada", "GET", f"{CONNECTIONS}?externalId=x-1", headers=newest).get_json()
    assert [one["metadata"]["name"] for one in found] == ["a"]


def test_environments_exist_in_the_beamlit_era(world: World) -> None:
    listed = world.call("max", "GET", "/environments", headers=ERA).get_json()
    assert {one["metadata"]["name"] for one in listed} == {"development", "production"}
    changed = world.call("ada", "PUT", "/environments/production", {"spec": {"policies": ["p"]}}, ERA)
    assert changed.get_json()["spec"] == {"policies": ["p"]}
    built_in = world.call("ada", "DELETE", "/environments/production", headers=ERA)
    assert world.error(built_in) == "400 Environment production is built in and cannot be deleted"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/environments"), ("POST", "/environments"), ("GET", "/environments/production")],
)
@pytest.mark.parametrize("who", ["ada", None])
def test_environments_do_not_exist_today(world: World, method: str, path: str, who: str | None) -> None:
    answer = world.call(who, method, path, body_of(path, "e") if method == "POST" else None)
    assert world.error(answer) == "404 Not Found"


def test_a_new_workspace_has_its_environments(world: World) -> None:
    world.call("sam", "POST", "/workspaces", {"name": "fresh"})
    listed = world.call(
        "sam", "GET", "/environments", headers={"X-Beamlit-Workspace": "fresh", "X-Blaxel-Workspace": ""}
    )
    assert len(listed.get_json()) == 2
