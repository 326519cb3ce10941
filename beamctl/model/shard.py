"""Shards: each of several CI jobs covers a part of the workspaces, chosen by a hash of their names.

A module of its own: the command line, workflows and reports use it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from beamctl.errors import UsageError
from beamctl.model.text import printable

MOST_SHARDS = 10_000
_FORM = re.compile("([0-9]{1,9})/([0-9]{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of the workspaces of a run.

    Attributes:
        index: Its number, from 1.
        count: The number of parts.
    """

    index: int
    count: int

    def __str__(self) -> str:
        """As in the option `--shard`."""
        return f"{self.index}/{self.count}"

    def has(self, workspace: str) -> bool:
        """Whether a workspace belongs to this part. It depends on the name only, so that jobs need not agree on it."""
        number = int.from_bytes(hashlib.sha256(workspace.encode()).digest(), "big")
        return 1 + number % self.count == self.index


@dataclass(frozen=True, slots=True)
class ShardScope:
    """What a shard is a part of. Reports of the same scope can be merged.

    Attributes:
        shard: The shard.
        workspaces: All workspaces of the run, also those of other shards, in the order of the documents.
        source: The digest of the documents or of the saved plan.
        commit: The commit of the documents; empty if there is none.
    """

    shard: Shard
    workspaces: tuple[str, ...]
    source: str
    commit: str = ""

    @property
    def covered(self) -> tuple[str, ...]:
        """The workspaces of this shard."""
        return tuple(filter(self.shard.has, self.workspaces))


def shard_of(text: str) -> Shard:
    """Parse a value of `--shard`.

    Raises:
        UsageError: It is not `I/N` with 1 ≤ I ≤ N.
    """
    found = _FORM.fullmatch(text)
    if not found:
        raise UsageError(f"--shard: {printable(text)!r} is not a shard", "Write it like 2/8: the second of eight.")
    shard = Shard(int(found[1]), int(found[2]))
    if not 1 <= shard.count <= MOST_SHARDS:
        raise UsageError(f"--shard {shard}: there can be 1 to {MOST_SHARDS:,} shards", "Write it like 2/8.")
    if not 1 <= shard.index <= shard.count:
        hint = "If your CI system counts jobs from 0, add 1." if shard.index == 0 else ""
        raise UsageError(f"--shard {shard}: shards are numbered from 1 to {shard.count}", hint)
    return shard
