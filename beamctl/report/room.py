"""How much of a review fits into a size limit: detail goes before names, and additions go before removals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from beamctl.report.review.model import FailureReview, Overview, Row, Table, WorkspaceReview, shortened

ALL = 1 << 40
_LENGTHS = (2_000, 500, 200, 80)
_LINES = (10, 3, 1, 0)
_FEW = (20, 5)
"""How many workspaces are listed by name if there is little room."""
_LONGEST_NAME = 1_000
"""No e-mail address is longer."""


@dataclass(frozen=True, slots=True)
class Room:
    """How much is shown. The numbers of rows, notes and hazards are for the whole report.

    Attributes:
        length: Characters of a value in an addition, another change, a note or a hazard.
        lines: Details of an addition or another change; none without its effect.
        notes: Notes.
        quiet: Workspaces without changes.
        others: Additions and other changes.
        kept_length: Characters of a value in a removal or demotion, except its name.
        kept_lines: Details of a removal or demotion; none without its effect.
        names_only: Whether removals and demotions are only names.
        dangers: Hazards.
        kept: Removals and demotions.
        failures: Workspaces that failed.
        outcomes: Workspaces in the table of all that have something to say.
    """

    length: int = ALL
    lines: int = ALL
    notes: int = ALL
    quiet: int = ALL
    others: int = ALL
    kept_length: int = ALL
    kept_lines: int = ALL
    names_only: bool = False
    dangers: int = ALL
    kept: int = ALL
    failures: int = ALL
    outcomes: int = ALL


@dataclass(frozen=True, slots=True)
class Shares:
    """How many items of a review there are.

    Attributes:
        kept: Removals and demotions; for an apply, what is not done too.
        others: Additions and other changes.
        dangers: Hazards.
        notes: Notes.
        quiet: Workspaces without changes, hazards and notes.
    """

    kept: int
    others: int
    dangers: int
    notes: int
    quiet: int

    @classmethod
    def of(cls, review: Overview) -> Shares:
        """Count the items."""
        return cls(
            kept=sum(len(table.rows) for one in review.workspaces for table in one.kept),
            others=sum(len(table.rows) for one in review.workspaces for table in one.others),
            dangers=sum(len(one.dangers) for one in review.workspaces),
            notes=sum(len(one.notes) for one in review.workspaces),
            quiet=sum(one.is_quiet for one in review.workspaces),
        )


def fitted(review: Overview, limit: int, render: Callable[[Overview, Room], str]) -> str:
    """The fullest text that has at most `limit` bytes in UTF-8; if there is none, the shortest.

    Args:
        review: What to show.
        limit: The size limit.
        render: Makes the text of a cut review.
    """
    full = render(review, Room())
    if size(full) <= limit:
        return full
    rooms = list(_rooms(Shares.of(review)))
    best = render(cut(review, rooms[-1]), rooms[-1])
    low, high = 0, len(rooms) - 1
    while low < high:
        middle = (low + high) // 2
        text = render(cut(review, rooms[middle]), rooms[middle])
        if size(text) <= limit:
            best, high = text, middle
        else:
            low = middle + 1
    return best


def size(text: str) -> int:
    """Bytes in UTF-8."""
    return len(text.encode())


def _rooms(total: Shares) -> Iterator[Room]:
    """From the most to the least room."""
    steps: Sequence[tuple[str, Iterable[Any]]] = (
        ("length", _LENGTHS),
        ("lines", _LINES),
        ("notes", reversed(range(total.notes))),
        ("quiet", reversed(range(total.quiet))),
        ("others", reversed(range(total.others))),
        ("outcomes", _FEW),
        ("kept_length", _LENGTHS),
        ("kept_lines", _LINES),
        ("names_only", (True,)),
        ("failures", _FEW),
        ("dangers", reversed(range(1, total.dangers))),
        ("kept", reversed(range(total.kept))),
        ("dangers", (0,)),
    )
    room = Room()
    for name, numbers in steps:
        for number in numbers:
            yield (room := replace(room, **{name: number}))


def cut(review: Overview, room: Room) -> Overview:
    """What is left of a review."""
    left = Shares(room.kept, room.others, room.dangers, room.notes, room.quiet)
    found: list[WorkspaceReview] = []
    for one in review.workspaces:
        if one.is_quiet and not left.quiet and len(review.workspaces) > 1:
            continue
        mine = replace(
            one,
            doubts=[shortened(each, room.length) for each in one.doubts],
            kept=_first(one.kept, left.kept, room.kept_length, room.kept_lines),
            others=_first(one.others, left.others, room.length, room.lines),
            dangers=[replace(each, text=shortened(each.text, room.length)) for each in one.dangers[: left.dangers]],
            allow=one.allow if len(one.dangers) <= left.dangers else "",
            notes=[shortened(each, room.length) for each in one.notes[: left.notes]],
            about=[shortened(each, room.length) for each in one.about],
            is_cut=not one.is_quiet,
        )
        found.append(mine)
        used = Shares.of(replace(review, workspaces=[mine]))
        left = Shares(
            left.kept - used.kept,
            left.others - used.others,
            left.dangers - used.dangers,
            left.notes - used.notes,
            left.quiet - used.quiet,
        )
    failures, outcomes = review.failures[: room.failures], review.outcomes[: room.outcomes]
    more_failures, more_outcomes = review.unlisted
    unlisted = (
        more_failures + len(review.failures) - len(failures),
        more_outcomes + len(review.outcomes) - len(outcomes),
    )
    shown = [_cut_failure(each, room) for each in failures]
    return replace(review, workspaces=found, failures=shown, outcomes=outcomes, unlisted=unlisted)


def _cut_failure(each: FailureReview, room: Room) -> FailureReview:
    details = [shortened(detail, room.length) for detail in each.details[: room.lines]]
    return replace(each, why=shortened(each.why, room.length), details=details)


def _first(tables: Sequence[Table], most: int, length: int, lines: int) -> list[Table]:
    found = []
    for table in tables:
        rows = [_cut_row(row, length, lines) for row in table.rows[: max(most, 0)]]
        most -= len(rows)
        found += [replace(table, rows=rows)] if rows else []
    return found


def _cut_row(row: Row, length: int, lines: int) -> Row:
    return replace(
        row,
        name=shortened(row.name, _LONGEST_NAME),
        what=shortened(row.what, length),
        where=shortened(row.where, length),
        effect=row.effect if lines else "",
        details=[shortened(each, length) for each in row.details[:lines]],
    )
