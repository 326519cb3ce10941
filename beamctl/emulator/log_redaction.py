"""The address of a request as it may be written down: percent-encoded, with nothing in it that could let somebody in.
Pure functions of texts; it must not know where they are written."""

from __future__ import annotations

import re
from http import HTTPMethod
from urllib.parse import parse_qsl, quote

HIDDEN = "…"

_LONGEST = 1000
_LONGEST_READ = 4000
_SECRET = re.compile(
    r"bl_\w+"  # an API key
    r"|(?<![\w-])[\w-]{6,}\.[\w-]{6,}\.[\w-]{6,}"  # a token: three parts in base64, longer than those of host names
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
"""The parameters that are written down, and what their values must be like for it."""


def harmless_method(method: str) -> str:
    """The method, if it is one; whatever else a client sends in its place may be anything."""
    return method if method in set(HTTPMethod) else HIDDEN


def harmless_path(path: str) -> str:
    """A path below `/v0`, percent-encoded. What looks like a key, a token or a secret in it is hidden.

    Args:
        path: The path as WSGI has it: a character for each byte.
    """
    text = path[:_LONGEST_READ].encode("latin-1", "replace").decode(errors="replace")
    return "/".join(_part(part) for part in text.split("/"))[:_LONGEST]


def harmless_query(query: str) -> str:
    """The query as it is written down, with its question mark; empty where there is none.

    Only the parameters that ask for a part or an order of a listing are shown: all others could hold a secret, in
    their names too.
    """
    given = parse_qsl(query[:_LONGEST_READ], keep_blank_values=True)
    shown = [f"{name}={value}" for name, value in given if name in _SHOWN_QUERY and _SHOWN_QUERY[name].fullmatch(value)]
    rest = [HIDDEN] if len(shown) < len(given) or (query and not given) else []
    return "?" + "&".join(shown + rest) if shown or rest else ""


def _part(text: str) -> str:
    hidden = text if _MAIL.fullmatch(text) and "bl_" not in text else _SECRET.sub(HIDDEN, text)
    return HIDDEN.join(quote(piece, safe="@+:,") for piece in hidden.split(HIDDEN))
