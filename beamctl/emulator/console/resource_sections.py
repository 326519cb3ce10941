"""What the console shows of policies, integration connections and environments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from beamctl.emulator.console import wording
from beamctl.emulator.kind import ENVIRONMENTS, INTEGRATION_CONNECTIONS, POLICIES, Kind

RESOURCE_TYPES = ("model", "function", "agent", "sandbox", "application")
TOKEN_COUNTS = {
    "input": "Input tokens",
    "output": "Output tokens",
    "total": "Total tokens",
    "step": "Tokens per step",
    "ratioInputOverOutput": "Ratio of input to output",
}
GRANULARITIES = [(name, name) for name in ("minute", "hour", "day", "month")]
_FIELDS = {
    "metadata.displayName": "display_name",
    "metadata.labels": "label_key_1",
    "spec.integration": "integration",
    "spec.locations": "first",
    "spec.flavors": "first",
    "spec.config": "first",
}
"""The IDs of the fields that errors of the API are about."""


def pairs_of(types: Iterable[str]) -> list[tuple[str, str]]:
    """The options of a row: its types, and none."""
    return [("", "none"), *((name, name) for name in types)]


@dataclass(frozen=True, slots=True)
class Variant:
    """What one form asks for.

    Attributes:
        label: Its name on the button that opens the form.
        rows: The field of the spec that the rows of the form fill; empty for none.
        row_labels: What a row consists of.
        row_types: The types to choose from in a row; empty for a text.
    """

    label: str
    rows: str = ""
    row_labels: tuple[str, str] = ("", "")
    row_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the console.

    Attributes:
        name: Its name in URLs.
        kind: The kind of its objects.
        title: The title of its page.
        noun: One of its objects.
        about: What they are for.
        deletion_effect: What deleting one does.
        variants: Its forms, by the type of a policy.
    """

    name: str
    kind: Kind
    title: str
    noun: str
    about: str
    deletion_effect: str
    variants: Mapping[str, Variant]

    @property
    def is_policy(self) -> bool:
        """Whether an object has a type, and applies to types of resources."""
        return "type" in self.kind.required

    @property
    def has_policies(self) -> bool:
        """Whether an object names policies."""
        return "policies" in (self.kind.fields or {})

    @property
    def has_secret(self) -> bool:
        """Whether an object has values that the API does not return."""
        return bool(self.kind.masked_field)

    def variant_of(self, resource: Mapping[str, Any]) -> str:
        """The key of the form for an object."""
        return str(resource["spec"]["type"]) if self.is_policy else ""

    def field_of(self, error: str) -> str:
        """The ID of the field that an error of the API is about."""
        return _FIELDS.get(error.partition(" ")[0], "name")


def spec_pairs(value: Mapping[str, str] | list[dict[str, str]]) -> list[tuple[str, str]]:
    """A field of a spec as pairs of texts."""
    if isinstance(value, list):
        return [(item["type"], item["name"]) for item in value]
    return list(value.items())


def facts(section: Section, resource: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """What an object says, as labels and texts. Values that are secret are never part of it."""
    spec = resource["spec"]
    shown: list[tuple[str, list[str]]] = []
    if section.is_policy:
        shown.append(("Type", [section.variants[spec["type"]].label]))
        shown.append(("Applies to", spec.get("resourceTypes", []) or ["every type of resource"]))
    if section.has_secret:
        shown.append(("Integration", [spec["integration"]]))
    for key, label in (("locations", "Locations"), ("flavors", "Flavors")):
        shown.append((label, [f"{kind} {name}" for kind, name in spec_pairs(spec.get(key, []))]))
    tokens = spec.get("maxTokens", {})
    limits = [f"{label}: {tokens[key]:,}" for key, label in TOKEN_COUNTS.items() if key in tokens]
    shown.append(("Limits", [*limits, f"in each {tokens.get('granularity', 'day')}"] if limits else []))
    shown.append(("Configuration", [f"{key}: {value}" for key, value in spec.get("config", {}).items()]))
    if section.has_secret:
        names = [f"{key}: not shown" for key in spec.get("secret", {})]
        shown.append(("Secret", names or ["not shown"]))
    if section.has_policies:
        shown.append(("Policies", spec.get("policies", []) or ["none"]))
    if "sandbox" in spec:
        shown.append(("Sandbox", ["yes" if spec["sandbox"] else "no"]))
    labels = resource["metadata"].get("labels", {})
    shown.append(("Labels", [f"{key}: {value}" for key, value in labels.items()]))
    used = [f"{number} {noun}" for number, noun in wording.counted(resource.get("usage", {}))]
    shown.append(("Used by", used))
    return [(label, texts) for label, texts in shown if texts]


SECTIONS = {
    section.name: section
    for section in (
        Section(
            "policies",
            POLICIES,
            "Policies",
            "policy",
            "Rules for what runs in the workspace: where, on which hardware, and with how many tokens.",
            "What uses it is no longer restricted by it. It cannot be undone.",
            {
                "location": Variant("Location", "locations", ("Type", "Name"), ("location", "country", "continent")),
                "flavor": Variant("Hardware", "flavors", ("Type", "Name"), ("cpu", "gpu")),
                "maxToken": Variant("Token"),
            },
        ),
        Section(
            "integrations",
            INTEGRATION_CONNECTIONS,
            "Integrations",
            "integration connection",
            "Connections to other services, such as model providers, with their credentials.",
            "Its credentials are deleted. It cannot be undone.",
            {"": Variant("", "config", ("Key", "Value"))},
        ),
        Section(
            "environments",
            ENVIRONMENTS,
            "Environments",
            "environment",
            "Environments existed in the Beamlit era only. Today's API has none, so today's clients do not see them.",
            "It cannot be undone.",
            {"": Variant("")},
        ),
    )
}
"""The sections, by their name in URLs."""
