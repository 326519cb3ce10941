"""The entries of a seed as values, once its shape is known to be right. It must not know the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from beamctl.emulator.clock import read_moment
from beamctl.emulator.permission import Role
from beamctl.emulator.store.workspace import Settings


@dataclass(frozen=True, slots=True)
class SeedWorkspace:
    """A workspace to make."""

    path: str
    name: str
    settings: Settings


@dataclass(frozen=True, slots=True)
class SeedUser:
    """A person to sign up, and where they are a member."""

    path: str
    email: str
    roles: Mapping[str, str]
    key: str | None
    source: str | None
    given_name: str | None
    family_name: str | None
    mfa: bool


@dataclass(frozen=True, slots=True)
class SeedInvitation:
    """An invitation to make; without `expires` it lives as long as any other."""

    path: str
    workspace: str
    email: str
    role: str
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class SeedAccount:
    """A service account to make."""

    path: str
    workspace: str
    name: str
    description: str | None
    role: str
    key: str | None
    client_id: str | None
    client_secret: str | None


@dataclass(frozen=True, slots=True)
class Seed:
    """A whole seed."""

    workspaces: tuple[SeedWorkspace, ...]
    users: tuple[SeedUser, ...]
    invitations: tuple[SeedInvitation, ...]
    accounts: tuple[SeedAccount, ...]


def read(data: dict[str, Any]) -> Seed:
    """The seed in plain data in which `shape.faults` finds nothing wrong."""
    return Seed(
        workspaces=tuple(_workspace(path, entry) for path, entry in _entries(data, "workspaces")),
        users=tuple(_user(path, entry) for path, entry in _entries(data, "users")),
        invitations=tuple(_invitation(path, entry) for path, entry in _entries(data, "invitations")),
        accounts=tuple(_account(path, entry) for path, entry in _entries(data, "serviceAccounts")),
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
    return SeedWorkspace(path, entry["name"], settings)


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
    )
