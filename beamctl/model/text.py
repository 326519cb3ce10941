"""Text made safe to show. It must not know where it is shown."""

from __future__ import annotations

import shlex

from beamctl.model.alphabet import joins_pictures, marked


def printable(text: str) -> str:
    """The text with everything escaped that a terminal or a reader could be fooled by: controls, bidi marks, breaks,
    letters of another alphabet inside a word."""
    if text.isascii():
        return text if text.isprintable() else _escaped(text)
    shown = marked(text)
    return shown if shown.isprintable() else _escaped(shown)


def _escaped(text: str) -> str:
    return "".join(
        char
        if char.isprintable() or joins_pictures(text, at)
        else char.encode("unicode_escape", "surrogatepass").decode("ascii")
        for at, char in enumerate(text)
    )


def shell_word(text: str) -> str:
    """The text as one word of a shell's command line, in ASCII: two texts never look the same."""
    if text.isascii() and text.isprintable():
        return shlex.quote(text)
    return f"$'{''.join(map(_in_dollar_quotes, text))}'"


def _in_dollar_quotes(char: str) -> str:
    if char.isascii() and char.isprintable():
        return f"\\{char}" if char in "\\'" else char
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"  # noqa: PLR2004 - four digits


def is_whole(text: str) -> bool:
    """Whether it can be written: it has no half of a pair of surrogates."""
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)
