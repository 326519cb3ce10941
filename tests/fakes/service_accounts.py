"""Service accounts and their API keys for `FakeWorkspace`. Its clock stands still, so only ids tell which key is
newer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from beamctl.model.api_call import Response

NOW = "2026-11-24T12:00:00Z"
SECRET_SUFFIX = "-a-canary-that-the-api-shows-once"
"""The end of every secret that is created here."""
_MISSING = Response(404, None, "Service account not found")


def service_account(client_id: str, name: str, role: str = "member", description: str = "") -> dict[str, Any]:
    """A service account as the API shows it."""
    return {"client_id": client_id, "name": name, "role": role, "description": description}


def api_key(identifier: str, name: str, created: str, expires_in: str = "") -> dict[str, Any]:
    """An API key as the API lists it."""
    return {"id": identifier, "name": name, "createdAt": created, "expires_in": expires_in}


@dataclass
class FakeServiceAccounts:
    """Attributes:
    kept: By client id.
    keys: The keys of each account, by client id.
    numbers: Numbers for new ids.
    """

    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(1))

    def answer(self, method: str, parts: list[str], body: Mapping[str, Any]) -> Response:
        match method, parts:
            case "GET", []:
                return Response(200, [dict(each) for each in self.kept.values()])
            case "POST", []:
                client_id = f"made-{next(self.numbers)}"
                self.kept[client_id] = service_account(client_id, body["name"], body.get("role", "admin"))
                self.kept[client_id]["description"] = body.get("description", "")
                return Response(200, self.kept[client_id] | {"client_secret": client_id + SECRET_SUFFIX})
            case _, [client_id, *_] if client_id not in self.kept:
                return _MISSING
            case "PUT", [client_id]:
                # without a role, the API may assume admin, as it does on creation
                self.kept[client_id] |= {"role": "admin", **body}
                return Response(200, dict(self.kept[client_id]))
            case "DELETE", [client_id]:
                self.keys.pop(client_id, None)
                gone = self.kept.pop(client_id)
                return Response(200, {key: value for key, value in gone.items() if key != "role"})
            case _, [client_id, "api_keys", *rest]:
                return self._keys(method, self.keys.setdefault(client_id, []), rest, body)
            case _:
                return _MISSING

    def _keys(self, method: str, keys: list[dict[str, Any]], rest: list[str], body: Mapping[str, Any]) -> Response:
        match method, rest:
            case "GET", []:
                return Response(200, [dict(each) for each in keys])
            case "POST", []:
                made = api_key(f"key-{next(self.numbers)}", body["name"], NOW, body.get("expires_in", ""))
                keys.append(made)
                return Response(200, made | {"apiKey": made["id"] + SECRET_SUFFIX})
            case "DELETE", [identifier] if any(each["id"] == identifier for each in keys):
                keys[:] = [each for each in keys if each["id"] != identifier]
                return Response(200)
            case _:
                return Response(404, None, "API key not found")
