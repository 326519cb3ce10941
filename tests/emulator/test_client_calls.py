"""Every call of the official clients to a path that the emulator serves, over a socket. The clients list their calls
themselves, so those of a newer release are found too. calls.json has the results, for the matrix in the emulator's
README."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from beamctl.emulator.app import create_app
from beamctl.emulator.kind import KINDS
from beamctl.emulator.published import published_operation
from beamctl.emulator.routes import ROUTES
from tests.cli.loopback import serving
from tests.emulator.sdk import driving, driving_node, official_client
from tests.emulator.world import SEED, World, body_of

pytestmark = pytest.mark.clients

CALLS = Path(__file__).with_name("calls.json")


def spec_of(listing: str) -> dict[str, Any]:
    """A spec that is not empty, because Python's SDK cannot print an object with an empty one."""
    return body_of(listing, "")["spec"] or ({"policies": ["p"]} if listing == "/environments" else {"enabled": True})


SEEDED: dict[str, Any] = {
    **SEED,
    "workspaces": [*SEED["workspaces"], {"name": "third"}],
    **{
        kind.name: [{"workspace": "acme", "name": "seeded", "externalId": "x-1", "spec": spec_of(kind.path)}]
        for kind in KINDS
    },
    "integrationConnections": [{"workspace": "acme", "name": "openai", "spec": {"integration": "openai"}}],
    "environments": [
        {"workspace": "acme", "name": name, "spec": {"policies": ["seeded"]}}
        for name in ("development", "production", "seeded")
    ],
    "clusters": [{"workspace": "acme", "name": "seeded"}],
    "secrets": [{"workspace": "acme", "name": "TOK"}],
    "images": [
        {"workspace": "acme", "name": "bot", "resourceType": "agent", "tags": ["v1", "v2"], "sharedWith": ["other"]}
    ],
    "customDomains": [{"workspace": "acme", "name": "a.example.com", "sharedWith": ["other"]}],
}
FILL = {
    "workspace_name": "acme",
    "sub_or_email": "max@example.com",
    "client_id": "cid",
    "feature_key": "mk3",
    "connection_name": "openai",
    "integration_name": "openai",
    "model_id": "example-chat-1",
    "domain_name": "a.example.com",
    "resource_type": "agent",
    "image_name": "bot",
    "tag_name": "v2",
    "target_workspace": "other",
    "secret_name": "TOK",
    "name": "TOK",
    "external_id": "x-1",
}
"""The arguments of calls, by name. Any other one is `seeded`."""
BODIES: dict[str, Any] = {
    "POST /workspaces": {"name": "made"},
    "PUT /workspaces/{}": {"name": "acme", "displayName": "Acme"},
    "POST /workspaces/availability": {"name": "made"},
    "POST /users": {"email": "made@example.com"},
    "PUT /users/{}": {"role": "viewer"},
    "POST /service_accounts": {"name": "made"},
    "PUT /service_accounts/{}": {"name": "made"},
    "POST /service_accounts/{}/api_keys": {"name": "made"},
    "POST /images": {"name": "made", "resourceType": "agent", "resource_type": "agent"},
    "POST /images/{}/{}/share": {"targetWorkspace": "third"},
    "POST /customdomains": {"metadata": {"name": "made.example.com"}, "spec": {}},
    "PUT /customdomains/{}": {"metadata": {"name": "a.example.com", "displayName": "A"}, "spec": {}},
    "POST /customdomains/{}/share": {"targetWorkspace": "third"},
    "POST /secrets": {"name": "MADE", "value": "v"},
    "PUT /integrations/connections/{}": {"metadata": {"name": "openai"}, "spec": {"integration": "openai"}},
    "POST /privateclusters": {"name": "made"},
    "PUT /privateclusters/{}": {"name": "seeded", "displayName": "S"},
    "PUT /models/{}/deployments/{}": {"enabled": True},
}
AS_OTHERS = {
    "POST /workspaces/{}/join": "bl_ivy",
    "POST /workspaces/{}/decline": "bl_ivy",
    "DELETE /workspaces/{}/leave": "bl_max",
    "GET /profile/invitations": "bl_ivy",
}
"""Calls that are about the caller, and whose key makes them; all others are Ada's."""
BODYLESS = "UnexpectedStatus 400"
REASONS = {
    (name, "privateclusters.create_private_cluster"): (BODYLESS, "the client sends no body")
    for name in ("beamlit", "beamlit-environments")
}
"""How a call fails and why, by client and operation."""
CLIENTS = ("blaxel", "@blaxel/core", "beamlit", "beamlit-environments")
_SERVED = Map([Rule(route.rule, methods=[route.method]) for route in ROUTES], merge_slashes=False).bind("emulator")


