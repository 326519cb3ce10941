"""The routes of the control plane, one module per type of object. Authorization has happened before they run."""

from __future__ import annotations

from beamctl.emulator.routes import resources, service_accounts, tokens, users, workspaces
from beamctl.emulator.routing import Route

ROUTES: tuple[Route, ...] = (
    *workspaces.ROUTES,
    *users.ROUTES,
    *service_accounts.ROUTES,
    *resources.ROUTES,
    *tokens.ROUTES,
)
"""All routes."""
