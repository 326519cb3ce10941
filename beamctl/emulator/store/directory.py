"""The rows of the directory of an organization: whom it wants in which workspace, whoever removes them there. It must
not know when it is synchronized."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from beamctl.emulator.store import member

SOURCE = "directory_sync"
"""How the API says that somebody came in by it."""

_MISSING = """
SELECT workspace.name AS workspace, workspace_id, sub, email, person.folded, directory.role
FROM directory JOIN person USING (sub) JOIN workspace ON workspace.id = workspace_id
WHERE NOT EXISTS (
  SELECT 1 FROM membership
  WHERE membership.workspace_id = directory.workspace_id AND membership.sub = directory.sub
)
ORDER BY workspace.name, person.folded
"""


def add(rows: sqlite3.Connection, workspace_id: int, sub: str, role: str) -> None:
    """The directory wants a person in a workspace, with that role."""
    rows.execute("INSERT INTO directory VALUES (?, ?, ?)", (workspace_id, sub, role))


def synchronize(rows: sqlite3.Connection, moment: datetime) -> list[tuple[str, str]]:
    """Brings back whoever the directory wants and is no member, with the role it wants; an invitation that they have
    instead goes. Who is a member stays as they are.

    Returns:
        The address, and the name of the workspace, of each who came back.
    """
    missing = rows.execute(_MISSING).fetchall()
    for row in missing:
        rows.execute(
            "DELETE FROM invitation WHERE workspace_id = ? AND folded = ?", (row["workspace_id"], row["folded"])
        )
        member.add(rows, row["workspace_id"], row["sub"], row["role"], SOURCE, moment)
    return [(row["email"], row["workspace"]) for row in missing]
