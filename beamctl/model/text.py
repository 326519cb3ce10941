"""Text made safe to show. It must not know where it is shown."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with everything escaped that a terminal or a reader could be fooled by: controls, bidi marks, breaks."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
