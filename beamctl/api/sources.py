"""Everything that may hold the credential of a workspace: options, variables, an env file, the official CLI's files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from beamctl.api.credential import CLI_FILES, CREDENTIAL_VARIABLES, Credential, workspace_variables
from beamctl.errors import OwnCredentialError, UsageError

if TYPE_CHECKING:
    from beamctl.api.cli_config import FileText


class CredentialOrigin(Enum):
    """The sorts of places that hold a credential."""

    OPTION = "option"
    VARIABLE = "variable"
    ENV_FILE = "env-file"
    LOGIN = "login"


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that can set the API's URL and the credential.

    Attributes:
        api_url: The value of `--api-url`, if given.
        key_file: The file of `--api-key-file`, if given.
        environment: The environment variables, and those of `env_file` that the environment does not set.
        files: The existing files of the official CLI.
        env_file: The file of `--env-file`, if given.
        from_env_file: The names of the variables that `env_file` sets.
    """

    api_url: str = ""
    key_file: FileText | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: tuple[FileText, ...] = ()
    env_file: FileText | None = None
    from_env_file: frozenset[str] = frozenset()

    def set_variables(self, names: Iterable[str]) -> list[str]:
        """Those of the variables that are set, in order; those of the environment before those of the env file."""
        return sorted(filter(self.environment.get, names), key=self.from_env_file.__contains__)

    def place_of(self, variable: str) -> str:
        """Where a variable is set, for messages."""
        if self.env_file is not None and variable in self.from_env_file:
            return f"{variable} in {self.env_file.path}"
        return variable


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that may hold the credential of a workspace.

    Attributes:
        origin: The sort of place.
        place: The place, for messages.
        read: Returns the credential, if there is one, and the `env` of an entry of the official CLI. Raises UsageError
            if the place is invalid.
    """

    origin: CredentialOrigin
    place: str
    read: Callable[[], tuple[Credential | None, str]]


def collect_sources(
    api_url: str | None = None, api_key_file: str | None = None, env_file: str | None = None
) -> Sources:
    """Collect the sources from the options and this machine.

    Raises:
        UsageError: A named file does not exist, or the env file cannot be read.
    """
    environment = dict(os.environ)
    if not api_key_file and not env_file and not any(map(_may_exist, CLI_FILES)):
        return Sources(api_url or "", None, environment)
    from beamctl.api.cli_config import read_cli_files
    from beamctl.api.env_file import connection_variables

    key = _named("--api-key-file", api_key_file, "Name a file that contains an API key.")
    variables = _named("--env-file", env_file, "Name a file with lines such as BL_API_KEY=…")
    unset = {name: value for name, value in connection_variables(variables).items() if not environment.get(name)}
    return Sources(api_url or "", key, environment | unset, read_cli_files(), variables, frozenset(unset))


def _named(option: str, path: str | None, hint: str) -> FileText | None:
    """The file that an option names; None without the option.

    Raises:
        UsageError: It does not exist.
    """
    from beamctl.api.cli_config import read_file

    found = read_file(path) if path else None
    if path and found is None:
        raise UsageError(f"{option}: {path} does not exist", hint)
    return found


def _may_exist(path: str) -> bool:
    """Whether a file exists, or cannot be looked at."""
    try:
        os.lstat(os.path.expanduser(path))  # noqa: PTH111 - without an import
    except (OSError, ValueError) as error:
        return not isinstance(error, FileNotFoundError | NotADirectoryError)
    return True


def candidates(sources: Sources, workspace: str) -> Iterator[Candidate]:
    """The places that may hold the credential of a workspace, in order of precedence. Nothing is parsed yet."""
    if sources.key_file is not None:
        yield Candidate(
            CredentialOrigin.OPTION, f"--api-key-file {sources.key_file.path}", partial(_key, sources.key_file)
        )
    own = dict(workspace_variables(workspace))
    parsers = own | dict(CREDENTIAL_VARIABLES)
    for name in sources.set_variables(parsers):
        if value := sources.environment[name].removesuffix("\n").removesuffix("\r"):  # as in a key file
            place = sources.place_of(name)
            origin = CredentialOrigin.ENV_FILE if name in sources.from_env_file else CredentialOrigin.VARIABLE
            read = partial(_parsed, parsers[name], value, place)
            yield Candidate(origin, place, partial(_of_one_workspace, read) if name in own else read)
    for file in sources.files:
        place = f"{file.path}, workspace {workspace}"
        yield Candidate(CredentialOrigin.LOGIN, place, partial(_of_one_workspace, partial(_entry, file, workspace)))


def _key(file: FileText) -> tuple[Credential | None, str]:
    from beamctl.api.cli_config import key_in

    return key_in(file), ""


def _parsed(parse: Callable[[str, str], Credential], value: str, place: str) -> tuple[Credential | None, str]:
    return parse(value, place), ""


def _entry(file: FileText, workspace: str) -> tuple[Credential | None, str]:
    from beamctl.api.cli_config import entry_of

    entry = entry_of(file, workspace)
    return (entry.credential, entry.stage) if entry is not None else (None, "")


def _of_one_workspace(read: Callable[[], tuple[Credential | None, str]]) -> tuple[Credential | None, str]:
    """Read a place that is about one workspace only, and mark errors as such."""
    try:
        return read()
    except UsageError as error:
        raise OwnCredentialError(error.message, error.hint) from None
