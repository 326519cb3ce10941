"""Where secrets are read from and stored, as values, and the port for that. Only `StoreSecret` holds a secret."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from os.path import normpath
from typing import Any, Protocol, assert_never

from beamctl.model.api_call import NoResponse, Response
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.model.text import shell_word


@dataclass(frozen=True, slots=True)
class File:
    """A local file.

    Attributes:
        path: As written in the document, relative to the current directory.
    """

    path: str


@dataclass(frozen=True, slots=True)
class Command:
    """A local command: it reads a secret from standard input, or writes one to standard output.

    Attributes:
        words: The program and its arguments, run without a shell.
    """

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keyring:
    """An entry in the system keyring."""

    service: str
    user: str


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable."""

    name: str


SecretDestination = File | Command | Keyring
"""Where a secret can be stored."""

SecretSource = File | Command | Variable
"""Where a secret can be read from."""


SECRET_TO = "secretTo"  # noqa: S105 - a name
"""The key of a secret's destination, in documents and in `Change.secrets`. Without it, a change that creates a secret
has nowhere to store it."""

SECRETS_FROM = "from"
"""The key in `Change.secrets` of the sources of secrets, by their names."""

SOURCES_ALLOWED = "allowed"
"""The key in `Change.secrets` of the `guards.secretSources` entries that its sources need."""

_OWN_VARIABLES = ("BL_", "BEAMCTL_", "BEAMLIT_")


OWN_CREDENTIAL = "may hold beamctl's own credential, which is never sent"
"""Why a secret is not read from there."""


def is_own_variable(name: str) -> bool:
    """Whether an environment variable configures beamctl or the platform's tools, so that it may hold a credential."""
    return name.upper().startswith(_OWN_VARIABLES)


@dataclass(frozen=True, slots=True)
class StoreSecret:
    """A secret that the API shows only once, and where to store it.

    Attributes:
        sink: The destination; None if the document names none, in which case the command line may.
        what: What the secret is, for messages.
        secret: By name: `{"apiKey": …}`, `{"clientId": …, "clientSecret": …}`.
    """

    sink: SecretDestination | None
    what: str
    secret: Mapping[str, str] = field(repr=False)

    @property
    def text(self) -> str:
        """The text to store: a single secret as is, several as JSON."""
        return next(iter(self.secret.values())) if len(self.secret) == 1 else json.dumps(dict(self.secret))


@dataclass(frozen=True, slots=True)
class ReadSecret:
    """A request to read a secret.

    Attributes:
        source: Where to read it.
    """

    source: SecretSource


class SecretStore(Protocol):
    """Stores and reads secrets. Thread-safe."""

    def deliver(self, secret: StoreSecret) -> Response | NoResponse:
        """Store a secret durably. A response means that it is stored; its body says where, as facts."""
        ...

    def fetch(self, secret: ReadSecret) -> Response | NoResponse:
        """Read a secret; the body of the response is its text."""
        ...


def place_of(data: Mapping[str, Any]) -> SecretDestination | SecretSource | None:
    """The place described by data from a document or a plan; None if the data is invalid."""
    match data:
        case {"file": str(path), **rest} if path and not rest:
            return File(path)
        case {"command": list(words), **rest} if words and not rest and all(isinstance(word, str) for word in words):
            return Command(tuple(words))
        case {"keyring": {"service": str(service), "user": str(user), **more}, **rest} if not more and not rest:
            return Keyring(service, user)
        case {"env": str(name), **rest} if name and not rest:
            return Variable(name)
        case _:
            return None


def sink_of(data: Mapping[str, Any] | None) -> SecretDestination | None:
    """The same, for a place where a secret can be stored."""
    place = place_of(data or {})
    return None if isinstance(place, Variable) else place


def place_fact(place: SecretDestination | SecretSource) -> Fact:
    """The place as a fact: for a command, only the program."""
    match place:
        case File(path=path):
            return fact(Code.FILE, path=path)
        case Command(words=words):
            return fact(Code.COMMAND, program=words[0])
        case Keyring(service=service, user=user):
            return fact(Code.KEYRING_ENTRY, service=service, user=user)
        case Variable(name=name):
            return fact(Code.VARIABLE, name=name)
        case _:
            assert_never(place)


def described(place: SecretDestination | SecretSource) -> str:
    """A short description for messages: for a command, only the program. Plans use `full_description`."""
    return _described(place, str, 1)


def full_description(place: SecretDestination | SecretSource) -> str:
    """A complete description: no two places look the same."""
    return _described(place, shell_word, None)


def _described(place: SecretDestination | SecretSource, shown: Callable[[str], str], most_words: int | None) -> str:
    match place:
        case File(path=path):
            return f"the file {shown(path)}"
        case Command(words=words):
            return f"the command {' '.join(map(shown, words[:most_words]))}"
        case Keyring(service=service, user=user):
            return f"the keyring entry {shown(service)} for {shown(user)}"
        case Variable(name=name):
            return f"the environment variable {shown(name)}"
        case _:
            assert_never(place)


def one_place(sink: SecretDestination) -> SecretDestination:
    """The normalized place, equal for all its spellings."""
    return File(normpath(sink.path)) if isinstance(sink, File) else sink


class ApiRedactor(Protocol):
    """Removes secrets from text about requests, and learns new ones. Thread-safe."""

    def learn_own(self, *secrets: str) -> None:
        """Hide these, which authenticate this process, from now on."""
        ...

    def learn_from(self, body: Any) -> None:  # noqa: ANN401 - any JSON
        """Hide the secrets in the body of a response from now on."""
        ...

    def secrets_in(self, body: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
        """The secrets in a body."""
        ...

    def clean(self, text: str, limit: int = 300, *, also: Iterable[str] = ()) -> str:
        """The text without known secrets and those in `also`, on one line of at most `limit` characters."""
        ...

    def body(self, body: Any) -> str:  # noqa: ANN401 - any JSON
        """A JSON body as short text without secrets."""
        ...


class RecordRedactor(Protocol):
    """Keeps secrets out of the files that beamctl writes."""

    def redact(self, text: str, *, json: bool = False) -> str:
        """The text without known secrets. With `json`, it stays valid JSON."""
        ...

    def require_no_secrets(self, text: str, what: str) -> str:
        """Return a JSON text that must be written unchanged or not at all.

        Raises:
            UsageError: It contains a secret.
        """
        ...
