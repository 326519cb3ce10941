"""Listings of the `resource` table: complete, or one page from a position."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from beamctl.emulator.store.resource import Place, searched_text


class Sort(StrEnum):
    """The sort orders of a listing."""

    NEWEST = "createdAt:desc"
    OLDEST = "createdAt:asc"
    NAME = "name:asc"
    NAME_DOWN = "name:desc"


@dataclass(frozen=True, slots=True)
class Position:
    """A position in a listing: after the row with this value in the sorted column and this row ID."""

    value: str
    row: int


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A listing request.

    Attributes:
        place: Which objects.
        sort: The order.
        q: Text to find in names or labels; empty for all.
        external_id: Only objects with this external ID; empty for all.
    """

    place: Place
    sort: Sort = Sort.NEWEST
    q: str = ""
    external_id: str = ""


_ORDERS = {
    Sort.NEWEST: ("created_at", "<", "DESC"),
    Sort.OLDEST: ("created_at", ">", "ASC"),
    Sort.NAME: ("name", ">", "ASC"),
    Sort.NAME_DOWN: ("name", "<", "DESC"),
}
_OPPOSITE = {Sort.NEWEST: Sort.OLDEST, Sort.OLDEST: Sort.NEWEST, Sort.NAME: Sort.NAME_DOWN, Sort.NAME_DOWN: Sort.NAME}


def rows_from(
    db: sqlite3.Connection, query: ListQuery, after: Position | None = None, limit: int = -1
) -> list[sqlite3.Row]:
    """At most `limit` rows after a position, or from the start; -1 for all."""
    column, beyond, direction = _ORDERS[query.sort]
    behind = f"AND ({column}, id) {beyond} (:value, :row)" if after else ""
    sql = (
        f"SELECT * FROM resource WHERE workspace_id = :workspace AND kind = :kind {behind} "  # noqa: S608 - only our own words
        "AND (:external = '' OR external_id = :external) AND (:q = '' OR instr(searched, :q)) "
        f"ORDER BY {column} {direction}, id {direction} LIMIT :limit"
    )
    parameters = {
        "workspace": query.place.workspace_id,
        "kind": query.place.kind,
        "external": query.external_id,
        "q": searched_text(query.q),
        "limit": limit,
        "value": after.value if after else "",
        "row": after.row if after else 0,
    }
    return db.execute(sql, parameters).fetchall()


def last_rows(db: sqlite3.Connection, query: ListQuery, limit: int) -> list[sqlite3.Row]:
    """The last rows, in the requested order."""
    reverse = ListQuery(query.place, _OPPOSITE[query.sort], query.q, query.external_id)
    return rows_from(db, reverse, limit=limit)[::-1]


def position(row: sqlite3.Row, sort: Sort) -> Position:
    """The position after a row."""
    return Position(row[_ORDERS[sort][0]], row["id"])


def total(db: sqlite3.Connection, place: Place) -> int:
    """The number of objects, ignoring all filters."""
    query = "SELECT count(*) FROM resource WHERE workspace_id = ? AND kind = ?"
    return int(db.execute(query, (place.workspace_id, place.kind)).fetchone()[0])
