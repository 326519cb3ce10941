"""Text reports of validation: each problem as `file:line:column: message` with its hint below, on a terminal also with
the line of the document and carets under the value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from beamctl.document.problem import MOST_PROBLEMS, MOST_WITH_LINES, Problem
from beamctl.model.text import printable
from beamctl.report.style import PLAIN, SourceLines, Style, Tone

_TOKEN = re.compile(r"""\s|\"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?:(?!:(?:\s|$)|\s\#|[,\[\]{}]).)+|.""")
"""A quoted or plain YAML scalar, or one character of anything else."""


def problems_text(
    problems: Sequence[Problem],
    style: Style = PLAIN,
    *,
    compared: bool = False,
    source_lines: SourceLines | None = None,
) -> str:
    """The first problems in the given order, and the total.

    Args:
        problems: All problems.
        style: Colors.
        compared: Whether a workspace was read to find them.
        source_lines: How to show the lines of the documents; None if they are not shown.
    """
    lines = [line for each in problems[:MOST_WITH_LINES] for line in _problem(each, Tone.BAD, style, source_lines)]
    count = len(problems)
    lines += [f"… and {count - MOST_WITH_LINES:,} more; fix these first"] if count > MOST_WITH_LINES else []
    number = f"more than {MOST_PROBLEMS:,}" if count > MOST_PROBLEMS else f"{count:,}"
    nothing = "Nothing was changed." if compared else "Nothing was read from or sent to any workspace."
    total = f"{number} problem{'s' * (count != 1)}. {nothing}"
    return "\n".join([*_spaced(lines), total]) + "\n"


def valid_text(
    workspaces: Sequence[str],
    warnings: Sequence[Problem],
    style: Style = PLAIN,
    *,
    source_lines: SourceLines | None = None,
) -> str:
    """The warnings, if any, and that the documents are valid."""
    lines = [line for each in warnings[:MOST_WITH_LINES] for line in _problem(each, Tone.CHANGED, style, source_lines)]
    lines += [f"… and {len(warnings) - MOST_WITH_LINES:,} more warnings"] if len(warnings) > MOST_WITH_LINES else []
    count = len(workspaces)
    names = f" ({', '.join(workspaces)})" if workspaces else ", only groups or leavers"
    total = f"Valid: {count} workspace{'s' * (count != 1)}{names}."
    return "\n".join([*_spaced(lines), total]) + "\n"


def _spaced(lines: Sequence[str]) -> Sequence[str]:
    """The lines, with a blank line at the end if there are any."""
    return [*lines, ""] if lines and lines[-1] else lines


def _problem(problem: Problem, tone: Tone, style: Style, source_lines: SourceLines | None) -> list[str]:
    warning = "warning: " if tone is Tone.CHANGED else ""
    lines = [f"{_where(problem)}: {style(tone, warning + printable(problem.message))}"]
    if source_lines is None:
        return lines + ([f"    {printable(problem.hint)}"] if problem.hint else [])
    if problem.line:
        number = str(problem.place.line)
        for gutter, text in zip((number, " " * len(number)), _excerpt(problem, source_lines), strict=False):
            lines.append(f"  {style(Tone.FAINT, gutter + ' |')} {text if gutter == number else style(tone, text)}")
    return lines + ([f"  help: {printable(problem.hint)}"] if problem.hint else []) + [""]


def _excerpt(problem: Problem, source_lines: SourceLines) -> list[str]:
    """The line, and carets under the value if they can be placed exactly."""
    written = problem.line.replace("\t", " ").rstrip()
    line = printable(source_lines.redact(written))
    column = problem.place.column - 1
    room = max(source_lines.width - 12, 20) // (1 + (_width(line) > len(line)))  # wide characters take two columns
    found = _TOKEN.match(written, column) if 0 <= column < len(written) else None
    end = column + max(1, len(found.group().rstrip()) if found else 1)
    if found is None or line[:end] != written[:end]:
        return [line[:room] + ("…" if len(line) > room else "")]
    start = 0 if end <= room else max(0, min(column, end - room))
    cut = "…" if start else ""
    shown = cut + line[start : start + room] + ("…" if len(line) > start + room else "")
    under = min(end, start + room) - column
    before = _width(cut + line[start:column])
    return [shown, " " * before + "^" * _width(line[column : column + under])]


def _width(text: str) -> int:
    """Columns on a terminal."""
    return sum(1 + (unicodedata.east_asian_width(char) in "WF") - bool(unicodedata.combining(char)) for char in text)


def _where(problem: Problem) -> str:
    place = problem.place
    position = [str(number) for number in (place.line, place.column) if number]
    return ":".join([printable(place.source), *position])
