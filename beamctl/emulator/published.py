"""Published operations that the emulator does not have. They answer 501, because 404 would mean a missing object."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

OPERATIONS: Mapping[str, str] = {
    "/agents/{agent_name}/deployments": "GET",
    "/agents/{agent_name}/deployments/{environment_name}": "GET PUT DELETE",
    "/agents/{agent_name}/deployments/{environment_name}/history": "GET",
    "/agents/{agent_name}/deployments/{environment_name}/history/{request_id}": "GET PUT DELETE",
    "/agents/{agent_name}/deployments/{environment_name}/logs": "GET",
    "/agents/{agent_name}/deployments/{environment_name}/metrics": "GET",
    "/agents/{agent_name}/history": "GET",
    "/agents/{agent_name}/history/{request_id}": "GET PUT DELETE",
    "/agents/{agent_name}/logs": "GET",
    "/agents/{agent_name}/metrics": "GET",
    "/agents/{agent_name}/release": "POST",
    "/agents/{agent_name}/revisions": "GET",
    "/agents/{agent_name}/traces": "GET",
    "/applications": "GET POST",
    "/applications/{application_name}": "GET PUT DELETE",
    "/applications/{application_name}/customdomains": "POST",
    "/applications/{application_name}/revisions": "GET",
    "/authentication_providers/{authentication_provider_name}/models": "GET",
    "/authentication_providers/{authentication_provider_name}/models/{model_repo_id}/{model_id}": "GET",
    "/authentication_providers/{authentication_provider_name}/organizations": "GET",
    "/changelog": "GET",
    "/customdomains": "GET POST",
    "/customdomains/{domain_name}": "GET PUT DELETE",
    "/customdomains/{domain_name}/share": "GET POST",
    "/customdomains/{domain_name}/share/{target_workspace}": "DELETE",
    "/customdomains/{domain_name}/verify": "POST",
    "/drives": "GET POST",
    "/drives/by-external-id/{external_id}": "GET",
    "/drives/jwks.json": "GET",
    "/drives/{drive_name}": "GET PUT DELETE",
    "/drives/{drive_name}/access-token": "POST",
    "/drives/{drive_name}/folders": "DELETE",
    "/egressgateways": "GET",
    "/egressgateways/usage": "GET",
    "/egressips": "GET",
    "/environments/{environment_name}/metrics": "GET",
    "/functions/{function_name}/deployments": "GET",
    "/functions/{function_name}/deployments/{environment_name}": "GET PUT DELETE",
    "/functions/{function_name}/deployments/{environment_name}/logs": "GET",
    "/functions/{function_name}/deployments/{environment_name}/metrics": "GET",
    "/functions/{function_name}/logs": "GET",
    "/functions/{function_name}/metrics": "GET",
    "/functions/{function_name}/release": "POST",
    "/functions/{function_name}/revisions": "GET",
    "/functions/{function_name}/traces": "GET",
    "/history/agents": "GET",
    "/history/agents/{request_id}": "GET",
    "/images": "GET POST DELETE",
    "/images/{resource_type}/{image_name}": "GET DELETE",
    "/images/{resource_type}/{image_name}/share": "GET POST",
    "/images/{resource_type}/{image_name}/share/{target_workspace}": "DELETE",
    "/images/{resource_type}/{image_name}/tags": "GET",
    "/images/{resource_type}/{image_name}/tags/{tag_name}": "DELETE",
    "/integrations/connections/{connection_name}/endpointConfigurations": "GET",
    "/integrations/connections/{connection_name}/models": "GET",
    "/integrations/connections/{connection_name}/models/{model_id}": "GET",
    "/integrations/{integration_name}": "GET",
    "/integrations/{integration_name}/models": "GET",
    "/integrations/{integration_name}/models/{model_id}": "GET",
    "/jobs/{job_id}/executions": "GET POST",
    "/jobs/{job_id}/executions/{execution_id}": "GET DELETE",
    "/jobs/{job_id}/executions/{execution_id}/tasks": "GET",
    "/jobs/{job_id}/revisions": "GET",
    "/knowledgebases": "GET POST",
    "/knowledgebases/{knowledgebase_name}": "GET PUT DELETE",
    "/knowledgebases/{knowledgebase_name}/revisions": "GET",
    "/locations": "GET",
    "/mcp/hub": "GET",
    "/metrics": "GET",
    "/model_providers": "GET POST",
    "/model_providers/{model_provider_name}": "GET PUT DELETE",
    "/models/{model_name}/deployments/{environment_name}/logs": "GET",
    "/models/{model_name}/deployments/{environment_name}/metrics": "GET",
    "/models/{model_name}/logs": "GET",
    "/models/{model_name}/metrics": "GET",
    "/models/{model_name}/release": "POST",
    "/models/{model_name}/revisions": "GET",
    "/models/{model_name}/traces": "GET",
    "/pending-image-shares": "GET",
    "/pending-image-shares/{pending_share_id}/accept": "POST",
    "/pending-image-shares/{pending_share_id}/decline": "POST",
    "/publicIps": "GET",
    "/sandbox/hub": "GET",
    "/sandboxes/by-external-id/{external_id}": "GET",
    "/sandboxes/{sandbox_name}/archive": "POST",
    "/sandboxes/{sandbox_name}/fork": "POST",
    "/sandboxes/{sandbox_name}/previews": "GET POST",
    "/sandboxes/{sandbox_name}/previews/{preview_name}": "GET PUT DELETE",
    "/sandboxes/{sandbox_name}/previews/{preview_name}/tokens": "GET POST",
    "/sandboxes/{sandbox_name}/previews/{preview_name}/tokens/{token_name}": "DELETE",
    "/sandboxes/{sandbox_name}/schedule-executions": "GET",
    "/sandboxes/{sandbox_name}/schedules": "GET POST",
    "/sandboxes/{sandbox_name}/schedules/{schedule_id}": "GET PUT DELETE",
    "/sandboxes/{sandbox_name}/snapshots": "GET POST",
    "/sandboxes/{sandbox_name}/snapshots/{snapshot_id}": "DELETE",
    "/sandboxes/{sandbox_name}/snapshots/{snapshot_id}/restore": "POST",
    "/sandboxes/{sandbox_name}/unarchive": "POST",
    "/schedule-executions": "GET",
    "/schedules": "GET",
    "/schedules/metrics": "GET",
    "/secrets": "GET POST DELETE",
    "/secrets/{secret_name}": "DELETE",
    "/snapshots": "GET POST",
    "/snapshots/{snapshot_name}": "GET DELETE",
    "/snapshots/{snapshot_name}/fork": "POST",
    "/store/agents": "GET",
    "/store/agents/{agent_name}": "GET",
    "/store/functions": "GET",
    "/store/functions/{function_name}": "GET",
    "/templates": "GET",
    "/templates/{template_name}": "GET",
    "/traces": "GET",
    "/traces/{trace_id}": "GET",
    "/traces/{trace_id}/logs": "GET",
    "/volume_templates": "GET POST",
    "/volume_templates/{volume_template_name}": "GET PUT DELETE",
    "/volume_templates/{volume_template_name}/versions/{version_name}": "DELETE",
    "/volumes": "GET POST",
    "/volumes/by-external-id/{external_id}": "GET",
    "/volumes/{volume_name}": "GET PUT DELETE",
    "/vpcs": "GET POST",
    "/vpcs/{vpc_name}": "GET DELETE",
    "/vpcs/{vpc_name}/egressgateways": "GET POST",
    "/vpcs/{vpc_name}/egressgateways/{gateway_name}": "GET DELETE",
    "/vpcs/{vpc_name}/egressgateways/{gateway_name}/ips": "GET POST",
    "/vpcs/{vpc_name}/egressgateways/{gateway_name}/ips/{ip_name}": "GET DELETE",
}
"""The methods by path, from the official clients: `blaxel` 0.4.24, and `beamlit` 0.0.63, 0.0.30a0 and 0.0.11. A route
of the emulator takes precedence over an entry here."""


@cache
def _url_map() -> Map:
    variables = str.maketrans("{}", "<>")
    rules = [
        Rule(path.translate(variables), endpoint=path, methods=methods.split()) for path, methods in OPERATIONS.items()
    ]
    return Map(rules, merge_slashes=False, redirect_defaults=False, strict_slashes=False)


def published_operation(method: str, path: str) -> str:
    """The operation of a request by its method and published path, such as `GET /agents/{agent_name}/revisions`.

    Args:
        method: The method.
        path: Relative to the base path.

    Returns:
        The operation; empty if there is none.
    """
    try:
        found, _ = _url_map().bind("localhost").match(path, method)
    except HTTPException:
        return ""
    return f"{method} {found}"


def names_it_literally(method: str, path: str) -> bool:
    """Whether the path is that of a published operation without variables."""
    return "{" not in path and method in OPERATIONS.get(path, "").split()
