"""Text reports of validation: each problem as `file:line:column: message` with its hint below."""

from __future__ import annotations

from collections.abc import Sequence

from beamctl.document.problem import MOST_PROBLEMS, Problem
from beamctl.model.text import printable
from beamctl.report.style import PLAIN, Style, Tone

MOST_SHOWN = 100
"""Problems shown in a report."""


def problems_text(problems: Sequence[Problem], style: Style = PLAIN, *, compared: bool = False) -> str:
    """The first problems in the given order, and the total.

    Args:
        problems: All problems.
        style: Colors.
        compared: Whether a workspace was read to find them.
    """
    lines = []
    for problem in problems[:MOST_SHOWN]:
        lines.append(f"{_where(problem)}: {style(Tone.BAD, printable(problem.message))}")
        lines += [f"    {printable(problem.hint)}"] if problem.hint else []
    count = len(problems)
    lines += [f"… and {count - MOST_SHOWN:,} more; fix these first"] if count > MOST_SHOWN else []
    number = f"more than {MOST_PROBLEMS:,}" if count > MOST_PROBLEMS else f"{count:,}"
    nothing = "Nothing was changed." if compared else "Nothing was read from or sent to any workspace."
    total = f"{number} problem{'s' * (count != 1)}. {nothing}"
    return "\n".join([*lines, "", total]) + "\n"


def valid_text(workspaces: Sequence[str], warnings: Sequence[Problem], style: Style = PLAIN) -> str:
    """The warnings, if any, and that the documents are valid."""
    lines = [
        f"{_where(each)}: {style(Tone.CHANGED, 'warning: ' + printable(each.message))}\n    {printable(each.hint)}"
        for each in warnings[:MOST_SHOWN]
    ]
    lines += [f"… and {len(warnings) - MOST_SHOWN:,} more warnings"] if len(warnings) > MOST_SHOWN else []
    count = len(workspaces)
    total = f"Valid: {count} workspace{'s' * (count != 1)} ({', '.join(workspaces)})."
    return "\n".join([*lines, *([""] if lines else []), total]) + "\n"


def _where(problem: Problem) -> str:
    place = problem.place
    position = [str(number) for number in (place.line, place.column) if number]
    return ":".join([printable(place.source), *position])
