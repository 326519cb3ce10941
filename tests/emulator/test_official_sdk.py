"""The official Python SDK against every endpoint it has in common with the emulator, over a socket. It runs in a child
process that can only connect to this machine."""

import base64
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest

from beamctl.api.config import Connection
from beamctl.api.credential import ApiKeyCredential
from beamctl.api.workspace import Options, open_workspace
from beamctl.emulator.app import create_app
from beamctl.emulator.behavior import BehaviorFlag
from beamctl.secrets.redaction import Redactor
from tests.cli.loopback import serving
from tests.emulator.process import running
from tests.emulator.sdk import DRIVER, Sdk, named_in, operations
from tests.emulator.world import World
from tests.fakes.runs import all_done, apply_through, document, planned
from tests.fakes.vault import FakeVault

API = Path(str(find_spec("blaxel").origin)).parent / "core" / "client" / "api"  # type: ignore[union-attr]  # it is there
PACKAGES = frozenset(
    {"workspaces", "service_accounts", "policies", "integrations", "feature_flags", "configurations"},
)
"""The modules of the SDK for what the emulator serves, except workloads."""

DEPLOYED = [
    ("agents", "agent", "agents"),
    ("functions", "function", "functions"),
    ("jobs", "job", "jobs"),
    ("models", "model", "models"),
    ("compute", "sandbox", "sandboxes"),
]
"""Workloads: the SDK's module, and its names for one and for many. The emulator has five operations for each."""

CATALOG = {
    "integrations.get_integration": ["openai"],
    "integrations.list_integration_connection_models": ["openai"],
    "integrations.get_integration_connection_model": ["openai", "example-chat-1"],
    "integrations.get_integration_connection_model_endpoint_configurations": ["openai"],
}
"""What the catalog has about an integration, and the models behind a connection."""

POLICY = {"spec": {"type": "location", "locations": [{"name": "us", "type": "country"}], "resourceTypes": ["agent"]}}


def test_workspaces(sdk: Sdk) -> None:
    assert [space["name"] for space in sdk.parsed("workspaces.list_workspaces")] == ["acme"]
    assert sdk.parsed("workspaces.check_workspace_availability", body={"name": "new-ws"}) is True
    made = sdk.parsed("workspaces.create_workspace", body={"name": "new-ws", "displayName": "New"})
    assert (made["name"], made["status"]) == ("new-ws", "ready")
    assert sdk("workspaces.create_workspace", body={"name": "new-ws"})["status"] == 409
    read = sdk.parsed("workspaces.get_workspace", "acme", count_resources=True)
    assert read["resourceCounts"]["serviceaccounts"] == 2
    after = sdk.parsed("workspaces.update_workspace", "acme", body={**read, "displayName": "Acme 2"})
    assert (after["displayName"], after["labels"]) == ("Acme 2", {"env": "prod"})
    assert sdk.parsed("workspaces.delete_workspace", "new-ws")["name"] == "new-ws"
    assert sdk("workspaces.get_workspace", "new-ws")["status"] == 404
    assert sdk.parsed("workspaces.get_workspace_features") == {"features": {"mk3": True}}
    assert sdk.parsed("feature_flags.test_feature_flag", "mk3")["enabled"] is True
    assert sdk("feature_flags.test_feature_flag", "other")["status"] == 404
    assert sdk.parsed("workspaces.leave_workspace", "acme")["name"] == "acme"
    assert sdk("workspaces.get_workspace", "acme")["status"] == 403


def test_users(sdk: Sdk) -> None:
    invited = sdk.parsed("workspaces.invite_workspace_user", body={"email": "zoe@example.com"})
    assert (invited["email"], invited["role"]) == ("zoe@example.com", "member")
    assert sdk("workspaces.invite_workspace_user", body={"email": "zoe@example.com"})["raised"] == "ConflictError"
    changed = sdk.parsed("workspaces.update_workspace_user_role", "Ann+Ops@example.com", body={"role": "admin"})
    assert changed["role"] == "admin"
    users = {user["email"]: user for user in sdk.parsed("workspaces.list_workspace_users")}
    assert users["Ann+Ops@example.com"]["role"] == "admin"
    assert users["zoe@example.com"]["accepted"] is False
    assert sdk("workspaces.remove_workspace_user", "zoe@example.com")["status"] == 200
    assert sdk("workspaces.remove_workspace_user", "zoe@example.com")["status"] == 404


