"""Every kind with metadata and a spec behind the ports, for `FakeWorkspace`: by section and name, as the API keeps it.
It can take either answer where the behavior of the API is not documented."""

from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from beamctl.kinds.registry import all_kinds
from beamctl.kinds.resource.kind import ResourceKind
from beamctl.model.api_call import Response

SHAPES = {kind.name: kind.shape for kind in all_kinds() if isinstance(kind, ResourceKind)}
PATHS = {shape.section: shape.path for shape in SHAPES.values()}
MASK = "********"
Thing = dict[str, Any]


def thing(name: str, labels: Mapping[str, str] | None = None, display: str = "", **spec: Any) -> Thing:
    """One thing as the API keeps it."""
    metadata = {"name": name, "workspace": "acme", "createdAt": "2026-01-01T00:00:00Z"}
    more = {**({"displayName": display} if display else {}), **({"labels": dict(labels)} if labels else {})}
    return {"metadata": metadata | more, "spec": spec}


@dataclass
class FakeThings:
    """Attributes:
    kept: By section and name.
    users: Of each policy or connection, as the API tells `/usages`.
    paged: How many the API lists in one page; 0 where it has no pages.
    """

    kept: dict[str, dict[str, Thing]] = field(default_factory=lambda: {section: {} for section in PATHS})
    users: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    paged: int = 0

    def section(self, parts: list[str]) -> str:
        return next((section for section, path in PATHS.items() if path.strip("/") == "/".join(parts)), "")

    def answer(self, method: str, path: str, body: Mapping[str, Any], quirks: Collection[str]) -> Response:
        where, _, query = path.partition("?")
        parts = where.strip("/").split("/")
        if section := self.section(parts):
            return self._all(section, method, query, body, quirks)
        if parts[-1] == "usages" and parts[:-2] == ["policies"]:
            there = parts[-2] in self.kept["policies"]
            users = {kind: [{"name": name} for name in names] for kind, names in self.users.get(parts[-2], {}).items()}
            return Response(200, users) if there else Response(404, None, "Policy not found")
        section, name = self.section(parts[:-1]), parts[-1]
        if not section or name not in self.kept.get(section, {}):
            return Response(404, None, "not found")
        return self._one(section, name, method, body, quirks)

    def _all(self, section: str, method: str, query: str, body: Mapping[str, Any], quirks: Collection[str]) -> Response:
        if section not in self.kept:
            return Response(404, None, "Not found")
        kept = self.kept[section]
        if method == "POST":
            name = body["metadata"]["name"]
            if name in kept:
                return Response(409, None, f"{name} already exists")
            kept[name] = thing(name) | {"spec": _filled(body["spec"])}
            kept[name]["metadata"] |= body["metadata"]
            return Response(200, _shown(kept[name], quirks))
        shown = [_shown(kept[name], quirks) for name in kept]
        if not self.paged or section != "policies":
            return Response(200, shown)
        start = int(query.rpartition("cursor=")[2]) if "cursor=" in query else 0
        rest = start + self.paged
        more = rest < len(shown)
        meta = {"hasMore": more, "nextCursor": str(rest) if more else "", "total": len(shown)}
        return Response(200, {"data": shown[start:rest], "meta": meta})

    def _one(self, section: str, name: str, method: str, body: Mapping[str, Any], quirks: Collection[str]) -> Response:
        kept = self.kept[section]
        if method == "PUT":
            was = kept[name]
            spec = dict(body["spec"])
            if "spec-merges" in quirks:
                spec = was["spec"] | spec
            elif "put-replaces" not in quirks and "secret" in was["spec"]:
                spec = {"secret": was["spec"]["secret"]} | spec
            kept[name] = {"metadata": was["metadata"] | body["metadata"], "spec": _filled(spec)}
        elif method == "DELETE":
            if section == "integrations" and self.users.get(name):
                return Response(409, None, f"Integration connection {name} is in use by agents/a")
            if section == "environments" and name in ("development", "production"):
                return Response(400, None, "it is built in")
            return Response(200, _shown(kept.pop(name), quirks))
        return Response(200, _shown(kept[name], quirks))


def _filled(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if value not in ([], {}, "")}


def _shown(kept: Thing, quirks: Collection[str]) -> Thing:
    shown = deepcopy(kept)
    secret = shown["spec"].pop("secret", None)
    if secret and "echoed-secrets" in quirks:
        shown["spec"]["secret"] = secret
    elif secret and "masked-secrets" in quirks:
        shown["spec"]["secret"] = dict.fromkeys(secret, MASK)
    return shown
