"""Finds secrets in a text, in every encoding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from json import dumps

LONG = 23
"""Longer secrets are also recognized in base64, and by their beginning or one of their lines."""

_PLAIN = re.compile(r"[\w.~-]+", re.ASCII)
"""What every encoding leaves as it is."""
_PARTS = re.compile(rf"{_PLAIN.pattern}|\\+|.", re.ASCII | re.DOTALL)
_NAMED = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}


def is_plain(secret: str) -> bool:
    """Whether a secret is the same in JSON, URLs and HTML."""
    return bool(_PLAIN.fullmatch(secret))


def spellings(secrets: Iterable[str]) -> frozenset[str]:
    """The secrets as they are, in a URL, in JSON, and in base64 if they are long."""
    return frozenset(spelling for secret in secrets if secret for spelling in _spellings(secret))


def _spellings(secret: str) -> Iterator[str]:
    import base64
    from urllib.parse import quote

    yield secret
    yield quote(_bytes(secret), safe="")
    yield dumps(secret)[1:-1]
    if len(secret) > LONG:
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(_bytes(secret)).decode().rstrip("=")


def _bytes(secret: str) -> bytes:
    """The secret in UTF-8. Undecodable bytes of the environment are restored, and lone surrogates are tolerated."""
    try:
        return secret.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return secret.encode("utf-8", "surrogatepass")


def escaped(secret: str) -> re.Pattern[str]:
    """Matches a secret whose characters are escaped in any way, any number of times, such as JSON inside JSON."""
    parts = _PARTS.findall(secret)
    start = "" if is_plain(parts[0]) else r"(?:(?<!\\)|(?=[%&]))"  # not at every one of many backslashes
    return re.compile(start + "".join(map(_any_escape, parts)))


def _any_escape(part: str) -> str:
    """A pattern for plain text, a run of backslashes, or another character, in JSON, URLs and HTML."""
    if is_plain(part):
        return re.escape(part)
    url = "".join(f"%{byte:02x}" for byte in _bytes(part))
    if part[0] == "\\":
        return rf"(?:\\{{{len(part)},}}+|(?i:{url}))"
    units = part.encode("utf-16-be", "surrogatepass").hex()
    unicode = r"\\*+".join(f"u{units[at : at + 4]}" for at in range(0, len(units), 4))
    after_backslashes = "|".join([re.escape(part), f"(?i:{unicode})", *filter(None, [_NAMED.get(part)])])
    html = r"|&#?\w+;" if part in "&<>\"'" else ""
    return rf"(?:\\*+(?:{after_backslashes})|(?i:{url}){html})"


def spans(text: str, secret: str, pattern: re.Pattern[str] | None = None) -> Iterator[tuple[int, int]]:
    """All occurrences of a secret and of its pattern, including overlapping ones, so that no part of them is left."""
    at = text.find(secret)
    while at >= 0:
        yield at, at + len(secret)
        at = text.find(secret, at + 1)
    found = pattern and pattern.search(text)
    while pattern and found:
        yield found.span()
        found = pattern.search(text, found.start() + 1)
