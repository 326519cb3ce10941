"""Reads and stores secrets on this machine: in files, commands, the keyring and the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, assert_never

from beamctl.cli import secret_command, secret_file, secret_keyring
from beamctl.cli.output_redaction import OUTPUT_REDACTION
from beamctl.cli.reserved_files import ReservedFiles
from beamctl.cli.secret_terminal import SecretTerminal
from beamctl.model.api_call import NoResponse, Response
from beamctl.model.secret import (
    OWN_CREDENTIAL,
    SECRET_TO,
    SECRETS_FROM,
    Command,
    File,
    Keyring,
    ReadSecret,
    SecretDestination,
    SecretSource,
    StoreSecret,
    Variable,
    described,
    is_own_variable,
    place_of,
    sink_of,
)
from beamctl.model.text import is_whole

NO_DESTINATION = "the document does not say where to store it"
_DONE = 200
_PUBLIC = "clientId"
"""The part of a secret that is public."""


class LocalSecretStore:
    """Implements `beamctl.model.api_call.Vault`. Its secrets are redacted in all output but the secret terminal's."""

    def __init__(self, screen: SecretTerminal | None = None, reserved: ReservedFiles | None = None) -> None:
        self._screen = screen
        self._reserved = reserved or ReservedFiles()

    def deliver(self, secret: StoreSecret) -> Response | NoResponse:
        """Store a secret durably, then show it on the terminal if requested.

        The terminal is the only destination if the document names none.
        """
        OUTPUT_REDACTION.redactor.learn(*(text for name, text in secret.secret.items() if name != _PUBLIC))
        sink, screen = secret.sink, self._screen
        if sink is not None and not is_whole(secret.text):
            return NoResponse("the API returned something that is not valid text")
        if sink is not None and (why := _put(sink, secret.text)):
            return NoResponse(f"{described(sink)} {why}")
        if screen is None:
            return NoResponse(NO_DESTINATION) if sink is None else Response(_DONE, described(sink))
        unseen = screen.show(secret)
        if sink is None:
            return NoResponse(f"the terminal {unseen}") if unseen else Response(_DONE, "the terminal")
        return Response(_DONE, described(sink) + (f"; the terminal {unseen}" if unseen else " and the terminal"))

    def fetch(self, secret: ReadSecret) -> Response | NoResponse:
        """Read a secret, without final line breaks. An empty one is an error."""
        match secret.source:
            case File(path=path) if not_from := self._reserved.why_not_from(Path(path)):
                text, why = "", not_from
            case source:
                text, why = _get(source)
        if OUTPUT_REDACTION.redactor.holds_own(text):
            text, why = "", "contains beamctl's own credential, which is never sent"
        if why or not text:
            return NoResponse(f"{secret.what}: {described(secret.source)} {why or 'is empty'}")
        return Response(_DONE, text)

    def doubt(self, secrets: Mapping[str, Any], *, approved: bool) -> str:
        """Why a change with these secrets (`Change.secrets`) cannot be made; empty if it can.

        Args:
            secrets: The sources and destinations.
            approved: Whether the user approved them. Until then no file they name is read.
        """
        doubts = [self._doubt_to(sink_of(secrets[SECRET_TO]), approved)] if SECRET_TO in secrets else []
        doubts += [self._doubt_from(name, place_of(data)) for name, data in secrets.get(SECRETS_FROM, {}).items()]
        return next(filter(None, doubts), "")

    def _doubt_to(self, sink: SecretDestination | None, approved: bool) -> str:  # noqa: FBT001 - from `doubt`
        match sink:
            case None:
                return "" if self._screen else NO_DESTINATION
            case File(path=path):
                why = self._reserved.why_not_to(Path(path), read=approved) or secret_file.why_not_to(Path(path))
            case Command(words=words):
                why = secret_command.why_not(words)
            case Keyring():
                why = secret_keyring.why_not() if approved else secret_keyring.why_missing()
            case _:
                assert_never(sink)
        return f"{described(sink)} {why}" if why else ""

    def _doubt_from(self, name: str, source: SecretDestination | SecretSource | None) -> str:
        match source:
            case None | Keyring():
                return f"the document does not say where to get its {name}"
            case File(path=path):
                why = self._reserved.why_not_from(Path(path)) or secret_file.why_not_from(Path(path))
            case Variable(name=variable):
                why = _variable(variable)[1]
            case Command(words=words):
                why = secret_command.why_not(words)
            case _:
                assert_never(source)
        return f"its {name}: {described(source)} {why}" if why else ""


def _put(sink: SecretDestination, text: str) -> str:
    """Store a secret. Returns why it failed, or nothing."""
    match sink:
        case File(path=path):
            return secret_file.write(Path(path), text)
        case Command(words=words):
            return secret_command.give(words, text)
        case Keyring():
            return secret_keyring.put(sink, text)
        case _:
            assert_never(sink)


def _get(source: SecretSource) -> tuple[str, str]:
    """The text from the source, or why there is none."""
    match source:
        case File(path=path):
            text, why = secret_file.read(Path(path))
        case Command(words=words):
            text, why = secret_command.ask(words)
        case Variable(name=name):
            text, why = _variable(name)
        case _:
            assert_never(source)
    text = text.rstrip("\r\n")
    OUTPUT_REDACTION.redactor.learn(text)
    return text, why


def _variable(name: str) -> tuple[str, str]:
    if is_own_variable(name):
        return "", OWN_CREDENTIAL
    return os.environ.get(name, ""), "" if name in os.environ else "is not set"
