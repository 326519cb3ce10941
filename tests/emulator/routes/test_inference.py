"""Queries below the run URL: who may, what they cost, and what policies refuse."""

from typing import Any

import pytest

from beamctl.emulator.routes.inference import COMPLETION
from tests.emulator.world import World, body_of

GPT = "/run/acme/models/gpt"
CHAT = f"{GPT}/v1/chat/completions"
HELLO = {"messages": [{"role": "user", "content": "one two"}]}
"""Three words with the role."""
ANSWERED = len(COMPLETION.split())


def model(world: World, *policies: dict[str, Any], **spec: object) -> None:
    """The model `gpt` with these policies."""
    names = [f"p{number}" for number in range(len(policies))]
    for name, policy in zip(names, policies, strict=True):
        made = world.call("ada", "POST", "/policies", {"metadata": {"name": name}, "spec": policy})
        assert made.status_code == 200
    assert world.call("max", "POST", "/models", body_of("/models", "gpt", policies=names, **spec)).status_code == 200


def asks(world: World, path: str = CHAT, who: str = "max") -> int:
    return world.call(who, "POST", path, HELLO).status_code


def test_a_member_gets_a_fixed_completion(world: World) -> None:
    model(world)
    for path in (GPT, CHAT):
        found = world.call("max", "POST", path, HELLO).get_json()
        assert found["choices"][0]["message"] == {"role": "assistant", "content": COMPLETION}
        assert found["model"] == "gpt"
        assert found["usage"] == {
            "prompt_tokens": 3,
            "completion_tokens": ANSWERED,
            "total_tokens": 3 + ANSWERED,
        }


def test_members_of_the_workspace_can_query_and_no_one_else(world: World) -> None:
    model(world)
    may = ("ada", "alan", "max", "ci", "bot")
    assert {who: asks(world, who=who) for who in (*may, "vic", "ivy", "sam", "foreign")} == {
        **dict.fromkeys(may, 200),
        **dict.fromkeys(("vic", "ivy", "sam", "foreign"), 403),
    }
    assert asks(world, who="unknown") == 401


def test_access_begins_with_acceptance_and_ends_with_removal(world: World) -> None:
    model(world)
    world.call("ada", "PUT", "/users/ivy@example.com", {"role": "member"})
    assert asks(world, who="ivy") == 403
    world.call("ivy", "POST", "/workspaces/acme/join")
    assert asks(world, who="ivy") == 200
    world.call("ada", "DELETE", "/users/ivy@example.com")
    assert asks(world, who="ivy") == 403
    world.call("ada", "DELETE", "/service_accounts/cid")
    assert asks(world, who="ci") == 401


def test_what_is_not_there_is_404_and_an_invalid_query_400(world: World) -> None:
    assert world.error(world.call("max", "POST", CHAT, HELLO)) == "404 Model not found"
    assert world.error(world.call("max", "POST", "/run/none/models/gpt", HELLO)) == "404 Workspace not found"
    model(world)
    for body in (b"", b"[]", {"stream": True}):
        assert world.call("max", "POST", CHAT, body).status_code == 400
    assert world.call("max", "POST", f"{GPT}/v1/other", HELLO).status_code == 404
    assert world.call("max", "GET", CHAT).status_code == 405


@pytest.mark.parametrize("path", ["/agents", "/functions"])
def test_agents_and_functions_can_be_queried(world: World, path: str) -> None:
    world.call("ada", "POST", "/policies", {"metadata": {"name": "p"}, "spec": limit(total=1)})
    world.call("max", "POST", path, body_of(path, "a", policies=["p"]))
    for _ in range(2):
        assert asks(world, f"/run/acme{path}/a") == 200, "token limits are those of models"


def limit(**counts: object) -> dict[str, Any]:
    return {"type": "maxToken", "maxTokens": {"granularity": "hour", **counts}}


