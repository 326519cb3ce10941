"""The document: the data of one workspace with the position of every key and value; and the desired state that a valid
one describes, with its general sections (guards, manage)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from beamctl.document.problem import Place

Path = tuple[str | int, ...]
"""The path of a value in a document: keys and list indices from the root."""

Position = tuple[int, int]
"""Line and column, both counted from 1."""


class Positions(Mapping[Path, Position]):
    """Positions by path. Only the parser's marks are stored: few positions are ever asked for.

    Attributes:
        root: The mark of the root, if it has one.
    """

    def __init__(self) -> None:
        self.root: Any = None
        self._marks: dict[Path, dict[str | int, Any]] = {}

    def of_children(self, path: Path) -> dict[str | int, Any]:
        """The marks of what is in the mapping or list at `path`, by key or index. The caller adds to them."""
        return self._marks.setdefault(path, {})

    def __getitem__(self, path: Path) -> Position:
        """The line and column, counted from 1."""
        mark = self._marks[path[:-1]][path[-1]] if path else self.root
        if mark is None:
            raise KeyError(path)
        return mark.line + 1, mark.column + 1

    def __iter__(self) -> Iterator[Path]:
        """All paths, the root's first."""
        yield from [()] if self.root else []
        yield from ((*path, step) for path, marks in self._marks.items() for step in marks)

    def __len__(self) -> int:
        """How many there are."""
        return sum(1 for _ in self)


@dataclass(frozen=True, slots=True)
class Fragment:
    """Where a value of a document that is composed of several is written: a document, and the path in it."""

    document: Document
    path: Path


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document, or one composed of several.

    Attributes:
        source: The file as the user named it; `-` is standard input. The main one, if there are several.
        data: Plain dicts, lists, strings, numbers, booleans and None.
        values: The position of each value.
        keys: The position of each key of a mapping.
        fragments: Values from other documents, by their path in this one.
    """

    source: str
    data: Any
    values: Mapping[Path, Position]
    keys: Mapping[Path, Position]
    fragments: Mapping[Path, Fragment] = field(default_factory=dict)

    def place(self, *path: str | int) -> Place:
        """The place of the value at `path`, or of its nearest parent that exists."""
        if found := self._fragment(path):
            return found.document.place(*found.path)
        return self._nearest(self.values, path)

    @property
    def sources(self) -> tuple[str, ...]:
        """All files that it is from, its own first."""
        documents = {id(each.document): each.document for each in self.fragments.values()}  # few
        others = (source for document in documents.values() for source in document.sources)
        return tuple(dict.fromkeys((self.source, *others)))

    def _fragment(self, path: Path) -> Fragment | None:
        """Where the value at `path` is written; None if it is in this document."""
        for length in range(len(path), 0, -1) if self.fragments else ():
            if found := self.fragments.get(path[:length]):
                return Fragment(found.document, (*found.path, *path[length:]))
        return None

    def key_place(self, *path: str | int) -> Place:
        """The place of the key at `path`; for an item of a list, of the item."""
        if found := self._fragment(path):
            return found.document.key_place(*found.path)
        return Place(self.source, *self.keys[path]) if path in self.keys else self.place(*path)

    def _nearest(self, positions: Mapping[Path, Position], path: Path) -> Place:
        while path and path not in positions:
            path = path[:-1]
        return Place(self.source, *positions.get(path, (1, 1)))
