"""Checks the structure of a seed. Messages quote no key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from beamctl.emulator import clock, rules
from beamctl.emulator.kind import CLUSTERS, CUSTOM_DOMAINS, IMAGE_TYPES, IMAGES, KINDS, SECRETS, Kind


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an entry.

    Attributes:
        rule: The validation rule of its value.
        required: Whether it is required.
        nested: The nested fields, if any.
        many: Whether they are nested in a list.
    """

    rule: rules.Rule
    required: bool = False
    nested: Mapping[str, Field] | None = None
    many: bool = False


def _memberships(value: object) -> str:
    """A map of workspaces to roles."""
    if not isinstance(value, dict):
        return "must map workspaces to roles"
    wrong = [str(name) for name, role in value.items() if rules.shown_role(role)]
    return f"has no role for {', '.join(wrong)}" if wrong else ""


def _duration(value: object) -> str:
    """The lifetime of a key."""
    fine = clock.read_lifetime(value, seconds=False)
    return "" if fine else "must be a duration such as 30d, 24h or 1w, of at most 10 years"


def _names(value: object) -> str:
    """A list of names."""
    fine = isinstance(value, list) and all(not rules.any_name(each) for each in value)
    return "" if fine else "must be a list of names"


def _list_of_entries(value: object) -> str:
    """A list of nested entries."""
    return "" if isinstance(value, list) else "must be a list"


def _resource(kind: Kind) -> Mapping[str, Field]:
    """The fields of one kind: the API's metadata, and a spec that follows the kind's rules."""
    fields = {key: Field(rule, key in kind.required) for key, rule in (kind.fields or {}).items()}
    return {
        "workspace": Field(rules.resource_name, required=True),
        "name": Field(rules.resource_name, required=True),
        **{key: Field(rule) for key, rule in rules.METADATA.items()},
        "spec": Field(rules.an_object, required=bool(kind.required), nested=fields or None),
    }


_API_KEY: Mapping[str, Field] = {
    "name": Field(rules.text),
    "apiKey": Field(rules.secret),
    "expiresIn": Field(_duration),
    "createdAt": Field(rules.moment),
}

_HIPAA: Mapping[str, Field] = {
    "accountEnabled": Field(rules.flag),
    "unsafe": Field(rules.an_object, nested={"enabled": Field(rules.flag)}),
}

SECTIONS: Mapping[str, Mapping[str, Field]] = {
    "workspaces": {
        "name": Field(rules.resource_name, required=True),
        "displayName": Field(rules.text),
        "labels": Field(rules.labels),
        "region": Field(rules.text),
        "groupMappings": Field(rules.group_mappings),
        "features": Field(rules.feature_flags),
        "status": Field(rules.workspace_status),
        "statusReason": Field(rules.description),
        "hipaaInfo": Field(rules.an_object, nested=_HIPAA),
        "basetenTeamId": Field(rules.filled_text),
    },
    "users": {
        "email": Field(rules.email, required=True),
        "workspaces": Field(_memberships),
        "apiKey": Field(rules.secret),
        "source": Field(rules.source),
        "givenName": Field(rules.text),
        "familyName": Field(rules.text),
        "mfaEnabled": Field(rules.flag),
        "billing": Field(rules.flag),
    },
    "invitations": {
        "workspace": Field(rules.resource_name, required=True),
        "email": Field(rules.email, required=True),
        "role": Field(rules.shown_role),
        "expiresAt": Field(rules.moment),
    },
    "serviceAccounts": {
        "workspace": Field(rules.resource_name, required=True),
        "name": Field(rules.filled_text, required=True),
        "description": Field(rules.description),
        "role": Field(rules.shown_role),
        "apiKey": Field(rules.secret),
        "clientId": Field(rules.client_id),
        "clientSecret": Field(rules.secret),
        "apiKeys": Field(_list_of_entries, nested=_API_KEY, many=True),
    },
    **{kind.name: _resource(kind) for kind in KINDS},
    SECRETS.name: {
        "workspace": Field(rules.resource_name, required=True),
        "name": Field(rules.secret_name, required=True),
    },
    IMAGES.name: {
        "workspace": Field(rules.resource_name, required=True),
        "name": Field(rules.resource_name, required=True),
        "resourceType": Field(rules.one_of(*IMAGE_TYPES.values()), required=True),
        "tags": Field(_names),
        "sharedWith": Field(_names),
    },
    CUSTOM_DOMAINS.name: {
        "workspace": Field(rules.resource_name, required=True),
        "name": Field(rules.domain, required=True),
        "displayName": Field(rules.text),
        "verified": Field(rules.flag),
        "sharedWith": Field(_names),
    },
    CLUSTERS.name: {
        "workspace": Field(rules.resource_name, required=True),
        "name": Field(rules.resource_name, required=True),
        **{key: Field(rule) for key, rule in (CLUSTERS.fields or {}).items()},
    },
}
"""The sections of a seed."""


def structure_problems(data: object) -> list[str]:
    """All problems in the structure of a seed, each with its path."""
    return list(_problems(data))


def _problems(data: object) -> Iterator[str]:
    if not isinstance(data, dict):
        yield f"the seed must be a map with {', '.join(SECTIONS)}"
        return
    for section, entries in data.items():
        if section not in SECTIONS:
            yield f"{section}: unknown; must be one of {', '.join(SECTIONS)}"
        elif isinstance(entries, list):
            yield from _list_problems(section, entries, SECTIONS[section])
        elif entries is not None:
            yield f"{section}: must be a list"


def _list_problems(path: str, entries: list[Any], fields: Mapping[str, Field]) -> Iterator[str]:
    for number, entry in enumerate(entries):
        yield from _entry_problems(f"{path}[{number}]", entry, fields)


def _entry_problems(path: str, entry: Any, fields: Mapping[str, Field]) -> Iterator[str]:  # noqa: ANN401 - plain data
    if not isinstance(entry, dict):
        yield f"{path}: must be a map with {', '.join(fields)}"
        return
    for key, value in entry.items():
        if key not in fields:
            yield f"{path}.{key}: unknown; must be one of {', '.join(fields)}"
        elif wrong := fields[key].rule(value):
            yield f"{path}.{key}: {wrong}"
        elif nested := fields[key].nested:
            yield from (_list_problems if fields[key].many else _entry_problems)(f"{path}.{key}", value, nested)
    for key, field in fields.items():
        if field.required and key not in entry:
            yield f"{path}.{key}: is missing"
    if "clientSecret" in entry and "clientId" not in entry and "clientSecret" in fields:
        yield f"{path}.clientSecret: requires a clientId"
