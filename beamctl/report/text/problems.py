"""Problems of documents for a reader: `file:line:column: message`, and the hint below. It must not know a kind."""

from __future__ import annotations

from collections.abc import Sequence

from beamctl.document.problem import Problem
from beamctl.model.text import printable
from beamctl.report.style import PLAIN, Style, Tone


def problems_text(problems: Sequence[Problem], style: Style = PLAIN) -> str:
    """All problems, in the order given, and their number."""
    lines = []
    for problem in problems:
        lines.append(f"{_where(problem)}: {style(Tone.BAD, printable(problem.message))}")
        lines += [f"    {printable(problem.hint)}"] if problem.hint else []
    count = len(problems)
    return (
        "\n".join([*lines, "", f"{count} problem{'s' * (count != 1)}. Nothing was read from or sent to any workspace."])
        + "\n"
    )


def _where(problem: Problem) -> str:
    place = problem.place
    spots = [str(spot) for spot in (place.line, place.column) if spot]
    return ":".join([printable(place.source), *spots])
