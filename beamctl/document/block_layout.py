"""Adds and removes entries of collections that are written as indented lines."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from beamctl.document.entry_text import BlockWriter, TextStyle
from beamctl.document.splice import (
    Splice,
    end_of_value_line,
    indent_of,
    is_blank,
    line_end,
    line_start,
    lines_at,
    refuse_anchors,
    unusual,
)
from beamctl.document.yaml_nodes import YamlEntry, YamlNode

Added = tuple[str | None, Any]
"""A new entry: key and value. The key of an item is None."""

_NEIGHBORS = 50
"""How many entries on each side show the style of a new one."""


def _never(_key: str) -> bool:
    return False


class BlockLayout:
    """The lines of one collection."""

    def __init__(self, text: str, node: YamlNode, style: TextStyle, is_new: Callable[[str], bool] = _never) -> None:
        """The lines of `node`. Whether a key is new is needed to tell headings from comments on one entry."""
        self._text = text
        self._entries = node.entries
        self._is_new = is_new
        self._writer = BlockWriter(text, style)

    def add(self, added: Sequence[Added], *, few_are_sorted: bool) -> Iterator[Splice]:
        """Insert entries where the order of the others puts them, or else after the last."""
        for index, group in grouped(self._entries, added, few_are_sorted=few_are_sorted):
            at = self._own_start(0) if index == 0 else self._end(index - 1)
            near = self._entries[max(0, index - 1)]
            indent = indent_of(self._text, self._first(near))
            around = self._entries[max(0, index - _NEIGHBORS) : index + _NEIGHBORS]
            siblings = [*(each for each in around if each is not near), near]
            lines = [line for key, value in group for line in self._writer.entry(key, value, siblings, indent)]
            yield lines_at(self._text, at, lines)

    def remove(self, indexes: Collection[int]) -> Iterator[Splice]:
        """Remove entries with their own comments."""
        for index in indexes:
            entry = self._entries[index]
            for node in (entry.key, entry.value):
                if node is not None:
                    refuse_anchors(node, self._text)
            indent_of(self._text, self._first(entry))
            yield Splice(self._own_start(index), self._end(index), with_comments=True)

    def _first(self, entry: YamlEntry) -> int:
        """The index of the key, or of the dash of an item."""
        if entry.key is not None:
            return entry.key.start
        dash = self._text.rfind("-", 0, entry.start)
        if dash < 0 or not is_blank(self._text, dash + 1, entry.start):
            raise unusual(self._text, entry.start)
        return dash

    def _end(self, index: int) -> int:
        """The end of an entry with the comments that are indented like its inner lines."""
        entry = self._entries[index]
        end = end_of_value_line(self._text, entry.end)
        column = len(indent_of(self._text, self._first(entry)))
        while end < len(self._text):
            line = self._text[end : line_end(self._text, end)]
            if not line.lstrip(" ").startswith("#") or len(line) - len(line.lstrip(" ")) <= column:
                break
            end += len(line)
        return end

    def _own_start(self, index: int) -> int:
        """The start of an entry with its own comments: those that touch it, unless they are a heading of several."""
        text, start = self._text, line_start(self._text, self._first(self._entries[index]))
        indent, above = text[start : self._first(self._entries[index])], start
        while above > 0:
            before = line_start(text, above - 1)
            line = text[before:above]
            if not line.startswith(f"{indent}#"):
                break
            above = before
        is_first = index == 0 or is_blank(text, line_start(text, max(above - 1, 0)), above)
        return start if is_first and self._is_followed(index) else above

    def _is_followed(self, index: int) -> bool:
        """Whether another entry that is not new touches this one."""
        for next_index in range(index + 1, len(self._entries)):
            entry = self._entries[next_index]
            if line_start(self._text, self._first(entry)) != self._end(next_index - 1):
                return False
            if not entry.key or not self._is_new(entry.key.text):
                return True
        return False


def grouped(
    entries: Sequence[YamlEntry], added: Sequence[Added], *, few_are_sorted: bool
) -> list[tuple[int, list[Added]]]:
    """The new entries in order, by the index of the entry that they come before.

    Args:
        entries: The existing ones.
        added: The new ones.
        few_are_sorted: Whether a single entry counts as sorted.
    """
    names = [each.key.text for each in entries if each.key]
    order = _order(names, least=1 if few_are_sorted else 2)
    if order is None:
        return [(len(entries), list(added))] if added else []
    keys = [order(name) for name in names]
    found: dict[int, list[Added]] = {}
    for each in sorted(added, key=lambda each: order(each[0] or "")):
        found.setdefault(bisect(keys, order(each[0] or "")), []).append(each)
    return sorted(found.items())


def _order(names: Sequence[str], least: int) -> Callable[[str], str] | None:
    """The sort key by which the names are in order; None if they are not."""
    if len(names) < least:
        return None
    orders: tuple[Callable[[str], str], ...] = (str, str.casefold)
    return next((order for order in orders if list(names) == sorted(names, key=order)), None)
