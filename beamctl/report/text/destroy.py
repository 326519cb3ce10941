"""What would be lost with a workspace, and what became of it, for a reader. It must not know a kind by name, nor
whether anybody agreed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import assert_never

from beamctl.destroy.deletion import Deletion, DeletionStatus
from beamctl.destroy.estate import Item, Part, Unknown, WorkspaceContents
from beamctl.model.text import printable
from beamctl.report import change_text
from beamctl.report.style import PLAIN, Style, Tone, table, value

_MOST_NAMES = 10
"""Names of one sort that are shown; of sorts and of counts, as many."""
_LONGEST = 80
"""Characters of a name that are shown."""


def estate_text(estate: WorkspaceContents, api: str, runs_as: str, style: Style = PLAIN) -> str:
    """What is in a workspace, a list a kind, none longer than one can read."""
    lines = [style(Tone.STRONG, change_text.heading(estate.workspace, api, runs_as)), ""]
    called = _cut(value(estate.display_name)) if estate.display_name else ""
    made = f"created {_short(estate.created_at)}" if estate.created_at else ""
    lines += [f"  {', '.join(filter(None, (called, made)))}", ""] if called or made else []
    for part in estate.parts:
        lines += _part(part)
    lines += [f"  resources counted: {_counts(estate.counts)}", ""]
    everything = f"All of this goes with {estate.workspace}, and what else is in it. It cannot be undone."
    lines.append(style(Tone.BAD, everything))
    return "\n".join(lines) + "\n"


def deletion_text(workspace: str, source: str, deletion: Deletion, style: Style = PLAIN) -> str:
    """That the workspace is gone, how that came, and what to do with its document."""
    where = "" if source == "-" else f" ({printable(source)})"
    return "\n".join(
        [
            style(Tone.STRONG, told(workspace, deletion)),
            f"  Remove its document{where}: the next plan would not find {workspace}.",
            "",
        ]
    )


def told(workspace: str, deletion: Deletion) -> str:
    """How a workspace went, in a sentence."""
    match deletion.ending:
        case DeletionStatus.DELETED:
            return f"Deleted {workspace}, with everything in it."
        case DeletionStatus.FOUND_GONE:
            return (
                f"{workspace} is gone, with everything in it, although the answer was lost: {printable(deletion.why)}."
            )
        case DeletionStatus.GONE_AT_ANSWER:
            return f"{workspace} is gone, and was when the answer came: {printable(deletion.why)}."
        case _:
            assert_never(deletion.ending)


def _part(part: Part) -> Iterator[str]:
    if isinstance(part.holds, Unknown):
        yield f"  {part.title}: not known — {printable(part.holds.why)}"
        return
    yield f"  {part.title} ({len(part.holds):,})"
    sorts = [(sort, list(things)) for sort, things in groupby(part.holds, key=_sort)]
    rows = [
        (_short(sort) or f"no {part.sorted_by} told", _names(things)) for sort, things in islice(sorts, _MOST_NAMES)
    ]
    yield from table(rows, "    ") if rows else ()
    if left := sum(len(things) for _, things in sorts[_MOST_NAMES:]):
        yield f"    and {left:,} more"


def _sort(thing: Item) -> str:
    return thing.sort


def _names(things: Sequence[Item]) -> str:
    names = [_short(thing.name or thing.key) for thing in things[:_MOST_NAMES]]
    return ", ".join(names) + _and_more(len(things))


def _counts(counts: Mapping[str, int] | Unknown) -> str:
    if isinstance(counts, Unknown):
        return f"not known — {printable(counts.why)}"
    there = [f"{_short(name)} {number:,}" for name, number in sorted(counts.items()) if number]
    return ", ".join(there[:_MOST_NAMES]) + _and_more(len(there)) or "nothing"


def _and_more(count: int) -> str:
    return f" and {count - _MOST_NAMES:,} more" if count > _MOST_NAMES else ""


def _short(text: str) -> str:
    return _cut(printable(text))


def _cut(shown: str) -> str:
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
