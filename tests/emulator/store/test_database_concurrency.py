"""Concurrent requests keep the invariants of a workspace."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from beamctl.emulator.control_plane import as_operator, as_person
from tests.emulator.world import World

THREADS = 12


def admins(count: int) -> dict[str, Any]:
    return {
        "workspaces": [{"name": "acme"}],
        "users": [
            {"email": f"a{number}@example.com", "apiKey": f"bl_a{number}", "workspaces": {"acme": "admin"}}
            for number in range(count)
        ],
        "serviceAccounts": [{"workspace": "acme", "name": "ci", "role": "admin", "apiKey": "bl_ci"}],
    }


def statuses(world: World, calls: list[tuple[str, str, str, object]]) -> list[int]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda call: world.call(*call).status_code, calls))


def test_concurrent_invitations_of_the_same_people_create_one_each(world: World) -> None:
    people = [f"p{number}@example.com" for number in range(20)]
    answers = statuses(world, [("ada", "POST", "/users", {"email": email}) for email in people * 6])
    assert (answers.count(200), answers.count(409)) == (20, 100)
    assert set(people) <= set(world.users())


def test_concurrent_role_changes_end_with_one_of_them(world: World) -> None:
    roles = ["admin", "member", "viewer"] * 30
    answers = statuses(world, [("ada", "PUT", "/users/max@example.com", {"role": role}) for role in roles])
    assert set(answers) == {200}
    assert world.roles()["max@example.com"] in roles


@pytest.mark.parametrize("way", ["demote", "remove", "leave", "each other"])
def test_concurrent_demotions_and_removals_leave_an_admin(tmp_path: Path, way: str) -> None:
    world = World(tmp_path / "plane.db", seed=admins(THREADS))
    calls: list[tuple[str, str, str, object]] = []
    for number in range(THREADS):
        path = f"/users/a{number}@example.com"
        match way:
            case "demote":
                calls.append(("ci", "PUT", path, {"role": "member"}))
            case "remove":
                calls.append(("ci", "DELETE", path, None))
            case "leave":
                calls.append((f"a{number}", "DELETE", "/workspaces/acme/leave", None))
            case _:
                calls.append((f"a{(number + 1) % THREADS}", "PUT", path, {"role": "viewer"}))
    answers = statuses(world, calls)
    team = world.users("ci").values()
    assert [user["role"] for user in team].count("admin") >= 1
    if way != "each other":  # a demoted admin is refused with 403 there
        assert (answers.count(200), answers.count(400)) == (THREADS - 1, 1)


def test_accepting_during_a_revocation_has_one_of_two_results(world: World) -> None:
    for _ in range(5):
        answers = statuses(
            world,
            [("ivy", "POST", "/workspaces/acme/join", None), ("ada", "DELETE", "/users/ivy@example.com", None)],
        )
        listed = world.users().get("ivy@example.com")
        assert answers in ([200, 200], [404, 200])
        assert listed is None
        world.call("ada", "POST", "/users", {"email": "ivy@example.com"})


def test_readers_never_see_a_partial_change(world: World) -> None:
    """A member who accepts is in every listing exactly once, either as a member or as invited."""
    calls = [("ivy", "POST", "/workspaces/acme/join", None), *[("ada", "GET", "/users", None)] * 40]
    with ThreadPoolExecutor(THREADS) as pool:
        lists = [answer.get_json() for answer in pool.map(lambda call: world.call(*call), calls)][1:]
    assert all([user["email"] for user in listed].count("ivy@example.com") == 1 for listed in lists)


people = st.sampled_from(["p0@example.com", "P1@example.com", "p2@example.com", "ada@example.com"])
steps = st.one_of(
    st.tuples(st.just("POST"), st.just("/users"), st.builds(lambda email: {"email": email}, people)),
    st.tuples(
        st.just("PUT"),
        people.map(lambda email: f"/users/{email.swapcase()}"),
        st.sampled_from(["admin", "member", "viewer"]).map(lambda role: {"role": role}),
    ),
    st.tuples(st.just("DELETE"), people.map(lambda email: f"/users/{email}"), st.none()),
    st.tuples(st.just("JOIN"), people, st.none()),
    st.tuples(st.just("WAIT"), st.just(""), st.none()),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(walk=st.lists(steps, max_size=25))
def test_random_requests_keep_the_invariants(tmp_path: Path, walk: list[tuple[str, str, Any]]) -> None:
    world = World(tmp_path / f"{uuid.uuid4()}.db", seed=admins(1))
    operator = Client(as_operator(world.app))
    here = {"X-Blaxel-Workspace": "acme"}
    for method, target, body in walk:
        match method:
            case "WAIT":
                world.clock.forward(days=4)
            case "JOIN":
                world.send(Client(as_person(world.app, target)), "POST", "/workspaces/acme/join", None, {})
            case _:
                world.send(operator, method, target, body, here)
        team = world.send(operator, "GET", "/users", None, here).get_json()
        folded = [user["email"].lower() for user in team]
        assert len(folded) == len(set(folded))
        assert any(user["accepted"] and user["role"] == "admin" for user in team)
