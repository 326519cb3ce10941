"""Picks the workspaces of a shard.

A module of its own: plan, drift and apply share it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from beamctl.document.desired import Desired
from beamctl.model.shard import Shard, ShardScope
from beamctl.runs.commit import commit_of


def scope_of(documents: Sequence[Desired], shard: Shard | None) -> ShardScope | None:
    """What a shard of these documents is a part of; None if the run is not divided."""
    if shard is None:
        return None
    said = [
        [each.workspace, each.document.source, each.document.data, *map(asdict, each.leavers.values())]
        for each in documents
    ]
    written = json.dumps(said, sort_keys=True, separators=(",", ":"), default=str)
    digest = f"sha256:{hashlib.sha256(written.encode()).hexdigest()}"
    commit = commit_of(documents[0].document.source) if documents else ""
    return ShardScope(shard, tuple(each.workspace for each in documents), digest, commit)


def covered(documents: Sequence[Desired], scope: ShardScope | None) -> tuple[Desired, ...]:
    """The documents of the workspaces that the run covers."""
    return tuple(each for each in documents if scope is None or scope.shard.has(each.workspace))
