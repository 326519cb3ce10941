"""Validation rules for values in requests and seeds. Each returns what is wrong with a value, or an empty string.

Hand-written, because the messages are the API's. Tests compare the rules with the schemas in `schemas/api/`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.clock import LAST_YEAR, read_moment
from beamctl.emulator.permission import Role

if TYPE_CHECKING:
    import regex

Rule = Callable[[object], str]
"""Returns why a value is rejected; an empty string if it is valid."""

LONGEST_EMAIL = 254
LONGEST_NAME = 49
LONGEST_TEXT = LONGEST_LABEL = 63
MOST_LABELS = 16
LONGEST_KEY = 512
DEEPEST = 16
_LOCAL = r"[^\s@\x00-\x1f\x7f<>()\[\],;:\\\"]+"
_HOST = r"[^\s@\x00-\x1f\x7f<>()\[\],;:\\\"._/-][^\s@\x00-\x1f\x7f<>()\[\],;:\\\"_/]*"
_EMAIL = re.compile(f"{_LOCAL}@{_HOST}")
_NAME = re.compile(rf"(?=.{{1,{LONGEST_NAME}}}\Z)[a-z0-9]+(?:-[a-z0-9]+)*")
_ANY_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_NAME - 1}}}")
_KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}")
_CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SECRET_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:\*\.)?[a-z0-9]+(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)+")
_FEATURE = re.compile(r"[A-Za-z0-9._-]{1,100}")
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9-]{0,64}")

_BLANK = "\u2800\u2d7f\U0001107f\U00013441\U00013442\U00016fe4\U0001d159"
"""Characters that fonts show as blank, although no Unicode property says so."""


def is_visible(text: str) -> bool:
    """Whether every character is visible. An emoji joined from several characters is not."""
    return text.isprintable() and (text.isascii() or not _invisible().search(text))


@cache
def _invisible() -> regex.Pattern[str]:
    import regex  # importing it takes 15 ms, and most text is ASCII

    return regex.compile(rf"[\p{{Default_Ignorable_Code_Point}}{_BLANK}]")


def folded(email: str) -> str:
    """Fold an e-mail address for comparison: equal results mean the same person.

    Non-ASCII letters that would fold into ASCII (the Kelvin sign, `ß`, the long s) are kept: their mailbox is another.
    beamctl has the same rule for the part before the `@`; a test compares the two.
    """
    if email.isascii():
        return email.lower()
    pieces = ((alike, "".join(chars)) for alike, chars in groupby(email, _folds_to_ascii))
    return "".join(piece if alike else _composed(_composed(piece).casefold()) for alike, piece in pieces)


def _folds_to_ascii(char: str) -> bool:
    return not char.isascii() and _composed(char).casefold().isascii()


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def email(value: object) -> str:
    """An e-mail address."""
    wrong = "is not an e-mail address"
    if not isinstance(value, str) or len(value) > LONGEST_EMAIL:
        return wrong
    if not is_visible(value) or not _EMAIL.fullmatch(value) or ".." in value:
        return wrong
    local, _, host = value.rpartition("@")
    return wrong if local.startswith(".") or local.endswith(".") or host.endswith((".", "-")) else ""


def one_of(*names: str) -> Rule:
    """The rule: one of these values."""
    return lambda value: "" if isinstance(value, str) and value in names else f"must be one of {', '.join(names)}"


def _string(longest: int) -> Rule:
    """The rule: a string of limited length."""
    return lambda value: (
        "" if isinstance(value, str) and len(value) <= longest else f"must be a string of at most {longest} characters"
    )


def _matching(pattern: re.Pattern[str], otherwise: str) -> Rule:
    """The rule: a string that matches the pattern completely. The message never quotes it."""
    return lambda value: "" if isinstance(value, str) and pattern.fullmatch(value) else f"must be {otherwise}"


text = _string(LONGEST_TEXT)
"""A short text, such as a display name."""
description = _string(1024)
"""A longer text."""
resource_name = _matching(
    _NAME, f"lowercase letters, digits and single hyphens between them, at most {LONGEST_NAME} characters"
)
"""The name of a resource and (a guess) of a workspace."""

any_name = _matching(
    _ANY_NAME,
    f"at most {LONGEST_NAME} letters, digits, dots, hyphens and underscores, the first a letter or a digit",
)
"""The name of a workspace under a behavior flag."""

external_id = _matching(_EXTERNAL_ID, "letters, digits and hyphens, at most 64")
"""An identifier chosen by a client; may be empty."""

secret = _matching(_KEY, f"1 to {LONGEST_KEY} visible ASCII characters")
"""A key or a secret."""

client_id = _matching(
    _CLIENT_ID, "letters, digits, dots, hyphens and underscores, at most 100, and begin with a letter or digit"
)
"""A client ID; it must fit into a path and before the colon of Basic credentials."""

secret_name = _matching(
    _SECRET_NAME, "letters, digits, dots, hyphens and underscores, at most 128, and begin with none of . and -"
)
"""The case-sensitive name of a workspace secret; which characters it may have is a guess."""

domain = _matching(_DOMAIN, "a domain name in lowercase, such as preview.example.com")
source = one_of("invitation", "directory_sync", "domain_capture", "local")
"""How a person joined a workspace."""

workspace_status = one_of("created", "account_binded", "account_configured", "workspace_configured", "ready", "error")
"""The provisioning status of a workspace."""


def filled_text(value: object) -> str:
    """A short, non-empty text, such as the name of a service account."""
    return text(value) or ("" if value else "must not be empty")


def labels(value: object) -> str:
    """Labels: a map of strings to strings."""
    if isinstance(value, dict) and all(isinstance(part, str) for pair in value.items() for part in pair):
        return ""
    return "must map strings to strings"


def _few_labels(value: object) -> str:
    """Labels, with the limits of the behavior flag."""
    if not isinstance(value, dict) or labels(value):
        return labels(value)
    if len(value) <= MOST_LABELS and all(len(part) <= LONGEST_LABEL for pair in value.items() for part in pair):
        return ""
    return f"must be at most {MOST_LABELS}, with keys and values of at most {LONGEST_LABEL} characters"


def group_mappings(value: object) -> str:
    """Mapping of directory groups to roles."""
    if isinstance(value, list) and all(_is_group_mapping(item) for item in value):
        return ""
    return "must be a list of {groupName, role}, with role admin, member or viewer"


def _is_group_mapping(item: object) -> bool:
    return (
        isinstance(item, dict)
        and isinstance(item.get("groupName"), str)
        and bool(item["groupName"])
        and not role(item.get("role"))
    )


def an_object(value: object) -> str:
    """A JSON object of limited depth."""
    if not isinstance(value, dict) or not _is_shallow(value, DEEPEST):
        return f"must be an object, at most {DEEPEST} levels deep"
    return "" if _is_json(value) else "must be JSON: strings, finite numbers, true, false, null, lists and objects"


def _is_shallow(value: object, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_is_shallow(item, levels - 1) for item in inner)


def _is_json(value: object) -> bool:
    """Whether it can be stored as JSON. YAML has NaN and infinities, and Python allows lone surrogates."""
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError):
        return False
    return True


def role(value: object) -> str:
    """A role that the API accepts."""
    return "" if isinstance(value, str) and value in set(Role) else "must be admin, member or viewer"


def shown_role(value: object) -> str:
    """A role that the API may return, including ones it does not accept."""
    return "" if isinstance(value, str) and value and is_visible(value) else "must be the name of a role"


def moment(value: object) -> str:
    """A date and time; ten years can be added to it."""
    read = read_moment(value)
    if read and read.year <= LAST_YEAR:
        return ""
    return f"must be a date and time such as 2026-01-31T00:00:00Z, at the latest in {LAST_YEAR}"


def feature_flags(value: object) -> str:
    """Feature flags: true for on, false for known but off."""
    items = value.items() if isinstance(value, dict) else [(None, None)]
    fine = all(isinstance(key, str) and _FEATURE.fullmatch(key) and isinstance(on, bool) for key, on in items)
    return "" if fine else "must map keys of letters, digits, dots, hyphens and underscores to true or false"


def flag(value: object) -> str:
    """A boolean."""
    return "" if isinstance(value, bool) else "must be true or false"


SETTINGS: Mapping[str, Rule] = {
    "displayName": text,
    "labels": labels,
    "region": text,
    "groupMappings": group_mappings,
    "runtime": an_object,
}
"""The writable fields of a workspace. `name` is writable at creation only."""

METADATA: Mapping[str, Rule] = {"displayName": text, "externalId": external_id, "labels": labels}
"""The writable metadata of everything with a spec. `name` is writable at creation only."""


def limited(known: Mapping[str, Rule], flags: Collection[BehaviorFlag]) -> Mapping[str, Rule]:
    """These rules, with limits on labels if the behavior flag is on."""
    return {**known, "labels": _few_labels} if BehaviorFlag.LABEL_LIMITS in flags else known
