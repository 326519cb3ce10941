"""Where a secret comes from and where it goes, as values: places, and never the secret itself but for the moment in
which it is handed over. It must not know how a place is reached."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from os.path import normpath
from typing import Any, assert_never

from beamctl.model.text import shell_word


@dataclass(frozen=True, slots=True)
class File:
    """A file of this machine.

    Attributes:
        path: As the document has it, relative to the current directory.
    """

    path: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command of this machine: a secret goes to its standard input, or comes from its standard output.

    Attributes:
        words: The program and its arguments; no shell reads them.
    """

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keyring:
    """An entry of the system's keyring.

    Attributes:
        service: What it is for.
        user: Whose.
    """

    service: str
    user: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the environment.

    Attributes:
        name: Its name.
    """

    name: str


SecretDestination = File | Command | Keyring
"""Where a secret can be put."""

SecretSource = File | Command | Variable
"""Where a secret can come from."""


SECRET_TO = "secretTo"  # noqa: S105 - a name
"""The key, in documents and in `Change.secrets`, behind which stands where a secret goes. A change that makes a secret
and has nothing there has nowhere to put it."""

SECRETS_FROM = "from"
"""The key in `Change.secrets` behind which stands where secrets come from, by their names."""

SOURCES_ALLOWED = "allowed"
"""The key in `Change.secrets` for the entries of `guards.secretSources` that its sources need."""

_OWN_VARIABLES = ("BL_", "BEAMCTL_", "BEAMLIT_")


OWN_CREDENTIAL = "may hold beamctl's own credential, which is never sent"
"""Why a secret does not come from there."""


def is_own_variable(name: str) -> bool:
    """Whether an environment variable configures beamctl or the platform's tools, and so may hold a credential."""
    return name.upper().startswith(_OWN_VARIABLES)


@dataclass(frozen=True, slots=True)
class StoreSecret:
    """A secret that the API shows this once, and where it is to be put before anything else is done.

    Attributes:
        sink: The place; None where the document names none, and somebody may have said another way.
        what: What the secret is, for messages.
        secret: By name: `{"apiKey": …}`, `{"clientId": …, "clientSecret": …}`.
    """

    sink: SecretDestination | None
    what: str
    secret: Mapping[str, str] = field(repr=False)

    @property
    def text(self) -> str:
        """What is put there: the secret itself where it is one text, else JSON."""
        return next(iter(self.secret.values())) if len(self.secret) == 1 else json.dumps(dict(self.secret))


@dataclass(frozen=True, slots=True)
class ReadSecret:
    """A secret that is needed now.

    Attributes:
        source: The place.
        what: What the secret is, for messages.
    """

    source: SecretSource
    what: str


def place_of(data: Mapping[str, Any]) -> SecretDestination | SecretSource | None:
    """The place that plain data means, as documents and plans have it; None where it means none."""
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
    """The same, where only a place will do that a secret can be put."""
    place = place_of(data or {})
    return None if isinstance(place, Variable) else place


def described(place: SecretDestination | SecretSource) -> str:
    """A place in a few words, for messages: of a command only the program. A plan shows it in full (`in_full`)."""
    match place:
        case File(path=path):
            return f"the file {path}"
        case Command(words=words):
            return f"the command {words[0]}"
        case Keyring(service=service, user=user):
            return f"the keyring's {service} of {user}"
        case Variable(name=name):
            return f"the variable {name}"
        case _:
            assert_never(place)


def in_full(place: SecretDestination | SecretSource) -> str:
    """A place with everything that decides where a secret goes or comes from: no two places look the same."""
    match place:
        case File(path=path):
            return f"the file {shell_word(path)}"
        case Command(words=words):
            return f"the command {' '.join(map(shell_word, words))}"
        case Keyring(service=service, user=user):
            return f"the keyring's {shell_word(service)} of {shell_word(user)}"
        case Variable(name=name):
            return f"the variable {shell_word(name)}"
        case _:
            assert_never(place)


def one_place(sink: SecretDestination) -> SecretDestination:
    """The place in the one way that all its spellings have."""
    return File(normpath(sink.path)) if isinstance(sink, File) else sink
