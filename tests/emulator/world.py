"""A small seeded control plane with a fixed clock, and callers with their keys. Every response is checked strictly
against the published schemas: a field that no schema names fails the test."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from flask import Flask
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from werkzeug.exceptions import HTTPException
from werkzeug.test import Client, TestResponse

from beamctl.emulator.app import create_app
from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.kind import KINDS
from beamctl.emulator.mail.mailer import Mailer
from beamctl.emulator.openapi import body_schema, load_schemas
from beamctl.emulator.routes import ROUTES
from beamctl.emulator.seed import load_seed
from tests.fakes.contract import answer_fault

SCHEMAS = Path(__file__).parents[2] / "schemas" / "api"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

SEED: dict[str, Any] = {
    "workspaces": [
        {
            "name": "acme",
            "displayName": "Acme",
            "labels": {"env": "prod"},
            "region": "eu",
            "features": {"mk3": True, "vpc": False},
        },
        {"name": "other"},
    ],
    "users": [
        {"email": "ada@example.com", "apiKey": "bl_ada", "workspaces": {"acme": "admin"}, "givenName": "Ada"},
        {"email": "alan@example.com", "apiKey": "bl_alan", "workspaces": {"acme": "admin", "other": "admin"}},
        {"email": "max@example.com", "apiKey": "bl_max", "workspaces": {"acme": "member"}, "source": "directory_sync"},
        {"email": "vic@example.com", "apiKey": "bl_vic", "workspaces": {"acme": "viewer"}, "source": "local"},
        {"email": "Ann+Ops@example.com", "apiKey": "bl_ann", "workspaces": {"acme": "member"}, "mfaEnabled": True},
        {"email": "ivy@example.com", "apiKey": "bl_ivy"},
        {"email": "sam@example.com", "apiKey": "bl_sam"},
    ],
    "invitations": [
        {"workspace": "acme", "email": "ivy@example.com", "role": "viewer"},
        {"workspace": "acme", "email": "new@example.com", "role": "member"},
        {"workspace": "acme", "email": "late@example.com", "role": "admin", "expiresAt": "2026-01-01T00:00:00Z"},
    ],
    "serviceAccounts": [
        {"workspace": "acme", "name": "ci", "role": "admin", "apiKey": "bl_ci", "clientId": "cid", "clientSecret": "S"},
        {"workspace": "acme", "name": "bot", "role": "member", "apiKey": "bl_bot", "description": "A bot"},
        {"workspace": "other", "name": "ci", "role": "admin", "apiKey": "bl_foreign"},
    ],
}

CONTRACTS = {f"{route.method} {route.rule}": route for route in ROUTES}
"""The declaration of each route, by method and rule."""

RESOURCES = {kind.path: kind.schema for kind in KINDS}
"""The schema of each kind of resource, by the path of its listing."""
SEEDED: dict[tuple[str, datetime], bytes] = {}
"""The database of each seed and moment, to be copied: loading a seed takes many times longer."""


@dataclass
class Clock:
    moment: datetime = NOON

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass
class World:
    db: Path
    flags: frozenset[BehaviorFlag] = frozenset()
    seed: object = field(default_factory=lambda: SEED)
    clock: Clock = field(default_factory=Clock)
    mailer: Mailer | None = None
    public_url: str | None = None
    app: Flask = field(init=False)

    def __post_init__(self) -> None:
        loaded = (json.dumps(self.seed), self.clock())
        if loaded not in SEEDED:
            load_seed(self.db, self.seed, now=self.clock)
            SEEDED[loaded] = self.db.read_bytes()
        self.db.write_bytes(SEEDED[loaded])
        self.app = create_app(self.db, flags=self.flags, now=self.clock, mailer=self.mailer, public_url=self.public_url)

    def call(
        self, who: str | None, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        """A request with the key `bl_{who}`, about acme unless the headers name another workspace."""
        sent = {"X-Blaxel-Workspace": "acme", **(headers or {})}
        if who:
            sent["X-Blaxel-Authorization"] = f"Bearer bl_{who}"
        return self.send(Client(self.app), method, path, body, sent)

    def send(self, client: Client, method: str, path: str, body: object, headers: Mapping[str, str]) -> TestResponse:
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if content else {}
        answer = client.open(f"/v0{path}", method=method, data=content, headers={**kind, **headers})
        route = self.route(method, path)
        check(route, answer)
        if (
            answer.status_code == 200 and not self.flags
        ):  # with a behavior flag, fields that are not read may have any value
            check_taken(route, client_sent(content, headers))
        return answer

    def route(self, method: str, path: str) -> str:
        """The method and rule of the route that answers, or empty."""
        try:
            found, _ = self.app.url_map.bind("localhost").match(f"/v0{unquote(path.partition('?')[0])}", method)
        except HTTPException:
            return ""
        return f"{method} {found}"

    def users(self, who: str = "ada") -> dict[str, dict[str, Any]]:
        listed = self.call(who, "GET", "/users").get_json()
        return {user["email"]: user for user in listed}

    def roles(self) -> dict[str, str]:
        return {email: user["role"] for email, user in self.users().items() if user["accepted"]}

    def error(self, answer: TestResponse) -> str:
        return f"{answer.status_code} {answer.get_json()['error']}"


def body_of(path: str, name: str, **spec: object) -> dict[str, Any]:
    """A body that creates an object of that name in the collection at the path."""
    least = {"/policies": {"type": "location"}, "/integrations/connections": {"integration": "openai"}}
    return {"metadata": {"name": name}, "spec": {**least.get(path, {}), **spec}}


def client_sent(content: bytes | None, headers: Mapping[str, str]) -> Any:
    """The body of a request as data; for a form, its fields by name."""
    if "x-www-form-urlencoded" in headers.get("Content-Type", ""):
        return dict(parse_qsl((content or b"").decode(), strict_parsing=True))
    return json.loads(content) if content else None


def check_taken(route: str, sent: Any) -> None:
    """Fail unless the request body matches the route's schema; the API ignores unknown fields."""
    contract = CONTRACTS[route]
    if contract.request:
        conforms(Draft202012Validator(body_schema(contract), registry=registry()), sent, f"the body that {route} took")


def check(route: str, answer: TestResponse) -> None:
    """Fail unless the response is one that its route declares."""
    contract = CONTRACTS.get(route)
    fault = answer_fault(contract, answer.status_code, answer.content_type or "", answer.get_data())
    assert not fault, f"{route}: {fault}"
    assert answer.status_code < 500 or answer.status_code == 501


def conforms(schema: Draft202012Validator, body: Any, what: str) -> None:
    wrong = [f"{error.json_path}: {error.message}" for error in schema.iter_errors(body)]
    assert not wrong, f"{what}: {wrong}"


@cache
def registry() -> Registry[Any]:
    found: Registry[Any] = Registry().with_resources(
        (one["$id"], Resource.from_contents(one)) for one in load_schemas().values()
    )
    return found


def every_file(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.iterdir()):
        yield path.read_bytes()
