"""The option `--shard`.

A module of its own: plan, drift and apply share it, and `options.py` is full."""

from __future__ import annotations

from beamctl.cli.help import Group, option
from beamctl.model.shard import shard_of

shard_option = option(
    Group.DOCUMENTS,
    "--shard",
    metavar="I/N",
    callback=lambda _context, _option, text: shard_of(text) if text else text,
    help="Only a part of the workspaces, such as 2/8: the second of eight, by a hash of their names. For runs that are "
    "divided among CI jobs; `beamctl merge-reports` joins their reports.",
)
