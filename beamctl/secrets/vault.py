"""Reads and stores secrets on this machine: in files, commands, the keyring and the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, assert_never

from beamctl.errors import RefusedError
from beamctl.model.api_call import NoResponse, Response
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
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
    one_place,
    place_fact,
    place_of,
    sink_of,
)
from beamctl.model.text import is_whole
from beamctl.plan.change import Change
from beamctl.plan.plan import Plan
from beamctl.secrets import command, file, keyring
from beamctl.secrets.file import ReservedFiles
from beamctl.secrets.redaction import OutputRedaction
from beamctl.secrets.terminal import OPTION, SecretTerminal

_NO_DESTINATION = "the document does not say where to store it"
_EMPTY = "is empty"
_DONE = 200
_PUBLIC = "clientId"
"""The part of a secret that is public."""


_TERMINAL = fact(Code.TERMINAL)


def _unusable(place: Fact, why: str) -> NoResponse:
    return NoResponse(fact=fact(Code.PLACE_UNUSABLE, place=place, detail=why))


class LocalSecretStore:
    """Implements `SecretStore`. Its secrets are redacted in all output but the secret terminal's."""

    def __init__(
        self,
        redaction: OutputRedaction,
        screen: SecretTerminal | None = None,
        reserved: ReservedFiles | None = None,
    ) -> None:
        self._redaction = redaction
        self._screen = screen
        self._reserved = reserved or ReservedFiles()

    def for_workspace(self, workspace: str) -> LocalSecretStore:
        """The store for the secrets of one workspace, which the terminal names."""
        screen = self._screen and replace(self._screen, workspace=workspace)
        return LocalSecretStore(self._redaction, screen, self._reserved)

    def deliver(self, secret: StoreSecret) -> Response | NoResponse:
        """Store a secret durably, then show it on the terminal if requested.

        The terminal is the only destination if the document names none.
        """
        self._redaction.redactor.learn(*(text for name, text in secret.secret.items() if name != _PUBLIC))
        sink, screen = secret.sink, self._screen
        if sink is not None and not is_whole(secret.text):
            return NoResponse(fact=fact(Code.SECRET_NOT_TEXT))
        if sink is not None and (why := _put(sink, secret.text, self._redaction)):
            return _unusable(place_fact(sink), why)
        if screen is None:
            return NoResponse(fact=fact(Code.NO_DESTINATION)) if sink is None else Response(_DONE, place_fact(sink))
        unseen = screen.show(secret)
        if sink is None:
            return _unusable(_TERMINAL, unseen) if unseen else Response(_DONE, _TERMINAL)
        if unseen:
            return Response(_DONE, fact(Code.STORED_NOT_SHOWN, place=place_fact(sink), detail=unseen))
        return Response(_DONE, (place_fact(sink), _TERMINAL))

    def fetch(self, secret: ReadSecret) -> Response | NoResponse:
        """Read a secret, without final line breaks. An empty one is an error."""
        match secret.source:
            case File(path=path) if not_from := self._reserved.why_not_from(Path(path)):
                text, why = "", not_from
            case source:
                text, why = _get(source, self._redaction)
        if self._redaction.redactor.holds_own(text):
            text, why = "", "contains beamctl's own credential, which is never sent"
        if why or not text:
            return _unusable(place_fact(secret.source), why or _EMPTY)
        return Response(_DONE, text)

    def why_refused(self, secrets: Mapping[str, Any], *, approved: bool) -> str:
        """Why a change with these secrets (`Change.secrets`) cannot be made; empty if it can.

        Args:
            secrets: The sources and destinations.
            approved: Whether the user approved them. Until then no file they name is read.
        """
        refusals = [self._why_not_to(sink_of(secrets[SECRET_TO]), approved)] if SECRET_TO in secrets else []
        refusals += [self._why_not_from(name, place_of(data)) for name, data in secrets.get(SECRETS_FROM, {}).items()]
        return next(filter(None, refusals), "")

    def lacks_destination(self, secrets: Mapping[str, Any]) -> bool:
        """Whether a change creates a secret that the document does not say where to store, and no terminal shows."""
        return SECRET_TO in secrets and sink_of(secrets[SECRET_TO]) is None and self._screen is None

    def _why_not_to(self, sink: SecretDestination | None, approved: bool) -> str:  # noqa: FBT001 - from `why_refused`
        match sink:
            case None:
                return "" if self._screen else _NO_DESTINATION
            case File(path=path):
                why = self._reserved.why_not_to(Path(path), read=approved) or file.why_not_to(Path(path))
            case Command(words=words):
                why = command.why_not(words)
            case Keyring():
                why = keyring.why_not() if approved else keyring.why_missing()
            case _:
                assert_never(sink)
        return f"{described(sink)} {why}" if why else ""

    def _why_not_from(self, name: str, source: SecretDestination | SecretSource | None) -> str:
        match source:
            case None | Keyring():
                return f"the document does not say where to get its {name}"
            case File(path=path):
                why = self._reserved.why_not_from(Path(path)) or file.why_not_from(Path(path))
            case Variable(name=variable):
                why = _variable(variable)[1]
            case Command(words=words):
                why = command.why_not(words)
            case _:
                assert_never(source)
        return f"its {name} comes from {described(source)}, which {why}" if why else ""


