"""The kinds of objects that have a name, metadata and a spec, in one table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from beamctl.emulator import rules
from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.permission import Permission

LONGEST_LIST = 200

EMPTY: tuple[object, ...] = ([], {}, "")
"""Clients send these for unset fields; they are treated as absent."""

_LOCATION_TYPES = ("location", "country", "continent")
_FLAVOR_TYPES = ("cpu", "gpu")
_GRANULARITIES = ("month", "day", "hour", "minute")
_TOKEN_COUNTS = ("input", "output", "total", "step", "ratioInputOverOutput")


def list_of(item: rules.Rule, what: str) -> rules.Rule:
    """The rule: a list of values that follow another rule."""

    def rule(value: object) -> str:
        fine = isinstance(value, list) and len(value) <= LONGEST_LIST and not any(item(each) for each in value)
        return "" if fine else f"must be a list of {what}, at most {LONGEST_LIST}"

    return rule


def _typed_name(types: Collection[str]) -> rules.Rule:
    """The rule for items of `locations` and `flavors`."""

    def rule(value: object) -> str:
        fine = (
            isinstance(value, dict)
            and set(value) == {"type", "name"}
            and value["type"] in tuple(types)
            and not rules.filled_text(value["name"])
        )
        return "" if fine else "must have the form {type, name}"

    return rule


def _max_tokens(value: object) -> str:
    """A number of tokens per period."""
    if not isinstance(value, dict) or not set(value) <= {"granularity", *_TOKEN_COUNTS}:
        return f"must be an object with granularity, {', '.join(_TOKEN_COUNTS)}"
    if value.get("granularity", "day") not in _GRANULARITIES:
        return f"must have a granularity of {', '.join(_GRANULARITIES)}"
    counts = [value[key] for key in _TOKEN_COUNTS if key in value]
    fine = all(isinstance(count, int) and not isinstance(count, bool) and count >= 0 for count in counts)
    return "" if fine else "must have token counts that are integers, 0 or more"


FLAVORS = list_of(_typed_name(_FLAVOR_TYPES), "{type, name}, with type cpu or gpu")

SpecRules = Mapping[str, rules.Rule]

POLICY: SpecRules = {
    "type": rules.one_of("location", "flavor", "maxToken"),
    "resourceTypes": list_of(
        rules.one_of("model", "function", "agent", "sandbox", "application"), "types of resources"
    ),
    "locations": list_of(_typed_name(_LOCATION_TYPES), "{type, name}, with type location, country or continent"),
    "flavors": FLAVORS,
    "maxTokens": _max_tokens,
    "sandbox": rules.flag,
}

INTEGRATION_CONNECTION: SpecRules = {
    "integration": rules.filled_text,
    "config": rules.labels,
    "secret": rules.labels,
    "sandbox": rules.flag,
}

ENVIRONMENT: SpecRules = {
    "policies": list_of(rules.filled_text, "names of policies"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind.

    Attributes:
        name: Its name in the database and among the usages of a policy.
        label: Its name in errors.
        path: Its path below the base path.
        schema: Prefix of its schemas' names in `schemas/api`.
        scope: First half of its permissions' names.
        fields: The rules for the fields of a spec; None if a spec may be any object.
        required: The required fields of a spec.
        paged: Whether newer API versions list it in pages.
        counted: Its name in `resourceCounts`; empty if it is not counted.
        masked_field: The field of the spec whose values are secret.
        used_by: The field of other specs that refers to objects of this kind.
        protected_in_use: Whether an object in use cannot be deleted.
        shows_usage: Whether listings show how often each is used, and `/usages` by what.
        built_in: The names that exist in every workspace and cannot be deleted.
        beamlit_only: Whether it existed only in the Beamlit era.
        by_external_id: Whether an object can also be asked for by its external ID.
    """

    name: str
    label: str
    path: str
    schema: str = "resource"
    scope: str = "resources"
    fields: SpecRules | None = None
    required: tuple[str, ...] = ()
    paged: bool = False
    counted: str = ""
    masked_field: str = ""
    used_by: str = ""
    protected_in_use: bool = False
    shows_usage: bool = False
    built_in: tuple[str, ...] = ()
    beamlit_only: bool = False
    by_external_id: bool = False

    def permission(self, verb: str) -> Permission:
        """The permission to `list`, `get`, `create`, `update` or `delete` one."""
        return Permission(f"{self.scope}:{verb}")


POLICIES = Kind(
    "policies",
    "Policy",
    "/policies",
    schema="policy",
    scope="policies",
    fields=POLICY,
    required=("type",),
    paged=True,
    counted="policies",
    used_by="policies",
    shows_usage=True,
)
INTEGRATION_CONNECTIONS = Kind(
    "integrationConnections",
    "Integration connection",
    "/integrations/connections",
    schema="integration_connection",
    scope="integrations",
    fields=INTEGRATION_CONNECTION,
    required=("integration",),
    counted="integrationconnections",
    masked_field="secret",
    used_by="integrationConnections",
    protected_in_use=True,
)
ENVIRONMENTS = Kind(
    "environments",
    "Environment",
    "/environments",
    schema="environment",
    scope="environments",
    fields=ENVIRONMENT,
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
    Kind("volumes", "Volume", "/volumes", paged=True, counted="volumes", by_external_id=True),
    Kind("drives", "Drive", "/drives", paged=True, counted="drives", by_external_id=True),
)
"""All kinds."""

CLUSTERS = Kind(
    "clusters",
    "Private cluster",
    "/privateclusters",
    fields={
        "displayName": rules.text,
        "continent": rules.text,
        "country": rules.text,
        "healthy": rules.flag,
        "latitude": rules.text,
        "longitude": rules.text,
        "marketplaceUrl": rules.description,
        "ownedBy": rules.text,
    },
)
"""Flat objects without metadata and spec, with routes of their own; `fields` are theirs."""

IMAGES = Kind("images", "Image", "/images", schema="image", counted="images")
CUSTOM_DOMAINS = Kind(
    "customDomains", "Custom domain", "/customdomains", schema="custom_domain", counted="customdomains"
)
"""Objects that can be shared with other workspaces, with routes of their own."""

SECRETS = Kind("secrets", "Secret", "/secrets")
"""Names without metadata and spec, with routes of their own."""
IMAGE_TYPES = {"agents": "agent", "functions": "function", "jobs": "job", "sandboxes": "sandbox"}
"""The resource types of images. The documentation has both forms."""
PENDING, VERIFIED = "pending", "verified"
"""The statuses of a custom domain."""
ACCOUNT = "account"
"""Stands for every workspace of the account as the target of a share (client code); only for custom domains."""

MASK = "********"


def stored_secret(given: dict[str, str], before: dict[str, str], flags: Collection[BehaviorFlag]) -> dict[str, str]:
    """The secret as it is stored: a mask for each value, so the file contains none.

    A client that writes what it read sends a mask back, which means the stored value.
    """
    if BehaviorFlag.ECHOED_SECRETS not in flags:
        return dict.fromkeys(given, MASK)
    return {key: before.get(key, MASK) if value == MASK else value for key, value in given.items()}


def shown_spec(spec: dict[str, Any], masked_field: str, flags: Collection[BehaviorFlag]) -> dict[str, Any]:
    """The spec as returned, if the values in this field are secret."""
    if masked_field not in spec or BehaviorFlag.ECHOED_SECRETS in flags:
        return spec
    rest = {key: value for key, value in spec.items() if key != masked_field}
    return (
        {**rest, masked_field: dict.fromkeys(spec[masked_field], MASK)}
        if BehaviorFlag.MASKED_SECRETS in flags
        else rest
    )
