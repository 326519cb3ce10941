"""The kind `integration`: connections to third-party services. Secrets are write-only: the document says where a secret
comes from, and its version (kept in a label) decides when it is sent again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

from beamctl.document.desired import Desired
from beamctl.document.document import Document
from beamctl.document.problem import Problem, ProblemCode
from beamctl.kinds.resource.kind import ResourceKind
from beamctl.kinds.resource.live import Resource, Resources, entries
from beamctl.kinds.resource.shape import SECRET, VERSION, Form, Shape
from beamctl.kinds.secret_source import HINT, source_problems, variable_for, with_sources
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.change import Action, Change
from beamctl.plan.comparison import Note
from beamctl.plan.listing import Exported, Trail

SHAPE = Shape(
    name="integration",
    section="integrations",
    path="/integrations/connections",
    word="integration connection",
    spec={"integration": Form.TEXT, "config": Form.TEXTS},
    version_label="beamctl-secret-version",
    grouped_by=("integration",),
)
_VERSION = "version"
_PART = re.compile(r"[A-Za-z][\w.-]{0,99}", re.ASCII)


class IntegrationKind(ResourceKind):
    """Integration connections, by name."""

    def __init__(self) -> None:
        super().__init__(SHAPE)

    def problems(self, document: Document) -> Iterable[Problem]:
        """What the schema cannot detect. Values that may be secrets are not repeated."""
        return chain(super().problems(document), _problems(document))

    def export(self, live_things: Resources, now: datetime) -> Exported:
        """All connections, with a source for each secret, which cannot be read."""
        return _with_places(super().export(live_things, now), live_things or {})

    def with_secrets(self, change: Change, desired: Desired) -> Change:
        """The change with the sources of its secret, which is sent with every change because the API may drop what a
        `PUT` omits."""
        return with_sources(change, _sources(desired.section(self.section).get(change.key, {})), desired)

    def remarks(self, changes: Sequence[Change]) -> Iterable[Note]:
        """Warn about secrets that a change may lose."""
        for change in changes:
            if change.action is Action.UPDATE and not change.secrets:
                yield Note(fact(Code.NO_SECRET_SOURCE, name=change.name), change.place)


def _with_places(found: Exported, things: Mapping[str, Resource]) -> Exported:
    """The export with a source for each secret: as an entry if the API shows the secret's parts, so that no change is
    made without it; else as a comment."""
    entries: dict[str, Any] = {}
    remarks: dict[Trail, tuple[Fact, ...]] = {}
    taken: set[str] = set()
    for name, entry in found.entries.items():
        version = {_VERSION: things[name].attributes[VERSION]}
        places = {part: {"env": variable_for(f"CONNECTION_{name}_{part}", taken)} for part in things[name].secret}
        if places and all(_PART.fullmatch(part) and part != _VERSION for part in places):
            entries[name] = {**entry, SECRET: places | version}
            remarks[(name,)] = (fact(Code.SET_SECRET_VARIABLE),)
        else:
            entries[name] = entry
            remarks[(name,)] = (fact(Code.SET_SECRET_SOURCE, version=version[_VERSION]),)
    return replace(found, entries=entries, remarks=remarks)


def _sources(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: source for name, source in entry.get(SECRET, {}).items() if name != _VERSION}


def _problems(document: Document) -> Iterator[Problem]:
    for name, entry in entries(SHAPE, document):
        secret = entry.get(SECRET)
        for part, source in secret.items() if isinstance(secret, dict) else ():
            if part != _VERSION:
                yield from source_problems(document, (SHAPE.section, name, SECRET, part), source)
        if isinstance(secret, dict) and secret.keys() <= {_VERSION}:
            message = f"the secret of {name!r} has no source"
            yield Problem(
                document.key_place(SHAPE.section, name, SECRET),
                ProblemCode.INVALID_SECRET_SOURCE,
                message,
                f"add 'NAME: …', and {HINT}",
            )