@pytest.mark.parametrize("counts", [{"input": 4}, {"output": ANSWERED + 1}, {"total": ANSWERED + 4}])
def test_the_query_after_the_limit_is_429(world: World, counts: dict[str, int]) -> None:
    model(world, limit(**counts))
    assert [asks(world) for _ in range(4)] == [200, 200, 429, 429], "the query that exceeds the limit is answered"
    refused = world.call("ada", "POST", CHAT, HELLO)
    assert world.error(refused) == "429 Model gpt has reached the token limit of its policies: p0"
    world.clock.forward(hours=1)
    assert asks(world) == 200


def test_a_limit_of_0_is_none_and_a_step_is_a_number_of_periods(world: World) -> None:
    model(world, limit(total=1, input=0, step=3))
    assert [asks(world), asks(world)] == [200, 429]
    world.clock.forward(hours=2.9)
    assert asks(world) == 429
    world.clock.forward(hours=0.2)
    assert asks(world) == 200


def test_the_longest_period_can_be_asked(world: World) -> None:
    model(world, limit(total=1, step=10**12, granularity="month"))
    assert [asks(world), asks(world)] == [200, 429]


def test_token_policies_add_up_and_apply_to_their_types_only(world: World) -> None:
    model(world, limit(total=1), limit(total=ANSWERED + 4), {**limit(total=1), "resourceTypes": ["agent"]})
    assert [asks(world) for _ in range(3)] == [200, 200, 429]


US = {"type": "location", "locations": [{"type": "country", "name": "us"}]}
EUROPE = {"type": "location", "locations": [{"type": "continent", "name": "EU"}]}
FRANCE = {"type": "location", "locations": [{"type": "country", "name": "fr"}]}
T4 = {"type": "flavor", "flavors": [{"type": "gpu", "name": "t4"}]}
A100 = {"type": "flavor", "flavors": [{"type": "gpu", "name": "a100"}]}


@pytest.mark.parametrize(
    ("policies", "spec", "status"),
    [
        ([US], {}, 200),
        ([FRANCE], {}, 403),
        ([FRANCE, EUROPE], {}, 200),
        ([US], {"region": "eu-lon-1"}, 403),
        ([{"type": "location", "locations": [{"type": "location", "name": "us-pdx-1"}]}], {"region": "us-pdx-1"}, 200),
        ([{"type": "location"}], {}, 200),
        ([T4], {}, 200),
        ([A100], {}, 403),
        ([A100], {"flavors": [{"type": "gpu", "name": "A100"}]}, 200),
        ([T4], {"flavors": [{"type": "cpu", "name": "x86"}]}, 403),
        ([US, A100], {}, 403),
        ([{**FRANCE, "resourceTypes": ["function"]}], {}, 200),
        ([US], {"flavors": "any", "privateClusters": 1}, 200),
        ([FRANCE], {"privateClusters": {"enabled": True, "name": "paris"}}, 200),
        ([EUROPE], {"privateClusters": {"enabled": True, "name": "nowhere"}}, 403),
    ],
)
def test_location_and_flavor_policies(
    world: World, policies: list[dict[str, Any]], spec: dict[str, object], status: int
) -> None:
    world.call("max", "POST", "/privateclusters", {"name": "paris", "country": "fr"})
    model(world, *policies, **spec)
    assert asks(world) == status


def test_a_missing_policy_is_ignored_and_a_disabled_model_refuses(world: World) -> None:
    world.call("max", "POST", "/models", body_of("/models", "gpt", policies=["gone"]))
    assert asks(world) == 200
    world.call("max", "PUT", "/models/gpt", {"spec": {"enabled": False}})
    assert world.error(world.call("max", "POST", GPT, HELLO)) == "400 Model gpt is disabled"


def test_a_query_is_about_one_environment_if_the_model_is_deployed_to_some(world: World) -> None:
    model(world)
    era = {"X-Beamlit-Workspace": "acme"}
    world.call("max", "PUT", "/models/gpt/deployments/development", {}, era)
    assert asks(world) == 404, "production, which has none"
    assert asks(world, f"{CHAT}?environment=development") == 200
