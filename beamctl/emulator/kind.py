"""One table of all kinds of objects that have a name, metadata and a spec. A new kind is a new row."""

from __future__ import annotations

from dataclasses import dataclass

from beamctl.emulator import spec
from beamctl.emulator.permission import Permission


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind.

    Attributes:
        name: Its name in the database and among the usages of a policy.
        word: Its name in errors.
        path: Its path below the base path.
        schema: Prefix of its schemas' names in `schemas/api`.
        scope: First half of its permissions' names.
        fields: The rules for the fields of a spec; None if a spec may be any object.
        required: The required fields of a spec.
        paged: Whether newer API versions list it in pages.
        counted: Its name in `resourceCounts`; empty if it is not counted.
        hidden: The field of the spec whose values are secret.
        used_by: The field of other specs that refers to objects of this kind.
        kept_while_used: Whether an object in use cannot be deleted.
        tells_usage: Whether listings show how often each is used, and `/usages` by what.
        built_in: The names that exist in every workspace and cannot be deleted.
        beamlit_only: Whether it existed only in the Beamlit era.
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
        """The permission to `list`, `get`, `create`, `update` or `delete` one."""
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
"""What runs in a workspace: only these use policies and integration connections."""

KINDS = (
    POLICIES,
    INTEGRATION_CONNECTIONS,
    ENVIRONMENTS,
    *DEPLOYED,
    Kind("clusters", "Cluster", "/clusters"),
)
"""All kinds."""
