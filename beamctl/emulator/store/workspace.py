"""Rows of workspaces, and their API representation."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from beamctl.emulator.clock import stamp
from beamctl.emulator.credentials import new_identifier

ACCOUNT_ID = "00000000-0000-4000-8000-000000000000"
"""The billing account of every workspace: the emulator has only one."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The writable fields of a workspace; empty ones are not returned."""

    display_name: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    region: str = ""
    group_mappings: list[dict[str, str]] = field(default_factory=list)
    runtime: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts that the platform sets and the API cannot change; empty fields are not returned.

    Attributes:
        status: The provisioning status; `ready` if it can be used.
        status_reason: The reason for an error status.
        hipaa_info: Whether it is subject to HIPAA.
        baseten_team: The Baseten team that manages its membership.
    """

    status: str = "ready"
    status_reason: str = ""
    hipaa_info: dict[str, Any] = field(default_factory=dict)
    baseten_team: str = ""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One workspace."""

    id: int
    public_id: str
    name: str
    settings: Settings
    facts: Facts
    created_at: str
    updated_at: str
    created_by: str
    updated_by: str


def find(db: sqlite3.Connection, name: str) -> Workspace | None:
    """The workspace with this name."""
    row = db.execute("SELECT * FROM workspace WHERE name = ?", (name,)).fetchone()
    return _workspace(row) if row else None


def find_named(db: sqlite3.Connection, name_or_id: str) -> Workspace | None:
    """The workspace with this name or, if there is none, with this ID of the API."""
    query = "SELECT * FROM workspace WHERE name = ?1 OR public_id = ?1 ORDER BY name <> ?1"
    row = db.execute(query, (name_or_id,)).fetchone()
    return _workspace(row) if row else None


def by_id(db: sqlite3.Connection, workspace_id: int) -> Workspace:
    """The workspace in this row, which must exist."""
    return _workspace(db.execute("SELECT * FROM workspace WHERE id = ?", (workspace_id,)).fetchone())


def of_person(db: sqlite3.Connection, sub: str) -> list[Workspace]:
    """The workspaces of a member."""
    query = (
        "SELECT workspace.* FROM workspace JOIN membership ON workspace.id = membership.workspace_id "
        "WHERE membership.sub = ? ORDER BY workspace.name"
    )
    return [_workspace(row) for row in db.execute(query, (sub,))]


def every(db: sqlite3.Connection) -> list[Workspace]:
    """All workspaces."""
    return [_workspace(row) for row in db.execute("SELECT * FROM workspace ORDER BY name")]


def create(db: sqlite3.Connection, name: str, settings: Settings, by: str, moment: datetime) -> Workspace:
    """Add a workspace; the name must be free."""
    now = stamp(moment)
    cursor = db.execute(
        "INSERT INTO workspace (public_id, name, display_name, labels, region, group_mappings, runtime, "
        "created_at, updated_at, created_by, updated_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (new_identifier(), name, *_columns(settings), now, now, by, by),
    )
    return by_id(db, cursor.lastrowid or 0)


def change(db: sqlite3.Connection, workspace_id: int, settings: Settings, by: str, moment: datetime) -> Workspace:
    """Replace the settings of a workspace."""
    db.execute(
        "UPDATE workspace SET display_name = ?, labels = ?, region = ?, group_mappings = ?, runtime = ?, "
        "updated_at = ?, updated_by = ? WHERE id = ?",
        (*_columns(settings), stamp(moment), by, workspace_id),
    )
    return by_id(db, workspace_id)


def delete(db: sqlite3.Connection, workspace_id: int) -> None:
    """Delete a workspace and everything in it."""
    db.execute("DELETE FROM workspace WHERE id = ?", (workspace_id,))


def set_facts(db: sqlite3.Connection, workspace_id: int, facts: Facts) -> None:
    """Set the platform's facts about a workspace."""
    db.execute(
        "UPDATE workspace SET status = ?, status_reason = ?, hipaa_info = ?, baseten_team = ? WHERE id = ?",
        (
            facts.status,
            facts.status_reason or None,
            json.dumps(facts.hipaa_info),
            facts.baseten_team or None,
            workspace_id,
        ),
    )


def features(db: sqlite3.Connection, workspace_id: int) -> dict[str, bool]:
    """The feature flags of a workspace by key."""
    row = db.execute("SELECT features FROM workspace WHERE id = ?", (workspace_id,)).fetchone()
    found: dict[str, bool] = json.loads(row["features"])
    return found


def set_features(db: sqlite3.Connection, workspace_id: int, flags: dict[str, bool]) -> None:
    """Replace the feature flags of a workspace."""
    db.execute("UPDATE workspace SET features = ? WHERE id = ?", (json.dumps(flags), workspace_id))


def payload(workspace: Workspace) -> dict[str, Any]:
    """The workspace as the API returns it."""
    settings, facts = workspace.settings, workspace.facts
    optional = {
        "displayName": settings.display_name,
        "labels": settings.labels,
        "region": settings.region,
        "groupMappings": settings.group_mappings,
        "runtime": settings.runtime,
        "statusReason": facts.status_reason,
        "hipaaInfo": facts.hipaa_info,
        "basetenTeamId": facts.baseten_team,
    }
    return {
        "id": workspace.public_id,
        "name": workspace.name,
        **{key: value for key, value in optional.items() if value},
        "accountId": ACCOUNT_ID,
        "status": facts.status,
        "createdAt": workspace.created_at,
        "updatedAt": workspace.updated_at,
        "createdBy": workspace.created_by,
        "updatedBy": workspace.updated_by,
    }


def _columns(settings: Settings) -> tuple[str | None, ...]:
    return (
        settings.display_name or None,
        json.dumps(settings.labels),
        settings.region or None,
        json.dumps(settings.group_mappings),
        json.dumps(settings.runtime),
    )


def _workspace(row: sqlite3.Row) -> Workspace:
    settings = Settings(
        display_name=row["display_name"] or "",
        labels=json.loads(row["labels"]),
        region=row["region"] or "",
        group_mappings=json.loads(row["group_mappings"]),
        runtime=json.loads(row["runtime"]),
    )
    facts = Facts(
        status=row["status"],
        status_reason=row["status_reason"] or "",
        hipaa_info=json.loads(row["hipaa_info"]),
        baseten_team=row["baseten_team"] or "",
    )
    return Workspace(
        id=row["id"],
        public_id=row["public_id"],
        name=row["name"],
        settings=settings,
        facts=facts,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        created_by=row["created_by"],
        updated_by=row["updated_by"],
    )
