"""The structure of a seed: its sections, their fields, and the validation rules. Reports all problems at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from beamctl.emulator import lifetime, rules
from beamctl.emulator.kind import KINDS, Kind


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an entry.

    Attributes:
        rule: The validation rule of its value.
        required: Whether it is required.
        inside: The nested fields, if any.
        many: Whether they are nested in a list.
    """

    rule: rules.Rule
    required: bool = False
    inside: Mapping[str, Field] | None = None
    many: bool = False


def _memberships(value: object) -> str:
    """A map of workspaces to roles."""
    if not isinstance(value, dict):
        return "must map workspaces to roles"
    wrong = [str(name) for name, role in value.items() if rules.shown_role(role)]
    return f"has no role for {', '.join(wrong)}" if wrong else ""


def _duration(value: object) -> str:
    """The lifetime of a key."""
    fine = lifetime.read(value, seconds=False)
    return "" if fine else "must be a duration such as 30d, 24h or 1w, of at most 10 years"


def _entries(value: object) -> str:
    """A list of nested entries."""
    return "" if isinstance(value, list) else "must be a list"


def _resource(kind: Kind) -> Mapping[str, Field]:
    """The fields of one kind: the API's metadata, and a spec that follows the kind's rules."""
    fields = {key: Field(rule, key in kind.required) for key, rule in (kind.fields or {}).items()}
    return {
        "workspace": Field(rules.resource_name, required=True),
        "name": Field(rules.resource_name, required=True),
        **{key: Field(rule) for key, rule in rules.METADATA.items()},
        "spec": Field(rules.an_object, required=bool(kind.required), inside=fields or None),
    }


_KEY: Mapping[str, Field] = {
    "name": Field(rules.text),
    "apiKey": Field(rules.secret),
    "expiresIn": Field(_duration),
    "createdAt": Field(rules.moment),
}

_HIPAA: Mapping[str, Field] = {
    "accountEnabled": Field(rules.flag),
    "unsafe": Field(rules.an_object, inside={"enabled": Field(rules.flag)}),
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
        "hipaaInfo": Field(rules.an_object, inside=_HIPAA),
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
        "apiKeys": Field(_entries, inside=_KEY, many=True),
    },
    **{kind.name: _resource(kind) for kind in KINDS},
}
"""The sections of a seed."""


def faults(data: object) -> list[str]:
    """All problems in the structure of a seed, each with its path."""
    return list(_faults(data))


def _faults(data: object) -> Iterator[str]:
    if not isinstance(data, dict):
        yield f"the seed must be a map with {', '.join(SECTIONS)}"
        return
    for section, entries in data.items():
        if section not in SECTIONS:
            yield f"{section}: unknown; must be one of {', '.join(SECTIONS)}"
        elif isinstance(entries, list):
            yield from _list_faults(section, entries, SECTIONS[section])
        elif entries is not None:
            yield f"{section}: must be a list"


def _list_faults(path: str, entries: list[Any], fields: Mapping[str, Field]) -> Iterator[str]:
    for number, entry in enumerate(entries):
        yield from _entry_faults(f"{path}[{number}]", entry, fields)


def _entry_faults(path: str, entry: Any, fields: Mapping[str, Field]) -> Iterator[str]:  # noqa: ANN401 - plain data
    if not isinstance(entry, dict):
        yield f"{path}: must be a map with {', '.join(fields)}"
        return
    for key, value in entry.items():
        if key not in fields:
            yield f"{path}.{key}: unknown; must be one of {', '.join(fields)}"
        elif wrong := fields[key].rule(value):
            yield f"{path}.{key}: {wrong}"
        elif inside := fields[key].inside:
            yield from (_list_faults if fields[key].many else _entry_faults)(f"{path}.{key}", value, inside)
    for key, field in fields.items():
        if field.required and key not in entry:
            yield f"{path}.{key}: is missing"
    if "clientSecret" in entry and "clientId" not in entry and "clientSecret" in fields:
        yield f"{path}.clientSecret: requires a clientId"
