"""The kinds of things that are a name, some metadata and a spec, as one table: where they are, who may change them,
what is special about them. It must not know rows or requests: a new kind is a new line here."""

from __future__ import annotations

from dataclasses import dataclass

from beamctl.emulator import spec
from beamctl.emulator.permission import Permission


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind.

    Attributes:
        name: What its rows are marked with; also how it is called among the usages of a policy.
        word: What an error calls one.
        path: Where it is, below the base path.
        schema: What the names of its schemas in `schemas/api` begin with.
        scope: The first half of the names of its permissions.
        fields: The rules of the fields that a spec has; None where a spec may be any object.
        required: The fields that a spec must have.
        paged: Whether newer API versions list it in pages.
        counted: How `resourceCounts` calls it; empty where it is not counted.
        hidden: The field of the spec whose values are secret.
        used_by: The field of other specs that names things of this kind.
        kept_while_used: Whether one that is used cannot be deleted.
        tells_usage: Whether a listing tells how often each is used, and `/usages` by whom.
        built_in: The names that every workspace has and that cannot be deleted.
        beamlit_only: Whether it ended with the Beamlit era.
    """

    name: str
    word: str
    path: str
    schema: str = "resource"
    scope: str = "resources"
    fields: spec.Fields | None = None
    required: tuple[str, ...] = ()
    paged: bool = False
    counted: str = ""
    hidden: str = ""
    used_by: str = ""
    kept_while_used: bool = False
    tells_usage: bool = False
    built_in: tuple[str, ...] = ()
    beamlit_only: bool = False

    def permission(self, verb: str) -> Permission:
        """What it takes to `list`, `get`, `create`, `update` or `delete` one."""
        return Permission(f"{self.scope}:{verb}")


POLICIES = Kind(
    "policies",
    "Policy",
    "/policies",
    schema="policy",
    scope="policies",
    fields=spec.POLICY,
    required=("type",),
    paged=True,
    counted="policies",
    used_by="policies",
    tells_usage=True,
)
INTEGRATION_CONNECTIONS = Kind(
    "integrationConnections",
    "Integration connection",
    "/integrations/connections",
    schema="integration_connection",
    scope="integrations",
    fields=spec.INTEGRATION_CONNECTION,
    required=("integration",),
    counted="integrationconnections",
    hidden="secret",
    used_by="integrationConnections",
    kept_while_used=True,
)
ENVIRONMENTS = Kind(
    "environments",
    "Environment",
    "/environments",
    schema="environment",
    scope="environments",
    fields=spec.ENVIRONMENT,
    built_in=("development", "production"),
    beamlit_only=True,
)

DEPLOYED = (
    Kind("agents", "Agent", "/agents", paged=True, counted="agents"),
    Kind("functions", "Function", "/functions", paged=True, counted="functions"),
    Kind("jobs", "Job", "/jobs", paged=True, counted="jobs"),
    Kind("models", "Model", "/models", paged=True, counted="models"),
    Kind("sandboxes", "Sandbox", "/sandboxes", paged=True, counted="sandboxes"),
)
"""What runs in a workspace: the only things that policies and integration connections are used by."""

KINDS = (
    POLICIES,
    INTEGRATION_CONNECTIONS,
    ENVIRONMENTS,
    *DEPLOYED,
    Kind("clusters", "Cluster", "/clusters"),
)
"""Every kind there is."""
