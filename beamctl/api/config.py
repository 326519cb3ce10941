"""Finds the API's URL and the credential.

In order of precedence:

1. options: `--api-url`, `--api-key-file`
2. `BEAMCTL_API_URL`; `BEAMCTL_API_KEY__NAME`, `BEAMCTL_CLIENT_CREDENTIALS__NAME` for one workspace;
   `BEAMCTL_API_KEY`, `BEAMCTL_CLIENT_CREDENTIALS`
3. `BL_API_URL`, `BL_API_KEY`, `BL_CLIENT_CREDENTIALS`; then the names of the Beamlit era: `BL_BASE_URL`,
   `BEAMLIT_API_URL`, `BL_AUTHENTICATION_APIKEY`, `BL_AUTHENTICATION_CLIENT_CREDENTIALS`;
   then, for the URL, `BL_ENV` (prod, dev, local)
4. the workspace's login in `~/.blaxel/config.yaml`, then in `~/.beamlit/config.yaml`, with its `env`
5. for the URL: https://api.blaxel.ai/v0

Empty variables are ignored. Files are read for a login only if nothing above them gives a credential.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from beamctl.api.base_url import DEFAULT_URL, base_url, host_of
from beamctl.api.credential import (
    CLI_FILES,
    CREDENTIAL_VARIABLES,
    URL_VARIABLES,
    Credential,
    Variables,
    workspace_variables,
)
from beamctl.errors import OwnCredentialError, UnauthenticatedError, UsageError

if TYPE_CHECKING:
    from beamctl.api.cli_config import FileText

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
class Sources:
    """Everything that can set the API's URL and the credential.

    Attributes:
        api_url: The value of `--api-url`, if given.
        key_file: The file of `--api-key-file`, if given.
        environment: The environment variables.
        files: The existing files of the official CLI.
    """

    api_url: str = ""
    key_file: FileText | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: tuple[FileText, ...] = ()


@dataclass(frozen=True, slots=True)
class Connection:
    """The API's URL and the credential.

    Attributes:
        base_url: The URL, without a trailing slash.
        era: Which headers the API expects.
        credential: None only for an emulator inside this process.
        url_from: Where the URL was found, for messages.
        credential_from: Where the credential was found, for messages; never the credential itself.
    """

    base_url: str
    era: Era = Era.BLAXEL
    credential: Credential | None = None
    url_from: str = "default"
    credential_from: str = ""


LOCAL = Connection(LOCAL_URL, url_from="the emulator in this process")
"""The connection to an emulator inside this process; pass its WSGI application to `open_workspace`."""


def collect_sources(api_url: str | None = None, api_key_file: str | None = None) -> Sources:
    """Collect the sources from the options and this machine.

    Raises:
        UsageError: The named key file does not exist.
    """
    if not api_key_file and not any(map(_may_exist, CLI_FILES)):
        return Sources(api_url or "", None, dict(os.environ))
    from beamctl.api.cli_config import read_cli_files, read_file

    key_file = read_file(api_key_file) if api_key_file else None
    if api_key_file and key_file is None:
        raise UsageError(f"--api-key-file: {api_key_file} does not exist", "Name a file that contains an API key.")
    return Sources(api_url or "", key_file, dict(os.environ), read_cli_files())


def _may_exist(path: str) -> bool:
    """Whether a file exists, or cannot be looked at."""
    try:
        os.lstat(os.path.expanduser(path))  # noqa: PTH111 - without an import
    except (OSError, ValueError) as error:
        return not isinstance(error, FileNotFoundError | NotADirectoryError)
    return True


def decide(sources: Sources, workspace: str) -> Connection:
    """Choose the URL and the credential for a workspace.

    Raises:
        UsageError: The first source is invalid. Later ones are not tried.
        UnauthenticatedError: There is no credential.
    """
    credential, credential_from, stage = _credential(sources, workspace)
    url, url_from = _url(sources, stage, credential_from)
    return Connection(url, era_of(url), credential, url_from, credential_from)


def default_workspace(sources: Sources) -> str:
    """The default workspace: `BL_WORKSPACE`, else the official CLI's; empty if neither is set.

    Raises:
        UsageError: A file of the official CLI cannot be read or parsed.
    """
    if sources.environment.get("BL_WORKSPACE") or not sources.files:
        return sources.environment.get("BL_WORKSPACE", "")
    from beamctl.api.cli_config import current_workspace

    named = (name for file in sources.files if (name := current_workspace(file)))
    return next(named, "")


def _url(sources: Sources, stage: str, stage_from: str) -> tuple[str, str]:
    urls = {"--api-url": sources.api_url} | {name: sources.environment.get(name, "") for name in URL_VARIABLES}
    for origin, text in urls.items():
        if text:
            return base_url(text, origin), origin
    if named := sources.environment.get("BL_ENV"):
        return _stage_url(named, "BL_ENV"), "BL_ENV"
    if stage:
        return _stage_url(stage, f"env in {stage_from}"), stage_from
    return DEFAULT_URL, "default"


def _stage_url(stage: str, origin: str) -> str:
    if stage not in _STAGE_URLS:
        raise UsageError(
            f"{origin} is not one of {', '.join(_STAGE_URLS)}", "Use one of them, or set the URL with --api-url."
        )
    return _STAGE_URLS[stage]


def _credential(sources: Sources, workspace: str) -> tuple[Credential, str, str]:
    """The credential, where it was found, and its stage, which only entries of the official CLI have."""
    if sources.key_file is not None:
        from beamctl.api.cli_config import key_in

        return key_in(sources.key_file), f"--api-key-file {sources.key_file.path}", ""
    own = workspace_variables(workspace)
    with _own_credential():
        found = _variable(sources, own)
    if found := found or _variable(sources, CREDENTIAL_VARIABLES):
        return (*found, "")
    for file in sources.files:
        from beamctl.api.cli_config import entry_of

        with _own_credential():
            entry = entry_of(file, workspace)
        if entry is not None and entry.credential is not None:
            return entry.credential, f"{entry.path}, workspace {workspace}", entry.stage
    raise UnauthenticatedError(
        f"there is no credential for the workspace {workspace}",
        f"Log in with the official CLI:  bl login {workspace}\n"
        "Or set BEAMCTL_API_KEY or BL_API_KEY to an API key.\n"
        "Or set BEAMCTL_CLIENT_CREDENTIALS or BL_CLIENT_CREDENTIALS to the ID:SECRET of a service account.\n"
        f"Or set {own[0][0]} or {own[1][0]} for this workspace only.\n"
        "Or name a file that contains an API key with --api-key-file.",
    )


def _variable(sources: Sources, variables: Variables) -> tuple[Credential, str] | None:
    """The credential of the first of these variables that is set, and the name of the variable."""
    for name, parse in variables:
        if value := sources.environment.get(name, "").removesuffix("\n").removesuffix("\r"):  # as in a key file
            return parse(value, name), name
    return None


@contextmanager
def _own_credential() -> Iterator[None]:
    """Mark an error as one that is about a single workspace."""
    try:
        yield
    except UsageError as error:
        raise OwnCredentialError(error.message, error.hint) from None


def era_of(url: str) -> Era:
    """The era of an API by its host. Unknown hosts, such as an emulator's, use the current one."""
    host = host_of(url)
    return Era.BEAMLIT if host.endswith((".beamlit.com", ".beamlit.dev")) else Era.BLAXEL
