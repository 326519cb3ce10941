"""Problems of documents for a reader: `file:line:column: message`, and the hint below. It must not know a kind."""

from __future__ import annotations

from collections.abc import Sequence

from beamctl.document.problem import MOST_PROBLEMS, Problem
from beamctl.model.text import printable
from beamctl.report.style import PLAIN, Style, Tone

MOST_SHOWN = 100
"""Problems that are shown."""


def problems_text(problems: Sequence[Problem], style: Style = PLAIN, *, compared: bool = False) -> str:
    """The problems in the order given, no more than one can read, and the number of all; `compared` is whether a
    workspace was read to see them."""
    lines = []
    for problem in problems[:MOST_SHOWN]:
        lines.append(f"{_where(problem)}: {style(Tone.BAD, printable(problem.message))}")
        lines += [f"    {printable(problem.hint)}"] if problem.hint else []
    count = len(problems)
    lines += [f"… and {count - MOST_SHOWN:,} more; mend these first"] if count > MOST_SHOWN else []
    number = f"more than {MOST_PROBLEMS:,}" if count > MOST_PROBLEMS else f"{count:,}"
    nothing = "Nothing was changed." if compared else "Nothing was read from or sent to any workspace."
    said = f"{number} problem{'s' * (count != 1)}. {nothing}"
    return "\n".join([*lines, "", said]) + "\n"


def valid_text(workspaces: Sequence[str], warnings: Sequence[Problem], style: Style = PLAIN) -> str:
    """That documents are valid, after what they probably do not mean."""
    lines = [
        f"{_where(each)}: {style(Tone.CHANGED, 'warning: ' + printable(each.message))}\n    {printable(each.hint)}"
        for each in warnings[:MOST_SHOWN]
    ]
    lines += [f"… and {len(warnings) - MOST_SHOWN:,} more warnings"] if len(warnings) > MOST_SHOWN else []
    count = len(workspaces)
    said = f"Valid: {count} workspace{'s' * (count != 1)} ({', '.join(workspaces)})."
    return "\n".join([*lines, *([""] if lines else []), said]) + "\n"


def _where(problem: Problem) -> str:
    place = problem.place
    spots = [str(spot) for spot in (place.line, place.column) if spot]
    return ":".join([printable(place.source), *spots])