def test_users_with_behavior_flags(world: World, blaxel: subprocess.Popen[str]) -> None:
    flags = [
        BehaviorFlag.SERVICE_ACCOUNTS_IN_USERS,
        BehaviorFlag.USERS_TAKE_CLIENT_IDS,
        BehaviorFlag.SELF_REMOVAL_IS_403,
        BehaviorFlag.LAST_ADMIN_IS_409,
        BehaviorFlag.MISSING_WORKSPACE_IS_403,
    ]
    with serving(create_app(world.db, flags=frozenset(flags))) as api:
        sdk = Sdk(blaxel, api.url)
        listed = sdk.parsed("workspaces.list_workspace_users")
        assert {"sub": "cid", "role": "admin", "accepted": True} in listed
        changed = sdk.parsed("workspaces.update_workspace_user_role", "cid", body={"role": "viewer"})
        assert (changed["sub"], changed["role"]) == ("cid", "viewer")
        assert sdk("workspaces.remove_workspace_user", "ada@example.com")["status"] == 403
        assert sdk("workspaces.remove_workspace_user", "alan@example.com")["status"] == 200
        assert sdk("workspaces.leave_workspace", "acme")["raised"] == "ConflictError"
        assert sdk("workspaces.get_workspace", "missing")["status"] == 403


def test_service_accounts_and_their_keys(sdk: Sdk) -> None:
    body = {"name": "new", "description": "CI", "role": "member"}
    made = sdk.parsed("service_accounts.create_workspace_service_account", body=body)
    client_id, secret = made["client_id"], made["client_secret"]
    after = sdk.parsed(
        "service_accounts.update_workspace_service_account", client_id, body={"description": "CI bot", "role": "viewer"}
    )
    assert (after["name"], after["description"], after["role"]) == ("new", "CI bot", "viewer")
    listed = {account["name"]: account for account in sdk.parsed("service_accounts.get_workspace_service_accounts")}
    assert listed["new"]["role"] == "viewer"
    assert "client_secret" not in listed["new"]
    key = sdk.parsed(
        "service_accounts.create_api_key_for_service_account", client_id, body={"name": "k", "expires_in": "30d"}
    )
    assert (key["sub"], key["sub_type"], key["expires_in"]) == (client_id, "service_account", "30d")
    (shown,) = sdk.parsed("service_accounts.list_api_keys_for_service_account", client_id)
    assert (shown["id"], "apiKey" in shown) == (key["id"], False)
    pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    for other in (replace(sdk, key=key["apiKey"]), replace(sdk, pair=pair)):
        assert [space["name"] for space in other.parsed("workspaces.list_workspaces")] == ["acme"]
    assert sdk("service_accounts.delete_api_key_for_service_account", client_id, key["id"])["status"] == 200
    assert sdk.parsed("service_accounts.list_api_keys_for_service_account", client_id) == []
    assert "role" not in sdk.parsed("service_accounts.delete_workspace_service_account", client_id)


def test_policies(sdk: Sdk) -> None:
    for name in ("p1", "p2", "p3"):
        made = sdk.parsed("policies.create_policy", body={"metadata": {"name": name}, **POLICY})
        assert made["spec"]["locations"] == [{"name": "us", "type": "country"}]
    first = sdk.parsed("policies.list_policies", limit=2)
    assert (first["meta"]["hasMore"], first["meta"]["total"]) == (True, 3)
    second = sdk.parsed("policies.list_policies", limit=2, cursor=first["meta"]["nextCursor"])
    names = [policy["metadata"]["name"] for policy in first["data"] + second["data"]]
    assert sorted(names) == ["p1", "p2", "p3"]
    read = sdk.parsed("policies.get_policy", "p1")
    assert sdk.parsed("policies.update_policy", "p1", body=read)["spec"] == read["spec"]
    model = {"metadata": {"name": "m"}, "spec": {"policies": ["p1"]}}
    assert sdk.parsed("models.create_model", body=model)["metadata"]["name"] == "m"
    assert sdk.parsed("policies.get_policy_usages", "p1")["models"] == [{"name": "m"}]
    assert sdk.parsed("policies.delete_policy", "p1")["metadata"]["name"] == "p1"
    assert sdk("policies.get_policy", "p1")["raised"] == "UnexpectedStatus"


