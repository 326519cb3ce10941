"""Redacts the method, path and query of a request for the log: percent-encoded, without keys, tokens or secrets."""

from __future__ import annotations

import re
from http import HTTPMethod
from urllib.parse import parse_qsl, quote

HIDDEN = "…"

_LONGEST = 1000
_LONGEST_READ = 4000
_SECRET = re.compile(
    r"bl_\w+"  # an API key
    r"|(?<![\w-])[\w-]{6,}\.[\w-]{6,}\.[\w-]{6,}"  # a token: three base64 parts, longer than those of host names
    r"|(?<![A-Z0-9])[A-Z0-9]{32}(?![A-Z0-9])"  # a client secret
    r"|(?i:(?:bearer|basic)[ :]+\S+)"
)
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")
_SHOWN_QUERY = {
    "limit": re.compile(r"-?\d{1,6}"),
    "sort": re.compile(r"(?:name|createdAt):(?:asc|desc)"),
    "anchor": re.compile("end"),
    "countResources": re.compile("true|false"),
    "withReason": re.compile("true|false"),
}
"""The query parameters that are logged, with the values allowed."""


def redacted_method(method: str) -> str:
    """The method, if it is a standard one; a client may send anything in its place."""
    return method if method in set(HTTPMethod) else HIDDEN


def redacted_path(path: str) -> str:
    """A path below `/v0`, percent-encoded, with keys, tokens and secrets replaced.

    Args:
        path: The WSGI path: one character per byte.
    """
    text = path[:_LONGEST_READ].encode("latin-1", "replace").decode(errors="replace")
    return "/".join(_part(part) for part in text.split("/"))[:_LONGEST]


def redacted_query(query: str) -> str:
    """The query with its question mark; empty if there is none.

    Only pagination parameters are logged; any other could contain a secret, even in its name.
    """
    given = parse_qsl(query[:_LONGEST_READ], keep_blank_values=True)
    shown = [f"{name}={value}" for name, value in given if name in _SHOWN_QUERY and _SHOWN_QUERY[name].fullmatch(value)]
    rest = [HIDDEN] if len(shown) < len(given) or (query and not given) else []
    return "?" + "&".join(shown + rest) if shown or rest else ""


def _part(text: str) -> str:
    hidden = text if _MAIL.fullmatch(text) and "bl_" not in text else _SECRET.sub(HIDDEN, text)
    return HIDDEN.join(quote(piece, safe="@+:,") for piece in hidden.split(HIDDEN))
