"""Says in errors which credential was used, where it was found, and how to use another one."""

from __future__ import annotations

from typing import assert_never

from beamctl.api.config import Connection
from beamctl.api.credential import ApiKeyCredential, ClientCredentials, LoginTokens
from beamctl.api.sources import CredentialOrigin
from beamctl.api.token import expiration


def another_credential(connection: Connection, workspace: str) -> str:
    """A hint for using another credential. A variable or an option takes precedence over every login."""
    match connection.origin:
        case CredentialOrigin.VARIABLE:
            return "unset it to use another one"
        case CredentialOrigin.OPTION:
            return "omit --api-key-file to use another one"
        case CredentialOrigin.ENV_FILE:
            return "omit --env-file to use another one"
        case CredentialOrigin.LOGIN:
            return f"log in again with: bl login {workspace}"
        case _:
            assert_never(connection.origin)


def credential_used(connection: Connection) -> str:
    """Which credential was used and where it was found, and where others were found."""
    match connection.credential:
        case ApiKeyCredential():
            used = "The API key comes from"
        case ClientCredentials():
            used = "The client credentials come from"
        case LoginTokens():
            used = "The login comes from"
        case None:
            return "No credential was sent."
        case _:
            assert_never(connection.credential)
    return " ".join(filter(None, (f"{used} {connection.credential_from}.", not_used(connection))))


def not_used(connection: Connection) -> str:
    """Where other credentials were found; empty if there are none."""
    others = connection.passed_over()
    return f"Found but not used: {'; '.join(others)}." if others else ""


def unrenewable(connection: Connection) -> str:
    """Why a login cannot be renewed; empty if it can."""
    login = connection.credential
    if not isinstance(login, LoginTokens) or login.refresh:
        return ""
    end = expiration(login.access)
    until = f" It was valid until {end:%Y-%m-%d %H:%M} UTC." if end else ""
    return f"{until} It has no refresh token, so it cannot be renewed."
