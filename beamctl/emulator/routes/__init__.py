"""The routes of the control plane, one module per type of object. Authorization has happened before they run."""

from __future__ import annotations

from beamctl.emulator.call import Route
from beamctl.emulator.routes import discovery, invitations, resources, service_accounts, tokens, users, workspaces

ROUTES: tuple[Route, ...] = (
    *workspaces.ROUTES,
    *users.ROUTES,
    *invitations.ROUTES,
    *service_accounts.ROUTES,
    *resources.ROUTES,
    *discovery.ROUTES,
    *tokens.ROUTES,
)
"""All routes."""
