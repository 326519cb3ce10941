"""The routes of the control plane, one module per type of object. Authorization has happened before they run."""

from __future__ import annotations

from beamctl.emulator.call import Route
from beamctl.emulator.routes import (
    api_keys,
    device_login,
    discovery,
    features,
    invitations,
    resources,
    service_accounts,
    tokens,
    users,
    workspaces,
)

ROUTES: tuple[Route, ...] = (
    *workspaces.ROUTES,
    *users.ROUTES,
    *invitations.ROUTES,
    *service_accounts.ROUTES,
    *api_keys.ROUTES,
    *resources.ROUTES,
    *features.ROUTES,
    *discovery.ROUTES,
    *device_login.ROUTES,
    *tokens.ROUTES,
)
"""All routes."""
