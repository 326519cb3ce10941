"""Where a secret comes from and where it goes, as values: places, and never the secret itself but for the moment in
which it is handed over. It must not know how a place is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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


Sink = File | Command | Keyring
"""Where a secret can be put."""

Source = File | Command | Variable
"""Where a secret can come from."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """A secret that the API shows this once, and where it is to be put before anything else is done.

    Attributes:
        sink: The place.
        what: What the secret is, for messages.
        secret: What is put there: plain JSON, such as `{"apiKey": …}`.
    """

    sink: Sink
    what: str
    secret: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fetch:
    """A secret that is needed now.

    Attributes:
        source: The place.
        what: What the secret is, for messages.
    """

    source: Source
    what: str


def place_of(data: Mapping[str, Any]) -> Sink | Source | None:
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
