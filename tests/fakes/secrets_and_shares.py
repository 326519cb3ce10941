"""Workspace secrets, and shares of images and custom domains, for `FakeWorkspace`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from beamctl.kinds.share.live import Shareable
from beamctl.model.api_call import Response

SET_AT = "2026-11-25T12:00:00.000Z"
"""When a value is set."""
PAST = "2026-01-01T00:00:00.000Z"
_PATHS = {"images": Shareable.IMAGE, "customdomains": Shareable.CUSTOM_DOMAIN}
_FIELD = {Shareable.IMAGE: "sourceWorkspace", Shareable.CUSTOM_DOMAIN: "sharedFromWorkspace"}


@dataclass
class FakeSecrets:
    """Attributes:
    values: By name.
    updated: When each was last set.
    now: The time of the next request.
    """

    values: dict[str, str] = field(default_factory=dict)
    updated: dict[str, str] = field(default_factory=dict)
    now: str = SET_AT

    def add(self, name: str, updated: str = PAST, value: str = "by hand") -> None:
        self.values[name], self.updated[name] = value, updated

    def answer(self, method: str, rest: list[str], body: Mapping[str, Any]) -> Response:
        match method, rest:
            case "GET", []:
                return Response(200, [self._shown(name) for name in self.values])
            case "POST", []:
                self.add(body["name"], self.now, body["value"])
                return Response(200, self._shown(body["name"]))
            case "DELETE", [name] if name in self.values:
                shown = self._shown(name)
                del self.values[name], self.updated[name]
                return Response(200, shown)
            case _:
                return Response(404, None, "Secret not found")

    def _shown(self, name: str) -> dict[str, str]:
        return {"name": name, "createdAt": PAST, "updatedAt": self.updated[name]}


@dataclass
class FakeShares:
    """Attributes:
    kept: By what can be shared and name, the workspaces that an object is shared with.
    foreign: What other workspaces share with this one, and which.
    pending: The workspaces that have not accepted yet.
    workspaces: All workspaces of the account.
    """

    kept: dict[Shareable, dict[str, list[str]]] = field(default_factory=lambda: {what: {} for what in Shareable})
    foreign: dict[Shareable, dict[str, str]] = field(default_factory=lambda: {what: {} for what in Shareable})
    pending: set[str] = field(default_factory=set)
    workspaces: set[str] = field(default_factory=lambda: {"acme", "beta", "gamma"})

    def answer(self, method: str, root: str, rest: list[str], body: Mapping[str, Any]) -> Response:
        what = _PATHS[root]
        if not rest and method == "GET":
            own = [self._shown(what, name, "") for name in self.kept[what]]
            return Response(200, own + [self._shown(what, name, owner) for name, owner in self.foreign[what].items()])
        parts, tail = (rest[:2], rest[2:]) if what is Shareable.IMAGE else (rest[:1], rest[1:])
        targets = self.kept[what].get("/".join(parts))
        if targets is None:
            return Response(404, None, "not found")
        match method, tail:
            case "GET", ["share"]:
                return Response(200, [self._listed(what, target) for target in targets])
            case "POST", ["share"]:
                return self._add(what, "/".join(parts), targets, body["targetWorkspace"])
            case "DELETE", ["share", target] if target in targets:
                targets.remove(target)
                return Response(200, self._shown(what, "/".join(parts), ""))
            case _:
                return Response(404, None, "Share not found")

    def _add(self, what: Shareable, name: str, targets: list[str], target: str) -> Response:
        if target not in self.workspaces and (target, what) != ("account", Shareable.CUSTOM_DOMAIN):
            return Response(404, None, "Workspace not found")
        if target in targets:
            return Response(409, None, f"it is already shared with {target}")
        targets.append(target)
        return Response(200, self._shown(what, name, ""))

    def _listed(self, what: Shareable, target: str) -> dict[str, str]:
        status = "pending" if target in self.pending else "active"
        return {"workspace": target, "status": status} | ({"accountId": "a"} if what is Shareable.IMAGE else {})

    def _shown(self, what: Shareable, name: str, owner: str) -> dict[str, Any]:
        kind, _, short = name.partition("/") if what is Shareable.IMAGE else ("", "", name)
        metadata = {"name": short, "workspace": "acme", "createdAt": PAST, "updatedAt": PAST}
        more = {"resourceType": kind} if kind else {}
        spec: dict[str, Any] = {"tags": []} if what is Shareable.IMAGE else {"status": "verified"}
        return {"metadata": metadata | more | ({_FIELD[what]: owner} if owner else {}), "spec": spec}