def test_integration_connections(sdk: Sdk) -> None:
    spec = {"integration": "openai", "config": {"org": "o"}, "secret": {"apiKey": "dummy"}}
    body = {"metadata": {"name": "openai"}, "spec": spec}
    assert sdk.parsed("integrations.create_integration_connection", body=body)["spec"]["config"] == {"org": "o"}
    assert sdk("integrations.create_integration_connection", body=body)["status"] == 409
    (listed,) = sdk.parsed("integrations.list_integration_connections")
    assert listed == sdk.parsed("integrations.get_integration_connection", "openai")
    body["spec"] = {**spec, "config": {"org": "p"}}
    after = sdk.parsed("integrations.update_integration_connection", "openai", body=body)
    assert after["spec"]["config"] == {"org": "p"}
    assert sdk.parsed("integrations.delete_integration_connection", "openai")["metadata"]["name"] == "openai"
    assert sdk("integrations.get_integration_connection", "openai")["status"] == 404


@pytest.mark.parametrize(("room", "one", "many"), DEPLOYED)
def test_workloads_of_a_workspace(sdk: Sdk, room: str, one: str, many: str) -> None:
    body = {"metadata": {"name": "first"}, "spec": {"enabled": True}}
    assert sdk.parsed(f"{room}.create_{one}", body=body)["metadata"]["name"] == "first"
    listed = sdk.parsed(f"{room}.list_{many}")
    assert (len(listed["data"]), listed["meta"]["total"]) == (1, 1)
    changed = {"metadata": {"name": "first", "displayName": "First"}, "spec": {"enabled": False}}
    assert sdk.parsed(f"{room}.update_{one}", "first", body=changed)["metadata"]["displayName"] == "First"
    assert sdk.parsed(f"{room}.get_{one}", "first")["spec"]["enabled"] is False
    assert sdk.parsed(f"{room}.delete_{one}", "first")["metadata"]["name"] == "first"


@pytest.mark.parametrize("operation", CATALOG)
def test_the_catalog_of_providers(sdk: Sdk, operation: str) -> None:
    spec = {"integration": "openai", "secret": {"apiKey": "x"}}
    sdk.parsed("integrations.create_integration_connection", body={"metadata": {"name": "openai"}, "spec": spec})
    assert sdk(operation, *CATALOG[operation])["status"] == 200


def test_secrets_images_and_domains(sdk: Sdk) -> None:
    assert sdk.parsed("secrets.upsert_secret", body={"name": "TOK", "value": "v"})["name"] == "TOK"
    assert [each["name"] for each in sdk.parsed("secrets.list_secrets")] == ["TOK"]
    assert sdk.parsed("secrets.delete_secret", "TOK")["name"] == "TOK"
    assert sdk.parsed("images.create_image", body={"name": "bot", "resource_type": "agent", "resourceType": "agent"})
    assert sdk.parsed("images.get_image", "agent", "bot")["metadata"]["name"] == "bot"
    assert sdk.parsed("images.list_images")["meta"]["total"] == 1
    assert sdk("images.list_image_shares", "agent", "bot")["status"] == 200
    assert sdk.parsed("customdomains.create_custom_domain", body={"metadata": {"name": "a.example"}, "spec": {}})
    assert sdk.parsed("customdomains.verify_custom_domain", "a.example")["spec"]["status"] == "verified"
    assert len(sdk.parsed("customdomains.list_custom_domains")) == 1
    assert sdk.parsed("locations.list_locations")[0]["status"] == "healthy"


