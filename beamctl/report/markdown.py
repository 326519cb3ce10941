"""A report in Markdown, for a comment on a pull request or a job summary: verdict first, then what takes access away,
then hazards and how to allow them, then everything else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial

from beamctl.plan.plan_file import digest_of
from beamctl.plan.plan_json import plans_data
from beamctl.report.data import ReportData
from beamctl.report.markdown_escaping import cell, code, fence, is_markable, line, marker, summary, table, words
from beamctl.report.review.all import review
from beamctl.report.review.model import Danger, Review, Row, Table, WorkspaceReview, counted, legend
from beamctl.report.room import Room, Shares, fitted
from beamctl.report.spans import joined, own

COMMENT = 65_536
"""Bytes of a comment. GitHub's error message names this number, though more is accepted in some places."""

_LONGEST_SET = 200
_UNFOLDED = 20
"""Rows of additions that are not folded."""
_LINE_BREAK = "<br>"


def report(data: ReportData) -> str:
    """The report, in the size of a comment."""
    return rendered(data, COMMENT)


def rendered(data: ReportData, limit: int) -> str:
    """The report with at most `limit` bytes in UTF-8.

    Removals and demotions are cut last. If not even their names fit, the report says so at its top. A report longer
    than the limit is returned only if its verdict alone is longer.
    """
    digest = digest_of(plans_data(data.plans, data.allowed))
    whole = review(data, digest)
    return fitted(whole, limit, partial(_text, data, digest, Shares.of(whole)))


def set_of(data: ReportData) -> str:
    """The name of the set of workspaces in a marker: their names, or a digest if that is too long."""
    names = ".".join(sorted(plan.workspace for plan in data.plans))
    if is_markable(names) and len(names) <= _LONGEST_SET:
        return names
    return f"sha256:{hashlib.sha256(names.encode()).hexdigest()}"


def _text(data: ReportData, digest: str, total: Shares, left: Review, room: Room) -> str:
    is_cut = room != Room()
    fields = {"set": set_of(data), "digest": digest, "truncated": "1" if is_cut else "0"}
    counts = _counts(total, Shares.of(left), room) if is_cut else []
    one = left.workspaces[0] if len(left.workspaces) == 1 else None
    title = f"### {words(left.verdict)}" + (f" · {code(one.workspace)}" if one else "")
    blocks = [
        [marker(f"beamctl:{data.command.value}:v1", fields)],
        [title],
        *counts,
        *_body(left.workspaces, room, is_single=one is not None),
        *counts,
        [f"<sub>{line(joined(left.about, ' · '))}</sub>"],
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


Block = list[str]


def _counts(total: Shares, shown: Shares, room: Room) -> list[Block]:
    """What is cut, in words: at the top and at the bottom."""
    pairs = (
        ("Removals, demotions and failures", shown.kept, total.kept),
        ("other changes", shown.others, total.others),
        ("hazards", shown.dangers, total.dangers),
        ("notes", shown.notes, total.notes),
    )
    parts = [f"{what}: {counted(some, all_)}" for what, some, all_ in pairs if all_]
    text = f"This report is shortened. {'; '.join(parts)}. Details are shortened or left out."
    if shown.kept < total.kept:
        text = f"Incomplete: not all removals are shown, because there are too many. {text} Do not approve it as it is."
        return [["> [!CAUTION]", f"> **{words(text)}** Run {code('beamctl plan')} to see all of it."]]
    more = " Of removals, only names are shown." if room.names_only else ""
    return [["> [!WARNING]", f"> {words(text + more)} Run {code('beamctl plan')} to see all of it."]]


def _body(reviews: Sequence[WorkspaceReview], room: Room, *, is_single: bool) -> Iterator[Block]:
    """What takes access away in any workspace comes before everything else in all workspaces."""
    for each in reviews:
        if each.kept or each.dangers:
            yield from _heading(each, each.verdict, is_single=is_single)
            yield from _worst(each, room)
    for each in reviews:
        if each.others or each.notes:
            is_begun = bool(each.kept or each.dangers)
            yield from _heading(each, "everything else" if is_begun else each.verdict, is_single=is_single)
            yield from _rest(each)
    yield from _unchanged(reviews if is_single else [each for each in reviews if each.is_quiet])


def _heading(one: WorkspaceReview, text: str, *, is_single: bool) -> Iterator[Block]:
    if not is_single:
        yield [f"#### {code(one.workspace)}: {words(text)}"]


def _worst(one: WorkspaceReview, room: Room) -> Iterator[Block]:
    for each in one.kept:
        if room.names_only:
            names = line(joined((row.name for row in each.rows), ", "))
            yield [f"**{words(each.title)}** ({len(each.rows):,}, only names): {names}"]
        else:
            yield from _table(each)
    for danger in one.dangers:
        yield _danger(danger)
    if one.allow_all:
        yield ["To allow all of these in this plan only:"]
        yield fence(one.allow_all)


def _danger(danger: Danger) -> Block:
    if not danger.is_refused:
        return [f"> **Allowed:** {code(danger.name)} — {line(danger.text)}."]
    lines = ["[!CAUTION]", f"**Refused:** {code(danger.name)} — {line(danger.text)}."]
    if danger.command:
        lines += ["To allow it in this plan only:", "", *fence(danger.command)]
    elif danger.why_not:
        lines += [words(f"It cannot be allowed: {danger.why_not}.")]
    return [f"> {each}".rstrip() for each in lines]


def _rest(one: WorkspaceReview) -> Iterator[Block]:
    for each in one.others:
        is_long = len(each.rows) > _UNFOLDED
        yield from _folded(f"{each.title} ({len(each.rows):,})", _table(each)) if is_long else _table(each)
    if one.notes:
        yield ["**Notes**"]
        yield [f"- {line(note)}" for note in one.notes]


def _unchanged(reviews: Sequence[WorkspaceReview]) -> Iterator[Block]:
    """What is left alone, and where the facts come from."""
    if not reviews:
        return
    if len(reviews) == 1:
        title = ", ".join(reviews[0].unchanged) or "Details"
        yield from _folded(title, [[f"- {line(each)}" for each in reviews[0].about]])
        return
    lines = [f"- {code(each.workspace)}: {words(', '.join(each.unchanged) or 'empty')}" for each in reviews]
    yield from _folded(f"{len(reviews):,} workspaces without changes", [lines])


def _folded(title: str, blocks: Sequence[Block] | Iterator[Block]) -> Iterator[Block]:
    yield [f"<details><summary>{summary(title)}</summary>"]
    yield from blocks
    yield ["</details>"]


def _table(each: Table) -> Iterator[Block]:
    often = legend(each.rows)
    yield [f"**{words(each.title)}**"]
    yield table(each.heads, [_cells(each, row, explained=(row.what, row.effect) in often) for row in each.rows])
    if often:
        yield [f"- {line(what)} ({count:,}): {words(effect)}" for (what, effect), count in often.items()]


def _cells(each: Table, row: Row, *, explained: bool) -> list[str]:
    effect = own(row.effect) if row.effect and not explained else ()
    first = joined([row.what, effect], ": ")
    lines = [part for part in (first, *row.details) if part]
    cells = [cell(own(row.label)), cell(row.name), _LINE_BREAK.join(map(cell, lines)), cell(row.where)]
    return [*cells, *([cell(own(row.cause))] if len(each.heads) > len(cells) else [])]
