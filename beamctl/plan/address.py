"""Addresses of objects, as KIND:NAME: how files of known drift and `--only` name them; and the part of a plan that
`--only` chooses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from beamctl.model.email import folded
from beamctl.plan.change import Action, Change, ChangeId

if TYPE_CHECKING:
    from beamctl.plan.kind import Kind

EVERY = "*"
"""As a name, stands for all objects of a kind."""


@dataclass(frozen=True, slots=True)
class Address:
    """The object or objects that a user names.

    Attributes:
        kind: The name of the kind.
        name: The name of the object; `*` for all of the kind; empty for all of a kind whose objects have no names.
        workspace: The only workspace in which it counts; empty for all.
    """

    kind: str
    name: str
    workspace: str = ""

    def __str__(self) -> str:
        return ":".join(filter(None, (self.workspace, self.kind, self.name)))

    @property
    def is_whole_kind(self) -> bool:
        """Whether it stands for all objects of the kind."""
        return self.name in ("", EVERY)

    def matches(self, kind: str, key: str, name: str) -> bool:
        """Whether it names this object. E-mails are compared without case."""
        is_it = self.is_whole_kind or self.name in (name, key) or folded(self.name) == key
        return kind == self.kind and is_it

    def matches_change(self, change: Change) -> bool:
        """Whether it names the object of a change."""
        return self.matches(change.kind, change.key, change.name)


def as_documents_say(kind: str) -> str:
    """The name of a kind as in the keys of documents: `serviceAccount`."""
    first, *rest = kind.split("_")
    return "".join([first, *map(str.title, rest)])


def kind_named(name: str, kinds: Iterable[Kind[object]]) -> Kind[object] | None:
    """The kind with this name: `service_account`, or as in documents."""
    return next((kind for kind in kinds if name in (kind.name, as_documents_say(kind.name))), None)


def address_of(text: str, kinds: Sequence[Kind[object]]) -> Address | None:
    """Parse KIND:NAME, or KIND if its objects have no names of their own. None if it is neither."""
    word, colon, name = text.partition(":")
    kind = kind_named(word, kinds)
    if kind is None or not (name.strip() if colon else not kind.named_by):
        return None
    return Address(kind.name, name)


@dataclass(frozen=True, slots=True)
class Partial:
    """The part of a plan that was chosen.

    Attributes:
        only: The addresses that chose it, without workspaces.
        left_out: By action, how many changes the full plan has in addition.
        needed: The changes that no address names, each with those that depend on it.
        matched: The addresses, as the user gave them, that name an object of the workspace or its document.
        known: The addresses of all objects, if an address is not matched.
    """

    only: tuple[Address, ...]
    left_out: Mapping[Action, int]
    needed: Mapping[ChangeId, tuple[ChangeId, ...]] = field(default_factory=dict)
    matched: frozenset[Address] = field(default=frozenset(), compare=False)  # not saved
    known: tuple[str, ...] = field(default=(), compare=False)  # not saved either


def needs(only: Sequence[Address], changes: Sequence[Change]) -> Mapping[ChangeId, tuple[ChangeId, ...]]:
    """The changes that no address names, each with those that depend on it."""
    by: dict[ChangeId, list[ChangeId]] = {}
    for change in changes:
        for each in (each for each in change.depends_on if each.at_least):
            for key in each.keys:
                by.setdefault((each.kind, key), []).append(change.id)
    others = (change for change in changes if not any(each.matches_change(change) for each in only))
    return {change.id: tuple(by.get(change.id, ())) for change in others}


def with_needs(partial: Partial, changes: Sequence[Change]) -> Partial:
    """The same part of a plan, with what these changes need."""
    return replace(partial, needed=needs(partial.only, changes))
