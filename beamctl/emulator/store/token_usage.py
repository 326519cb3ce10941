"""Rows of the tokens that models used, for the limits of policies.

A module of its own: it has a table of its own, which no other module reads."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from beamctl.emulator.clock import stamp


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Numbers of tokens."""

    input: int
    output: int

    @property
    def total(self) -> int:
        """Both."""
        return self.input + self.output


def add(db: sqlite3.Connection, workspace_id: int, model: str, used: TokenUsage, moment: datetime) -> None:
    """Record what a query used."""
    query = "INSERT INTO token_usage (workspace_id, model, input, output, used_at) VALUES (?, ?, ?, ?, ?)"
    db.execute(query, (workspace_id, model, used.input, used.output, stamp(moment)))


def since(db: sqlite3.Connection, workspace_id: int, model: str, begin: datetime) -> TokenUsage:
    """What a model used after a moment."""
    query = (
        "SELECT coalesce(sum(input), 0) AS input, coalesce(sum(output), 0) AS output FROM token_usage "
        "WHERE workspace_id = ? AND model = ? AND used_at > ?"
    )
    row = db.execute(query, (workspace_id, model, stamp(begin))).fetchone()
    return TokenUsage(row["input"], row["output"])
