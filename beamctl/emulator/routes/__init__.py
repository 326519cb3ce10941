"""The routes of the control plane. Authorization has happened before they run.

To add one, declare it in `ROUTES` of a module: the permission it needs, the schemas of its request and response in
`schemas/api/`, and the statuses it may return besides those of every route. A new permission has a row in the tables of
`permission.py`, a new variable in a path an entry in `VARIABLES`.
"""

from __future__ import annotations

from beamctl.emulator.routes import (
    catalog,
    drive_tokens,
    image_tags,
    inference,
    model_deployments,
    private_clusters,
    resources,
    service_accounts,
    shares,
    tokens,
    users,
    workspace_secrets,
    workspaces,
)
from beamctl.emulator.routing import Route

ROUTES: tuple[Route, ...] = (
    *workspaces.ROUTES,
    *users.ROUTES,
    *service_accounts.ROUTES,
    *resources.ROUTES,
    *drive_tokens.ROUTES,
    *model_deployments.ROUTES,
    *private_clusters.ROUTES,
    *inference.ROUTES,
    *workspace_secrets.ROUTES,
    *catalog.ROUTES,
    *shares.ROUTES,
    *image_tags.ROUTES,
    *tokens.ROUTES,
)
"""All routes."""

VARIABLES = {
    "name": ("The name of a workspace.", "/name"),
    "who": ("The sub or e-mail address of a member or invitee.", "/email"),
    "client_id": ("The client ID of a service account.", "/client_id"),
    "key_id": ("The ID of an API key, not the key itself.", "/id"),
    "key": ("The key of a feature flag.", "/featureKey"),
    "resource_name": ("The name of the object.", "/metadata/name"),
    "cluster_name": ("The name of a private cluster.", "/name"),
    "environment": ("The name of an environment.", "/environment"),
    "secret_name": ("The name of a secret.", "/name"),
    "resource_type": ("The type of resource an image is for.", "/resourceType"),
    "tag_name": ("The name of a tag.", "/tag"),
    "image_name": ("The name of an image.", "/name"),
    "domain_name": ("The name of a custom domain.", "/metadata/name"),
    "target_workspace": ("The workspace that it is shared with.", "/metadata/workspace"),
    "external_id": ("The external ID of an object.", "/metadata/externalId"),
    "integration_name": ("The name of an integration.", "/name"),
    "model_id": ("The ID of a model, which may contain slashes.", "/id"),
}
"""The meaning of each path variable, and its place in the response of the POST that creates the object."""
