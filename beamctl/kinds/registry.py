"""The registered kinds, in display order. To add a kind, add it here. A kind is imported when it is first used.

A module of its own: it is the only module that names all kinds."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beamctl.plan.adoption import Adopter
    from beamctl.plan.kind import Kind

_KINDS = (
    ("settings.kind.SettingsKind", ("settings",)),
    ("member.kind.MemberKind", ("members", "guards", "manage", "leavers")),
    ("service_account.kind.ServiceAccountKind", ("serviceAccounts",)),
    ("api_key.kind.ApiKeyKind", ("serviceAccounts",)),
    ("policy.PolicyKind", ("policies",)),
    ("integration.IntegrationKind", ("integrations",)),
    ("environment.EnvironmentKind", ("environments",)),
    ("workspace_secret.kind.WorkspaceSecretKind", ("secrets",)),
    ("share.kind.ShareKind", ("shares",)),
)
"""Each kind, with the keys of a document that it reads."""

_ADOPTERS = {
    "member": "member.adopt.MemberAdopter",
    "service_account": "service_account.adopt.AccountAdopter",
    "api_key": "api_key.adopt.KeyAdopter",
    "policy": "resource.adopt.ResourceAdopter",
    "integration": "resource.adopt.ResourceAdopter",
    "environment": "resource.adopt.ResourceAdopter",
    "secret": "workspace_secret.adopt.WorkspaceSecretAdopter",
    "share": "share.adopt.ShareAdopter",
}
"""By kind, what edits a document so that it says what is live, unless an `Adopter` does."""


def all_kinds() -> tuple[Kind[Any], ...]:
    """All kinds."""
    return tuple(_kind(path) for path, _ in _KINDS)


def kinds_for(keys: Collection[str]) -> tuple[Kind[Any], ...]:
    """The kinds that read any of these keys of a document. The others have no problems with it and do not manage
    anything for it."""
    return tuple(_kind(path) for path, read in _KINDS if any(key in keys for key in read))


@cache
def _kind(path: str) -> Kind[Any]:
    found: Kind[Any] = _named(path)()
    return found


def adopter_of(kind: Kind[Any]) -> Adopter:
    """What edits a document so that it says what is live. Only drift needs it."""
    from beamctl.plan.adoption import Adopter

    path = _ADOPTERS.get(kind.name)
    return _named(path)(kind) if path else Adopter(kind)


def _named(path: str) -> Any:  # noqa: ANN401 - a class
    module, _, name = path.rpartition(".")
    return getattr(import_module(f"beamctl.kinds.{module}"), name)
