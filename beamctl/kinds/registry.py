"""The registered kinds, in display order. To add a kind, add it here.

A module of its own: it is the only module that names all kinds."""

from __future__ import annotations

from typing import Any

from beamctl.kinds.api_key import ApiKeyKind
from beamctl.kinds.environment import EnvironmentKind
from beamctl.kinds.integration import IntegrationKind
from beamctl.kinds.member import MemberKind
from beamctl.kinds.policy import PolicyKind
from beamctl.kinds.service_account import ServiceAccountKind
from beamctl.kinds.settings import SettingsKind
from beamctl.plan.kind import Kind

KINDS: tuple[Kind[Any], ...] = (
    SettingsKind(),
    MemberKind(),
    ServiceAccountKind(),
    ApiKeyKind(),
    PolicyKind(),
    IntegrationKind(),
    EnvironmentKind(),
)
