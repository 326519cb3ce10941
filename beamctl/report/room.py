"""How much of a review fits into a size limit: detail goes before names, and additions go before removals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from beamctl.report.review.model import Overview, Row, Table, WorkspaceReview, shortened

ALL = 1 << 40
_LENGTHS = (2_000, 500, 200, 80)
_LINES = (10, 3, 1, 0)
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
    room = Room()
    for length in _LENGTHS:
        yield (room := replace(room, length=length))
    for lines in _LINES:
        yield (room := replace(room, lines=lines))
    for notes in reversed(range(total.notes)):
        yield (room := replace(room, notes=notes))
    for quiet in reversed(range(total.quiet)):
        yield (room := replace(room, quiet=quiet))
    for others in reversed(range(total.others)):
        yield (room := replace(room, others=others))
    for length in _LENGTHS:
        yield (room := replace(room, kept_length=length))
    for lines in _LINES:
        yield (room := replace(room, kept_lines=lines))
    yield (room := replace(room, names_only=True))
    for dangers in reversed(range(1, total.dangers)):
        yield (room := replace(room, dangers=dangers))
    for kept in reversed(range(total.kept)):
        yield (room := replace(room, kept=kept))
    yield replace(room, dangers=0)


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
    return replace(review, workspaces=found)


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
