"""The option `--base REV`: the commit that documents are compared with.

A module of its own: `plan` and `drift` have the option, for different purposes."""

from __future__ import annotations

from beamctl.cli.help import Decorator, Group, option
from beamctl.errors import UsageError


def base_option(purpose: str) -> Decorator:
    """The option, with the help of one command."""
    return option(
        Group.SAFETY,
        "--base",
        metavar="REV",
        callback=lambda _context, _option, named: revision(named),
        help=purpose,
    )


def revision(named: str | None) -> str:
    """Parse a value of `--base`.

    Raises:
        UsageError: It is empty.
    """
    if named == "":
        raise UsageError("--base is empty", "Name a commit, a tag, or a branch such as origin/main.")
    return named or ""
