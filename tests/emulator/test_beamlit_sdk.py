"""The official client of the Beamlit era against every endpoint it has in common with the emulator, over a socket. Two
releases: the newest one, and one that still had environments. Only its generated half is used, with the provider that
sends an API key: it needs `attrs` and `httpx`, and runs on this Python."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.emulator.process import serving
from tests.emulator.sdk import Sdk, driving, named_in, official_client, operations
from tests.emulator.world import World

pytestmark = pytest.mark.clients

NEWEST, WITH_ENVIRONMENTS = "beamlit", "beamlit-environments"
"""The dependency groups in pyproject.toml that pin the releases."""
PACKAGES = frozenset(
    {
        "workspaces",
        "invitations",
        "service_accounts",
        "policies",
        "integrations",
        "environments",
        "configurations",
        "privateclusters",
    }
)
DEPLOYED = ("agent", "function", "model")
NOT_SERVED = {
    "integrations.get_integration",
    "integrations.list_integration_connection_models",
    "integrations.get_integration_connection_model",
    "integrations.get_integration_connection_model_endpoint_configurations",
    "integrations.list_integration_models",
    "integrations.get_integration_model",
    "environments.get_environment_metrics",
}
"""Operations that need the providers or measurements."""

POLICY = {"metadata": {"name": "p1"}, "spec": {"type": "location", "resourceTypes": ["agent"]}}


@pytest.fixture(scope="module", params=[NEWEST, WITH_ENVIRONMENTS])
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory, release: str) -> Iterator[subprocess.Popen[str]]:
    with driving(tmp_path_factory.mktemp("home"), "beamlit", str(official_client(release))) as process:
        yield process


@pytest.fixture
def sdk(world: World, process: subprocess.Popen[str]) -> Iterator[Sdk]:
    """The client as Ada, against the emulator on a socket."""
    with serving(world.db) as (_, url):
        yield Sdk(process, url)


def test_workspaces(sdk: Sdk) -> None:
    assert [space["name"] for space in sdk.parsed("workspaces.list_workspaces")] == ["acme"]
    made = sdk.parsed("workspaces.create_worspace", body={"name": "new-ws", "displayName": "New"})
    assert (made["name"], made["displayName"]) == ("new-ws", "New")
    read = sdk.parsed("workspaces.get_workspace", "acme")
    after = sdk.parsed("workspaces.update_workspace", "acme", body={**read, "displayName": "Acme 2"})
    assert (after["displayName"], after["labels"]) == ("Acme 2", {"env": "prod"})
    assert sdk.parsed("workspaces.delete_workspace", "new-ws")["name"] == "new-ws"
    assert sdk("workspaces.get_workspace", "new-ws") == {"raised": "UnexpectedStatus", "status": 404}
    assert sdk.parsed("workspaces.leave_workspace", "acme")["name"] == "acme"
    assert sdk("workspaces.get_workspace", "acme") == {"raised": "UnexpectedStatus", "status": 403}


def test_users(sdk: Sdk) -> None:
    invited = sdk.parsed("workspaces.invite_workspace_user", body={"email": "zoe@example.com"})
    assert (invited["email"], invited["role"]) == ("zoe@example.com", "member")
    changed = sdk.parsed("workspaces.update_workspace_user_role", "Ann+Ops@example.com", body={"role": "admin"})
    assert changed["role"] == "admin"
    users = {user["email"]: user for user in sdk.parsed("workspaces.list_workspace_users")}
    assert users["Ann+Ops@example.com"]["role"] == "admin"
    assert users["zoe@example.com"]["accepted"] is False
    assert sdk("workspaces.remove_workspace_user", "zoe@example.com")["status"] == 200
    assert sdk("workspaces.remove_workspace_user", "zoe@example.com")["status"] == 404


def invited(sdk: Sdk) -> Sdk:
    """The client as Ivy, whose invitation has expired in the seed and is renewed."""
    sdk.parsed("workspaces.invite_workspace_user", body={"email": "ivy@example.com"})
    changed = sdk.parsed("workspaces.update_workspace_user_role", "ivy@example.com", body={"role": "viewer"})
    assert changed["accepted"] is False
    ivy = replace(sdk, key="bl_ivy")
    (invitation,) = ivy.parsed("invitations.list_all_pending_invitations")
    assert (invitation["workspace"]["name"], invitation["role"]) == ("acme", "viewer")
    assert ivy("workspaces.list_workspace_users")["status"] == 403
    return ivy


def test_an_invitee_declines(sdk: Sdk) -> None:
    ivy = invited(sdk)
    assert ivy.parsed("workspaces.decline_workspace_invitation", "acme")["email"] == "ivy@example.com"
    assert ivy("invitations.list_all_pending_invitations")["status"] == 404
    assert "ivy@example.com" not in {user["email"] for user in sdk.parsed("workspaces.list_workspace_users")}


def test_an_invitee_joins(sdk: Sdk) -> None:
    ivy = invited(sdk)
    joined = ivy.parsed("workspaces.accept_workspace_invitation", "acme")
    assert (joined["email"], joined["workspace"]["name"]) == ("ivy@example.com", "acme")
    assert ivy("invitations.list_all_pending_invitations")["status"] == 404
    listed = {user["email"]: user for user in ivy.parsed("workspaces.list_workspace_users")}
    assert (listed["ivy@example.com"]["accepted"], listed["ivy@example.com"]["role"]) == (True, "viewer")


def test_service_accounts_and_their_keys(sdk: Sdk) -> None:
    made = sdk.parsed("service_accounts.create_workspace_service_account", body={"name": "new", "description": "CI"})
    client_id = made["client_id"]
    assert made["client_secret"]
    after = sdk.parsed(
        "service_accounts.update_workspace_service_account", client_id, body={"name": "new", "description": "CI bot"}
    )
    assert after["description"] == "CI bot"
    names = [account["name"] for account in sdk.parsed("service_accounts.get_workspace_service_accounts")]
    assert sorted(names) == ["bot", "ci", "new"]
    key = sdk.parsed(
        "service_accounts.create_api_key_for_service_account", client_id, body={"name": "k", "expires_in": "3600"}
    )
    (shown,) = sdk.parsed("service_accounts.list_api_keys_for_service_account", client_id)
    assert (shown["id"], "apiKey" in shown) == (key["id"], False)
    other = replace(sdk, key=key["apiKey"])
    assert [space["name"] for space in other.parsed("workspaces.list_workspaces")] == ["acme"]
    assert sdk("service_accounts.delete_api_key_for_service_account", client_id, key["id"])["status"] == 200
    assert sdk.parsed("service_accounts.list_api_keys_for_service_account", client_id) == []
    assert sdk.parsed("service_accounts.delete_workspace_service_account", client_id)["name"] == "new"


def test_policies(sdk: Sdk) -> None:
    assert sdk.parsed("policies.create_policy", body=POLICY)["spec"]["type"] == "location"
    (listed,) = sdk.parsed("policies.list_policies")
    assert listed["metadata"]["name"] == "p1"
    read = sdk.parsed("policies.get_policy", "p1")
    assert sdk.parsed("policies.update_policy", "p1", body=read)["spec"] == read["spec"]
    assert sdk.parsed("policies.delete_policy", "p1")["metadata"]["name"] == "p1"
    assert sdk("policies.get_policy", "p1") == {"raised": "UnexpectedStatus", "status": 404}


def test_integration_connections(sdk: Sdk) -> None:
    spec = {"integration": "openai", "config": {"org": "o"}, "secret": {"apiKey": "dummy"}}
    body = {"metadata": {"name": "openai"}, "spec": spec}
    assert sdk.parsed("integrations.create_integration_connection", body=body)["spec"]["config"] == {"org": "o"}
    (listed,) = sdk.parsed("integrations.list_integration_connections")
    assert listed == sdk.parsed("integrations.get_integration_connection", "openai")
    body["spec"] = {**spec, "config": {"org": "p"}}
    after = sdk.parsed("integrations.update_integration_connection", "openai", body=body)
    assert after["spec"]["config"] == {"org": "p"}
    assert sdk.parsed("integrations.delete_integration_connection", "openai")["metadata"]["name"] == "openai"


@pytest.mark.parametrize("release", [WITH_ENVIRONMENTS], indirect=True, scope="module")
def test_environments(sdk: Sdk) -> None:
    for name in ("development", "production"):  # the client can read an empty spec, but not write it
        body = {"metadata": {"name": name}, "spec": {"policies": ["p1"]}}
        assert sdk.parsed("environments.update_environment", name, body=body)["spec"] == {"policies": ["p1"]}
    names = [each["metadata"]["name"] for each in sdk.parsed("environments.list_environments")]
    assert sorted(names) == ["development", "production"]
    body = {"metadata": {"name": "staging"}, "spec": {"policies": ["p1"]}}
    assert sdk.parsed("environments.create_environment", body=body)["metadata"]["name"] == "staging"
    assert sdk.parsed("environments.get_environment", "staging")["spec"] == {"policies": ["p1"]}
    changed = {"metadata": {"name": "staging", "displayName": "Staging"}, "spec": {"policies": ["p1", "p2"]}}
    assert sdk.parsed("environments.update_environment", "staging", body=changed)["spec"] == {"policies": ["p1", "p2"]}
    assert sdk.parsed("environments.delete_environment", "staging")["metadata"]["name"] == "staging"
    assert sdk("environments.delete_environment", "production") == {"raised": "UnexpectedStatus", "status": 400}


@pytest.mark.parametrize("one", DEPLOYED)
def test_workloads_of_a_workspace(sdk: Sdk, release: str, one: str) -> None:
    where = {"environment": "production"} if release == WITH_ENVIRONMENTS else {}  # which the emulator does not check
    body = {"metadata": {"name": "first"}, "spec": {"enabled": True}}
    assert sdk.parsed(f"{one}s.create_{one}", body=body)["metadata"]["name"] == "first"
    assert len(sdk.parsed(f"{one}s.list_{one}s")) == 1
    changed = {"metadata": {"name": "first", "displayName": "First"}, "spec": {"enabled": False}}
    assert sdk.parsed(f"{one}s.update_{one}", "first", body=changed)["metadata"]["displayName"] == "First"
    assert sdk.parsed(f"{one}s.get_{one}", "first")["spec"]["enabled"] is False
    assert sdk.parsed(f"{one}s.delete_{one}", "first", **where)["metadata"]["name"] == "first"


def test_the_configuration(sdk: Sdk) -> None:
    assert sdk.parsed("configurations.get_configuration")["regions"]


def test_private_clusters(sdk: Sdk, world: World) -> None:
    refused = sdk("privateclusters.create_private_cluster")
    assert refused == {"raised": "UnexpectedStatus", "status": 400}, "this client sends no body"
    world.call("ada", "POST", "/privateclusters", {"name": "paris", "country": "fr"})
    (listed,) = sdk.parsed("privateclusters.list_private_clusters")
    assert (listed["name"], listed["country"], listed["healthy"]) == ("paris", "fr", False)
    assert sdk("privateclusters.get_private_cluster_health", "paris")["status"] == 200
    assert sdk("privateclusters.update_private_cluster_health", "paris")["status"] == 200
    assert sdk.parsed("privateclusters.get_private_cluster", "paris")["healthy"] is True
    assert sdk.parsed("privateclusters.update_private_cluster", "paris")["country"] == "fr"
    assert sdk.parsed("privateclusters.delete_private_cluster", "paris")["name"] == "paris"


def test_a_member_is_forbidden_to_write(sdk: Sdk) -> None:
    member = replace(sdk, key="bl_max")
    assert member("policies.create_policy", body=POLICY) == {"raised": "UnexpectedStatus", "status": 403}
    assert member.parsed("models.create_model", body={"metadata": {"name": "m"}, "spec": {"enabled": True}})


def test_every_operation_is_called(release: str) -> None:
    api = official_client(release) / "beamlit" / "api"
    verbs = ("create_{}", "list_{}s", "update_{}", "get_{}", "delete_{}")
    deployed = {f"{one}s.{verb.format(one)}" for one in DEPLOYED for verb in verbs}
    assert deployed <= operations(api, frozenset(f"{one}s" for one in DEPLOYED))
    assert operations(api, PACKAGES) - NOT_SERVED <= named_in(Path(__file__))
