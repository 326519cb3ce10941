"""A report in Markdown, for a comment on a pull request or a job summary: verdict first, then what takes access away,
then hazards and how to allow them, then everything else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial

from beamctl.report.data import CommandName, ReportData
from beamctl.report.digest import report_digest
from beamctl.report.markdown_escaping import cell, code, fence, is_markable, line, marker, summary, table, words
from beamctl.report.review.all import review
from beamctl.report.review.model import OUTCOME_HEADS, Danger, Overview, Row, Table, WorkspaceReview, legend
from beamctl.report.room import Room, Shares, fitted
from beamctl.report.spans import joined, own

COMMENT = 65_536
"""Bytes of a comment. GitHub's error message names this number, though more is accepted in some places."""

_LONGEST_SET = 200
_UNFOLDED = 20
"""Rows of additions that are not folded."""
_KEPT = {
    CommandName.PLAN: "removals and demotions",
    CommandName.DRIFT: "entries that are not declared",
    CommandName.APPLY: "failures, removals and demotions",
}
_MORE = {CommandName.PLAN: "beamctl plan", CommandName.DRIFT: "beamctl drift", CommandName.APPLY: "beamctl runs"}
_WARNING = {CommandName.PLAN: ". Do not approve it from this report", CommandName.DRIFT: "", CommandName.APPLY: ""}
_DOUBT = "The response of the API may be wrong or incomplete:"
_LINE_BREAK = "<br>"


def report(data: ReportData) -> str:
    """The report, in the size of a comment."""
    return rendered(data, COMMENT)


def rendered(data: ReportData, limit: int) -> str:
    """The report with at most `limit` bytes in UTF-8.

    Removals and demotions are cut last. If not even their names fit, the report says so at its top. A report longer
    than the limit is returned only if its verdict alone is longer.
    """
    digest = report_digest(data)
    whole = review(data, digest)
    return fitted(whole, limit, partial(_text, data, digest, Shares.of(whole)))


def set_of(data: ReportData) -> str:
    """The name of the set of workspaces in a marker: their names, or a digest if that is too long."""
    names = ".".join(sorted(data.workspaces))
    if is_markable(names) and len(names) <= _LONGEST_SET:
        return names
    return f"sha256:{hashlib.sha256(names.encode()).hexdigest()}"


