"""Where everything in a YAML text begins and ends: its nodes and its comments, for edits that keep every other byte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from beamctl.document.yaml_builder import Event, NextEvent
from beamctl.document.yaml_loader import events

_COMMENT = re.compile(r"(?<!\S)#[^\r\n]*")
_BLOCK_SCALARS = frozenset("|>")


class NodeForm(Enum):
    """What a node is."""

    SCALAR = "scalar"
    MAPPING = "mapping"
    SEQUENCE = "sequence"
    ALIAS = "alias"


@dataclass(frozen=True, slots=True)
class YamlEntry:
    """An entry of a mapping, or an item of a sequence.

    Attributes:
        key: None for an item.
        value: The value.
    """

    key: YamlNode | None
    value: YamlNode

    @property
    def start(self) -> int:
        """The index of its first character. The dash of an item is before it."""
        return self.key.start if self.key else self.value.start

    @property
    def end(self) -> int:
        """The index after its last character."""
        return max(self.value.end, self.key.end if self.key else 0)


@dataclass(frozen=True, slots=True)
class YamlNode:
    """A node and its position in the text.

    Attributes:
        start: The index of its first character.
        end: The index after its last character. What follows its last scalar, such as comments, is not part of it.
        text: The value of a scalar as text; the name of an alias.
        style: Of a scalar: a quotation mark, `|` or `>`; empty if plain.
        is_flow: Whether it is a collection in brackets.
        anchor: The name of its anchor; empty if it has none.
        entries: Of a collection.
    """

    form: NodeForm
    start: int
    end: int
    text: str = ""
    style: str = ""
    is_flow: bool = False
    anchor: str = ""
    entries: tuple[YamlEntry, ...] = ()

    def get(self, name: str) -> YamlNode | None:
        """The value of a key; None if there is none."""
        return next((each.value for each in self.entries if each.key and each.key.text == name), None)

    def anchors(self) -> Iterator[str]:
        """Every anchor and alias in it, as written."""
        if self.anchor:
            yield f"&{self.anchor}"
        if self.form is NodeForm.ALIAS:
            yield f"*{self.text}"
        for each in self.entries:
            yield from each.key.anchors() if each.key else ()
            yield from each.value.anchors()


def roots(text: str) -> list[YamlNode]:
    """The root of each document of a text that was parsed without problems, including empty documents."""
    import yaml

    found = []
    next_event = events(text)
    next_event()
    while not isinstance(next_event(), yaml.StreamEndEvent):
        found.append(_node(next_event(), next_event, text))
        next_event()
    return found


def _node(event: Event, next_event: NextEvent, text: str) -> YamlNode:
    import yaml

    start, end = event.start_mark.index, event.end_mark.index
    anchor = event.anchor or ""
    if isinstance(event, yaml.AliasEvent):
        return YamlNode(NodeForm.ALIAS, start, end, anchor)
    if isinstance(event, yaml.ScalarEvent):
        style: str = event.style or ""
        if style in _BLOCK_SCALARS:
            end = start + len(text[start:end].rstrip())
        return YamlNode(NodeForm.SCALAR, start, end, event.value, style, anchor=anchor)
    entries: list[YamlEntry] = []
    is_mapping = isinstance(event, yaml.MappingStartEvent)
    while not isinstance(inner := next_event(), yaml.MappingEndEvent | yaml.SequenceEndEvent):
        first = _node(inner, next_event, text)
        value = _node(next_event(), next_event, text) if is_mapping else first
        entries.append(YamlEntry(first if is_mapping else None, value))
    is_flow = bool(event.flow_style)
    ending: Event = inner
    end = ending.end_mark.index if is_flow else entries[-1].end
    form = NodeForm.MAPPING if is_mapping else NodeForm.SEQUENCE
    return YamlNode(form, start, end, is_flow=is_flow, anchor=anchor, entries=tuple(entries))


def comments(text: str) -> list[tuple[int, int]]:
    """The start and end of every comment, in order."""
    import yaml

    found: list[tuple[int, int]] = []
    next_event, after = events(text), 0
    while not isinstance(event := next_event(), yaml.StreamEndEvent):
        if isinstance(event, yaml.ScalarEvent):
            scalar: Event = event
            start, end = scalar.start_mark.index, scalar.end_mark.index
            if scalar.style in _BLOCK_SCALARS:  # a comment may follow the `|`
                start = text.find("\n", start, end) if "\n" in text[start:end] else end
            found += [each.span() for each in _COMMENT.finditer(text, after, start)]
            after = end
    return found + [each.span() for each in _COMMENT.finditer(text, after)]
