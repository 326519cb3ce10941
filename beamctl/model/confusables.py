"""Letters that pass for others: which alphabets a word mixes, and what an address looks like to a reader. In the spirit
of Unicode's UTS #39 ("highly restrictive"), with a small table."""

# ruff: noqa: RUF001 - these letters are what it is about

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

# What looks like which Latin letter, as far as e-mail addresses are shown in common fonts; not all of UTS #39.
_LETTERS = str.maketrans(
    "аеорсухѕіјһԁԛԝѵӏүгАВЕЅІЈКМНОРСТУХ"  # Cyrillic
    "οανιρυγκσϲϳηωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"  # Greek
    "ագզհոռսօցյ"  # Armenian
    "ᎠᎡᎢᎥᎪᎫᎬᎳᎷᎻᎽᏀᏃᏟᏢᏦᏞᏚᏙᏒᏴ"  # Cherokee
    "ıɑɡſ",  # rare Latin ones
    "aeopcyxsijhdqwvlyrABESIJKMHOPCTYXoavipuykocjnwABEZHIKMNOPTYXwgqhnnuogjDRTiAJEWMHYGZCPKLSVRBiags",
)
_QUOTES = dict.fromkeys(map(ord, "ʹʼˈˊˋꞋꞌߴ"), "'") | dict.fromkeys(map(ord, "ʺˮߵ"), '"')
"""Letters to Unicode, quotes to a reader."""
_LOOKS = _LETTERS | _QUOTES
_NOT_NOTICED = {ord(quote): None for quote in "'\"`"}
_TOGETHER = frozenset({"CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "HALFWIDTH", "HANGUL", "BOPOMOFO"})
"""Written among Latin letters in East Asia."""
_LATIN = "LATIN"
_NO_ALPHABET = frozenset("ºªµ")
"""Ordinary in names and units, in any alphabet."""
_NO_DISGUISE = _NO_ALPHABET | {"ı"}
"""No address passes for another by these alone; the last is ordinary in Turkish."""
_TOKEN = re.compile(r"[^\s@'\"<>(),;:]+")
_WORD = re.compile(r"\w+")


def skeleton(text: str) -> str:
    """What the text looks like: two texts with one skeleton can be mistaken for each other.

    Quotes, other punctuation and symbols outside ASCII, and characters that cannot be seen do not count.
    """
    if text.isascii():
        return text.translate(_NOT_NOTICED).lower()
    return look(_not_noticed().sub("", text)).translate(_NOT_NOTICED)


def look(text: str) -> str:
    """The text with each letter that passes for a plain one in its place, in lower case."""
    return unicodedata.normalize("NFKC", text.translate(_LOOKS)).translate(_LOOKS).lower()


@cache
def _not_noticed() -> regex.Pattern[str]:
    import regex  # it takes 15 ms, and most addresses are ASCII

    return regex.compile(r"[\p{Default_Ignorable_Code_Point}\u02bb\u02bd]|[^\p{L}\p{M}\p{N}\p{ASCII}]")


def mixed_letter(email: str) -> str:
    """The first letter of an address that is of another alphabet than the rest of its part; empty where none is."""
    local, _, host = email.rpartition("@")
    return next((odd[0] for part in (local, *host.split(".")) if (odd := _odd_letters(part))), "")


def disguised_letter(email: str) -> str:
    """The first letter of an address that is not ASCII, though all of it looks so; else empty."""
    return _disguised(email)[:1]


def described(letter: str) -> str:
    """A letter in words: `U+0430 (cyrillic small letter a) looks like a`."""
    plain = look(letter)
    alike = f" looks like {plain}" if plain.isascii() and plain.isalnum() else ""
    return f"U+{ord(letter):04X} ({unicodedata.name(letter, 'no name').lower()}){alike}"


def marked(text: str) -> str:
    """The text with escapes for the letters by which a word of it mixes alphabets, or an address passes for another."""
    return _TOKEN.sub(_marked_token, text)


def _marked_token(found: re.Match[str]) -> str:
    token = found.group()
    if token.isascii():
        return token
    if found.string[found.end() : found.end() + 1] != "@":
        return _WORD.sub(lambda word: _escaped(word.group(), _odd_letters(word.group())), token)
    return _escaped(token, _odd_letters(token) or _disguised(token))


def _escaped(text: str, odd: str) -> str:
    return "".join(char.encode("unicode_escape").decode() if char in odd else char for char in text) if odd else text


def _odd_letters(word: str) -> str:
    """The letters that are not Latin, where a word has others beside them than are written together."""
    if word.isascii():
        return ""
    scripts = set(_scripts(word))
    others = scripts - {_LATIN}
    if len(scripts) < 2 or others <= _TOGETHER:  # noqa: PLR2004 - one alphabet is no mixture
        return ""
    kept = _LATIN if _LATIN in scripts else next(_scripts(word))
    return "".join(char for char in word if not char.isascii() and _script(char) not in (kept, ""))


def _disguised(word: str) -> str:
    """The letters of a word that are not ASCII, where all of it looks so."""
    if not look(word).isascii():
        return ""
    return "".join(char for char in word if not char.isascii() and char not in _NO_DISGUISE)


def _scripts(word: str) -> Iterator[str]:
    return filter(None, map(_script, word))


def _script(char: str) -> str:
    """The alphabet of a letter, by the first word of its name; empty for what every alphabet uses."""
    if char.isascii():
        return _LATIN if char.isalpha() else ""
    if not char.isalpha() or char in _NO_ALPHABET or unicodedata.category(char) == "Lm":
        return ""
    return unicodedata.name(char, "").partition(" ")[0]
