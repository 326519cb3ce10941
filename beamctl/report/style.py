"""Colour and safe characters. It must not know what is shown, nor look at the terminal: colour is an argument."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from beamctl.model.text import escaped


class Tone(Enum):
    """What a piece of text means, as a terminal's colour code."""

    GOOD = "32"
    CHANGED = "33"
    BAD = "31"
    STRONG = "1"
    FAINT = "2"


@dataclass(frozen=True, slots=True)
class Style:
    """How text is dressed.

    Attributes:
        colour: Whether terminal colours are wanted.
    """

    colour: bool = False

    def __call__(self, tone: Tone, text: str) -> str:
        """The text in that tone; the text alone where no colour is wanted."""
        return f"\x1b[{tone.value}m{text}\x1b[0m" if self.colour and text else text


PLAIN = Style()

LONGEST_VALUE = 10_000
"""Characters of a value that are shown."""

_LONGEST_DIGEST = 32
"""Hex digits of a digest that are shown: enough that no two values with the same ones can be found."""


def value(data: Any) -> str:  # noqa: ANN401 - any JSON
    """A value as a reader sees it: strings in quotes, nested values as JSON. Of a very long one, the beginning and a
    digest of the whole, so that two values never look the same."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True)
    more = len(text) - LONGEST_VALUE
    if more <= 0:
        return escaped(text)
    return f"{escaped(text[:LONGEST_VALUE])}… ({more:,} more characters, {digest(text)}: see -o json)"


def digest(text: str) -> str:
    """A short SHA-256 of a text that is not shown as a whole."""
    return f"sha256:{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()[:_LONGEST_DIGEST]}"


def table(rows: Sequence[tuple[str, ...]], indent: str = "") -> list[str]:
    """Rows in columns; the widest cell of a column sets its width, up to 48 characters."""
    widths = [min(48, max(len(cell) for cell in column)) for column in zip(*rows, strict=True)]
    return [
        (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]
