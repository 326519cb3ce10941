"""Plain data → the text of a document, with comments: the loader the other way round. It must not know what the data is
about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from beamctl.document.yaml_scalars import is_text
from beamctl.model.text import printable, unseen

_WIDE = 1_000_000
"""Columns before a line is broken: an entry is a line, whatever its length."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A line that only people read.

    Attributes:
        text: What it says.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A key with a mapping below it, a line each.

    Attributes:
        key: The key.
        lines: What is in it.
    """

    key: str
    lines: tuple[Part, ...]


Part: TypeAlias = Comment | tuple[str, Any] | Section
"""What a document is made of: comments, a key and its value, and keys with a mapping below them."""


def written(parts: Iterable[Part]) -> str:
    """The text, a line for each part and each line of a section, and an empty one before each section."""
    blocks = [[*([""] if isinstance(part, Section) else []), *_lines(part)] for part in parts]
    return "".join(f"{line}\n" for block in blocks for line in block)


def _lines(part: Part) -> Iterator[str]:
    match part:
        case Section(key, lines):
            empty = all(isinstance(line, Comment) for line in lines)
            yield f"{_flow(key)}: {{}}" if empty else f"{_flow(key)}:"
            for line in lines:
                yield from (f"  {each}" for each in _lines(line))
        case Comment(text):
            yield f"# {printable(' '.join(text.split()))}"
        case (key, value):
            yield _entry(key, value)


def _entry(key: str, value: Any) -> str:  # noqa: ANN401 - any JSON
    return f"{_flow(key)}: {_flow(value)}"


def _flow(value: Any) -> str:  # noqa: ANN401 - any JSON
    """A value on one line. What a reader could not see is written as an escape."""
    import yaml

    text = yaml.dump(
        value,
        Dumper=_dumper(),
        default_flow_style=True,
        allow_unicode=not any(map(unseen, _texts(value))),
        width=_WIDE,
        sort_keys=False,
    )
    return text.removesuffix("\n").removesuffix("...").rstrip("\n")


def _dumper() -> Any:  # noqa: ANN401 - a class of the library
    """The library's own, without anchors: what is there twice is written twice. It has YAML 1.1 in mind, so that some
    strings need quotes of which it knows nothing."""
    import yaml

    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002 - the library's signature
            return True

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
        plain = is_text(data) and "\n" not in data  # a key must be on one line, and an escape is easier to read anyway
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=None if plain else '"')

    Plain.add_representer(str, text)
    return Plain


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    match value:
        case str():
            yield value
        case Mapping():
            for key, inner in value.items():
                yield key
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)
        case _:
            return
