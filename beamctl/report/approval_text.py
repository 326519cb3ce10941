"""The words around an apply of several workspaces: the question for approval, and its progress.

A module of its own: `apply_text` has the words of single changes and their results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from beamctl.model.text import printable
from beamctl.report.data import WorkspaceFailure

_MOST_NAMES = 10


def question_text(counts: Mapping[str, int]) -> str:
    """The question whether to make changes, by workspace. Many workspaces are listed before it."""
    changes, names = sum(counts.values()), ", ".join(counts)
    what = f"Make {changes:,} change{'s' * (changes != 1)} to"
    if len(counts) <= _MOST_NAMES:
        return f"{what} {names}? Only 'yes' is accepted"
    return f"To be changed: {names}.\n\n{what} {len(counts):,} workspaces? Only 'yes' is accepted"


def not_changed_text(failures: Sequence[WorkspaceFailure]) -> str:
    """The workspaces that will not be changed, and why; empty if there are none."""
    if not failures:
        return ""
    return "\n".join(["Not changed:", *(f"  {each.workspace}: {printable(each.message)}" for each in failures)])


def progress_text(changes: int, of_changes: int, runs: int, of_runs: int) -> str:
    """How far an apply is."""
    return f"{changes:,} of {of_changes:,} changes made, {runs:,} of {of_runs:,} workspaces done"
