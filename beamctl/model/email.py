"""E-mail addresses: validation, and the folded form in which they are compared. They are shown as written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from itertools import groupby

from beamctl.model.confusables import described
from beamctl.model.text import unseen, visible

_LABEL = r"(?!xn--|[^.]{64}|[0-9]+\Z)[a-z0-9]++(?:-++[a-z0-9]++)*+"
_LOCAL_PART = r"(?![^@]{65})[a-z0-9_+-]++(?:\.[a-z0-9_+-]++)*+"
_PLAIN = re.compile(rf"{_LOCAL_PART}@{_LABEL}(?:\.{_LABEL})*+", re.ASCII)
"""Nearly all addresses, in lower case."""
_IN_LOCAL_PART = frozenset("!#$%&'*+-/=?^_`{|}~.")
"""Punctuation before the `@` (RFC 5322, 3.2.3)."""
_IN_DOMAIN = frozenset("-.")
_EVERYONE = "*@"
LONGEST = 254
"""Characters in the longest valid address (RFC 5321, 4.5.3.1)."""
_LONGEST_LOCAL_PART = 64
"""Bytes before the `@` (RFC 5321, 4.5.3.1.1)."""
_LONGEST_LABEL = 63
_LONGEST_DOMAIN = 253
NO_ADDRESS = "is not an e-mail address"


def folded(email: str) -> str:
    """The key by which addresses are compared: two spellings of one address have the same key.

    Case is ignored, and a domain is converted to ASCII (`xn--…`) if IDNA allows it. Text without an `@` is a domain.
    Non-ASCII letters that would fold into ASCII (the Kelvin sign, `ß`, the long s, ligatures) stay unchanged, so that
    no address can impersonate one in plain letters.
    """
    if email.isascii():
        return email.lower()
    local, at, host = email.rpartition("@")
    return _case_folded(local) + at + ".".join(map(_folded_label, host.split(".")))


def _case_folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    pieces = ((alike, "".join(chars)) for alike, chars in groupby(text, _looks_plain))
    return "".join(piece if alike else _composed(_composed(piece).casefold()) for alike, piece in pieces)


def _looks_plain(char: str) -> bool:
    return not char.isascii() and _composed(char).casefold().isascii()


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


@lru_cache(maxsize=1000)
def _folded_label(label: str) -> str:
    """One label of a domain in ASCII, or case-folded if IDNA does not allow it."""
    if label.isascii():
        return label.lower()
    plain = _case_folded(label)
    return _encoded(label) or _encoded(plain) or plain


def _encoded(label: str) -> str:
    """A label in ASCII (`xn--…`); empty if it is not valid, or would map to plain letters."""
    import idna  # takes 10 ms to import, and most domains are ASCII

    try:
        mapped = "" if unseen(label) else idna.uts46_remap(label)
        return "" if mapped.isascii() or "." in mapped else idna.alabel(mapped).decode("ascii")
    except UnicodeError:  # the base of IDNAError
        return ""


def domain(email: str) -> str:
    """The folded domain of an address."""
    return folded(email).rpartition("@")[2]


def is_domain(text: str) -> bool:
    """Whether this is a valid domain of an address. Wildcards are not."""
    return "*" not in text and not fault("x@" + text)


def is_pattern(text: str) -> bool:
    """Whether this is a pattern for everyone at a domain: `*@example.com`."""
    return text.startswith(_EVERYONE)


def everyone_at(email: str) -> str:
    """The folded pattern that matches an address."""
    return _EVERYONE + domain(email)


def matches(names: Collection[str], key: str) -> bool:
    """Whether a folded address matches any of these folded addresses and patterns."""
    return key in names or everyone_at(key) in names


def pattern_fault(text: str) -> str:
    """Why this is not an e-mail address or a pattern for everyone at a domain; empty if it is."""
    if "*" not in text:
        return fault(text)
    valid = is_pattern(text) and is_domain(text.removeprefix(_EVERYONE))
    return "" if valid else f"{NO_ADDRESS} or '{_EVERYONE}DOMAIN'"


def all_plain(emails: Collection[str]) -> bool:
    """Whether all are valid, plain and different. Faster than to check each."""
    if not all(map(str.isascii, emails)) or max(map(len, emails), default=0) > LONGEST:
        return False
    lowered = [*map(str.lower, emails)]
    return all(map(_PLAIN.fullmatch, lowered)) and len(set(lowered)) == len(lowered)


def fault(email: str) -> str:
    """Why this is not accepted as an e-mail address; empty if it is."""
    if len(email) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if email.isascii() and _PLAIN.fullmatch(email.lower()):
        return ""
    if "*" in email:
        return f"contains a '*': only guards.protected and manage.skip accept '{_EVERYONE}DOMAIN'"
    if not email.isascii() and (char := unseen(email)):
        return f"contains an invisible character: {described(char)}"
    local, _, host = email.rpartition("@")
    if not local or not host or "@" in local:
        return NO_ADDRESS
    why = _local_fault(local) or _domain_fault(host)
    return f"{NO_ADDRESS}: {why}" if why else ""


def _local_fault(local: str) -> str:
    if char := _odd_character(local, _IN_LOCAL_PART):
        return f"it cannot contain {described(char)}"
    if len(local.encode("utf-8", "surrogatepass")) > _LONGEST_LOCAL_PART:
        return f"the part before the @ is longer than {_LONGEST_LOCAL_PART} bytes"
    return "" if all(local.split(".")) else "the part before the @ begins or ends with a dot, or has two in a row"


def _domain_fault(host: str) -> str:
    if char := _odd_character(host, _IN_DOMAIN):
        return f"its domain cannot contain {described(char)}"
    labels = host.split(".")
    faults = (
        (not all(labels), "its domain begins or ends with a dot, or has two in a row"),
        (labels[-1].isdecimal(), "its domain is a number or an IP address"),
        (any(label != label.strip("-") for label in labels), "a part of its domain begins or ends with a hyphen"),
        (max(map(len, labels)) > _LONGEST_LABEL, f"a part of its domain is longer than {_LONGEST_LABEL} characters"),
    )
    why = next((why for applies, why in faults if applies), "") or next(filter(None, map(_label_fault, labels)), "")
    too_long = f"its domain is longer than {_LONGEST_DOMAIN} characters"
    return why or (too_long if len(folded(host)) > _LONGEST_DOMAIN else "")


@lru_cache(maxsize=1000)
def _label_fault(label: str) -> str:
    """Why IDNA rejects a label; empty if it does not. A label that maps to plain letters is rejected as misleading."""
    if label.isascii() and not label.lower().startswith("xn--"):
        return ""
    import idna

    try:
        if label.isascii():
            idna.ulabel(label)
        elif (mapped := idna.uts46_remap(label)).isascii():
            return f"{mapped!r} in its domain is not written in plain ASCII letters"
        else:
            idna.alabel(mapped)
    except UnicodeError as error:
        return f"{label!r} in its domain is not valid: {visible(str(error))}"
    return ""


def _odd_character(text: str, punctuation: Collection[str]) -> str:
    """The first character that is not a letter, a mark, a digit or allowed punctuation."""
    return next((char for char in text if unicodedata.category(char)[0] not in "LMN" and char not in punctuation), "")
