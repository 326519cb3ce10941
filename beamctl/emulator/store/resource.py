"""Rows of all objects that have a name, metadata and a spec, their listings, and their API representation."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from beamctl.emulator.clock import stamp


@dataclass(frozen=True, slots=True)
class ResourceScope:
    """The objects of one kind in one workspace."""

    workspace_id: int
    kind: str


def deployments_of(workspace_id: int, model: str) -> ResourceScope:
    """The deployments of a model, each with the name of its environment. The model's deletion deletes them."""
    return ResourceScope(workspace_id, f"models/{model}/deployments")


@dataclass(frozen=True, slots=True)
class ResourceFields:
    """The writable part of an object; empty fields are not returned, except the spec."""

    display_name: str = ""
    external_id: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    spec: dict[str, Any] = field(default_factory=dict)


def find(db: sqlite3.Connection, scope: ResourceScope, name: str) -> sqlite3.Row | None:
    """The object with this name, for `fields` and `payload`."""
    query = "SELECT * FROM resource WHERE workspace_id = ? AND kind = ? AND name = ?"
    row: sqlite3.Row | None = db.execute(query, (scope.workspace_id, scope.kind, name)).fetchone()
    return row


def add(
    db: sqlite3.Connection, scope: ResourceScope, name: str, given: ResourceFields, by: str, moment: datetime
) -> None:
    """Add an object; the name must be free."""
    now = stamp(moment)
    db.execute(
        "INSERT INTO resource (workspace_id, kind, name, display_name, external_id, labels, spec, searched, "
        "created_at, updated_at, created_by, updated_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (scope.workspace_id, scope.kind, name, *_columns(name, given), now, now, by, by),
    )


def change(
    db: sqlite3.Connection, scope: ResourceScope, name: str, after: ResourceFields, by: str, moment: datetime
) -> None:
    """Replace the fields of an object."""
    db.execute(
        "UPDATE resource SET display_name = ?, external_id = ?, labels = ?, spec = ?, searched = ?, "
        "updated_at = ?, updated_by = ? WHERE workspace_id = ? AND kind = ? AND name = ?",
        (*_columns(name, after), stamp(moment), by, scope.workspace_id, scope.kind, name),
    )


def remove(db: sqlite3.Connection, scope: ResourceScope, name: str) -> None:
    """Delete an object."""
    query = "DELETE FROM resource WHERE workspace_id = ? AND kind = ? AND name = ?"
    db.execute(query, (scope.workspace_id, scope.kind, name))


def counts(db: sqlite3.Connection, workspace_id: int) -> dict[str, int]:
    """The number of objects of each kind in a workspace; kinds without objects are absent, deployments not counted."""
    query = (
        "SELECT kind, count(*) AS number FROM resource WHERE workspace_id = ? AND kind NOT LIKE '%/deployments' "
        "GROUP BY kind"
    )
    return {row["kind"]: row["number"] for row in db.execute(query, (workspace_id,))}


def users(db: sqlite3.Connection, workspace_id: int, naming: str, names: Collection[str]) -> list[tuple[str, str, str]]:
    """The objects whose spec refers to these names: tuples of (name used, kind of the user, name of the user).

    What a deployment refers to, its model uses.
    """
    query = (
        "SELECT used.value AS used, kind, name FROM resource, json_each(resource.spec, '$.' || ?) AS used "
        "WHERE workspace_id = ? AND used.value IN (SELECT value FROM json_each(?))"
    )
    found = db.execute(query, (naming, workspace_id, json.dumps(list(names))))
    return sorted({(row["used"], *_user(row["kind"], row["name"])) for row in found})


def images(db: sqlite3.Connection, workspace_id: int) -> list[str]:
    """The images that the specs of a workspace name."""
    query = (
        "SELECT json_extract(spec, '$.runtime.image') AS image FROM resource "
        "WHERE workspace_id = ? AND json_type(spec, '$.runtime.image') = 'text'"
    )
    return [row["image"] for row in db.execute(query, (workspace_id,))]


def _user(kind: str, name: str) -> tuple[str, str]:
    """The kind and name of the object itself or, for a deployment, of its model."""
    owner, _, rest = kind.partition("/")
    return (owner, rest.removesuffix("/deployments")) if rest else (kind, name)


def fields(row: sqlite3.Row) -> ResourceFields:
    """The writable part of a row."""
    return ResourceFields(
        display_name=row["display_name"] or "",
        external_id=row["external_id"] or "",
        labels=json.loads(row["labels"]),
        spec=json.loads(row["spec"]),
    )


def payload(row: sqlite3.Row, workspace: str) -> dict[str, Any]:
    """The object as the API returns it, with its complete spec."""
    known = fields(row)
    metadata = {
        "name": row["name"],
        "displayName": known.display_name,
        "externalId": known.external_id,
        "labels": known.labels,
        "workspace": workspace,
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "createdBy": row["created_by"],
        "updatedBy": row["updated_by"],
    }
    return {"metadata": {key: value for key, value in metadata.items() if value}, "spec": known.spec}


def searched_text(*parts: str) -> str:
    """Normalized text for the search with `q`, which ignores case."""
    return "\n".join(parts).casefold()


def _columns(name: str, given: ResourceFields) -> tuple[str | None, ...]:
    labels = [part for pair in given.labels.items() for part in pair]
    return (
        given.display_name or None,
        given.external_id or None,
        json.dumps(given.labels),
        json.dumps(given.spec),
        searched_text(name, given.display_name, *labels),
    )


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

    scope: ResourceScope
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
        "workspace": query.scope.workspace_id,
        "kind": query.scope.kind,
        "external": query.external_id,
        "q": searched_text(query.q),
        "limit": limit,
        "value": after.value if after else "",
        "row": after.row if after else 0,
    }
    return db.execute(sql, parameters).fetchall()


def last_rows(db: sqlite3.Connection, query: ListQuery, limit: int) -> list[sqlite3.Row]:
    """The last rows, in the requested order."""
    reverse = ListQuery(query.scope, _OPPOSITE[query.sort], query.q, query.external_id)
    return rows_from(db, reverse, limit=limit)[::-1]


def position(row: sqlite3.Row, sort: Sort) -> Position:
    """The position after a row."""
    return Position(row[_ORDERS[sort][0]], row["id"])


def total(db: sqlite3.Connection, scope: ResourceScope) -> int:
    """The number of objects, ignoring all filters."""
    query = "SELECT count(*) FROM resource WHERE workspace_id = ? AND kind = ?"
    return int(db.execute(query, (scope.workspace_id, scope.kind)).fetchone()[0])
