"""Every call of the official clients to a path that the emulator serves, over a socket. The clients themselves list their
calls, so those of a newer release are found too. calls.json has the results; the matrix in the emulator's README is made
of it."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from beamctl.emulator.app import create_app
from beamctl.emulator.kind import KINDS
from beamctl.emulator.published import names_it_literally, published_operation
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
        kind.name: [
            {"workspace": "acme", "name": "seeded", "externalId": "x-1", "spec": spec_of(kind.path)}
        ]
        for kind in KINDS
    },
    "integrationConnections": [{"workspace": "acme", "name": "openai", "spec": {"integration": "openai"}}],
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
    "environment_name": "production",
    "environment": "production",
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
REASONS: dict[tuple[str, str], str] = {}
"""Why a call fails, by client and operation."""
CLIENTS = ("blaxel", "@blaxel/core", "beamlit", "beamlit-environments")
_SERVED = Map([Rule(route.rule, methods=[route.method]) for route in ROUTES], merge_slashes=False).bind("emulator")


@contextmanager
def client(name: str, home: Path, key: str = "bl_ada") -> Iterator[subprocess.Popen[str]]:
    """A client in a child process that can only connect to this machine."""
    match name:
        case "blaxel":
            opened = driving(home, "blaxel")
        case "@blaxel/core":
            opened = driving_node(home, official_client("node_modules") / name, BL_API_KEY=key)
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
    assert answer.pop("away") == []
    return answer


def is_served(method: str, path: str) -> bool:
    if names_it_literally(method, path):  # although a route with a name in its place matches it
        return False
    try:
        _SERVED.match(re.sub(r"\{\w+\}", "a", path), method)
    except HTTPException:
        return False
    return True


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
    known = {operation: reason for (client, operation), reason in REASONS.items() if client == name}
    assert failed == known
    calls = json.loads(CALLS.read_text()) if CALLS.exists() else {}
    if os.environ.get("BEAMCTL_WRITE_TABLES") == "1":
        CALLS.write_text(json.dumps({**calls, name: dict(sorted(found.items()))}, indent=1) + "\n")
    assert calls.get(name) == dict(sorted(found.items())), "run this test with BEAMCTL_WRITE_TABLES=1"
