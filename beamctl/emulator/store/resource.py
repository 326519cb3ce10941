"""The rows of all things that are a name, some metadata and a spec, and how the API shows one. It must not know what a
kind is, beyond the text that marks its rows, nor what a spec means."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from beamctl.emulator.clock import stamp


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are: the things of one kind in one workspace."""

    workspace_id: int
    kind: str


@dataclass(frozen=True, slots=True)
class Fields:
    """The writable part of a thing; what is empty is not shown, the spec apart."""

    display_name: str = ""
    external_id: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    spec: dict[str, Any] = field(default_factory=dict)


def find(rows: sqlite3.Connection, place: Place, name: str) -> sqlite3.Row | None:
    """The thing of that name, for `fields` and `payload`."""
    query = "SELECT * FROM resource WHERE workspace_id = ? AND kind = ? AND name = ?"
    row: sqlite3.Row | None = rows.execute(query, (place.workspace_id, place.kind, name)).fetchone()
    return row


def add(rows: sqlite3.Connection, place: Place, name: str, given: Fields, by: str, moment: datetime) -> None:
    """Adds a thing whose name is free."""
    now = stamp(moment)
    rows.execute(
        "INSERT INTO resource (workspace_id, kind, name, display_name, external_id, labels, spec, searched, "
        "created_at, updated_at, created_by, updated_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (place.workspace_id, place.kind, name, *_columns(name, given), now, now, by, by),
    )


def change(rows: sqlite3.Connection, place: Place, name: str, after: Fields, by: str, moment: datetime) -> None:
    """Gives a thing these fields instead of those it has."""
    rows.execute(
        "UPDATE resource SET display_name = ?, external_id = ?, labels = ?, spec = ?, searched = ?, "
        "updated_at = ?, updated_by = ? WHERE workspace_id = ? AND kind = ? AND name = ?",
        (*_columns(name, after), stamp(moment), by, place.workspace_id, place.kind, name),
    )


def remove(rows: sqlite3.Connection, place: Place, name: str) -> None:
    """Removes a thing."""
    query = "DELETE FROM resource WHERE workspace_id = ? AND kind = ? AND name = ?"
    rows.execute(query, (place.workspace_id, place.kind, name))


def counts(rows: sqlite3.Connection, workspace_id: int) -> dict[str, int]:
    """How many things of each kind a workspace has; kinds that it has none of are absent."""
    query = "SELECT kind, count(*) AS number FROM resource WHERE workspace_id = ? GROUP BY kind"
    return {row["kind"]: row["number"] for row in rows.execute(query, (workspace_id,))}


def users(
    rows: sqlite3.Connection, workspace_id: int, naming: str, names: Collection[str]
) -> list[tuple[str, str, str]]:
    """Which things name these in a field of their spec: the name that is used, and kind and name of its user."""
    query = (
        "SELECT DISTINCT used.value AS used, kind, name FROM resource, json_each(resource.spec, '$.' || ?) AS used "
        "WHERE workspace_id = ? AND used.value IN (SELECT value FROM json_each(?)) ORDER BY used.value, kind, name"
    )
    found = rows.execute(query, (naming, workspace_id, json.dumps(list(names))))
    return [(row["used"], row["kind"], row["name"]) for row in found]


def fields(row: sqlite3.Row) -> Fields:
    """The writable part of a row."""
    return Fields(
        display_name=row["display_name"] or "",
        external_id=row["external_id"] or "",
        labels=json.loads(row["labels"]),
        spec=json.loads(row["spec"]),
    )


def payload(row: sqlite3.Row, workspace: str) -> dict[str, Any]:
    """The thing as the API shows it, with all of its spec."""
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
    """The text in which, and as which, `q` is looked for: whatever its case."""
    return "\n".join(parts).casefold()


def _columns(name: str, given: Fields) -> tuple[str | None, ...]:
    labels = [part for pair in given.labels.items() for part in pair]
    return (
        given.display_name or None,
        given.external_id or None,
        json.dumps(given.labels),
        json.dumps(given.spec),
        searched_text(name, given.display_name, *labels),
    )
