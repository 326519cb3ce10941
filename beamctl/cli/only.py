"""The option `--only ADDRESS`: a part of a plan.

A module of its own: `plan` and `apply` have the option."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from beamctl.cli import candidates
from beamctl.cli.help import Group, option
from beamctl.errors import UsageError

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


def refuse_with_saved(files: Sequence[str], base: str, only: Sequence[Address]) -> None:
    """Refuse the options that a saved plan cannot be combined with.

    Raises:
        UsageError: There is one.
    """
    make = "Make the plan with:  beamctl plan"
    asked = (
        ("-f", files, "Use either PLAN or -f."),
        ("--base", base, f"{make} --base REV"),
        ("--only", only, f"{make} --only ADDRESS --out FILE"),
    )
    for name, value, hint in asked:
        if value:
            raise UsageError(f"a saved plan cannot be combined with {name}", hint)
