"""What tells one kind of `{metadata, spec}` from another, as a value, and how two values of a field compare. It must
not know what a document says, nor what the API shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Form(Enum):
    """What a field holds; the value that is as good as none at all."""

    TEXT = "text"
    TEXTS = "texts"
    """Names and texts: compared as a whole."""
    SET = "set"
    """A list whose order means nothing."""
    NUMBERS = "numbers"
    """Names and numbers or words: only those that are written are compared, as the API may fill in others."""
    VERSION = "version"
    """A whole number from 1; 1 is as good as none."""

    @property
    def empty(self) -> Any:  # noqa: ANN401 - any JSON
        """What stands for nothing."""
        return {Form.TEXT: "", Form.SET: [], Form.VERSION: 1}.get(self, {})

    def fits(self, value: object) -> bool:
        """Whether it can be the value of such a field."""
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
        """The value in the one order that all its spellings have."""
        return [json.loads(item) for item in sorted(_items(value))] if self is Form.SET else value

    def is_as(self, wanted: Any, live: Any) -> bool:  # noqa: ANN401 - any JSON
        """Whether a live value is what is wanted."""
        if self is Form.SET:
            return _items(wanted) == _items(live)
        if self is Form.NUMBERS and wanted:
            return all(name in live and live[name] == number for name, number in wanted.items())
        return bool(wanted == live)

    def over(self, wanted: Any, live: Any) -> Any:  # noqa: ANN401 - any JSON
        """What is there once a live value was made what is wanted."""
        return {**live, **wanted} if self is Form.NUMBERS and wanted else wanted


def _items(value: list[Any]) -> set[str]:
    return {json.dumps(item, sort_keys=True) for item in value}


METADATA: Mapping[str, Form] = {"displayName": Form.TEXT, "labels": Form.TEXTS}
"""What can be declared of the metadata."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind.

    Attributes:
        name: As in addresses: `policy`.
        section: Of the document.
        path: Of the API, where there is one below it for each.
        word: What people call one.
        spec: The fields of the spec that can be declared, in the order in which they are shown.
        paged: Whether the API may list them in pages.
        nested: Whether an entry of the document has the spec under a key of its own, which is complete then: a field
            that is not written is empty. Else the fields stand in the entry, and one not written is not managed.
        version_label: The label that keeps the version of a secret that nobody can read; empty where there is none.
        built_in: The names of those that are always there: they are changed, never made or deleted.
        needs_others: Whether one may need another thing that is only just made.
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

    @property
    def forms(self) -> Mapping[str, Form]:
        """Every attribute of one by name."""
        version = {VERSION: Form.VERSION} if self.version_label else {}
        return {**METADATA, **self.spec, **version}

    @property
    def words(self) -> str:
        """What people call several."""
        return f"{self.word.removesuffix('y')}ies" if self.word.endswith("y") else f"{self.word}s"


SECRET = "secret"  # noqa: S105 - the name of a field
"""The field of a spec that can be written and not read, and the key of a document."""
VERSION, USED_BY = "secretVersion", "usedBy"
"""What stands for a secret that nobody can read; and who uses a thing, which is told of what goes."""