@contextmanager
def client(name: str, home: Path) -> Iterator[subprocess.Popen[str]]:
    """A client in a child process that can only connect to this machine."""
    match name:
        case "blaxel":
            opened = driving(home, "blaxel")
        case "@blaxel/core":
            opened = driving_node(home, name)
        case _:
            opened = driving(home, "beamlit", str(official_client(name)))
    with opened as process:
        yield process


def answered(process: subprocess.Popen[str], operation: str, **step: Any) -> dict[str, Any]:
    assert process.stdin
    assert process.stdout
    whole = {"base": "http://127.0.0.1:1/v0", "key": "", "pair": "", "operation": operation, **step}
    process.stdin.write(json.dumps(whole) + "\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def is_served(method: str, path: str) -> bool:
    """Whether there is a route; not one that takes a part of the path, such as `jwks.json`, for a name."""
    try:
        rule, _ = _SERVED.match(re.sub(r"\{\w+\}", "a", path), method, return_rule=True)
    except HTTPException:
        return False
    return len(rule.arguments) == path.count("{")


def general(method: str, path: str) -> str:
    without = re.sub(r"\{\w+\}", "{}", path)
    return f"{method} {without}"


def result(process: subprocess.Popen[str], operation: str, method: str, path: str, folder: Path) -> str:
    """How a call to a new emulator ends: `ok`, or what went wrong."""
    world = World(folder / f"{operation}.db", seed=SEEDED)
    call = general(method, path)
    keys = world.call("ada", "GET", "/service_accounts/cid/api_keys").get_json()
    names = re.findall(r"\{(\w+)\}", path)
    fill = {**dict.fromkeys(names, "seeded"), **FILL, "api_key_id": keys[0]["id"]}
    body = BODIES.get(call)
    if body is None and method in ("POST", "PUT"):
        listing = path.removesuffix(f"/{{{names[-1]}}}") if names else path
        body = {"metadata": {"name": "made" if method == "POST" else "seeded"}, "spec": spec_of(listing)}
    step = {"fill": fill, "body": body, "query": {"name": "TOK"} if call == "DELETE /secrets" else {}}
    with serving(create_app(world.db, now=world.clock)) as api:
        answer = answered(process, operation, base=api.url, key=AS_OTHERS.get(call, "bl_ada"), **step)
        made = [made for made in api.calls if general_of(made) == call]
    assert answer.pop("away") == []
    if "raised" in answer:
        return f"{answer['raised']} {answer.get('says', answer['status'])}"
    if not 200 <= answer["status"] < 300:
        return f"{answer['status']} {answer.get('error')}"
    return "ok" if made else f"another request: {api.calls}"


def general_of(call: str) -> str:
    """The operation of a request."""
    method, _, path = call.partition(" ")
    rule, _ = _SERVED.match(path.partition("?")[0], method, return_rule=True)
    return general(method, re.sub(r"<(?:path:)?(\w+)>", r"{\1}", rule.rule))


@pytest.mark.parametrize("name", CLIENTS)
def test_every_call_succeeds_or_fails_for_a_known_reason(name: str, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    found: dict[str, list[str]] = {}
    with client(name, tmp_path / "home") as process:
        for operation, method, path in answered(process, "")["operations"]:
            if not is_served(method, path):
                assert published_operation(method, re.sub(r"\{\w+\}", "a", path)), "neither served nor 501"
                continue
            found[operation] = [general(method, path), result(process, operation, method, path, tmp_path)]
    failed = {operation: text for operation, (_, text) in found.items() if text != "ok"}
    known = {operation: how for (client, operation), (how, _) in REASONS.items() if client == name}
    assert failed == known
    is_as_written(name, found)


REQUESTS_OF_BL = {
    "list workspaces": ("GET", "/workspaces"),
    "show a workspace": ("GET", "/workspaces/{workspace_name}"),
    **{
        f"{verb} {listing}": (method, f"{listing}{tail}")
        for listing in ("/policies", "/integrations/connections", "/models")
        for verb, method, tail in (
            ("create", "POST", ""),
            ("read", "GET", "/{connection_name}"),
            ("update", "PUT", "/{connection_name}"),
            ("delete", "DELETE", "/{connection_name}"),
        )
    },
    "log in on a device": ("POST", "/login/device"),
    "get a token": ("POST", "/oauth/token"),
    "query a model": ("POST", "/run/{workspace_name}/models/{connection_name}"),
}
"""The requests that a build of `bl` was seen to make."""


def test_requests_of_bl(tmp_path: Path) -> None:
    found: dict[str, list[str]] = {}
    for operation, (method, path) in REQUESTS_OF_BL.items():
        name = "openai" if "connections" in path else "seeded"
        there = path.replace("{workspace_name}", "acme").replace("{connection_name}", name)
        call = general(method, path)
        body = BODIES.get(call) or {
            "metadata": {"name": name if "{" in path else "made"},
            "spec": spec_of(path.partition("/{")[0]),
        }
        sent = {"POST /login/device": LOGIN, "POST /oauth/token": PAIR, "POST /run/{}/models/{}": QUERY}.get(call, body)
        world = World(tmp_path / f"{len(found)}.db", seed=SEEDED)
        headers = {"Authorization": "Bearer bl_ada", "X-Blaxel-Workspace": "acme", "User-Agent": "blaxel/cli"}
        with serving(create_app(world.db, now=world.clock)) as api:
            answer = httpx.request(
                method, api.url + there, headers=headers, json=sent if method in ("POST", "PUT") else None
            )
        assert isinstance(answer.json(), dict | list)
        found[operation] = [call, "ok" if answer.status_code == 200 else f"{answer.status_code} {answer.text}"]
    assert {operation: text for operation, (_, text) in found.items() if text != "ok"} == {}
    is_as_written("bl", found)


LOGIN = {"client_id": "blaxel", "scope": "offline_access"}
PAIR = {"grant_type": "client_credentials", "client_id": "cid", "client_secret": "S"}
QUERY = {"inputs": "Hello"}


def is_as_written(name: str, found: dict[str, list[str]]) -> None:
    """Fail unless calls.json has these results, or write them."""
    calls = json.loads(CALLS.read_text()) if CALLS.exists() else {}
    if os.environ.get("BEAMCTL_WRITE_TABLES") == "1":
        calls[name] = dict(sorted(found.items()))
        CALLS.write_text(json.dumps(dict(sorted(calls.items())), indent=1) + "\n")
    assert calls.get(name) == found, "run this test with BEAMCTL_WRITE_TABLES=1"


def listed(package: str, home: Path, base: str, **variables: str) -> dict[str, Any]:
    """The result of a call of an npm package, whose client is redirected to `base` if it is not empty."""
    with driving_node(home, package, **variables) as process:
        redirected = {"base": base} if base else {"base": None}
        return answered(process, "listWorkspaces", fill={}, query={}, **{**redirected, "key": "bl_ada"})


def test_a_variable_redirects_core(world: World, tmp_path: Path) -> None:
    with serving(create_app(world.db)) as api:
        answer = listed("@blaxel/core", tmp_path, "", BL_API_URL=api.url)
        assert (answer["status"], answer["away"], api.calls) == (200, [], ["GET /workspaces"])


def test_only_its_configuration_redirects_the_older_package(world: World, tmp_path: Path) -> None:
    with serving(create_app(world.db)) as api:
        assert "api.blaxel.ai" in listed("@blaxel/sdk", tmp_path, "", BL_API_URL=api.url)["away"]
        assert api.calls == []
        answer = listed("@blaxel/sdk", tmp_path, api.url)
        assert (answer["status"], answer["away"]) == (200, [])
