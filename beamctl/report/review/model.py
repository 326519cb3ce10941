"""What a reviewer sees, independent of the format: a verdict, tables of changes, hazards, notes and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beamctl.report.spans import Span, Spans

if TYPE_CHECKING:
    from beamctl.report.outcomes import WorkspaceOutcome

_OFTEN = 3
"""An effect that this many rows share is explained once, below the table."""


OUTCOME_HEADS = ("workspace", "result")


@dataclass(frozen=True, slots=True)
class Row:
    """One change, difference or result.

    Attributes:
        label: What kind it is.
        name: Who or what.
        what: Before and after, briefly.
        where: The line that asks for it, or that no line does.
        effect: What a person gains and loses.
        details: Remarks, and differences inside values.
        cause: Why a workspace differs from its document, and who last changed it, as far as that is known.
    """

    label: str
    name: Spans
    what: Spans
    where: Spans
    effect: str = ""
    details: Sequence[Spans] = ()
    cause: Spans = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one sort.

    Attributes:
        title: A heading.
        heads: The titles of label, name, before and after, and place; a fifth for the cause, if rows have one.
        rows: In order.
    """

    title: str
    heads: tuple[str, ...]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Danger:
    """A hazard.

    Attributes:
        name: Its name.
        text: Why it is one here.
        is_refused: Whether it was not allowed.
        flag: The option that allows it; empty if it is allowed already, or cannot be.
        why_not: Why it cannot be allowed; empty if it can.
    """

    name: str
    text: Spans
    is_refused: bool
    flag: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class WorkspaceReview:
    """One workspace.

    Attributes:
        workspace: Its name.
        verdict: What happens, in one line.
        doubts: Why the API's response may be wrong, if no hazard says it.
        kept: Tables that no report cuts or hides: removals and demotions; for an apply, what failed.
        dangers: The hazards.
        allow: The command that allows all hazards; empty if nothing is refused, or one cannot be allowed.
        others: All other tables.
        notes: What else to know.
        unchanged: Counts of what is left alone.
        about: Where the facts come from: API, identity, document.
        is_cut: Whether something is left out, for lack of room.
    """

    workspace: str
    verdict: str
    doubts: Sequence[Spans] = ()
    kept: Sequence[Table] = ()
    dangers: Sequence[Danger] = ()
    allow: str = ""
    others: Sequence[Table] = ()
    notes: Sequence[Spans] = ()
    unchanged: Sequence[str] = ()
    about: Sequence[Spans] = ()
    is_cut: bool = False

    @property
    def is_first(self) -> bool:
        """Whether it has something that comes before everything else of all workspaces."""
        return bool(self.doubts or self.kept or self.dangers)

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to look at."""
        return not (self.is_cut or self.doubts or self.kept or self.dangers or self.others or self.notes)


@dataclass(frozen=True, slots=True)
class FailureReview:
    """A workspace for which nothing was done because of an error.

    Attributes:
        workspace: Its name.
        where: The line that declares it.
        why: What is wrong.
        details: What to do about it, or the problems of its document.
    """

    workspace: str
    where: Spans
    why: Spans
    details: Sequence[Spans] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """A whole report.

    Attributes:
        verdict: What happens in all workspaces together.
        workspaces: Those that need attention first.
        about: Where the facts come from: saved plan, digest, version.
        failures: The workspaces that failed. They come before everything else, and no report hides them all.
        failed: What that means, in one sentence.
        outcomes: If there are several workspaces, what became of each that has something to say; at most 50.
        unlisted: How many more failures and outcomes there are.
    """

    verdict: str
    workspaces: Sequence[WorkspaceReview]
    about: Sequence[Spans]
    failures: Sequence[FailureReview] = ()
    failed: str = ""
    outcomes: Sequence[WorkspaceOutcome] = ()
    unlisted: tuple[int, int] = (0, 0)


def legend(rows: Sequence[Row]) -> Mapping[tuple[Spans, str], int]:
    """The effects to explain once, below a table, instead of in each row, and the number of rows."""
    counts = Counter((row.what, row.effect) for row in rows if row.effect)
    return {key: count for key, count in counts.items() if count >= _OFTEN}


def shortened(spans: Spans, longest: int) -> Spans:
    """The spans with at most so many characters in each value; a digest tells cut values apart."""
    from beamctl.report.style import digest

    def cut(span: Span) -> Span:
        if not span.is_value or len(span.text) <= longest:
            return span
        more = len(span.text) - longest
        return Span(f"{span.text[:longest]}… ({more:,} more characters, {digest(span.text)})", is_value=True)

    return tuple(map(cut, spans))
