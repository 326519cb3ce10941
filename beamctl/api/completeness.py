"""Detects signs in a reply that a listing is incomplete."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

_MORE = frozenset({"hasmore", "more", "hasnext", "hasnextpage", "truncated", "istruncated", "incompleteresults"})
"""Fields that say whether there are more rows."""
_NEXT = frozenset(
    {
        "next",
        "nextcursor",
        "nextlink",
        "nextpage",
        "nextpagetoken",
        "nexttoken",
        "nexturl",
        "continue",
        "continuation",
        "continuationtoken",
        "remainingitemcount",
    }
)
"""Fields that have a value only if there are more rows."""
_TOTAL = frozenset(
    {
        "total",
        "totalcount",
        "totalelements",
        "totalitems",
        "totalrecords",
        "totalresults",
        "totalrows",
        "count",
        "itemcount",
    }
)
"""Fields with the total number of rows."""
_PAGES = frozenset({"totalpages", "pagecount", "pages", "lastpage", "numpages"})
"""Fields with the number of pages, or the last page."""
_ENVELOPES = frozenset(
    {"cursors", "links", "meta", "metadata", "page", "pageinfo", "pages", "pagination", "paging", "responsemetadata"}
)
"""Fields that contain pagination details."""
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_RANGE = re.compile(r"(?:\S+ +)?([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.ASCII)
_REL = re.compile(r""";\s*rel\s*=\s*("[^"]*"|'[^']*'|[^\s;,"']+)""", re.IGNORECASE)


def sign_of_more(headers: Mapping[str, str], body: Any, *, first: bool = True) -> str:  # noqa: ANN401 - any JSON
    """The sign that a listing is incomplete, for a message; empty if there is none or the body is not a listing.

    A page as documented by the API, `{"data": […], "meta": {…}}`, may have more pages: its reader follows them.

    Args:
        headers: By lower-case name.
        body: The parsed JSON.
        first: Whether these are the first rows of the listing, so that a total can be compared with them.
    """
    rows = _rows(body)
    if rows is None or _is_documented_page(body):
        return ""
    count = rows if first else None
    return next(chain(_in_headers(headers, count), _in_body(body, count)), "")


def _rows(body: Any) -> int | None:  # noqa: ANN401 - any JSON
    """The number of rows in a body; None if it is not a listing."""
    if isinstance(body, list):
        return len(body)
    lists = [each for each in body.values() if isinstance(each, list)] if isinstance(body, dict) else []
    return sum(map(len, lists)) if lists else None


def _is_documented_page(body: Any) -> bool:  # noqa: ANN401 - any JSON
    match body:
        case {"data": list(), "meta": {"hasMore": True, "nextCursor": str()}}:
            return True
        case _:
            return False


def _in_headers(headers: Mapping[str, str], rows: int | None) -> Iterator[str]:
    links = re.sub("<[^>]*>", "<>", headers.get("link", ""))
    if any("next" in found.strip("\"'").lower().split() for found in _REL.findall(links)):
        yield "Link names a next page"
    found = _RANGE.fullmatch(headers.get("content-range", "").strip())
    if found and (int(found[1]) > 0 or (found[3] != "*" and int(found[2]) + 1 < int(found[3]))):
        yield f"Content-Range is {found[0]}"
    for name, value in headers.items():
        plain = name.replace("-", "").replace("_", "").removeprefix("x").removeprefix("pagination")
        if _says_more(plain, value.strip(), rows):
            yield f"{name} is {value.strip()[:50]}"


def _in_body(body: Any, rows: int | None, path: str = "") -> Iterator[str]:  # noqa: ANN401 - any JSON
    if not isinstance(body, dict):
        return
    for name, value in body.items():
        plain = _plain(name)
        if _says_more(plain, value, rows):
            yield f"{path}{name} is {str(value)[:50]}"
        if plain == "links" and isinstance(value, list) and any(_is_next(link) for link in value):
            yield f"{path}{name} has a next page"
        if plain in _ENVELOPES:
            yield from _in_body(value, rows, f"{path}{name}.")


def _is_next(link: Any) -> bool:  # noqa: ANN401 - any JSON
    return isinstance(link, dict) and link.get("rel") == "next"


def _plain(name: str) -> str:
    return re.sub("[^a-z]", "", name.lower()).removeprefix("odata")


def _says_more(name: str, value: Any, rows: int | None) -> bool:  # noqa: ANN401 - any JSON
    """Whether a field says that there are more than these rows. `rows` is None if earlier pages were read."""
    if name in _MORE:
        return value is True or str(value).lower() in ("true", "1", "yes")
    if name in _NEXT:
        return bool(value) and not isinstance(value, list) and str(value).lower() not in ("0", "false", "null", "none")
    if name not in _TOTAL | _PAGES or rows is None or not _NUMBER.fullmatch(str(value)):
        return False
    return int(value) > (rows if name in _TOTAL else 1)
