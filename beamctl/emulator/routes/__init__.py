"""The routes of the control plane. Authorization has happened before they run.

To add one, declare it in `ROUTES` of a module: the permission it needs, the schemas of its request and response in
`schemas/api/`, and the statuses it may return besides those of every route. A new permission has a row in the tables of
`permission.py`, a new variable in a path an explanation in `openapi.py`.
"""

from __future__ import annotations

from beamctl.emulator.routes import (
    inference,
    model_deployments,
    private_clusters,
    resources,
    service_accounts,
    tokens,
    users,
    workspaces,
)
from beamctl.emulator.routing import Route

ROUTES: tuple[Route, ...] = (
    *workspaces.ROUTES,
    *users.ROUTES,
    *service_accounts.ROUTES,
    *resources.ROUTES,
    *model_deployments.ROUTES,
    *private_clusters.ROUTES,
    *inference.ROUTES,
    *tokens.ROUTES,
)
"""All routes."""
