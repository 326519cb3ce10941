"""Published operations that the emulator does not have are 501, so that no client takes them for a missing object."""

import re

import pytest
from werkzeug.test import Client

from beamctl.emulator.published import OPERATIONS, names_it_literally, published_operation
from tests.emulator.world import World

ALL = [(method, path) for path, methods in OPERATIONS.items() for method in methods.split()]


def test_each_is_served_or_501(world: World) -> None:
    for method, path in ALL:
        answer = world.call("ada", method, re.sub(r"\{\w+\}", "a", path), {} if method in ("POST", "PUT") else None)
        if answer.status_code == 501:
            text = f"the published API has {method} {path}, but the emulator does not implement it"
            assert answer.get_json() == {"code": 501, "error": text}
        else:
            assert world.route(method, re.sub(r"\{\w+\}", "a", path)), f"{method} {path} is neither served nor 501"


def test_an_example_that_a_client_must_not_take_for_done(world: World) -> None:
    answer = world.call("ada", "DELETE", "/sandboxes/a/schedules/TOK")
    assert world.error(answer).startswith("501 the published API has DELETE /sandboxes/{sandbox_name}/schedules/{sched")
    assert "TOK" not in answer.get_data(as_text=True)
    assert answer.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(("method", "path"), [("GET", "/nonsense"), ("GET", "/agents/a/b/c"), ("PUT", "/secrets/a/b")])
def test_anything_else_is_404(world: World, method: str, path: str) -> None:
    assert world.error(world.call("ada", method, path)) == "404 Not Found"


def test_a_method_that_is_not_published_is_405(world: World) -> None:
    assert world.call("ada", "DELETE", "/users").status_code == 405
    assert Client(world.app).get("/users").status_code != 501, "outside of the API"


def test_paths_without_variables_are_known() -> None:
    assert names_it_literally("GET", "/drives/jwks.json")
    assert not names_it_literally("DELETE", "/drives/jwks.json")
    assert not names_it_literally("GET", "/drives/{drive_name}")
    assert published_operation("GET", "/drives/d") == "GET /drives/{drive_name}"
    assert published_operation("GET", "/drives/a/b/c") == ""
