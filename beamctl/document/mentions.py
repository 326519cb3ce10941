"""Where documents name people: as keys, as items of lists, and as values.

A module of its own: only `where` and `offboard` need it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from beamctl.document.data_edit import Edit, Put, Remove, value_at
from beamctl.document.desired import LEAVERS, SKIP
from beamctl.document.document import Document, Path
from beamctl.document.problem import Place
from beamctl.model.email import folded

_PEOPLE = ("members",), SKIP
"""Mappings whose keys are people that a document manages or skips."""
_GROUPS = "groups"
_PROTECTED = "guards", "protected"


@dataclass(frozen=True, slots=True)
class Mention:
    """One place that names a person.

    Attributes:
        email: As written.
        path: Of the entry, the item or the value.
        place: The line and column.
        is_removable: Whether the person is no longer there if it is removed. Otherwise it is a value, such as an owner.
    """

    email: str
    path: Path
    place: Place
    is_removable: bool

    @property
    def inside(self) -> str:
        """The keys above the address, such as `groups.platform.owner`."""
        above = self.path[:-1] if self.path[-1] == self.email else self.path
        return ".".join(step for step in above if isinstance(step, str))

    @property
    def is_leaver(self) -> bool:
        """Whether it says that they left."""
        return self.path[:-1] == (LEAVERS,)


def mentions(document: Document, keys: Collection[str]) -> Iterator[Mention]:
    """All places in a document that name one of these people, by folded e-mail."""
    for path, email, is_key in _addresses(document.data, ()):
        if folded(email) in keys:
            place = document.key_place(*path) if is_key else document.place(*path)
            yield Mention(email, path, place, _is_removable(path, is_key=is_key))


def addresses_in(document: Document) -> Iterator[str]:
    """Everything in a document that may be an address."""
    return (email for _, email, _ in _addresses(document.data, ()))


def _addresses(data: Any, path: Path) -> Iterator[tuple[Path, str, bool]]:  # noqa: ANN401 - plain data of any shape
    """Everything that may be an address, with its path, and whether it is a key."""
    match data:
        case str() if "@" in data:
            yield path, data, False
        case dict():
            for key, value in data.items():
                if "@" in key:
                    yield (*path, key), key, True
                yield from _addresses(value, (*path, key))
        case list():
            for index, value in enumerate(data):
                yield from _addresses(value, (*path, index))
        case _:
            return


def _is_removable(path: Path, *, is_key: bool) -> bool:
    above = path[:-1]
    if above == _PROTECTED:
        return True
    in_group = len(above) == len((_GROUPS, "NAME", "members")) and (above[0], above[2]) == (_GROUPS, "members")
    return is_key and (above in _PEOPLE or in_group)


def removals(data: Any, found: Sequence[Mention]) -> list[Edit]:  # noqa: ANN401 - plain data of any shape
    """The edits of a document that remove what is removable."""
    gone = [each.path for each in found if each.is_removable]
    edits: list[Edit] = [Remove(path) for path in gone if isinstance(path[-1], str)]
    items = {path[-1] for path in gone if path[:-1] == _PROTECTED}
    if items:
        kept = [item for index, item in enumerate(value_at(data, _PROTECTED)) if index not in items]
        edits.append(Put(_PROTECTED, kept))
    return edits
