"""Escaping of text from outside, so that it is safe to show."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from beamctl.model.confusables import marked

if TYPE_CHECKING:
    import regex

_BLANK = "\u2800\u2d7f\U0001107f\U00013441\U00013442\U00016fe4\U0001d159"
"""Characters that render blank although no Unicode property says so: an empty braille cell, two joiners, two blank
hieroglyphs, a filler and a note without a head."""
_JOINER = "\u200d"
_SHOWN = 5
_ALWAYS_KEPT = re.compile(
    "[\x00-\x7f\xa1-\xac\xae-\u02ff\u0391-\u03a1\u03a3-\u052f\u2010-\u2027\u2030-\u205e\u2190-\u23ff\u2460-\u27bf]*"
)
"""Text that `visible` leaves unchanged, found without importing `regex`."""


def printable(text: str) -> str:
    """The text on one line, with everything escaped that could mislead a terminal or a reader.

    That is invisible characters (controls, line breaks, direction marks, ignorable and blank characters) and letters of
    another script inside a word. Joiners within an emoji stay. If anything is escaped, backslashes are doubled, so that
    different texts never look the same. The result is stable: printable text stays unchanged.
    """
    doubled = text.replace("\\", "\\\\")
    shown = escaped(doubled)
    return text if shown == doubled else shown


def escaped(text: str) -> str:
    """The same for text whose backslashes are already doubled, such as JSON or the result of `repr`."""
    if text.isascii():
        return text if text.isprintable() else _without_controls(text)
    return visible(_without_controls(marked(text)))


def visible(text: str) -> str:
    """The text with invisible characters escaped, except ASCII controls (line breaks and colors)."""
    if _ALWAYS_KEPT.fullmatch(text):
        return text
    kept = "".join(each if _is_kept(each) else _escape(each) for each in text)
    return kept if kept.isascii() else _patterns()[0].sub(lambda found: _escape(found[0]), kept)


def unseen(text: str) -> str:
    """The first invisible character of a name, or an empty string. Joiners within an emoji count too."""
    if text.isascii():
        return next((each for each in text if not each.isprintable()), "")
    ignorable = _patterns()[1]
    return next((each for each in text if not each.isprintable() or ignorable.match(each)), "")


def shell_word(text: str) -> str:
    """The text quoted for a shell, in ASCII, so that different texts never look the same."""
    if text.isascii() and text.isprintable():
        return shlex.quote(text)
    return f"$'{''.join(map(_in_dollar_quotes, text))}'"


def _in_dollar_quotes(char: str) -> str:
    if char.isascii() and char.isprintable():
        return f"\\{char}" if char in "\\'" else char
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"  # noqa: PLR2004 - four digits


def some(names: Sequence[str]) -> str:
    """The first few names, and the number of the others."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def is_whole(text: str) -> bool:
    """Whether the text can be encoded: it has no lone surrogates."""
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def _without_controls(text: str) -> str:
    return "".join(each if each.isprintable() or not each.isascii() else _escape(each) for each in text)


def _is_kept(char: str) -> bool:
    """Whether `visible` keeps the character, pending the check of Unicode properties."""
    return char.isascii() or char.isprintable() or char == _JOINER


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


@cache
def _patterns() -> tuple[regex.Pattern[str], regex.Pattern[str]]:
    """Patterns for invisible characters: those outside emoji sequences, and all."""
    import regex  # takes 15 ms to import, and most text is ASCII

    emoji, ignorable = r"\p{Extended_Pictographic}", rf"[\p{{Default_Ignorable_Code_Point}}{_BLANK}]"
    joined = rf"(?<={emoji})\ufe0f|(?<={emoji}[\ufe0f\p{{Emoji_Modifier}}]?){_JOINER}(?={emoji})"
    return regex.compile(rf"(?:{joined})(*SKIP)(*FAIL)|{ignorable}"), regex.compile(ignorable)
