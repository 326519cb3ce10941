"""Colors, tables and safe rendering of values for text reports.
A module of its own because every text report uses it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from beamctl.model.text import escaped


class Tone(Enum):
    """What a piece of text means, as the color code of a terminal."""

    GOOD = "32"
    CHANGED = "33"
    BAD = "31"
    STRONG = "1"
    FAINT = "2"


@dataclass(frozen=True, slots=True)
class Style:
    """Applies terminal colors, or none."""

    color: bool = False

    def __call__(self, tone: Tone, text: str) -> str:
        """The text in that tone, or unchanged if colors are off."""
        return f"\x1b[{tone.value}m{text}\x1b[0m" if self.color and text else text


PLAIN = Style()


@dataclass(frozen=True, slots=True)
class SourceLines:
    """How the lines of documents are shown below problems.

    Attributes:
        width: Columns of the terminal.
        redact: Hides secrets in a line.
    """

    width: int
    redact: Callable[[str], str]


LONGEST_VALUE = 10_000
"""Characters of a value that are shown."""

_LONGEST_DIGEST = 32
"""Hex digits of a digest that are shown. 128 bits: finding two values that share them is infeasible."""


def value(data: Any) -> str:  # noqa: ANN401 - any JSON
    """A value as JSON, made safe to show.

    A very long value is cut and followed by a digest, so that two different values never look the same.
    """
    text = json.dumps(data, ensure_ascii=False, sort_keys=True)
    more = len(text) - LONGEST_VALUE
    if more <= 0:
        return escaped(text)
    return f"{escaped(text[:LONGEST_VALUE])}… ({more:,} more characters, {digest(text)}: see -o json)"


def digest(text: str) -> str:
    """A shortened SHA-256 of a text that is not shown in full."""
    import hashlib

    return f"sha256:{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()[:_LONGEST_DIGEST]}"


def table(rows: Sequence[tuple[str, ...]], indent: str = "") -> list[str]:
    """Rows as aligned columns, each as wide as its widest cell, up to 48 characters."""
    widths = [min(48, max(len(cell) for cell in column)) for column in zip(*rows, strict=True)]
    return [
        (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]