def _put(sink: SecretDestination, text: str, redaction: OutputRedaction) -> str:
    """Store a secret. Returns why it failed, or nothing."""
    match sink:
        case File(path=path):
            return file.write(Path(path), text)
        case Command(words=words):
            return command.give(words, text, redaction)
        case Keyring():
            return keyring.put(sink, text)
        case _:
            assert_never(sink)


def _get(source: SecretSource, redaction: OutputRedaction) -> tuple[str, str]:
    """The text from the source, or why there is none."""
    match source:
        case File(path=path):
            text, why = file.read(Path(path))
        case Command(words=words):
            text, why = command.ask(words, redaction)
            why = why or ("" if text else "printed nothing")
        case Variable(name=name):
            text, why = _variable(name)
        case _:
            assert_never(source)
    text = text.rstrip("\r\n")
    redaction.redactor.learn(text)
    return text, why


def _variable(name: str) -> tuple[str, str]:
    if is_own_variable(name):
        return "", OWN_CREDENTIAL
    text = os.environ.get(name)
    if text is None:
        return "", "is not set"
    if not is_whole(text):
        return "", "does not contain text"
    return text, "" if text else _EMPTY  # as CI sets the variable of a secret that is missing


def unusable_secrets(
    plans: Sequence[Plan], store: LocalSecretStore, command: str, *, approved: bool
) -> Mapping[str, RefusedError]:
    """The plans, by workspace, with a change that creates a secret that cannot be stored, or needs one that cannot be
    read.

    Args:
        plans: The plans to apply.
        store: Reads and stores the secrets.
        command: The command that makes the plans, for a hint.
        approved: Whether the user approved the plans. Until then nothing they name is read or run.
    """
    found = {plan.workspace: why for plan in plans if (why := _why_unusable(plan, store, command, approved=approved))}
    for sink, owners in _shared(plans).items():
        names = [f"{change.name} in {plan.workspace}" for plan, change in owners]
        message = f"the secrets of {names[0]} and of {names[1]} would both be stored in {described(sink)}"
        error = RefusedError(
            f"{message}, and one would be lost, so nothing was changed",
            "Give each secret its own destination in the document, and apply again.",
        )
        found |= {plan.workspace: error for plan, _ in owners}
    return found


def _why_unusable(plan: Plan, store: LocalSecretStore, command: str, *, approved: bool) -> RefusedError | None:
    refusals = [
        (f"{change.name}: {why}", change)
        for change in plan.changes
        if change.secrets and (why := store.why_refused(change.secrets, approved=approved))
    ]
    if not refusals:
        return None
    message, change = refusals[0]
    more = f", and {len(refusals) - 1} more like this" if len(refusals) > 1 else ""
    fix = "Change its source or destination in the document, or fix the cause, and apply again."
    add = f"Add {SECRET_TO} to the document, or show the secret on this terminal:  {command} {OPTION}"
    return RefusedError(
        f"cannot get or store a secret, so nothing was changed: {message}{more}",
        add if store.lacks_destination(change.secrets) else fix,
    )


def _shared(plans: Sequence[Plan]) -> Mapping[SecretDestination, Sequence[tuple[Plan, Change]]]:
    """The destinations of more than one secret across all workspaces, with the owners of the secrets."""
    found: dict[SecretDestination, list[tuple[Plan, Change]]] = {}
    for plan in plans:
        for change in plan.changes:
            if sink := sink_of(change.secrets.get(SECRET_TO)):
                found.setdefault(one_place(sink), []).append((plan, change))
    return {sink: owners for sink, owners in found.items() if len(owners) > 1}
