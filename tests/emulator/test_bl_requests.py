"""The requests of the official CLI, `bl`, by the methods and paths recorded from a build of it; the headers are those
of the other tests. Its device login is in routes/test_device_login.py."""

import pytest

from tests.emulator.world import World, body_of


def test_workspaces_are_listed_and_read(world: World) -> None:
    assert [space["name"] for space in world.call("ada", "GET", "/workspaces").get_json()] == ["acme"]
    assert world.call("ada", "GET", "/workspaces/acme").get_json()["displayName"] == "Acme"


@pytest.mark.parametrize("path", ["/policies", "/integrations/connections", "/models"])
def test_objects_are_applied_read_and_deleted(world: World, path: str) -> None:
    body = body_of(path, "made")
    assert world.call("ada", "GET", f"{path}/made").status_code == 404
    assert world.call("ada", "PUT", f"{path}/made", body).status_code == 404
    assert world.call("ada", "POST", path, body).get_json()["metadata"]["name"] == "made"
    changed = {**body, "metadata": {"name": "made", "displayName": "Made"}}
    assert world.call("ada", "PUT", f"{path}/made", changed).get_json()["metadata"]["displayName"] == "Made"
    assert world.call("ada", "GET", f"{path}/made").get_json()["metadata"]["displayName"] == "Made"
    assert world.call("ada", "DELETE", f"{path}/made").status_code == 200
    assert world.call("ada", "DELETE", f"{path}/made").status_code == 404
