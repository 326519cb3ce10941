"""The routes of the control plane, one module for each sort of thing; a new module adds its routes to `ROUTES`. They
must not know Flask, nor check who calls: `admission` has done that before."""

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
"""Every route there is."""