def _text(data: ReportData, digest: str, total: Shares, left: Overview, room: Room) -> str:
    is_cut = room != Room()
    fields = {"set": set_of(data), "digest": digest, "truncated": "1" if is_cut else "0"}
    counts = _counts(data.command, total, Shares.of(left), room) if is_cut else []
    one = left.workspaces[0] if len(data.plans) == len(data.workspaces) == 1 else None
    title = f"### {words(left.verdict)}" + (f" · {code(one.workspace)}" if one else "")
    blocks = [
        [marker(f"beamctl:{data.command.value}:v1", fields)],
        [title],
        *_failures(left),
        *counts,
        *_outcomes(left),
        *_body(left.workspaces, room, is_single=one is not None),
        *(_quiet(left.workspaces, total.quiet) if one is None else _unchanged(one)),
        *counts,
        [f"<sub>{line(joined(left.about, ' · '))}</sub>"],
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


Block = list[str]


def _counts(command: CommandName, total: Shares, shown: Shares, room: Room) -> list[Block]:
    """What is cut, in words: at the top and at the bottom."""
    pairs = (
        (_KEPT[command], shown.kept, total.kept),
        ("hazards", shown.dangers, total.dangers),
        ("other changes", shown.others, total.others),
        ("notes", shown.notes, total.notes),
    )
    parts = [f"{part:,} of {all_:,} {what}" for what, part, all_ in pairs if all_]
    text = f"{', '.join(parts)} shown. Details are {'left out' if room.names_only else 'shortened'}."
    more = f"Run {code(_MORE[command])} to see everything."
    if shown.kept < total.kept:
        return [["> [!CAUTION]", f"> **Incomplete{_WARNING[command]}:** {words(text)} {more}"]]
    return [["> [!WARNING]", f"> **Shortened:** {words(text)} {more}"]]


def _failures(found: Overview) -> Iterator[Block]:
    """The workspaces that failed, each with what to do about it."""
    if found.failures:
        lines = ["[!CAUTION]", words(found.failed), ""]
        for each in found.failures:
            lines.append(f"- {code(each.workspace)} ({line(each.where)}): {line(each.why)}")
            lines += [f"  - {line(detail)}" for detail in each.details]
        lines += [f"- and {found.unlisted[0]:,} more"] if found.unlisted[0] else []
        yield [f"> {text}".rstrip() for text in lines]


def _outcomes(found: Overview) -> Iterator[Block]:
    """What became of each workspace that has something to say."""
    if found.outcomes:
        yield table(OUTCOME_HEADS, [[code(each.workspace), cell(each.what)] for each in found.outcomes])
        if more := found.unlisted[1]:
            yield [words(f"and {more:,} more workspaces")]


def _body(reviews: Sequence[WorkspaceReview], room: Room, *, is_single: bool) -> Iterator[Block]:
    """What takes access away in any workspace comes before everything else in all workspaces."""
    for each in reviews:
        if each.is_first:
            yield from _heading(each, each.verdict, is_single=is_single)
            yield from _worst(each, room)
    for each in reviews:
        if each.others or each.notes:
            yield from _heading(each, "everything else" if each.is_first else each.verdict, is_single=is_single)
            yield from _rest(each)


def _heading(one: WorkspaceReview, text: str, *, is_single: bool) -> Iterator[Block]:
    if not is_single:
        yield [f"#### {code(one.workspace)}: {words(text)}"]


def _worst(one: WorkspaceReview, room: Room) -> Iterator[Block]:
    if one.doubts:
        lines = ["[!WARNING]", words(_DOUBT), "", *(f"- {line(each)}" for each in one.doubts)]
        yield [f"> {text}".rstrip() for text in lines]
    for each in one.kept:
        if room.names_only:
            yield [f"**{words(each.title)}**"]
            yield list(_names(each.rows))
        else:
            yield from _table(each)
    if refusing := [each for each in one.dangers if each.is_refused]:
        yield [f"> {text}".rstrip() for text in _refusal(refusing, one.allow)]
    if granted := [each for each in one.dangers if not each.is_refused]:
        yield [f"**Allowed {'hazards' if len(granted) > 1 else 'hazard'}**"]
        yield [f"- {code(each.name)}: {line(each.text)}" for each in granted]


def _names(rows: Sequence[Row]) -> Iterator[str]:
    for label in dict.fromkeys(row.label for row in rows):
        named = [row.name for row in rows if row.label == label]
        yield f"- {words(f'{label} ({len(named):,})')}: {line(joined(named, ', '))}"


def _refusal(dangers: Sequence[Danger], command: str) -> Iterator[str]:
    """The lines of a callout: why a plan is refused, and how to allow it."""
    is_only = len(dangers) == 1 and bool(command)
    yield "[!CAUTION]"
    yield f"**Refused.** {words('beamctl apply changes nothing until this is allowed:')}"
    yield ""
    for each in dangers:
        why_not = f" It cannot be allowed: {each.why_not}." if each.why_not else ""
        flag = f" To allow it: {code(each.flag)}" if each.flag and not is_only else ""
        yield f"- {code(each.name)}: {line(each.text)}.{words(why_not)}{flag}"
    if command:
        yield from ("", f"To allow {'all of this' if len(dangers) > 1 else 'it'} in this plan only:", "")
        yield from fence(command)


def _rest(one: WorkspaceReview) -> Iterator[Block]:
    for each in one.others:
        is_long = len(each.rows) > _UNFOLDED
        yield from _folded(f"{each.title} ({len(each.rows):,})", _table(each)) if is_long else _table(each)
    if one.notes:
        yield ["**Notes**"]
        yield [f"- {line(note)}" for note in one.notes]


def _unchanged(one: WorkspaceReview) -> Iterator[Block]:
    """What is left alone, and where the facts come from."""
    yield from _folded(", ".join(one.unchanged) or "Details", [[f"- {line(each)}" for each in one.about]])


def _quiet(reviews: Sequence[WorkspaceReview], total: int) -> Iterator[Block]:
    """The workspaces without changes."""
    lines = [
        f"- {code(one.workspace)}: {words(', '.join(one.unchanged) or 'empty')}" for one in reviews if one.is_quiet
    ]
    lines += [f"- {total - len(lines):,} more"] if total > len(lines) else []
    if lines:
        yield from _folded(f"{total:,} {'workspaces' if total > 1 else 'workspace'} without changes", [lines])


def _folded(title: str, blocks: Sequence[Block] | Iterator[Block]) -> Iterator[Block]:
    yield [f"<details><summary>{summary(title)}</summary>"]
    yield from blocks
    yield ["</details>"]


def _table(each: Table) -> Iterator[Block]:
    often = legend(each.rows)
    yield [f"**{words(f'{each.title} ({len(each.rows):,})')}**"]
    yield table(each.heads, [_cells(each, row, explained=(row.what, row.effect) in often) for row in each.rows])
    if often:
        yield [f"- {line(what)} ({count:,}): {words(effect)}" for (what, effect), count in often.items()]


def _cells(each: Table, row: Row, *, explained: bool) -> list[str]:
    effect = own(row.effect) if row.effect and not explained else ()
    first = joined([row.what, effect], ": ")
    lines = [part for part in (first, *row.details) if part]
    cells = [cell(own(row.label)), cell(row.name), _LINE_BREAK.join(map(cell, lines)), cell(row.where)]
    return [*cells, *([cell(row.cause)] if len(each.heads) > len(cells) else [])]
