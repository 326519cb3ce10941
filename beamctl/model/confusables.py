"""Confusable characters: mixed scripts in a word, and how an address looks to a reader. Follows Unicode UTS #39
("highly restrictive") with a small table."""

# ruff: noqa: RUF001 - the table consists of confusable letters

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

# Letters that look like Latin ones in common fonts; a subset of UTS #39.
_LETTERS = str.maketrans(
    "аеорсухѕіјһԁԛԝѵӏүгАВЕЅІЈКМНОРСТУХ"  # Cyrillic
    "οανιρυγκσϲϳηωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"  # Greek
    "ագզհոռսօցյ"  # Armenian
    "ᎠᎡᎢᎥᎪᎫᎬᎳᎷᎻᎽᏀᏃᏟᏢᏦᏞᏚᏙᏒᏴ"  # Cherokee
    "ıɑɡſ",  # rare Latin ones
    "aeopcyxsijhdqwvlyrABESIJKMHOPCTYXoavipuykocjnwABEZHIKMNOPTYXwgqhnnuogjDRTiAJEWMHYGZCPKLSVRBiags",
)
_QUOTES = dict.fromkeys(map(ord, "ʹʼˈˊˋꞋꞌߴ"), "'") | dict.fromkeys(map(ord, "ʺˮߵ"), '"')
"""Letters in Unicode that look like quotes."""
_LOOKS = _LETTERS | _QUOTES
_IGNORED = {ord(quote): None for quote in "'\"`"}
_EAST_ASIAN = frozenset({"CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "HALFWIDTH", "HANGUL", "BOPOMOFO"})
"""Scripts that are commonly mixed with Latin letters."""
_LATIN = "LATIN"
_ANY_SCRIPT = frozenset("ºªµ")
"""Letters common in names and units, in any script."""
_NO_DISGUISE = _ANY_SCRIPT | {"ı"}
"""Letters that do not disguise an address by themselves; the last is common in Turkish."""
_TOKEN = re.compile(r"[^\s@'\"<>(),;:]+")
_WORD = re.compile(r"\w+")


def skeleton(text: str) -> str:
    """The UTS #39 skeleton: two texts with the same skeleton can be mistaken for each other.

    Quotes, non-ASCII punctuation and symbols, and invisible characters are ignored.
    """
    if text.isascii():
        return text.translate(_IGNORED).lower()
    return look(_ignored().sub("", text)).translate(_IGNORED)


def look(text: str) -> str:
    """The text in lower case, with confusable letters replaced by the ones that they look like."""
    return unicodedata.normalize("NFKC", text.translate(_LOOKS)).translate(_LOOKS).lower()


@cache
def _ignored() -> regex.Pattern[str]:
    import regex  # takes 15 ms to import, and most addresses are ASCII

    return regex.compile(r"[\p{Default_Ignorable_Code_Point}\u02bb\u02bd]|[^\p{L}\p{M}\p{N}\p{ASCII}]")


def mixed_letter(email: str) -> str:
    """The first letter of an address that is in another script than the rest of its part; else empty."""
    local, _, host = email.rpartition("@")
    return next((odd[0] for part in (local, *host.split(".")) if (odd := _odd_letters(part))), "")


def disguised_letter(email: str) -> str:
    """The first non-ASCII letter of an address that looks like plain ASCII; else empty."""
    return _disguised(email)[:1]


def described(letter: str) -> str:
    """A description such as `U+0430 (cyrillic small letter a) looks like a`."""
    plain = look(letter)
    alike = f" looks like {plain}" if plain.isascii() and plain.isalnum() else ""
    return f"U+{ord(letter):04X} ({unicodedata.name(letter, 'no name').lower()}){alike}"


def marked(text: str) -> str:
    """The text with letters escaped that mix scripts in a word, or disguise an address."""
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
    """In a word that mixes scripts, the letters outside its main script, which is Latin if it has any."""
    if word.isascii():
        return ""
    scripts = set(_scripts(word))
    others = scripts - {_LATIN}
    if len(scripts) < 2 or others <= _EAST_ASIAN:  # noqa: PLR2004 - a single script
        return ""
    kept = _LATIN if _LATIN in scripts else next(_scripts(word))
    return "".join(char for char in word if not char.isascii() and _script(char) not in (kept, ""))


def _disguised(word: str) -> str:
    """The non-ASCII letters of a word that looks like plain ASCII."""
    if not look(word).isascii():
        return ""
    return "".join(char for char in word if not char.isascii() and char not in _NO_DISGUISE)


def _scripts(word: str) -> Iterator[str]:
    return filter(None, map(_script, word))


def _script(char: str) -> str:
    """The script of a letter, from the first word of its Unicode name; empty for characters of any script."""
    if char.isascii():
        return _LATIN if char.isalpha() else ""
    if not char.isalpha() or char in _ANY_SCRIPT or unicodedata.category(char) == "Lm":
        return ""
    return unicodedata.name(char, "").partition(" ")[0]
