"""Callers and permissions: what a role allows in a workspace, and what each type of caller may do without one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from beamctl.emulator.behavior import BehaviorFlag

OPERATOR_NAME = "operator"


class Role(StrEnum):
    """The roles that the API accepts. A viewer's permissions (read-only) are a guess."""

    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


class CallerType(StrEnum):
    """The types of callers."""

    PERSON = "person"
    SERVICE_ACCOUNT = "service account"
    OPERATOR = "operator"


class Permission(StrEnum):
    """A permission, named like the OAuth2 scope in the published API description.

    `users:mfa` is invented: the API shows `mfa_enabled` to admins only, and has no scope for it. So is
    `resources:query`: members can query (documented), viewers cannot (a guess). So are those of
    `secrets`, `images`, `customDomains` and `shares`: the documentation does not say who may change them. `resources`
    stands for the equivalent scopes of everything that runs in a workspace, from agents to sandboxes, and (a guess) of
    volumes and drives.
    """

    LIST = "workspaces:list"
    GET = "workspaces:get"
    CREATE = "workspaces:create"
    UPDATE = "workspaces:update"
    DELETE = "workspaces:delete"
    INVITE = "workspaces:invite"
    REMOVE = "workspaces:remove"
    LEAVE = "workspaces:leave"
    ACCEPT = "workspaces:accept"
    DECLINE = "workspaces:decline"
    INVITATIONS = "invitations:list"
    SEE_MFA = "users:mfa"
    CONFIGURATION = "configurations:list"
    FEATURES_LIST = "featureFlags:list"
    FEATURES_GET = "featureFlags:get"
    LIST_KEYS = "apiKey:list"
    WRITE_KEYS = "apiKey:write"
    POLICIES_LIST = "policies:list"
    POLICIES_GET = "policies:get"
    POLICIES_CREATE = "policies:create"
    POLICIES_UPDATE = "policies:update"
    POLICIES_DELETE = "policies:delete"
    INTEGRATIONS_LIST = "integrations:list"
    INTEGRATIONS_GET = "integrations:get"
    INTEGRATIONS_CREATE = "integrations:create"
    INTEGRATIONS_UPDATE = "integrations:update"
    INTEGRATIONS_DELETE = "integrations:delete"
    ENVIRONMENTS_LIST = "environments:list"
    ENVIRONMENTS_GET = "environments:get"
    ENVIRONMENTS_CREATE = "environments:create"
    ENVIRONMENTS_UPDATE = "environments:update"
    ENVIRONMENTS_DELETE = "environments:delete"
    RESOURCES_LIST = "resources:list"
    RESOURCES_GET = "resources:get"
    RESOURCES_CREATE = "resources:create"
    RESOURCES_UPDATE = "resources:update"
    RESOURCES_DELETE = "resources:delete"
    QUERY = "resources:query"
    SECRETS_LIST = "secrets:list"
    SECRETS_WRITE = "secrets:write"
    IMAGES_LIST = "images:list"
    IMAGES_WRITE = "images:write"
    DOMAINS_LIST = "customDomains:list"
    DOMAINS_WRITE = "customDomains:write"
    SHARES_WRITE = "shares:write"


_EVERY_ROLE = frozenset(Role)
_ADMINS = frozenset({Role.ADMIN})
_WORKERS = frozenset({Role.ADMIN, Role.MEMBER})


def _scope(scope: str, writers: frozenset[Role]) -> dict[Permission, frozenset[Role]]:
    """The permissions of one scope: everyone reads, the writers do the rest."""
    reading = dict.fromkeys((Permission(f"{scope}:list"), Permission(f"{scope}:get")), _EVERY_ROLE)
    writing = (Permission(f"{scope}:{verb}") for verb in ("create", "update", "delete"))
    return {**reading, **dict.fromkeys(writing, writers)}


BY_ROLE: Mapping[Permission, frozenset[Role]] = {
    Permission.LIST: _EVERY_ROLE,
    Permission.GET: _EVERY_ROLE,
    Permission.UPDATE: _ADMINS,
    Permission.DELETE: _ADMINS,
    Permission.INVITE: _ADMINS,
    Permission.REMOVE: _ADMINS,
    Permission.SEE_MFA: _ADMINS,
    Permission.FEATURES_LIST: _EVERY_ROLE,
    Permission.FEATURES_GET: _EVERY_ROLE,
    Permission.LIST_KEYS: _ADMINS,
    Permission.WRITE_KEYS: _ADMINS,
    **_scope("policies", _ADMINS),
    **_scope("integrations", _ADMINS),
    **_scope("environments", _ADMINS),
    **_scope("resources", _WORKERS),
    Permission.QUERY: _WORKERS,
    Permission.SECRETS_LIST: _EVERY_ROLE,
    Permission.SECRETS_WRITE: _ADMINS,
    Permission.IMAGES_LIST: _EVERY_ROLE,
    Permission.IMAGES_WRITE: _WORKERS,
    Permission.DOMAINS_LIST: _EVERY_ROLE,
    Permission.DOMAINS_WRITE: _ADMINS,
    Permission.SHARES_WRITE: _ADMINS,
}
"""What a role in a workspace allows, for people and service accounts."""

_PEOPLE = frozenset({CallerType.PERSON})

BY_CALLER_TYPE: Mapping[Permission, frozenset[CallerType]] = {
    Permission.LIST: frozenset(CallerType),
    Permission.CREATE: frozenset({CallerType.PERSON, CallerType.OPERATOR}),
    Permission.LEAVE: _PEOPLE,
    Permission.ACCEPT: _PEOPLE,
    Permission.DECLINE: _PEOPLE,
    Permission.INVITATIONS: _PEOPLE,
    Permission.CONFIGURATION: frozenset(CallerType),
}
"""What a caller may do that concerns only themselves and needs no role in a workspace."""


def role_allows(name: str, permission: Permission, flags: Collection[BehaviorFlag] = ()) -> bool:
    """Whether a role has the permission; an unknown role has a viewer's permissions."""
    role = Role(name) if name in set(Role) else Role.VIEWER
    if role is Role.VIEWER and BehaviorFlag.VIEWER_LIKE_MEMBER in flags:
        role = Role.MEMBER
    return role in BY_ROLE.get(permission, frozenset())


@dataclass(frozen=True, slots=True)
class Person:
    """A person with an account.

    Attributes:
        sub: The ID of the account.
        email: The address, as written.
    """

    type: ClassVar = CallerType.PERSON
    sub: str
    email: str

    @property
    def name(self) -> str:
        """The value for `createdBy` and similar fields."""
        return self.sub


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A service account of one workspace.

    Attributes:
        client_id: Its client ID.
        workspace_id: The row of its workspace.
        role: Its role in the workspace.
    """

    type: ClassVar = CallerType.SERVICE_ACCOUNT
    client_id: str
    workspace_id: int
    role: str

    @property
    def name(self) -> str:
        """The value for `createdBy` and similar fields."""
        return self.client_id


@dataclass(frozen=True, slots=True)
class Operator:
    """The operator, who runs the emulator in their own process: has every permission and is not listed as a member."""

    type: ClassVar = CallerType.OPERATOR

    @property
    def name(self) -> str:
        """The value for `createdBy` and similar fields."""
        return OPERATOR_NAME


Caller = Person | ServiceAccount | Operator
