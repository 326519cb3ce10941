"""What distinguishes kinds of `{metadata, spec}` objects, and how the values of a field compare."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Form(Enum):
    """What a field holds."""

    TEXT = "text"
    TEXTS = "texts"
    """Names and strings, compared as a whole."""
    SET = "set"
    """A list whose order does not matter."""
    NUMBERS = "numbers"
    """Names and numbers or strings. Only declared names, and those that a change adds or removes, are compared, because
    the API may add others."""
    VERSION = "version"
    """An integer from 1. 1 is the same as none."""

    @property
    def empty(self) -> Any:  # noqa: ANN401 - any JSON
        """The value that is the same as none."""
        return {Form.TEXT: "", Form.SET: [], Form.VERSION: 1}.get(self, {})

    def fits(self, value: object) -> bool:
        """Whether this is a valid value."""
        match self, value:
            case Form.TEXT, str():
                return True
            case Form.TEXTS, dict():
                return all(isinstance(text, str) for pair in value.items() for text in pair)
            case Form.SET, list():
                return all(isinstance(item, str | dict) for item in value)
            case Form.NUMBERS, dict():
                return all(type(item) in (int, float, str) for item in value.values())
            case Form.VERSION, int():
                return type(value) is int and value >= 1
            case _:
                return False

    def plain(self, value: Any) -> Any:  # noqa: ANN401 - any JSON
        """The value in normal form."""
        return [json.loads(item) for item in sorted(_items(value))] if self is Form.SET else value

    def is_as(self, desired: Any, live: Any) -> bool:  # noqa: ANN401 - any JSON
        """Whether a live value matches the desired one."""
        if self is Form.SET:
            return _items(desired) == _items(live)
        if self is Form.NUMBERS and desired:
            return all(name in live and live[name] == number for name, number in desired.items())
        return bool(desired == live)

    def is_side(self, side: Any, other: Any, live: Any) -> bool:  # noqa: ANN401 - any JSON
        """Whether a live value matches one side of a change. What only the other side names must not be there."""
        added = isinstance(other, dict) and self is Form.NUMBERS and any(name in live for name in other.keys() - side)
        return not added and self.is_as(side, live)

    def restored(self, before: Any, after: Any, live: Any) -> Any:  # noqa: ANN401 - any JSON
        """The live value once the change from `before` to `after` is undone."""
        if self is not Form.NUMBERS:
            return self.plain(before)
        return {name: number for name, number in live.items() if name not in (after or {})} | before

    def over(self, desired: Any, live: Any) -> Any:  # noqa: ANN401 - any JSON
        """The live value after the desired one is applied."""
        return {**live, **desired} if self is Form.NUMBERS and desired else desired


def _items(value: list[Any]) -> set[str]:
    return {json.dumps(item, sort_keys=True) for item in value}


METADATA: Mapping[str, Form] = {"displayName": Form.TEXT, "labels": Form.TEXTS}
"""The metadata that can be declared."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The description of one kind.

    Attributes:
        name: As in addresses: `policy`.
        section: In the document.
        path: In the API; objects are below it.
        word: Display name of one object.
        spec: The spec fields that can be declared, in display order.
        paged: Whether the API may return pages.
        nested: Whether an entry has its own, complete `spec`, where a missing field is empty. Otherwise the fields are
            directly in the entry, and a missing field is not managed.
        version_label: The label with the version of a write-only secret; empty if there is none.
        built_in: The names of objects that always exist. They are updated, never created or deleted.
        needs_others: Whether an object may need another one that the same apply creates.
        grouped_by: See `Kind`.
    """

    name: str
    section: str
    path: str
    word: str
    spec: Mapping[str, Form]
    paged: bool = False
    nested: bool = False
    version_label: str = ""
    built_in: frozenset[str] = frozenset()
    needs_others: bool = False
    grouped_by: tuple[str, ...] = ()

    @property
    def forms(self) -> Mapping[str, Form]:
        """Every attribute by name."""
        version = {VERSION: Form.VERSION} if self.version_label else {}
        return {**METADATA, **self.spec, **version}

    @property
    def words(self) -> str:
        """The plural of `word`."""
        return f"{self.word.removesuffix('y')}ies" if self.word.endswith("y") else f"{self.word}s"


SECRET = "secret"  # noqa: S105 - the name of a field
"""The write-only field of a spec, and its key in the document."""
VERSION, USED_BY = "secretVersion", "usedBy"
"""Attributes of a change: the version of a write-only secret, and what uses a resource to be deleted."""
