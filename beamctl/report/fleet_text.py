"""Text about a run over several workspaces: those without changes together, and a table of all others at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from beamctl.model.code import Code
from beamctl.model.text import printable, some
from beamctl.plan.comparison import Note
from beamctl.plan.plan import Plan
from beamctl.report.data import ReportData, WorkspaceFailure, without_repeated_hints
from beamctl.report.outcomes import Ending, outcomes, place_spans, total_text, worst_outcomes
from beamctl.report.problems_text import problems_text
from beamctl.report.spans import plain
from beamctl.report.style import PLAIN, SourceLines, Style, Tone, table
from beamctl.report.wording import words

_TONES = {Ending.FAILED: Tone.BAD, Ending.REFUSED: Tone.BAD, Ending.INCOMPLETE: Tone.BAD}
_MOST_FAILURES = 20
_MOST_NOTES = 20


def unchanged(data: ReportData) -> list[Plan]:
    """The plans of the workspaces about which there is nothing to say, except notes."""
    names = {each.workspace for each in outcomes(data) if each.ending is Ending.UNCHANGED}
    return [plan for plan in data.plans if plan.workspace in names]


def unchanged_text(plans: Sequence[Plan], *, of: int, notes: bool) -> str:
    """One line for all workspaces without changes, with their notes; the total at the end says it if there are no
    others.

    Args:
        plans: Their plans.
        of: The number of all workspaces.
        notes: Whether to say their notes.
    """
    said = list(_notes(plans)) if notes else []
    if len(plans) == of and not said:
        return ""
    count = len(plans)
    more = f"  … and {len(said) - _MOST_NOTES:,} more notes: see -v"
    shown = said[:_MOST_NOTES] + [more] * (len(said) > _MOST_NOTES)
    return "\n".join([f"{count:,} workspace{'s' * (count != 1)} unchanged", *shown]) + "\n"


def _notes(plans: Sequence[Plan]) -> Iterator[str]:
    """Each note once, with its workspaces."""
    found: dict[tuple[str, str], list[str]] = {}
    for plan in plans:
        for note in filter(_is_said, plan.notes):
            where = f"  ({printable(f'{note.place.source}:{note.place.line}')})" if note.place else ""
            found.setdefault((printable(words(note.fact)), where), []).append(printable(plan.workspace))
    for (text, where), names in found.items():
        yield f"  ! {names[0] if len(names) == 1 else f'{len(names):,} workspaces'}: {text}{where}"


def _is_said(note: Note) -> bool:
    """Whether a note needs attention: nothing is expected of anyone about what waits or is accepted for now."""
    return not note.excused and note.fact.code is not Code.ROLE_PENDING


def ending_text(data: ReportData, style: Style = PLAIN) -> str:
    """The end of a run: a table of all workspaces with something to say, and the total. Empty if there is only one."""
    if not data.several:
        return ""
    found = outcomes(data)
    shown = worst_outcomes(found)
    lines = table([(printable(each.workspace), plain(each.what)) for each in shown]) if shown else []
    lines = [
        style(_TONES[each.ending], line) if each.ending in _TONES else line
        for each, line in zip(shown, lines, strict=True)
    ]
    more = sum(each.ending is not Ending.UNCHANGED for each in found) - len(shown)
    lines += [f"and {more:,} more workspaces"] if more else []
    return "\n".join([*lines, style(Tone.STRONG, total_text(data, found))]) + "\n"


def failures_text(
    failures: Sequence[WorkspaceFailure], style: Style = PLAIN, source_lines: SourceLines | None = None
) -> str:
    """What failed in which workspace, and what to do about it. Many failures are cut.

    Args:
        failures: The failures.
        style: The colors.
        source_lines: How to show the lines of documents; None if they are not shown.
    """
    blocks = []
    for each in without_repeated_hints(failures[:_MOST_FAILURES]):
        message = "its document is invalid" if each.problems else printable(each.message)
        where = f" ({plain(place_spans(each))})" if each.place.source else ""
        head = style(Tone.BAD, f"Error: {printable(each.workspace)}{where}: {message}")
        hint = [f"  {printable(line)}" for line in each.hint.splitlines()]
        if each.problems:
            text = problems_text(each.problems, style, compared=True, source_lines=source_lines)
            hint = text.rstrip("\n").splitlines()
        blocks.append("\n".join([head, *hint]))
    if hidden := failures[_MOST_FAILURES:]:
        blocks.append(f"and {len(hidden):,} more: {printable(some([each.workspace for each in hidden]))}")
    return "\n".join(blocks) + "\n" if blocks else ""