def test_every_operation_is_called() -> None:
    deployed = {
        f"{room}.{verb}"
        for room, one, many in DEPLOYED
        for verb in (f"create_{one}", f"list_{many}", f"update_{one}", f"get_{one}", f"delete_{one}")
    }
    assert deployed <= operations(API, frozenset(room for room, _, _ in DEPLOYED))
    assert operations(API, PACKAGES) - set(CATALOG) <= named_in(Path(__file__))
    assert set(CATALOG) <= operations(API, PACKAGES)


def test_the_configuration(sdk: Sdk) -> None:
    assert sdk.parsed("configurations.get_configuration")["regions"]


def test_a_member_is_forbidden_to_write(sdk: Sdk) -> None:
    member = replace(sdk, key="bl_max")
    body = {"metadata": {"name": "p1"}, **POLICY}
    assert member("policies.create_policy", body=body) == {"raised": "UnexpectedStatus", "status": 403}
    model = {"metadata": {"name": "m"}, "spec": {"enabled": True}}
    assert member.parsed("models.create_model", body=model)["metadata"]["name"] == "m"


def test_beamctl_and_the_sdk_see_each_others_changes(sdk: Sdk) -> None:
    key = {"expiresIn": "30d", "secretTo": {"command": ["keep"]}}
    ci = {"role": "viewer", "description": "CI", "secretTo": {"file": "ci.json"}, "apiKeys": {"k": key}}
    by_hand = {"role": "member", "description": "by hand", "apiKeys": {"h": {"expiresIn": "90d"}}}
    additive = {"serviceAccounts": "additive"}
    connection = Connection(sdk.base, credential=ApiKeyCredential(sdk.key), credential_from="the test")
    vault = FakeVault()
    with open_workspace(connection, "acme", Options(redactor=Redactor())) as api:
        declared = planned(document(serviceAccounts={"made": ci}, manage=additive), api.reader())
        assert all_done(apply_through(declared, api.reader(), api.sender(), vault=vault))
        room = "service_accounts"
        listed = {each["name"]: each for each in sdk.parsed(f"{room}.get_workspace_service_accounts")}
        assert (listed["made"]["role"], listed["made"]["description"]) == ("viewer", "CI")
        (shown,) = sdk.parsed(f"{room}.list_api_keys_for_service_account", listed["made"]["client_id"])
        assert (shown["name"], shown["expires_in"]) == ("k", "30d")
        other = replace(sdk, key=vault.holds["the command keep"])
        assert [space["name"] for space in other.parsed("workspaces.list_workspaces")] == ["acme"]
        body = {"name": "by-hand", "description": "by hand", "role": "member"}
        made = sdk.parsed(f"{room}.create_workspace_service_account", body=body)
        body = {"name": "h", "expires_in": "90d"}
        sdk.parsed(f"{room}.create_api_key_for_service_account", made["client_id"], body=body)
        again = document(serviceAccounts={"made": ci, "by-hand": by_hand}, manage=additive)
        today = datetime.now(UTC).date()
        assert planned(again, api.reader(), today=today).changes == ()


REDIRECTED = """
import sys
sys.path.insert(0, sys.argv[1])
import sdk_driver
sys.addaudithook(sdk_driver.only_loopback)
from blaxel.core.client import client
from blaxel.core.client.api.workspaces import list_workspaces
print(client._base_url)
client.with_base_url(sys.argv[2])
print([space.name for space in list_workspaces.sync(client=client)], sdk_driver.AWAY)
"""


def test_only_its_base_url_redirects_the_sdk(world: World, tmp_path: Path) -> None:
    with serving(create_app(world.db)) as api:
        own = {"HOME": str(tmp_path), "DO_NOT_TRACK": "1", "BL_WORKSPACE": "acme", "BL_API_KEY": "bl_ada"}
        with running("-c", REDIRECTED, str(DRIVER.parent), api.url, **own, BL_API_URL=api.url) as child:
            out, _ = child.communicate(timeout=60)
        assert out == "https://api.blaxel.ai/v0\n['acme'] []\n"
        assert api.calls == ["GET /workspaces"]
