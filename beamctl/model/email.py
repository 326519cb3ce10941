"""E-mail addresses: compared folded, shown as they were written. It must not know whose they are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from itertools import groupby

from beamctl.model.alphabet import described
from beamctl.model.text import unseen

_ATOM = r"[^\s@\x00-\x1f\x7f<>()\[\],;:\\\"]+"
_HOST = r"[^\s@\x00-\x1f\x7f<>()\[\],;:\\\"._/-][^\s@\x00-\x1f\x7f<>()\[\],;:\\\"_/]*"
_SHAPE = re.compile(f"{_ATOM}@{_HOST}")
_PLAIN = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9][a-z0-9-]*\.)*[a-z0-9]+", re.IGNORECASE | re.ASCII)
_EVERYONE = "*@"
NOT_PLAIN = "cannot be used: a domain in a pattern is written in ASCII, and without xn--: list the addresses instead"
LONGEST = 254
"""Characters in the longest address that mail systems carry (RFC 5321, 4.5.3.1)."""


def folded(email: str) -> str:
    """The address by which two spellings are compared: one person is one folded address.

    Letters outside ASCII that would fold into ASCII (the Kelvin sign, `ß`, the long s, ligatures) stay as they are: no
    address may pass for another one that is spelled with plain letters.
    """
    if email.isascii():
        return email.lower()
    pieces = ((alike, "".join(chars)) for alike, chars in groupby(email, _looks_plain))
    return "".join(piece if alike else _composed(_composed(piece).casefold()) for alike, piece in pieces)


def _looks_plain(char: str) -> bool:
    return not char.isascii() and _composed(char).casefold().isascii()


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def domain(email: str) -> str:
    """What follows the last `@`, folded."""
    return folded(email).rpartition("@")[2]


def is_domain(text: str) -> bool:
    """Whether this can follow the `@` of an address. There are no wildcards."""
    return "*" not in text and not fault("x@" + text)


def is_pattern(text: str) -> bool:
    """Whether this means everyone at a domain: `*@example.com`."""
    return text.startswith(_EVERYONE)


def everyone_at(email: str) -> str:
    """The pattern that an address falls under, folded."""
    return _EVERYONE + domain(email)


def matches(names: Collection[str], key: str) -> bool:
    """Whether a folded address is among these addresses and patterns, which are folded too."""
    return key in names or everyone_at(key) in names


def pattern_fault(text: str) -> str:
    """Why this is neither an e-mail address nor a pattern for everyone at a domain; empty if it is one."""
    if "*" not in text:
        return fault(text)
    host = text.removeprefix(_EVERYONE)
    if not is_pattern(text) or not is_domain(host):
        return f"is not an address or '{_EVERYONE}DOMAIN'"
    one_spelling = host.isascii() and not any(label.startswith("xn--") for label in folded(host).split("."))
    return "" if one_spelling else NOT_PLAIN


def fault(email: str) -> str:
    """Why this can be no e-mail address, in words; empty where it can be one."""
    if len(email) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if _PLAIN.fullmatch(email):  # nearly all are: the quick way
        return ""
    if "*" in email:
        return f"has a '*', which has no meaning here: only guards.protected and manage.skip take '{_EVERYONE}DOMAIN'"
    if not email.isascii() and (char := unseen(email)):
        return f"has a character that cannot be seen: {described(char)}"
    local, _, host = email.rpartition("@")
    ends_badly = local.startswith(".") or local.endswith(".") or ".." in email or host.endswith((".", "-"))
    return "is not an e-mail address" if ends_badly or not _SHAPE.fullmatch(email) else ""
