"""The types of credentials, which hide their secrets in `repr`, and how to parse them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import assert_never
from urllib.parse import unquote

from beamctl.errors import UsageError

LONGEST = 16_384
"""Maximum length of a credential: far more than any token, and less than servers accept in a header."""


@dataclass(frozen=True, slots=True)
class ApiKeyCredential:
    """An API key of a user or a service account; sent with every request."""

    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """The credentials of a service account, which are exchanged for a token that is valid for two hours.

    Attributes:
        id: The `client_id`, which is public.
        secret: The `client_secret`.
    """

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoginTokens:
    """The login tokens that the official CLI keeps.

    Attributes:
        access: An access token, which may have expired; may be empty if there is `refresh`.
        refresh: The refresh token; may be empty.
        device_code: Sent with `refresh` if the CLI kept it; may be empty.
    """

    access: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)
    device_code: str = field(default="", repr=False)


Credential = ApiKeyCredential | ClientCredentials | LoginTokens


def basic(credentials: ClientCredentials) -> str:
    """Client credentials for HTTP Basic authentication: base64 of `id:secret`."""
    return base64.b64encode(f"{credentials.id}:{credentials.secret}".encode()).decode()


def secrets_of(credential: Credential) -> tuple[str, ...]:
    """All secrets in a credential, in every form that is used."""
    match credential:
        case ApiKeyCredential(key):
            found: tuple[str, ...] = (key,)
        case ClientCredentials(_, secret):
            found = (secret, basic(credential))
        case LoginTokens(access, refresh, device_code):
            found = (access, refresh, device_code)
        case _:
            assert_never(credential)
    return tuple(text for text in found if text)


def api_key(value: str, origin: str) -> ApiKeyCredential:
    """Parse an API key that was found at `origin`.

    Raises:
        UsageError: It is not valid in a header. The message does not show it.
    """
    return ApiKeyCredential(checked(value, origin))


def client_credentials(value: str, origin: str) -> ClientCredentials:
    """Parse client credentials: `id:secret`, or base64 of that.

    Raises:
        UsageError: It is neither. The message does not show it.
    """
    checked(value, origin)
    plain = value if ":" in value else _decoded(value)
    client_id, _, secret = plain.partition(":")
    if not client_id or not secret:
        raise UsageError(
            f"{origin} is neither `client_id:client_secret` nor base64 of that",
            "Encode it again: printf '%s' \"$CLIENT_ID:$CLIENT_SECRET\" | base64 --wrap=0",
        )
    return ClientCredentials(checked(client_id, origin), checked(secret, origin))


def sendable(value: str) -> bool:
    """Whether a text is valid in a header: printable ASCII without spaces, and not too long."""
    return value.isascii() and value.isprintable() and " " not in value and 0 < len(value) <= LONGEST


def checked(value: str, origin: str) -> str:
    """Return the value if it is valid in a header.

    Raises:
        UsageError: It is not. The message does not show it.
    """
    if sendable(value):
        return value
    if not value or len(value) > LONGEST:
        raise UsageError(f"{origin} is {'too long for a' if value else 'an empty'} credential", "Set it again.")
    raise UsageError(
        f"{origin} contains white space, a line break or another character that is invalid in a credential",
        "Copy it again, without quotes, spaces or line breaks around it.",
    )


def _decoded(value: str) -> str:
    try:
        padded = value + "=" * (-len(value) % 4)
        return base64.b64decode(padded, altchars=b"-_" if set("-_") & set(value) else None, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


CLI_FILES = ("~/.blaxel/config.yaml", "~/.beamlit/config.yaml")
"""The files of the official CLI, the current one before Beamlit's."""
URL_VARIABLES = ("BEAMCTL_API_URL", "BL_API_URL", "BL_BASE_URL", "BEAMLIT_API_URL")
STAGE_VARIABLE = "BL_ENV"
URL_SETTINGS = (*URL_VARIABLES, STAGE_VARIABLE)
WORKSPACE_VARIABLES = ("BEAMCTL_WORKSPACE", "BL_WORKSPACE")
Variables = tuple[tuple[str, Callable[[str, str], Credential]], ...]
"""Names of variables, each with the function that parses its value."""
CREDENTIAL_VARIABLES: Variables = (
    ("BEAMCTL_API_KEY", api_key),
    ("BEAMCTL_CLIENT_CREDENTIALS", client_credentials),
    ("BL_API_KEY", api_key),
    ("BL_CLIENT_CREDENTIALS", client_credentials),
    ("BL_AUTHENTICATION_APIKEY", api_key),
    ("BL_AUTHENTICATION_CLIENT_CREDENTIALS", client_credentials),
)
_OF_WORKSPACES = CREDENTIAL_VARIABLES[:2]
"""The variables that also exist for a single workspace."""


def workspace_variables(workspace: str) -> Variables:
    """The variables for the credential of one workspace, as in `CREDENTIAL_VARIABLES`."""
    suffix = workspace.upper().replace("-", "_")
    return tuple((f"{name}__{suffix}", parse) for name, parse in _OF_WORKSPACES)


def extended_variables(environment: Mapping[str, str]) -> Iterator[tuple[str, Callable[[str, str], Credential]]]:
    """The variables that are set and meant for a workspace, even if their names are misspelled."""
    for name, value in environment.items():
        for prefix, parse in _OF_WORKSPACES:
            if value.strip("\r\n") and name.upper().startswith(f"{prefix}_"):
                yield name, parse


def environment_secrets(environment: Mapping[str, str]) -> Iterator[str]:
    """All secrets in the environment, whether or not they are used."""
    for name, parse in (*CREDENTIAL_VARIABLES, *extended_variables(environment)):
        value = environment.get(name, "").strip()
        yield value.rpartition(":")[2]  # the part before the colon is a `client_id`, which is public
        with suppress(UsageError):
            yield from secrets_of(parse(value, name))
    for name, value in environment.items():
        if name in URL_VARIABLES or name.lower().endswith("_proxy"):
            yield from _userinfo(value)


def _userinfo(url: str) -> Iterator[str]:
    """The password in a URL: as written, decoded, and encoded as in a header."""
    login = url.rpartition("@")[0].rpartition("//")[2]
    user, _, password = login.partition(":")
    for each in (password, unquote(password)):
        yield each
        yield basic(ClientCredentials(unquote(user), each)) if each else ""
