"""Rows of the organization's directory: who belongs in which workspace, regardless of removals there."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from beamctl.emulator.store import member

SOURCE = "directory_sync"
"""The API's `source` of members added by the directory."""

_MISSING = """
SELECT workspace.name AS workspace, workspace_id, sub, email, person.folded, directory.role
FROM directory JOIN person USING (sub) JOIN workspace ON workspace.id = workspace_id
WHERE NOT EXISTS (
  SELECT 1 FROM membership
  WHERE membership.workspace_id = directory.workspace_id AND membership.sub = directory.sub
)
ORDER BY workspace.name, person.folded
"""


def add(db: sqlite3.Connection, workspace_id: int, sub: str, role: str) -> None:
    """Add a person to the directory for a workspace, with a role."""
    db.execute("INSERT INTO directory VALUES (?, ?, ?)", (workspace_id, sub, role))


def synchronize(db: sqlite3.Connection, moment: datetime) -> list[tuple[str, str]]:
    """Re-add directory members that are missing, with the directory's role, and delete their invitations.

    Members keep their roles.

    Returns:
        The address and workspace name of each person added.
    """
    missing = db.execute(_MISSING).fetchall()
    for row in missing:
        db.execute("DELETE FROM invitation WHERE workspace_id = ? AND folded = ?", (row["workspace_id"], row["folded"]))
        member.add(db, row["workspace_id"], row["sub"], row["role"], SOURCE, moment)
    return [(row["email"], row["workspace"]) for row in missing]
