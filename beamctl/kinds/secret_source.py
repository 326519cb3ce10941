"""Secrets that are sent to the API: where a document says they come from, and how a change reads them. The API never
returns them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, assert_never

from beamctl.document.desired import Desired
from beamctl.document.document import Document, Path
from beamctl.document.problem import Problem, ProblemCode, quoted
from beamctl.kinds.operations import failed
from beamctl.model.api_call import NoResponse, Response, cause
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.model.secret import (
    OWN_CREDENTIAL,
    SECRETS_FROM,
    SOURCES_ALLOWED,
    Command,
    File,
    Keyring,
    ReadSecret,
    Variable,
    is_own_variable,
    place_of,
)
from beamctl.plan.change import Change
from beamctl.plan.hazard import files_of
from beamctl.plan.kind import Operation, Outcome

HINT = "set its source: {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def source_problems(document: Document, path: Path, source: object) -> Iterator[Problem]:
    """What the schema cannot detect in the source at this path, whose last part names the secret. Values that may be
    secrets are not repeated."""
    part = path[-1]
    if isinstance(source, str):
        message = f"{part!r} contains a secret in plain text"
        yield Problem(document.place(*path), ProblemCode.PLAIN_SECRET, message, HINT)
    variable = source.get("env") if isinstance(source, dict) else None
    if not isinstance(variable, str):
        return
    if is_own_variable(variable):
        message, hint = f"{quoted(variable)} {OWN_CREDENTIAL}", "use another variable"
    elif not _VARIABLE.fullmatch(variable):
        message, hint = f"'env' of {part!r} is not the name of a variable", "write the variable's name, not its value"
    else:
        return
    yield Problem(document.place(*path, "env"), ProblemCode.INVALID_SECRET_SOURCE, message, hint)


def with_sources(change: Change, sources: Mapping[str, Any], desired: Desired) -> Change:
    """The change with the sources of its secrets, by name. A deletion needs none."""
    if not sources or change.after is None:
        return change
    changed = replace(change, secrets={SECRETS_FROM: dict(sources)})
    allowed = list(desired.guards.secret_sources) if any(files_of(changed)) else []
    return replace(changed, secrets={**changed.secrets, SOURCES_ALLOWED: allowed}) if allowed else changed


def sources_are_valid(change: Change) -> bool:
    """Whether a change from a file has valid sources, if it has any."""
    if not change.secrets:
        return True
    if SOURCES_ALLOWED in change.secrets and not any(files_of(change)):
        return False
    places = [place_of(source) for source in change.secrets[SECRETS_FROM].values()]
    return all(
        isinstance(place, File | Command) or (isinstance(place, Variable) and not is_own_variable(place.name))
        for place in places
    )


def fetch(change: Change) -> Operation[dict[str, str] | Outcome]:
    """The secrets of a change, by name; or the outcome, if one cannot be read."""
    found = {}
    for name, written in change.secrets.get(SECRETS_FROM, {}).items():
        match place_of(written):
            case File() | Command() | Variable() as source:
                got = yield ReadSecret(source)
            case None | Keyring():
                got = NoResponse(fact=fact(Code.SOURCE_INVALID))
            case place:
                assert_never(place)
        text = got.body if isinstance(got, Response) and got.ok else None
        if not isinstance(text, str) or not text:
            why = fact(Code.SECRET_EMPTY) if isinstance(got, Response) and got.ok else cause(got)
            return failed(fact(Code.SECRET_UNAVAILABLE, name=name, detail=why), fact(Code.CHECK_SOURCE))
        found[name] = text
    return found


def variable_for(words: str, taken: set[str]) -> str:
    """A unique environment variable for a secret in an export; added to `taken`."""
    variable = re.sub("(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]", "_", words).upper()
    while variable in taken:
        variable += "_"
    taken.add(variable)
    return variable
