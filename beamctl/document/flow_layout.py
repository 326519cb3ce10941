"""Adds and removes entries of collections in brackets, on one line or on several."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from beamctl.document.block_layout import Added, grouped
from beamctl.document.entry_text import TextStyle, flow_entry
from beamctl.document.splice import Splice, end_of_value_line, is_blank, line_break, line_start, refuse_anchors, unusual
from beamctl.document.yaml_nodes import YamlNode

_TO_COMMA = re.compile(r"(?:\s|(?<=\s)#[^\n]*)*,")
_SPACES = re.compile(r"[ \t]*")


class FlowLayout:
    """The inside of one pair of brackets."""

    def __init__(self, text: str, node: YamlNode, style: TextStyle) -> None:
        self._text = text
        self._node = node
        self._entries = node.entries
        self._style = style

    def add(self, added: Sequence[Added], *, few_are_sorted: bool) -> Iterator[Splice]:
        """Insert entries where the order of the others puts them, or else after the last."""
        if not self._entries:
            inner = ", ".join(flow_entry(key, value, None, self._style) for key, value in added)
            yield Splice(self._node.start + 1, self._node.start + 1, inner)
            return
        for index, group in grouped(self._entries, added, few_are_sorted=few_are_sorted):
            texts = [flow_entry(key, value, self._entries[index - 1], self._style) for key, value in group]
            gap = self._gap()
            if index < len(self._entries):
                at = self._entries[index].start
                yield Splice(at, at, "".join(f"{text},{gap}" for text in texts))
            else:
                yield from self._append(texts, gap)

    def _append(self, texts: Sequence[str], gap: str) -> Iterator[Splice]:
        end = self._entries[-1].end
        comma = self._comma(end)
        at = end if comma is None else comma + 1
        if comma is None:
            yield Splice(end, end, ",")
        after_comment = at
        if "\n" in gap and self._text[at:].lstrip(" \t").startswith(("#", "\n", "\r")):
            after_comment = len(self._text[: end_of_value_line(self._text, at)].removesuffix("\n").removesuffix("\r"))
        last = "" if comma is None else ","
        yield Splice(after_comment, after_comment, ",".join(gap + text for text in texts) + last)

    def remove(self, indexes: Collection[int]) -> Iterator[Splice]:
        """Remove entries, with the rest of their lines if they have lines of their own."""
        gone = set(indexes)
        for index in gone:
            entry = self._entries[index]
            for node in (entry.key, entry.value):
                if node is not None:
                    refuse_anchors(node, self._text)
        kept = [index for index in range(len(self._entries)) if index not in gone]
        tail = [index for index in gone if not kept or index > kept[-1]]
        found = [self._with_gap(index) for index in gone if index not in tail]
        yield from _joined([*found, *self._tail(kept[-1] if kept else None, sorted(tail))])

    def _with_gap(self, index: int) -> Splice:
        """An entry with the comma after it."""
        entry = self._entries[index]
        comma = self._comma(entry.end)
        if comma is None:
            raise unusual(self._text, entry.start)
        if own := self._own_line(entry.start, comma + 1):
            return own
        spaces = _SPACES.match(self._text, comma + 1)
        end = spaces.end() if spaces else comma + 1
        if self._text[end : end + 1] in ("\r", "\n"):  # the last on its line, after others
            return Splice(len(self._text[: entry.start].rstrip(" \t")), comma + 1)
        return Splice(entry.start, end)

    def _tail(self, last: int | None, gone: Sequence[int]) -> Iterator[Splice]:
        """The last entries, and the comma before them unless the list ends with one."""
        if not gone:
            return
        final = self._comma(self._entries[gone[-1]].end)
        before = None if last is None else self._comma(self._entries[last].end)
        lines = []
        for index in gone:
            comma = self._comma(self._entries[index].end)
            lines.append(self._own_line(self._entries[index].start, (comma or self._entries[index].end - 1) + 1))
        if all(lines) and "\n" in self._text[self._node.start : self._node.end]:
            yield from (each for each in lines if each is not None)
            if before is not None and final is None:
                yield Splice(before, before + 1)
        elif before is not None:
            end = self._entries[gone[-1]].end if final is None else final
            yield Splice(before, end)
        else:
            yield Splice(self._node.start + 1, self._node.end - 1)

    def _own_line(self, start: int, end: int) -> Splice | None:
        """The line of an entry, if nothing but a comment is on it besides the entry."""
        first = line_start(self._text, start)
        if not is_blank(self._text, first, start) or "\n" in self._text[start:end]:
            return None
        rest = self._text[end:].lstrip(" \t")
        if not rest.startswith(("#", "\n", "\r\n")):
            return None
        return Splice(first, end_of_value_line(self._text, end), with_comments=True)

    def _comma(self, end: int) -> int | None:
        """The index of the comma after an entry; None if there is none."""
        found = _TO_COMMA.match(self._text, end)
        return found.end() - 1 if found else None

    def _gap(self) -> str:
        """What separates two entries, after the comma: a space, or a line break with indentation."""
        entry = self._entries[min(1, len(self._entries) - 1)]
        before = self._text[: entry.start]
        blank = before[len(before.rstrip()) :]
        if "\n" in blank:
            return line_break(self._text, entry.start) + blank.rpartition("\n")[2]
        return blank if len(self._entries) > 1 else " "


def _joined(removals: Iterable[Splice]) -> Iterator[Splice]:
    """The same removals without overlaps: two may both include the space between them."""
    last: Splice | None = None
    for each in sorted(removals):
        if last and each.start < last.end:
            last = Splice(last.start, max(last.end, each.end), with_comments=last.with_comments and each.with_comments)
            continue
        if last:
            yield last
        last = each
    if last:
        yield last
