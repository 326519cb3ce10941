"""The form of a policy, an integration connection or an environment: its content, and the request it makes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.console.forms import field, fields, restored, texts
from beamctl.emulator.console.resource_sections import TOKEN_COUNTS, Section, Variant, spec_pairs

_MOST_DIGITS = 15


def forgets_secret(section: Section, flags: Collection[BehaviorFlag]) -> bool:
    """Whether the API deletes a secret that a change does not repeat, and does not say that there is one."""
    kept = {BehaviorFlag.SPEC_MERGES, BehaviorFlag.MASKED_SECRETS, BehaviorFlag.ECHOED_SECRETS}
    return section.has_secret and BehaviorFlag.PUT_REPLACES in flags and kept.isdisjoint(flags)


class FieldError(Exception):
    """A field that cannot become a request.

    Attributes:
        text: What to enter.
        field: The ID of the field.
    """

    def __init__(self, text: str, field: str) -> None:
        super().__init__(text)
        self.text, self.field = text, field


@dataclass(frozen=True, slots=True)
class Draft:
    """The content of a form.

    Attributes:
        section: Its section.
        variant: The key of its variant.
        values: The fields with one value, by ID.
        rows: Pairs of texts: locations, flavors or the configuration.
        labels: The labels.
        chosen: The chosen types of resources, or policies.
        secret: The typed secret, as pairs of key and value. Its values are never shown again.
    """

    section: Section
    variant: str
    values: Mapping[str, str]
    rows: list[tuple[str, str]]
    labels: list[tuple[str, str]]
    chosen: list[str]
    secret: list[tuple[str, str]]

    @property
    def form(self) -> Variant:
        """The variant."""
        return self.section.variants[self.variant]

    @classmethod
    def of(cls, section: Section, variant: str, resource: Mapping[str, Any]) -> Draft:
        """The form for an object as the API returns it; empty for a new one."""
        metadata, spec = resource.get("metadata", {}), resource.get("spec", {})
        tokens = spec.get("maxTokens", {})
        values = {
            "name": "",
            "display_name": metadata.get("displayName", ""),
            "integration": spec.get("integration", ""),
            "granularity": tokens.get("granularity", "day"),
            **{key: str(tokens.get(key, "")) for key in TOKEN_COUNTS},
        }
        chosen = spec.get("policies" if section.has_policies else "resourceTypes", [])
        rows = spec_pairs(spec.get(section.variants[variant].rows, {}))
        return cls(section, variant, values, rows, list(metadata.get("labels", {}).items()), chosen, [])

    @classmethod
    def typed(cls, section: Section, variant: str, resource: Mapping[str, Any]) -> Draft:
        """The submitted form.

        Raises:
            FieldError: There is no such type.
        """
        if variant not in section.variants:
            raise FieldError("Choose one of the types.", "name")
        before = cls.of(section, variant, resource)
        values = {key: field(key) for key in before.values}
        values["display_name"] = restored(values["display_name"], [before.values["display_name"]])
        return cls(
            section,
            variant,
            values,
            _restored_pairs("row", before.rows),
            _restored_pairs("label", before.labels),
            fields("chosen"),
            [pair for pair in zip(fields("secret_key"), texts("secret_value"), strict=False) if any(pair)],
        )

    def check_secret(self, flags: Collection[BehaviorFlag]) -> None:
        """Check that a change does not delete the stored secret by omission.

        Raises:
            FieldError: It would.
        """
        if forgets_secret(self.section, flags) and not (self.secret or field("without_secret")):
            raise FieldError("Enter the secret again, or choose to save without one.", "secret_key_1")

    def body(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """The body of the request: the object as it is, with what the form has.

        Raises:
            FieldError: A number is invalid, a key occurs twice, or a secret is incomplete.
        """
        metadata, spec = resource.get("metadata", {}), dict(resource.get("spec", {}))
        kept = {key: metadata[key] for key in ("externalId",) if key in metadata}
        if self.section.is_policy:
            spec |= {"type": self.variant, "resourceTypes": self.chosen}
        if self.section.has_policies:
            spec["policies"] = self.chosen
        if self.form.row_types:
            spec[self.form.rows] = [{"type": kind, "name": name} for kind, name in self.rows]
        elif self.form.rows:
            spec[self.form.rows] = _unique(self.rows, "first")
        if self.variant == "maxToken":
            spec["maxTokens"] = self._max_tokens(spec.get("maxTokens", {}))
        if self.section.has_secret:
            spec["integration"] = self.values["integration"]
            spec |= {"secret": self._typed_secret()} if self.secret else {}
        labels = _unique(self.labels, "label_key_1")
        return {"metadata": {**kept, "displayName": self.values["display_name"], "labels": labels}, "spec": spec}

    def _typed_secret(self) -> dict[str, str]:
        for number, (key, value) in enumerate(self.secret, 1):
            if not (key and value):
                raise FieldError("Enter both the key and the value of a secret.", f"secret_key_{number}")
        return _unique(self.secret, "secret_key_1")

    def _max_tokens(self, before: Mapping[str, Any]) -> dict[str, Any]:
        counts: dict[str, int] = {}
        for key in TOKEN_COUNTS:
            text = self.values[key]
            if text and not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
                raise FieldError("Enter a whole number, 0 or more.", key)
            counts |= {key: int(text)} if text else {}
        rest = {key: value for key, value in before.items() if key not in TOKEN_COUNTS}
        return {**rest, "granularity": self.values["granularity"], **counts}


def _restored_pairs(prefix: str, before: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The rows of a form; those without a second part (of a pair of a type and a name) or a first are ignored."""
    pairs = zip(fields(f"{prefix}_key"), fields(f"{prefix}_value"), strict=False)
    keys, values = [key for key, _ in before], [value for _, value in before]
    return [(restored(key, keys), restored(value, values)) for key, value in pairs if key]


def _unique(pairs: Iterable[tuple[str, str]], field: str) -> dict[str, str]:
    pairs = list(pairs)
    if len(dict(pairs)) < len(pairs):
        raise FieldError("Two rows have the same key. Keep one of them.", field)
    return dict(pairs)
