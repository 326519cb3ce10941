"""The entries of a validated seed as values, and the keys that are generated while it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from beamctl.emulator.clock import read_moment
from beamctl.emulator.kind import (
    CLUSTERS,
    CUSTOM_DOMAINS,
    EMPTY,
    IMAGES,
    KINDS,
    PENDING,
    SECRETS,
    VERIFIED,
    Kind,
    stored_secret,
)
from beamctl.emulator.permission import Role
from beamctl.emulator.store.resource import ResourceFields
from beamctl.emulator.store.workspace import Facts, Settings


class KeyKind(StrEnum):
    """The kind of a generated key."""

    PERSONAL = "personal API key"
    SERVICE_ACCOUNT = "service account API key"
    CLIENT_CREDENTIALS = "client credentials"
    """`client_id:client_secret`, for `POST /oauth/token`."""


@dataclass(frozen=True, slots=True)
class GeneratedKey:
    """A generated key.

    Attributes:
        who: A person's e-mail address, or `workspace/name` of a service account.
        key: The key itself; not in the `repr`.
        kind: Its kind.
    """

    who: str
    key: str = field(repr=False)
    kind: KeyKind


@dataclass(frozen=True, slots=True)
class SeedWorkspace:
    """A workspace to create."""

    path: str
    name: str
    settings: Settings
    facts: Facts
    features: dict[str, bool]


@dataclass(frozen=True, slots=True)
class SeedUser:
    """A person to sign up, with memberships."""

    path: str
    email: str
    roles: Mapping[str, str]
    key: str | None
    source: str | None
    given_name: str | None
    family_name: str | None
    mfa: bool
    billing: bool


@dataclass(frozen=True, slots=True)
class SeedInvitation:
    """An invitation to create; without `expires` it has the default lifetime."""

    path: str
    workspace: str
    email: str
    role: str
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class SeedKey:
    """An additional API key of a service account; without `created` it is created now."""

    path: str
    name: str
    key: str | None
    expires_in: str
    created: datetime | None


@dataclass(frozen=True, slots=True)
class SeedAccount:
    """A service account to create. If `keys` is absent, one key is generated; an empty list means none."""

    path: str
    workspace: str
    name: str
    description: str | None
    role: str
    key: str | None
    client_id: str | None
    client_secret: str | None
    keys: tuple[SeedKey, ...] | None


@dataclass(frozen=True, slots=True)
class SeedResource:
    """An object with a spec to create; if it is built in, its fields are updated."""

    path: str
    kind: Kind
    workspace: str
    name: str
    fields: ResourceFields
    shared_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seed:
    """A complete seed."""

    workspaces: tuple[SeedWorkspace, ...]
    users: tuple[SeedUser, ...]
    invitations: tuple[SeedInvitation, ...]
    accounts: tuple[SeedAccount, ...]
    resources: tuple[SeedResource, ...]


def read(data: dict[str, Any]) -> Seed:
    """Read plain data that `structure_problems` accepts."""
    return Seed(
        workspaces=tuple(_workspace(path, entry) for path, entry in _entries(data, "workspaces")),
        users=tuple(_user(path, entry) for path, entry in _entries(data, "users")),
        invitations=tuple(_invitation(path, entry) for path, entry in _entries(data, "invitations")),
        accounts=tuple(_account(path, entry) for path, entry in _entries(data, "serviceAccounts")),
        resources=(
            *(_resource(kind, path, entry) for kind in KINDS for path, entry in _entries(data, kind.name)),
            *(_cluster(path, entry) for path, entry in _entries(data, CLUSTERS.name)),
            *(_secret(path, entry) for path, entry in _entries(data, SECRETS.name)),
            *(_image(path, entry) for path, entry in _entries(data, IMAGES.name)),
            *(_domain(path, entry) for path, entry in _entries(data, CUSTOM_DOMAINS.name)),
        ),
    )


def _entries(data: dict[str, Any], section: str) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{section}[{number}]", entry) for number, entry in enumerate(data.get(section) or [])]


def _workspace(path: str, entry: dict[str, Any]) -> SeedWorkspace:
    settings = Settings(
        display_name=entry.get("displayName", ""),
        labels=entry.get("labels", {}),
        region=entry.get("region", ""),
        group_mappings=entry.get("groupMappings", []),
    )
    facts = Facts(
        status=entry.get("status", "ready"),
        status_reason=entry.get("statusReason", ""),
        hipaa_info=entry.get("hipaaInfo", {}),
        baseten_team=entry.get("basetenTeamId", ""),
    )
    return SeedWorkspace(path, entry["name"], settings, facts, entry.get("features", {}))


def _user(path: str, entry: dict[str, Any]) -> SeedUser:
    source = entry.get("source")
    return SeedUser(
        path=path,
        email=entry["email"],
        roles=entry.get("workspaces", {}),
        key=entry.get("apiKey"),
        source=None if source == "local" else source,
        given_name=entry.get("givenName"),
        family_name=entry.get("familyName"),
        mfa=entry.get("mfaEnabled", False),
        billing=entry.get("billing", True),
    )


def _invitation(path: str, entry: dict[str, Any]) -> SeedInvitation:
    expires = read_moment(entry.get("expiresAt"))
    return SeedInvitation(path, entry["workspace"], entry["email"], entry.get("role", Role.MEMBER.value), expires)


def _account(path: str, entry: dict[str, Any]) -> SeedAccount:
    return SeedAccount(
        path=path,
        workspace=entry["workspace"],
        name=entry["name"],
        description=entry.get("description"),
        role=entry.get("role", Role.ADMIN.value),
        key=entry.get("apiKey"),
        client_id=entry.get("clientId"),
        client_secret=entry.get("clientSecret"),
        keys=tuple(_key(f"{path}.{at}", key) for at, key in _entries(entry, "apiKeys")) if "apiKeys" in entry else None,
    )


def _key(path: str, entry: dict[str, Any]) -> SeedKey:
    created = read_moment(entry.get("createdAt"))
    return SeedKey(path, entry.get("name", ""), entry.get("apiKey"), entry.get("expiresIn", ""), created)


def _resource(kind: Kind, path: str, entry: dict[str, Any]) -> SeedResource:
    """Omitted fields are empty; a secret is stored as a mask."""
    given = entry.get("spec", {})
    spec = given if kind.fields is None else {key: value for key, value in given.items() if value not in EMPTY}
    if kind.masked_field in spec:
        spec = {**spec, kind.masked_field: stored_secret(spec[kind.masked_field], {}, ())}
    fields = ResourceFields(entry.get("displayName", ""), entry.get("externalId", ""), entry.get("labels", {}), spec)
    return SeedResource(path, kind, entry["workspace"], entry["name"], fields)


def _cluster(path: str, entry: dict[str, Any]) -> SeedResource:
    """A flat object; empty fields are absent."""
    spec = {key: value for key, value in entry.items() if key in (CLUSTERS.fields or ()) and value not in EMPTY}
    return SeedResource(path, CLUSTERS, entry["workspace"], entry["name"], ResourceFields(spec=spec))


def _secret(path: str, entry: dict[str, Any]) -> SeedResource:
    """The name of a secret; a value is never stored."""
    return SeedResource(path, SECRETS, entry["workspace"], entry["name"], ResourceFields())


def _image(path: str, entry: dict[str, Any]) -> SeedResource:
    """An image with its tags, none of them built."""
    fields = ResourceFields(spec={"tags": [{"name": tag} for tag in entry.get("tags", ["v1"])]})
    name = f"{entry['resourceType']}/{entry['name']}"
    return SeedResource(path, IMAGES, entry["workspace"], name, fields, tuple(entry.get("sharedWith", ())))


def _domain(path: str, entry: dict[str, Any]) -> SeedResource:
    """A custom domain, verified if the entry does not say otherwise."""
    status = VERIFIED if entry.get("verified", True) else PENDING
    fields = ResourceFields(entry.get("displayName", ""), spec={"status": status})
    return SeedResource(
        path, CUSTOM_DOMAINS, entry["workspace"], entry["name"], fields, tuple(entry.get("sharedWith", ()))
    )
