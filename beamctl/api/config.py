"""Finds the API's URL and the credential.

In order of precedence:

1. options: `--api-url`, `--api-key-file`
2. `BEAMCTL_API_URL`; `BEAMCTL_API_KEY__NAME`, `BEAMCTL_CLIENT_CREDENTIALS__NAME` for one workspace;
   `BEAMCTL_API_KEY`, `BEAMCTL_CLIENT_CREDENTIALS`
3. `BL_API_URL`, `BL_API_KEY`, `BL_CLIENT_CREDENTIALS`; then the names of the Beamlit era: `BL_BASE_URL`,
   `BEAMLIT_API_URL`, `BL_AUTHENTICATION_APIKEY`, `BL_AUTHENTICATION_CLIENT_CREDENTIALS`;
   then, for the URL, `BL_ENV` (prod, dev, local)
4. the same variables in the file of `--env-file`
5. the workspace's login in `~/.blaxel/config.yaml`, then in `~/.beamlit/config.yaml`, with its `env`
6. for the URL: https://api.blaxel.ai/v0

Empty variables are ignored. Files are read for a login only if nothing above them gives a credential.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from functools import partial

from beamctl.api.base_url import DEFAULT_URL, base_url, host_of
from beamctl.api.credential import STAGE_VARIABLE, URL_SETTINGS, WORKSPACE_VARIABLES, Credential, workspace_variables
from beamctl.api.sources import Candidate, CredentialOrigin, Sources, candidates
from beamctl.errors import UnauthenticatedError, UsageError

_STAGE_URLS = {
    "prod": DEFAULT_URL,
    "dev": "https://api.blaxel.dev/v0",
    "local": "http://localhost:8080/v0",
}
"""The URLs for `BL_ENV` and for `env` in the official CLI's file."""

LOCAL_URL = "http://local/v0"
"""The base URL of an emulator inside this process. Nothing is sent over the network."""


class Era(Enum):
    """The two names of the API. Paths are the same; headers differ."""

    BEAMLIT = "beamlit"
    BLAXEL = "blaxel"


@dataclass(frozen=True, slots=True)
class Connection:
    """The API's URL and the credential.

    Attributes:
        base_url: The URL, without a trailing slash.
        era: Which headers the API expects.
        credential: None only for an emulator inside this process.
        url_from: Where the URL was found, for messages.
        credential_from: Where the credential was found, for messages; never the credential itself.
        origin: The sort of that place.
        passed_over: Returns the places with other credentials of lower precedence. They are read only when called.
    """

    base_url: str
    era: Era = Era.BLAXEL
    credential: Credential | None = None
    url_from: str = "default"
    credential_from: str = ""
    origin: CredentialOrigin = CredentialOrigin.VARIABLE
    passed_over: Callable[[], tuple[str, ...]] = field(default=tuple, compare=False, repr=False)


LOCAL = Connection(LOCAL_URL, url_from="the emulator in this process")
"""The connection to an emulator inside this process; pass its WSGI application to `open_workspace`."""


def decide(sources: Sources, workspace: str) -> Connection:
    """Choose the URL and the credential for a workspace.

    Raises:
        UsageError: The first source is invalid. Later ones are not tried.
        UnauthenticatedError: There is no credential.
    """
    used, credential, stage = _chosen(sources, workspace)
    url, url_from = _url(sources, stage, used.place)
    others = partial(_passed_over, sources, workspace, used, credential)
    return Connection(url, era_of(url), credential, url_from, used.place, used.origin, others)


def default_workspace(sources: Sources) -> str:
    """The default workspace: that of a variable, else the official CLI's; empty if neither is set.

    Raises:
        UsageError: A file of the official CLI cannot be read or parsed.
    """
    if variables := sources.set_variables(WORKSPACE_VARIABLES):
        return sources.environment[variables[0]]
    if not sources.files:
        return ""
    from beamctl.api.cli_config import current_workspace

    named = (name for file in sources.files if (name := current_workspace(file)))
    return next(named, "")


def _url(sources: Sources, stage: str, stage_from: str) -> tuple[str, str]:
    if sources.api_url:
        return base_url(sources.api_url, "--api-url"), "--api-url"
    for name in sources.set_variables(URL_SETTINGS)[:1]:
        valid = _stage_url if name == STAGE_VARIABLE else base_url
        return valid(sources.environment[name], sources.place_of(name)), sources.place_of(name)
    if stage:
        return _stage_url(stage, f"env in {stage_from}"), stage_from
    return DEFAULT_URL, "default"


def _stage_url(stage: str, origin: str) -> str:
    if stage not in _STAGE_URLS:
        raise UsageError(
            f"{origin} is not one of {', '.join(_STAGE_URLS)}", "Use one of them, or set the URL with --api-url."
        )
    return _STAGE_URLS[stage]


def _chosen(sources: Sources, workspace: str) -> tuple[Candidate, Credential, str]:
    """The first place with a credential, the credential, and the `env` of an entry of the official CLI."""
    for place in candidates(sources, workspace):
        credential, stage = place.read()
        if credential is not None:
            return place, credential, stage
    own = workspace_variables(workspace)
    looked = "".join(f"\n{file.path} has no usable login for {workspace}." for file in sources.files)
    raise UnauthenticatedError(
        f"there is no credential for the workspace {workspace}",
        f"Log in with the official CLI:  bl login {workspace}\n"
        "Or set BEAMCTL_API_KEY or BL_API_KEY to an API key.\n"
        "Or set BEAMCTL_CLIENT_CREDENTIALS or BL_CLIENT_CREDENTIALS to the ID:SECRET of a service account.\n"
        f"Or set {own[0][0]} or {own[1][0]} for this workspace only.\n"
        "Or name a file that contains an API key with --api-key-file, or one with such variables with --env-file."
        f"{looked}",
    )


def _passed_over(sources: Sources, workspace: str, used: Candidate, credential: Credential) -> tuple[str, ...]:
    """The places with another credential than the one that is used. Invalid ones are left out."""
    found = []
    for place in candidates(sources, workspace):
        with suppress(UsageError):
            if place.place != used.place and place.read()[0] not in (None, credential):
                found.append(place.place)
    return tuple(found)


def era_of(url: str) -> Era:
    """The era of an API by its host. Unknown hosts, such as an emulator's, use the current one."""
    host = host_of(url)
    return Era.BEAMLIT if host.endswith((".beamlit.com", ".beamlit.dev")) else Era.BLAXEL
