"""Which credential each workspace would use, without a request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from beamctl.api.config import LOCAL, Connection, decide
from beamctl.api.credential import (
    ApiKeyCredential,
    ClientCredentials,
    LoginTokens,
    extended_variables,
    workspace_variables,
)
from beamctl.errors import UnauthenticatedError, UsageError
from beamctl.report.credential_text import CredentialError, CredentialKind, CredentialUse, CredentialUses
from beamctl.workflow.connection import Access


def credentials_of(access: Access, workspaces: Sequence[str], others: Sequence[str] = ()) -> CredentialUses:
    """The credential of each workspace, and the variables that match none of them.

    Args:
        access: The settings.
        workspaces: The workspaces.
        others: Workspaces that variables may be meant for, too.

    Raises:
        UsageError: Two of the workspaces would share a variable.
    """
    refuse_shared_variables(access, workspaces)
    expected = [name for workspace in workspaces for name, _ in workspace_variables(workspace)]
    known = {name for workspace in (*workspaces, *others) for name, _ in workspace_variables(workspace)}
    unmatched = {name for name, _ in extended_variables(access.sources.environment)} - known
    return CredentialUses([credential_of(access, each) for each in workspaces], sorted(unmatched), expected)


def refuse_shared_variables(access: Access, workspaces: Sequence[str]) -> None:
    """Refuse two workspaces whose credentials would come from the same variable.

    Names that a document accepts never do; others, such as `acme_prod` and `acme-prod`, may.

    Raises:
        UsageError: A variable is set and would be used for two of the workspaces.
    """
    if access.is_local or access.sources.key_file is not None:
        return
    users: dict[str, str] = {}
    for workspace in workspaces:
        for name, _ in workspace_variables(workspace):
            other = users.setdefault(name, workspace)
            if other != workspace and access.sources.environment.get(name):
                raise UsageError(
                    f"{name} would be the credential of two workspaces, {other} and {workspace}",
                    "Name them in separate runs, each with its own value of the variable.",
                )


def credential_of(access: Access, workspace: str) -> CredentialUse:
    """The credential that a workspace would use."""
    try:
        connection = LOCAL if access.is_local else decide(access.sources, workspace)
    except (UnauthenticatedError, UsageError) as error:
        found = CredentialError(error.code, error.message, error.hint)
        return CredentialUse(workspace, CredentialKind.NONE, error=found)
    url = "local" if access.is_local else connection.base_url
    return CredentialUse(
        workspace,
        _kind(connection),
        connection.credential_from,
        url,
        connection.url_from,
        passed_over=connection.passed_over(),
    )


def _kind(connection: Connection) -> CredentialKind:
    match connection.credential:
        case ApiKeyCredential():
            return CredentialKind.API_KEY
        case ClientCredentials():
            return CredentialKind.CLIENT_CREDENTIALS
        case LoginTokens():
            return CredentialKind.TOKEN
        case None:
            return CredentialKind.NOT_NEEDED
        case _:
            assert_never(connection.credential)
