"""Writes new values and entries in the style of their neighbors: quotes, brackets or indented lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from beamctl.document.yaml_nodes import NodeForm, YamlEntry, YamlNode
from beamctl.document.yaml_writer import flow
from beamctl.model.text import unseen

DEFAULT_STEP = 2
"""Spaces of indentation, if no neighbor shows another number."""


@dataclass(frozen=True, slots=True)
class TextStyle:
    """The style of a document.

    Attributes:
        is_json: Whether it is written as JSON.
        step: Spaces of indentation for each level.
    """

    is_json: bool
    step: int


def style_of(root: YamlNode, text: str) -> TextStyle:
    """The style of a document."""
    is_json = root.is_flow and all(each.key is not None and each.key.style == '"' for each in root.entries)
    nested = (each.value for each in root.entries if each.value.form is NodeForm.MAPPING and not each.value.is_flow)
    steps = [_column(text, each.start) for each in nested]
    return TextStyle(is_json, next((step for step in steps if step), DEFAULT_STEP))


def inline(value: Any, like: YamlNode | None, style: TextStyle, *, in_flow: bool) -> str:  # noqa: ANN401 - any JSON
    """A value on one line.

    Args:
        value: Plain data.
        like: A scalar whose quotes are used for strings, if it has any.
        style: Of the document.
        in_flow: Whether the text will be inside brackets.
    """
    if style.is_json:
        return _json(value)
    quote = like.style if like and like.form is NodeForm.SCALAR else ""
    if isinstance(value, str) and quote in ("'", '"') and not unseen(value):
        return "'" + value.replace("'", "''") + "'" if quote == "'" else _json(value)
    return flow([value])[1:-1] if in_flow else flow(value)


def flow_entry(
    key: str | None,
    value: Any,  # noqa: ANN401 - any JSON
    like: YamlEntry | None,
    style: TextStyle,
) -> str:
    """An entry or item inside brackets."""
    text = inline(value, like.value if like else None, style, in_flow=True)
    return text if key is None else f"{inline(key, like.key if like else None, style, in_flow=True)}: {text}"


@dataclass(frozen=True, slots=True)
class BlockWriter:
    """Writes entries as lines.

    Attributes:
        text: The text of the neighbors.
        style: Of the document.
    """

    text: str
    style: TextStyle

    def entry(
        self,
        key: str | None,
        value: Any,  # noqa: ANN401 - any JSON
        siblings: Sequence[YamlEntry],
        indent: str,
    ) -> list[str]:
        """The lines of one entry or item.

        Args:
            key: None for an item.
            value: Plain data.
            siblings: Entries that show the style, the most similar last.
            indent: The indentation.
        """
        if key is None:
            return self._item(value, siblings, indent)
        like = siblings[-1] if siblings else None
        head = f"{indent}{inline(key, like.key if like else None, self.style, in_flow=False)}:"
        if model := self._model(value, siblings):
            deeper = indent + " " * self._step(model, siblings)
            return [head, *self._below(value, model, deeper)]
        same = [each.value for each in siblings if each.value.form is NodeForm.SCALAR]
        return [f"{head} {inline(value, same[-1] if same else None, self.style, in_flow=False)}"]

    def _item(self, value: Any, siblings: Sequence[YamlEntry], indent: str) -> list[str]:  # noqa: ANN401 - any JSON
        if isinstance(value, dict) and (model := self._model(value, siblings)):
            lines = self._below(value, model, indent + "  ")
            return [f"{indent}- {lines[0].strip()}", *lines[1:]]
        same = [each.value for each in siblings if each.value.form is NodeForm.SCALAR]
        return [f"{indent}- {inline(value, same[-1] if same else None, self.style, in_flow=False)}"]

    def _below(self, value: Any, model: YamlNode, indent: str) -> list[str]:  # noqa: ANN401 - any JSON
        pairs: Iterable[tuple[str | None, Any]]
        pairs = value.items() if isinstance(value, dict) else ((None, item) for item in value)
        lines: list[str] = []
        for key, inner in pairs:
            same = [each for each in model.entries if key is None or (each.key and each.key.text == key)]
            scalars = [each for each in model.entries if each.value.form is NodeForm.SCALAR]
            lines += self.entry(key, inner, same or scalars, indent)
        return lines

    def _model(self, value: Any, siblings: Sequence[YamlEntry]) -> YamlNode | None:  # noqa: ANN401 - any JSON
        """The most similar sibling whose value is written as lines, if the value is to be written so."""
        form = NodeForm.MAPPING if isinstance(value, dict) else NodeForm.SEQUENCE
        same = [each.value for each in siblings if each.value.form is form and each.value.entries]
        is_filled = bool(value) and isinstance(value, dict | list)
        return same[-1] if is_filled and same and not same[-1].is_flow else None

    def _step(self, model: YamlNode, siblings: Sequence[YamlEntry]) -> int:
        """How much deeper the lines of a sibling's value are than its key."""
        key = next(each.key for each in siblings if each.value is model)
        first = model.entries[0].start
        if model.form is NodeForm.SEQUENCE:
            first = self.text.rfind("-", 0, first)
        return max(0, _column(self.text, first) - _column(self.text, key.start)) if key else DEFAULT_STEP


def _json(value: Any) -> str:  # noqa: ANN401 - any JSON
    """JSON in which only invisible characters are escaped: YAML has no surrogate pairs."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(json.dumps(each)[1:-1] if unseen(each) else each for each in text) if unseen(text) else text


def _column(text: str, index: int) -> int:
    return index - (text.rfind("\n", 0, index) + 1)
