"""Pagination, and the API versions that have it. A cursor is signed, valid for one query, and expires after a day."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from itsdangerous import BadData

from beamctl.emulator.credentials import digest, serializer
from beamctl.emulator.errors import bad_request
from beamctl.emulator.routing import EXTERNAL_ID, Parameter
from beamctl.emulator.store import resource, signing_secret
from beamctl.emulator.store.resource import ListQuery, Position, ResourceScope, Sort

API_VERSIONS = ("2026-04-16", "2026-04-28", "2026-09-22")
"""The versions named by the documentation and the official clients."""

FIRST_VERSION_WITH_PAGES = "2026-04-28"
CURSOR_LIFETIME = timedelta(hours=24)
"""How long a cursor is valid (documented)."""

MAX_LIMIT = 200
DEFAULT_LIMIT = 50
MAX_Q_LENGTH = 200
MIN_Q_LENGTH = 2
_LONGEST_NUMBER = 9
PAGE_PARAMETERS = (
    Parameter(
        "limit",
        f"Documented: the page size, 1 to {MAX_LIMIT}; other numbers are clamped.",
        {"type": "integer", "default": DEFAULT_LIMIT},
    ),
    Parameter(
        "cursor", "Documented: the `nextCursor` of the previous page, with the same q and sort.", {"type": "string"}
    ),
    Parameter(
        "sort",
        "Documented: the order.",
        {"type": "string", "enum": [sort.value for sort in Sort], "default": Sort.NEWEST.value},
    ),
    Parameter(
        "q",
        f"Documented: text to find in name, display name or labels; ignored below {MIN_Q_LENGTH} characters.",
        {"type": "string", "maxLength": MAX_Q_LENGTH},
    ),
    Parameter(
        "anchor", "Documented: the last page; requires a sort by createdAt.", {"type": "string", "enum": ["", "end"]}
    ),
    EXTERNAL_ID,
)
"""The parameters that `page` reads. API versions without pages ignore them."""


def version_error(version: str | None) -> dict[str, str] | None:
    """The body of the 400 for an unknown version; None if the version is known or not given."""
    if version is None or version.strip().removesuffix(".preview") in API_VERSIONS:
        return None
    known = ", ".join(API_VERSIONS)
    return {
        "error": "invalid_api_version",
        "message": f'Unknown API version "{version}". Valid versions: {known}',
    }


def has_pages(version: str | None) -> bool:
    """Whether this known version returns listings as `{data, meta}`; without the header they are bare lists."""
    return (version or "").strip() >= FIRST_VERSION_WITH_PAGES


@dataclass(frozen=True, slots=True)
class Page:
    """A page.

    Attributes:
        rows: The rows on it.
        meta: What the API returns as `meta`.
    """

    rows: list[sqlite3.Row]
    meta: dict[str, Any]


def page(db: sqlite3.Connection, scope: ResourceScope, query: Mapping[str, str], moment: datetime) -> Page:
    """Return the page that the query asks for.

    Raises:
        ApiError: 400: the query is invalid.
    """
    listed, limit = _list_query(scope, query), _limit(query.get("limit", ""))
    total = resource.total(db, scope)
    if _is_last_page(query, listed.sort):
        return Page(resource.last_rows(db, listed, limit), {"hasMore": False, "nextCursor": "", "total": total})
    key = signing_secret(db)
    cursor = query.get("cursor", "")
    after = _read_cursor(key, cursor, listed, moment) if cursor else None
    found = resource.rows_from(db, listed, after, limit + 1)
    more, found = len(found) > limit, found[:limit]
    following = _cursor(key, resource.position(found[-1], listed.sort), listed, moment) if more else ""
    return Page(found, {"hasMore": more, "nextCursor": following, "total": total})


def _list_query(scope: ResourceScope, query: Mapping[str, str]) -> ListQuery:
    sort, q = query.get("sort", "") or Sort.NEWEST.value, query.get("q", "")
    if sort not in set(Sort):
        raise bad_request(f"sort must be one of {', '.join(Sort)}")
    if len(q) > MAX_Q_LENGTH:
        raise bad_request(f"q must be at most {MAX_Q_LENGTH} characters")
    return ListQuery(scope, Sort(sort), q if len(q) >= MIN_Q_LENGTH else "", query.get("externalId", ""))


def _limit(text: str) -> int:
    """The page size: the requested number, clamped to the limits."""
    if not text:
        return DEFAULT_LIMIT
    if not text.removeprefix("-").isdecimal() or not text.isascii():
        raise bad_request("limit must be an integer")
    return max(1, min(MAX_LIMIT, int(text[:_LONGEST_NUMBER])))


def _is_last_page(query: Mapping[str, str], sort: Sort) -> bool:
    anchor = query.get("anchor", "")
    if anchor not in ("", "end"):
        raise bad_request("anchor must be end")
    if anchor and sort not in (Sort.NEWEST, Sort.OLDEST):
        raise bad_request("anchor requires a sort by createdAt")
    return bool(anchor) and not query.get("cursor")


def _cursor(key: bytes, after: Position, listed: ListQuery, moment: datetime) -> str:
    content = [after.value, after.row, _query_digest(listed), int((moment + CURSOR_LIFETIME).timestamp())]
    return str(serializer(key, "cursor").dumps(content))


def _read_cursor(key: bytes, cursor: str, listed: ListQuery, moment: datetime) -> Position:
    try:
        value, row, bound, end = serializer(key, "cursor").loads(cursor)
    except BadData:
        raise bad_request("invalid cursor") from None
    if bound != _query_digest(listed):
        raise bad_request("invalid cursor: it belongs to another listing")
    if end <= moment.timestamp():
        raise bad_request("invalid cursor: it has expired")
    return Position(value, row)


def _query_digest(listed: ListQuery) -> str:
    scope = listed.scope
    return digest(json.dumps([scope.workspace_id, scope.kind, listed.sort, listed.q, listed.external_id]))
