"""Escaping for Markdown as GitHub and GitLab read it, one function for each place.

Values are code spans: only those stop links, mentions and formulas. Entities stop none of these, because they are
decoded first. All text must be printable (`model.text.printable`) and on one line."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence

from beamctl.report.spans import Spans

_MENTION = re.compile(r"(?<![A-Za-z0-9_])@")
_BROKEN_MENTION = "@\u200b"
"""Answers by e-mail quote the text of a comment, where a code span protects no one from being notified."""
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ,.;:()'\"/·→…—-]")
_RUNS = re.compile("`+")
_MARKER = re.compile(r"[A-Za-z0-9._=:/-]+")
_EMPTY = "(empty)"


def without_mentions(value: str) -> str:
    """The value with a zero-width space after each `@` that would mention someone, which is none in most e-mails."""
    return _MENTION.sub(_BROKEN_MENTION, value)


def code(value: str) -> str:
    """A value as a code span, outside of tables."""
    if not value:
        return _EMPTY
    text = without_mentions(value)
    fence = "`" * (max((len(run) for run in _RUNS.findall(text)), default=0) + 1)
    is_stripped = text.startswith(" ") and text.endswith(" ") and text.strip(" ")
    pad = " " if is_stripped or text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def words(text: str) -> str:
    """Beamctl's own words."""
    return _NOT_PLAIN.sub(lambda found: f"&#{ord(found[0])};", text)


def line(spans: Spans) -> str:
    """Text in a paragraph, a heading or a list."""
    return "".join(code(span.text) if span.is_value else words(span.text) for span in spans)


def cell(spans: Spans) -> str:
    """Text in a table."""
    return line(spans).replace("|", "\\|")


def summary(text: str) -> str:
    """Beamctl's own words between `<summary>` tags, which is HTML."""
    return html.escape(text)


def fence(text: str) -> list[str]:
    """The lines of a code block with one line of text."""
    ticks = "`" * max(3, max((len(run) for run in _RUNS.findall(text)), default=0) + 1)
    return [ticks, without_mentions(text), ticks]


def marker(name: str, fields: Mapping[str, str]) -> str:
    """A hidden line that identifies a comment.

    Raises:
        ValueError: A field could end the comment or be read as another.
    """
    parts = [name, *(f"{key}={value}" for key, value in fields.items())]
    return f"<!-- {' '.join(map(_marked, parts))} -->"


def _marked(part: str) -> str:
    if not is_markable(part):
        raise ValueError(part)
    return part


def is_markable(text: str) -> bool:
    """Whether a text may be in a marker."""
    return bool(_MARKER.fullmatch(text)) and "--" not in text


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table. The cells are escaped already."""
    return [_table_line(map(words, heads)), "|---" * len(heads) + "|", *map(_table_line, rows)]


def _table_line(cells: Sequence[str] | map[str]) -> str:
    return f"| {' | '.join(cells)} |"
