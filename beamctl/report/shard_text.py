"""Which part of the workspaces a report is about.

A module of its own: most formats use it."""

from __future__ import annotations

from typing import Any

from beamctl.model.shard import ShardScope


def shard_text(scope: ShardScope | None) -> str:
    """The shard, and how many of the workspaces it covers; empty if the run was not divided."""
    if scope is None:
        return ""
    total = len(scope.workspaces)
    covers = f"{len(scope.covered):,} of {total:,} workspace{'s' * (total != 1)}"
    return f"Shard {scope.shard.index} of {scope.shard.count}: {covers}"


def shard_lines(scope: ShardScope | None) -> list[str]:
    """The same as the first line of a text report; none if the run was not divided."""
    return [f"{shard_text(scope)}.\n"] if scope else []


def shard_data(scope: ShardScope | None) -> dict[str, Any]:
    """The same in JSON, so that `merge-reports` can check that no shard is missing."""
    if scope is None:
        return {}
    shard = {"index": scope.shard.index, "count": scope.shard.count, "workspaces": list(scope.workspaces)}
    return {"shard": shard | {"source": scope.source, "commit": scope.commit}}
