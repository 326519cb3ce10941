"""The registered kinds, in display order. To add a kind, add it here. A kind is imported when it is first used."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beamctl.plan.kind import Kind

_KINDS = (
    ("settings.kind.SettingsKind", ("settings",)),
    ("member.kind.MemberKind", ("members", "guards", "manage")),
    ("service_account.kind.ServiceAccountKind", ("serviceAccounts",)),
    ("api_key.kind.ApiKeyKind", ("serviceAccounts",)),
    ("policy.PolicyKind", ("policies",)),
    ("integration.IntegrationKind", ("integrations",)),
    ("environment.EnvironmentKind", ("environments",)),
)
"""Each kind, with the keys of a document that it reads."""


def all_kinds() -> tuple[Kind[Any], ...]:
    """All kinds."""
    return tuple(_kind(path) for path, _ in _KINDS)


def kinds_for(keys: Collection[str]) -> tuple[Kind[Any], ...]:
    """The kinds that read any of these keys of a document. The others have no problems with it and do not manage
    anything for it."""
    return tuple(_kind(path) for path, read in _KINDS if any(key in keys for key in read))


@cache
def _kind(path: str) -> Kind[Any]:
    module, _, name = path.rpartition(".")
    found: Kind[Any] = getattr(import_module(f"beamctl.kinds.{module}"), name)()
    return found
