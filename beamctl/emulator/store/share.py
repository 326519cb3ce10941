"""Rows of shares: images and custom domains that workspaces other than their own can see.

A module of its own: every statement about the table `share` is here.
"""

from __future__ import annotations

import sqlite3

from beamctl.emulator.store.resource import ResourceScope

_VISIBLE = (
    "SELECT resource.*, owner.name AS owner FROM resource JOIN workspace AS owner ON owner.id = resource.workspace_id "
    "WHERE kind = :kind AND (resource.workspace_id = :here OR resource.id IN "
    "(SELECT resource_id FROM share WHERE target_id = :here OR target_id IS NULL))"
)


def visible(db: sqlite3.Connection, scope: ResourceScope) -> list[sqlite3.Row]:
    """The workspace's own objects of a kind and those shared with it, by name; each with the name of its `owner`."""
    parameters = {"kind": scope.kind, "here": scope.workspace_id}
    return db.execute(f"{_VISIBLE} ORDER BY resource.name, resource.id", parameters).fetchall()


def find_visible(db: sqlite3.Connection, scope: ResourceScope, name: str) -> sqlite3.Row | None:
    """The workspace's own object with this name, else one that is shared with it."""
    parameters = {"kind": scope.kind, "here": scope.workspace_id, "name": name}
    query = f"{_VISIBLE} AND resource.name = :name ORDER BY resource.workspace_id <> :here, resource.id"
    row: sqlite3.Row | None = db.execute(query, parameters).fetchone()
    return row


def targets(db: sqlite3.Connection, resource_id: int) -> list[sqlite3.Row]:
    """Who an object is shared with: `name` and `display_name` of workspaces, null for all of the account."""
    query = (
        "SELECT name, display_name FROM share LEFT JOIN workspace ON workspace.id = target_id "
        "WHERE resource_id = ? ORDER BY name"
    )
    return db.execute(query, (resource_id,)).fetchall()


def add(db: sqlite3.Connection, resource_id: int, target_id: int | None) -> bool:
    """Share an object with a workspace or, without one, with all; False if it already is."""
    query = "INSERT OR IGNORE INTO share (resource_id, target_id) VALUES (?, ?)"
    return db.execute(query, (resource_id, target_id)).rowcount == 1


def remove(db: sqlite3.Connection, resource_id: int, target_id: int | None) -> bool:
    """End a share; False if there is none."""
    query = "DELETE FROM share WHERE resource_id = ? AND target_id IS ?"
    return db.execute(query, (resource_id, target_id)).rowcount == 1
