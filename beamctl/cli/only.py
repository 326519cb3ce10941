"""The option `--only ADDRESS`: a part of a plan.

A module of its own: `plan` and `apply` have the option."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beamctl.cli import candidates
from beamctl.cli.help import Group, option

if TYPE_CHECKING:
    from beamctl.plan.address import Address


def _parsed(texts: tuple[str, ...]) -> tuple[Address, ...]:
    if not texts:
        return ()
    from beamctl.workflow.only import parse_only

    return parse_only(texts)


only_option = option(
    Group.DOCUMENTS,
    "--only",
    "only",
    multiple=True,
    callback=lambda _context, _option, texts: _parsed(texts),
    metavar="ADDRESS",
    shell_complete=candidates.addresses,
    help="Only changes to this object, as [WORKSPACE:]KIND:NAME, and what they depend on: member:eve@example.com, "
    "settings, serviceAccount:*. Repeatable.",
)
