"""Writes plain data as the text of a document, with comments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from beamctl.document.scalars import is_text
from beamctl.model.text import printable, unseen

_WIDE = 1_000_000
"""The line width: wide enough that no entry is wrapped."""
_COMMAND = "##["
"""Runners of CI systems obey commands in what a step prints, so this is not written as it is."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment line."""

    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A key with a mapping below it, one line per entry."""

    key: str
    lines: tuple[Part, ...]


Part: TypeAlias = Comment | tuple[str, Any] | Section
"""A part of a document: a comment, a key and its value, or a section."""


def written(parts: Iterable[Part]) -> str:
    """The text: one line per part and per entry of a section, with an empty line before each section."""
    blocks = [[*([""] if isinstance(part, Section) else []), *_lines(part)] for part in parts]
    return "".join(f"{line}\n" for block in blocks for line in block)


def _lines(part: Part) -> Iterator[str]:
    match part:
        case Section(key, lines):
            empty = all(isinstance(line, Comment) for line in lines)
            yield f"{flow(key)}: {{}}" if empty else f"{flow(key)}:"
            for line in lines:
                yield from (f"  {each}" for each in _lines(line))
        case Comment(text):
            yield f"# {printable(' '.join(text.split()))}".replace(_COMMAND, "## [")
        case (key, value):
            yield _entry(key, value)


def _entry(key: str, value: Any) -> str:  # noqa: ANN401 - any JSON
    return f"{flow(key)}: {flow(value)}"


def flow(value: Any) -> str:  # noqa: ANN401 - any JSON
    """A value on one line, with invisible characters escaped."""
    import yaml

    text = yaml.dump(
        value,
        Dumper=_dumper(),
        default_flow_style=True,
        allow_unicode=not any(map(unseen, _texts(value))),
        width=_WIDE,
        sort_keys=False,
    )
    return text.removesuffix("\n").removesuffix("...").rstrip("\n").replace(_COMMAND, r"#\x23[")


def _dumper() -> Any:  # noqa: ANN401 - a library class
    """A dumper without anchors. The library follows YAML 1.1 and omits some quotes that YAML 1.2 requires."""
    import yaml

    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002 - the library's signature
            return True

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
        plain = is_text(data) and "\n" not in data  # a key must be on one line
        plain = plain and _COMMAND not in data and not data.startswith("::")
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
