"""Edits a document as text: puts and removes entries, and keeps every other byte and comment. The result is read again
before it is returned."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from typing import Any

from beamctl.document.block_layout import Added, BlockLayout
from beamctl.document.data_edit import Edit, is_same, merged, paired, value_at, with_edits
from beamctl.document.document import Path
from beamctl.document.entry_text import BlockWriter, TextStyle, inline, style_of
from beamctl.document.flow_layout import FlowLayout
from beamctl.document.splice import (
    Splice,
    UneditableError,
    end_of_value_line,
    indent_of,
    lines_at,
    refuse_anchors,
    spliced,
    unusual,
)
from beamctl.document.yaml_loader import parse
from beamctl.document.yaml_nodes import NodeForm, YamlNode, comments, roots
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact

_COLON = re.compile(r"\s*:")


def edited(text: str, document: str | int, edits: Sequence[Edit]) -> str:
    """The text of a file with one document edited.

    Args:
        text: Valid YAML without a byte order mark.
        document: The workspace that it declares, or its index among the non-empty documents.
        edits: What to change.

    Raises:
        UneditableError: It cannot be edited without a guess or a loss.
    """
    index, before = _document(text, document)
    after = with_edits(before, edits)
    if why := obstacles(text, index, [edits])[0]:  # with the line numbers of this text
        raise UneditableError(why)
    steps = (merged(before, after), after)  # entries are added first, so that others still show where and how
    for old, new in zip((before, *steps), steps, strict=False):
        text = _step(text, index, (before, old, new))
    return text


def obstacles(text: str, document: str | int, groups: Sequence[Sequence[Edit]]) -> list[Fact | None]:
    """For each group of edits, why it cannot be made, as far as the text shows that; None if it does not."""
    index, before = _document(text, document)
    root = _root(text, index)
    found: list[Fact | None] = []
    for edits in groups:
        try:
            list(_splices(text, root, (before, before, with_edits(before, edits))))
        except UneditableError as error:
            found.append(error.why)
        else:
            found.append(None)
    return found


def _document(text: str, which: str | int) -> tuple[int, Any]:
    """The index of a document among the non-empty ones, and its data."""
    for index, draft in enumerate(parse(text, "").drafts):
        data = draft.document.data
        if which == index or (isinstance(data, dict) and data.get("workspace") == which):
            return index, data
    raise ValueError(f"there is no document {which}")


def _step(text: str, index: int, data: tuple[Any, Any, Any]) -> str:
    """Make an edit.

    Args:
        text: The text.
        index: Of the document among the non-empty ones.
        data: Before all edits, before this one, and after it.
    """
    if is_same(*data[1:]):
        return text
    splices = list(_splices(text, _root(text, index), data))
    result = spliced(text, splices)
    _verify(text, splices, result, (index, data[-1]))
    return result


def _root(text: str, index: int) -> YamlNode:
    filled = [node for node in roots(text) if not (node.form is NodeForm.SCALAR and not node.style and not node.text)]
    return filled[index]


def _splices(text: str, root: YamlNode, data: tuple[Any, Any, Any]) -> Iterator[Splice]:
    """The splices of an edit. See `_step` for the data."""
    first, old, new = data
    yield from _Editor(text, style_of(root, text), first).value(root, old, new, ())


def _verify(text: str, splices: Sequence[Splice], result: str, wanted: tuple[int, Any]) -> None:
    """Read the result again.

    Raises:
        UneditableError: It is not as intended.
    """
    kept = []
    replaced = sorted(each for each in splices if each.start < each.end)
    for start, end in comments(text):
        near = bisect(replaced, Splice(end, 0)) - 1
        if near < 0 or replaced[near].end <= start:
            kept.append(text[start:end])
        elif not replaced[near].with_comments:
            raise UneditableError(fact(Code.EDIT_LOSES_COMMENT))
    found, before = parse(result, ""), parse(text, "")
    index, new = wanted
    data = [draft.document.data for draft in before.drafts]
    data[index : index + 1] = [new]
    problems = [*found.problems, *(problem for draft in found.drafts for problem in draft.problems)]
    is_right = (
        not problems
        and len(found.drafts) == len(data)
        and all(is_same(draft.document.data, right) for draft, right in zip(found.drafts, data, strict=True))
        and [result[start:end] for start, end in comments(result)] == kept
    )
    if not is_right:
        raise UneditableError(fact(Code.EDIT_NOT_AS_INTENDED))


class _Editor:
    """Turns a difference in the data into splices of the text."""

    def __init__(self, text: str, style: TextStyle, first: Any) -> None:  # noqa: ANN401 - any JSON
        self._text = text
        self._first = first
        self._style = style

    def value(
        self,
        node: YamlNode,
        old: Any,  # noqa: ANN401 - any JSON
        new: Any,  # noqa: ANN401 - as above
        path: Path,
        key: YamlNode | None = None,
        *,
        in_flow: bool = False,
    ) -> Iterator[Splice]:
        """The splices that turn one value into another.

        Args:
            node: The value.
            old: Its data.
            new: The data that it is to have.
            path: The path of the entry.
            key: Its key, if it has one.
            in_flow: Whether it is inside brackets.
        """
        if is_same(old, new):
            return
        if node.anchor or node.form is NodeForm.ALIAS:
            refuse_anchors(node, self._text)
        if node.form is NodeForm.MAPPING and isinstance(new, dict):
            yield from self._mapping(node, (old, new), path, key, in_flow=in_flow)
        elif node.form is NodeForm.SEQUENCE and isinstance(new, list):
            yield from self._sequence(node, (old, new), path, key)
        else:
            yield from self._replace(node, new, key, in_flow=in_flow)

    def _mapping(
        self, node: YamlNode, sides: tuple[Any, Any], path: Path, key: YamlNode | None, *, in_flow: bool
    ) -> Iterator[Splice]:
        old, new = sides
        names = [each.key.text if each.key else "" for each in node.entries]
        for name, each in zip(names, node.entries, strict=True):
            if name in new and not is_same(old[name], new[name]):
                if each.key and each.key.anchor:
                    refuse_anchors(each.key, self._text)
                yield from self.value(each.value, old[name], new[name], (*path, name), each.key, in_flow=node.is_flow)
        added: list[Added] = [(name, value) for name, value in new.items() if name not in old]
        if added and len(path) == 1 and not node.entries and key and not in_flow:
            yield from self._filled(node, added, key)
        else:
            removed = [i for i, name in enumerate(names) if name not in new]
            yield from self._entries(node, added, removed, path, key)

    def _sequence(self, node: YamlNode, sides: tuple[Any, Any], path: Path, key: YamlNode | None) -> Iterator[Splice]:
        match = paired(*sides)
        for i, value in match.changed.items():
            yield from self.value(node.entries[i].value, sides[0][i], value, (*path, i), in_flow=node.is_flow)
        added: list[Added] = [(None, value) for value in match.added]
        yield from self._entries(node, added, match.removed, path, key)

    def _entries(
        self, node: YamlNode, added: Sequence[Added], removed: Sequence[int], path: Path, key: YamlNode | None
    ) -> Iterator[Splice]:
        layout = FlowLayout(self._text, node, self._style) if node.is_flow else self._block(node, path)
        if added:
            yield from layout.add(added, few_are_sorted=len(path) == 1)
        if removed:
            yield from layout.remove(removed)
        if len(removed) == len(node.entries) and removed and not node.is_flow:
            at = self._after_colon(node, key)
            yield Splice(at, at, " {}" if node.form is NodeForm.MAPPING else " []")

    def _block(self, node: YamlNode, path: Path) -> BlockLayout:
        first = value_at(self._first, path)
        return BlockLayout(self._text, node, self._style, lambda key: isinstance(first, dict) and key not in first)

    def _filled(self, node: YamlNode, added: Sequence[Added], key: YamlNode) -> Iterator[Splice]:
        """An empty section, written as `{}`, with entries on lines below it."""
        at = self._after_colon(node, key)
        rest = end_of_value_line(self._text, node.end)
        indent = indent_of(self._text, key.start) + " " * self._style.step
        writer = BlockWriter(self._text, self._style)
        lines = [line for name, value in added for line in writer.entry(name, value, (), indent)]
        yield Splice(at, node.end)
        yield lines_at(self._text, rest, lines)

    def _replace(self, node: YamlNode, new: Any, key: YamlNode | None, *, in_flow: bool) -> Iterator[Splice]:  # noqa: ANN401 - any JSON
        refuse_anchors(node, self._text)
        written = inline(new, node, self._style, in_flow=in_flow)
        if node.start == node.end or not (node.is_flow or node.form is NodeForm.SCALAR):
            at = self._after_colon(node, key)
            yield Splice(at, at, f" {written}")
            if node.entries:
                yield from BlockLayout(self._text, node, self._style).remove(range(len(node.entries)))
        else:
            yield Splice(node.start, node.end, written)

    def _after_colon(self, node: YamlNode, key: YamlNode | None) -> int:
        """The index after the colon of the key whose value this is."""
        found = _COLON.match(self._text, key.end) if key else None
        if not found:
            raise unusual(self._text, node.start)
        return found.end()
