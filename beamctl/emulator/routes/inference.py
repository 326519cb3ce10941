"""Queries of models, agents and functions below the run URL. The completion is fixed: nothing is run.

The real service has another host for them; here they are below `/run`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

from beamctl.emulator.call import Answer, Call, json_object
from beamctl.emulator.enforcement import Place, Policy, excluding_flavor, excluding_location, exhausted
from beamctl.emulator.errors import ApiError, bad_request, forbidden, not_found
from beamctl.emulator.kind import CLUSTERS, DEPLOYED, POLICIES, Kind
from beamctl.emulator.permission import Permission
from beamctl.emulator.routes.model_deployments import DEFAULT_ENVIRONMENT
from beamctl.emulator.routes.tokens import REGIONS
from beamctl.emulator.routing import Parameter, Route
from beamctl.emulator.store import resource, token_usage
from beamctl.emulator.store.resource import ResourceScope, deployments_of
from beamctl.emulator.store.token_usage import TokenUsage

COMPLETION = "This is a fixed answer of beamctl's emulator. No model was queried."
_ENVIRONMENT = Parameter(
    "environment", "Documented in the Beamlit era: the environment; production without it.", {"type": "string"}
)


def query(kind: Kind, call: Call) -> Answer:
    """Answer a query with a fixed completion, if the policies of the deployment allow it."""
    body = json_object(call.inbound.body)
    if body.get("stream") is not None and body["stream"] is not False:
        raise bad_request("the emulator does not stream: omit stream")
    name = call.inbound.path["resource_name"]
    spec = _deployed_spec(kind, call, name)
    if spec.get("enabled") is False:
        raise bad_request(f"{kind.label} {name} is disabled")
    policies = list(_policies(kind, call, spec))
    if excluding := excluding_location(policies, _places(call, spec)) or excluding_flavor(policies, _flavors(spec)):
        raise forbidden(f"{kind.label} {name} cannot run anywhere that its policies allow: {', '.join(excluding)}")
    used = TokenUsage(_words(body), len(COMPLETION.split()))
    if kind.name == "models":
        _count_tokens(call, name, policies, used)
    return Answer(_completion(call, name, used))


def _deployed_spec(kind: Kind, call: Call, name: str) -> dict[str, Any]:
    """What is queried: the object or, if it has deployments to environments, the one of the environment.

    Raises:
        ApiError: 404.
    """
    row = resource.find(call.db, ResourceScope(call.space.id, kind.name), name)
    if row is None:
        raise not_found(f"{kind.label} not found")
    scope = deployments_of(call.space.id, name)
    if kind.name != "models" or not resource.total(call.db, scope):
        return resource.fields(row).spec
    environment = call.inbound.query.get(_ENVIRONMENT.name) or DEFAULT_ENVIRONMENT
    deployed = resource.find(call.db, scope, environment)
    if deployed is None:
        raise not_found(f"Model {name} is not deployed to this environment")
    return resource.fields(deployed).spec


def _policies(kind: Kind, call: Call, spec: dict[str, Any]) -> Iterator[Policy]:
    """The policies that the spec names, if they exist and apply to this kind."""
    named = spec.get(POLICIES.used_by)
    for name in named if isinstance(named, list) else ():
        row = resource.find(call.db, ResourceScope(call.space.id, POLICIES.name), str(name))
        known = resource.fields(row).spec if row else {}
        if row and kind.label.lower() in known.get("resourceTypes", [kind.label.lower()]):
            yield Policy(row["name"], known)


def _places(call: Call, spec: dict[str, Any]) -> list[Place]:
    """The places where it can run: its private cluster, its region, or any region."""
    private = spec.get("privateClusters")
    if isinstance(private, dict) and private.get("enabled"):
        row = resource.find(call.db, ResourceScope(call.space.id, CLUSTERS.name), str(private.get("name", "")))
        known = resource.fields(row).spec if row else {}
        return [Place(row["name"], known.get("country", ""), known.get("continent", ""))] if row else []
    regions = [region for region in REGIONS if spec.get("region", region["name"]) == region["name"]]
    return [Place(region["name"], region["country"], region["continent"]) for region in regions]


def _flavors(spec: dict[str, Any]) -> list[dict[str, str]]:
    """Its flavors; the spec of a deployed object may be anything."""
    given = spec.get("flavors")
    each = given if isinstance(given, list) else []
    return [one for one in each if isinstance(one, dict) and all(isinstance(one.get(key), str) for key in _FLAVOR)]


_FLAVOR = ("type", "name")


def _count_tokens(call: Call, model: str, policies: list[Policy], used: TokenUsage) -> None:
    """Record the tokens of a query.

    Raises:
        ApiError: 429: earlier queries have reached the limits.
    """

    def latest(period: timedelta) -> TokenUsage:
        return token_usage.since(call.db, call.space.id, model, call.moment - period)

    if reached := exhausted(policies, latest):
        text = f"Model {model} has reached the token limit of its policies: {', '.join(reached)}"
        raise ApiError(HTTPStatus.TOO_MANY_REQUESTS, text)
    token_usage.add(call.db, call.space.id, model, used, call.moment)


def _words(content: object) -> int:
    """The number of words in all texts of a body: what the emulator counts as its tokens."""
    left, words = [content], 0
    while left:
        match left.pop():
            case str(text):
                words += len(text.split())
            case list(items):
                left.extend(items)
            case dict(fields):
                left.extend(fields.values())
            case _:
                pass
    return words


def _completion(call: Call, name: str, used: TokenUsage) -> dict[str, Any]:
    message = {"role": "assistant", "content": COMPLETION}
    return {
        "id": "chatcmpl-emulator",
        "object": "chat.completion",
        "created": int(call.moment.timestamp()),
        "model": name,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": used.input, "completion_tokens": used.output, "total_tokens": used.total},
    }


_QUERIED = tuple(kind for kind in DEPLOYED if kind.name in ("models", "agents", "functions"))
ROUTES = tuple(
    Route(
        "POST",
        f"/run/<name>{kind.path}/<resource_name>{rest}",
        Permission.QUERY,
        partial(query, kind),
        request="completion_request",
        response="completion",
        query=(_ENVIRONMENT,) if kind.name == "models" else (),
        errors=frozenset({HTTPStatus.TOO_MANY_REQUESTS}) if kind.name == "models" else frozenset(),
    )
    for kind in _QUERIED
    for rest in ("", "/v1/chat/completions")
)
