"""What each role may do, in words, and what a person or a service account gains and loses by a change.

The table is the only one. The emulator, which beamctl does not import, has its own; a test compares the two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beamctl.model.identity import LiveRole, Role, UnknownRole, live_role
from beamctl.plan.change import Change
from beamctl.report.change_spans import ROLE


@dataclass(frozen=True, slots=True)
class Ability:
    """Something that a role allows.

    Attributes:
        text: In words, to follow "can".
        scopes: The API's permissions for it.
        roles: The roles that have it.
    """

    text: str
    scopes: tuple[str, ...]
    roles: frozenset[Role]


_ADMINS = frozenset({Role.ADMIN})
_WORKERS = frozenset({Role.ADMIN, Role.MEMBER})
_EVERYONE = frozenset(Role)

ABILITIES = (
    Ability("invite users", ("workspaces:invite",), _ADMINS),
    Ability("remove users", ("workspaces:remove",), _ADMINS),
    Ability("edit policies", ("policies:create", "policies:update", "policies:delete"), _ADMINS),
    Ability("delete the workspace", ("workspaces:delete",), _ADMINS),
    Ability(
        "change roles and settings",
        ("workspaces:update", "secrets:write", "customDomains:write", "shares:write"),  # the last three are guesses
        _ADMINS,
    ),
    Ability("manage service accounts", ("workspaces:update",), _ADMINS),
    Ability("manage API keys", ("apiKey:list", "apiKey:write"), _ADMINS),
    Ability("edit integrations", ("integrations:create", "integrations:update", "integrations:delete"), _ADMINS),
    Ability("edit environments", ("environments:create", "environments:update", "environments:delete"), _ADMINS),
    Ability("see who uses multi-factor authentication", ("users:mfa",), _ADMINS),
    Ability(
        "deploy and query models and agents",
        ("resources:create", "resources:update", "resources:delete", "resources:query", "images:write"),
        _WORKERS,
    ),
    Ability(
        "see the workspace",
        (
            *("workspaces:list", "workspaces:get", "featureFlags:list", "featureFlags:get"),
            *("policies:list", "policies:get", "integrations:list", "integrations:get"),
            *("environments:list", "environments:get", "resources:list", "resources:get"),
            *("secrets:list", "images:list", "customDomains:list"),
        ),
        _EVERYONE,
    ),
)
"""The most important first. What a viewer may do is not documented by the API's operator; read-only is assumed."""


def abilities(role: Role) -> Sequence[str]:
    """What a role may do."""
    return [each.text for each in ABILITIES if role in each.roles]


@dataclass(frozen=True, slots=True)
class Effect:
    """What someone gains and loses.

    Attributes:
        loses: What they can no longer do.
        gains: What they can do then.
        may_lose: Whether they have a role that beamctl does not know, so it is not known what they lose.
        may_gain: Whether they get such a role.
        waits: Whether they have no access until they accept an invitation.
    """

    loses: Sequence[str] = ()
    gains: Sequence[str] = ()
    may_lose: bool = False
    may_gain: bool = False
    waits: bool = False


def effect(change: Change) -> Effect | None:
    """What a change does to someone's permissions; None if it does nothing to them."""
    if change.attribute != ROLE:
        return None
    before = None if _standing(change.before) == "expired" else _role(change.before)
    after = _role(change.after)
    if before == after:
        return None
    had = abilities(before) if isinstance(before, Role) else []
    has = abilities(after) if isinstance(after, Role) else []
    return Effect(
        loses=[] if isinstance(after, UnknownRole) else [each for each in had if each not in has],
        gains=[each for each in has if each not in had],
        may_lose=isinstance(before, UnknownRole),
        may_gain=isinstance(after, UnknownRole),
        waits="invited" in (_standing(change.before), _standing(change.after)),
    )


def _role(side: Mapping[str, Any] | None) -> LiveRole | None:
    return live_role(str(side.get(ROLE) or "")) if side is not None else None


def _standing(side: Mapping[str, Any] | None) -> Any:  # noqa: ANN401 - any JSON
    return (side or {}).get("standing")


def effect_text(change: Change) -> str:
    """What someone gains and loses by a change, in words; empty if nothing."""
    found = effect(change)
    if found is None:
        return ""
    if found.waits and change.after is None:
        return _NO_ACCESS_YET
    more = "also " if change.before is not None and not found.waits and not found.may_lose else ""
    parts = [f"{'cannot' if found.waits else 'can no longer'} {', '.join(found.loses)}"] if found.loses else []
    parts += ["may lose permissions that beamctl does not know"] if found.may_lose else []
    parts += [f"can {more}{', '.join(found.gains)}"] if found.gains else []
    parts += ["may gain or lose permissions that beamctl does not know"] if found.may_gain else []
    return ("after accepting, " if found.waits else "") + "; ".join(parts)


def excess_text(change: Change) -> str:
    """The same for a difference: what someone can do although the document does not say so, and what they cannot do
    although it does; empty if they have no access, which other words say."""
    found = effect(change)
    if found is None or change.before is None:
        return ""
    if found.waits:
        return _NO_ACCESS_YET
    parts = [f"can {', '.join(found.loses)}"] if found.loses else []
    parts += ["may have permissions that beamctl does not know"] if found.may_lose else []
    parts += [f"cannot {', '.join(found.gains)}"] if found.gains and not found.may_lose else []
    return "; ".join(parts)


_NO_ACCESS_YET = "no access yet, because the invitation was not accepted"
