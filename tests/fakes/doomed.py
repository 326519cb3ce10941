"""A workspace that can be read and deleted, behind the ports, without HTTP: each path answers what it was given."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from beamctl.errors import ApiError, MissingError
from beamctl.model.api_call import NoResponse, Response
from tests.fakes.workspace import person

ITSELF = "/workspaces/acme"
COUNTED = "/workspaces/acme?countResources=true"
USERS, ACCOUNTS = "/users", "/service_accounts"
KEYS = "/service_accounts/c1/api_keys"
POLICIES, CONNECTIONS, ENVIRONMENTS = "/policies?limit=200", "/integrations/connections", "/environments"
GONE = MissingError("api.example.test found nothing for GET /workspaces/acme", status=404)

PAYLOADS: dict[str, Any] = {
    COUNTED: {
        "name": "acme",
        "id": "w1",
        "createdAt": "2025-03-01T00:00:00Z",
        "displayName": "Acme",
        "resourceCounts": {"agents": 3, "jobs": 0},
    },
    USERS: [person("ada@x.io", "admin"), person("eve@x.io"), person("kim@x.io", "viewer", accepted=False)],
    ACCOUNTS: [{"client_id": "c1", "name": "ci", "role": "admin"}],
    KEYS: [{"id": "k1", "name": "deploy", "createdAt": "2026-01-01T00:00:00Z", "apiKey": "canary"}],
    POLICIES: {"data": [{"metadata": {"name": "eu"}, "spec": {"type": "location"}}], "meta": {"hasMore": False}},
    CONNECTIONS: [{"metadata": {"name": "gpt"}, "spec": {"integration": "openai", "secret": {"apiKey": "canary"}}}],
    ENVIRONMENTS: [{"metadata": {"name": "development"}, "spec": {}}],
}


@dataclass
class Doomed:
    """Implements `Reader` and `Deleter`.

    Attributes:
        payloads: What each path answers; an error is raised.
        answer: What comes back for the deletion.
        deletes: Whether the deletion is really made.
        before: Run before each request, with the workspace and what is asked.
        asked: Every path that was read, and `DELETE` for the deletion.
    """

    payloads: dict[str, Any] = field(default_factory=lambda: deepcopy(PAYLOADS))
    answer: Response | NoResponse = field(default_factory=lambda: Response(200, {}))
    deletes: bool = True
    before: Callable[["Doomed", str], None] | None = None
    asked: list[str] = field(default_factory=list)

    def get(self, path: str) -> Any:
        self._ask(path)
        other: Any = [] if path.endswith("/api_keys") else None  # of accounts that a test adds
        found = self.payloads.get(COUNTED if path == ITSELF else path, other)
        if isinstance(found, ApiError):
            raise found
        return deepcopy(found)

    def delete_workspace(self) -> Response | NoResponse:
        self._ask("DELETE")
        if self.deletes:
            self.go()
        return self.answer

    def go(self) -> None:
        """Somebody deletes it."""
        self.payloads = dict.fromkeys(self.payloads, GONE)

    def _ask(self, what: str) -> None:
        if self.before is not None:
            self.before(self, what)
        self.asked.append(what)

    @property
    def deletions(self) -> int:
        return self.asked.count("DELETE")
