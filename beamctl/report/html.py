"""A report as one HTML page that works offline and in print: for reviewers without access to the repository, and as an
attachment to an access review. It has no script and loads nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from beamctl.model.identity import Role
from beamctl.report.data import ReportData
from beamctl.report.digest import report_digest
from beamctl.report.html_style import STYLE, style_digest
from beamctl.report.permissions import ABILITIES
from beamctl.report.review.all import review
from beamctl.report.review.model import (
    OUTCOME_HEADS,
    Danger,
    Overview,
    Row,
    Table,
    WorkspaceReview,
    legend,
    shortened,
)
from beamctl.report.spans import Spans, joined, own

_LONGEST = 10_000


def report(data: ReportData) -> str:
    """The page."""
    found = review(data, report_digest(data))
    is_single = len(data.plans) == len(data.workspaces) == 1
    title = f"{found.verdict} · {found.workspaces[0].workspace}" if is_single else found.verdict
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_text(_policy())}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{_text(title)}</title>",
        f"<style>{STYLE}</style>",
        "</head>",
        "<body>",
        "<main>",
        f"<h1>{_text(found.verdict)}{' · ' + _code(found.workspaces[0].workspace) if is_single else ''}</h1>",
        *_body(found, is_single=is_single),
        "</main>",
        "<footer>",
        *_roles(),
        f"<p>{_line(joined(found.about, ' · '))}</p>",
        "</footer>",
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _policy() -> str:
    return f"default-src 'none'; style-src '{style_digest()}'; base-uri 'none'; form-action 'none'"


def _text(text: str) -> str:
    return escape(text, quote=True)


def _code(value: str) -> str:
    return f"<code>{_text(value)}</code>"


def _line(spans: Spans) -> str:
    cut = shortened(spans, _LONGEST)
    return "".join(_code(span.text) if span.is_value else _text(span.text) for span in cut)


def _body(found: Overview, *, is_single: bool) -> Iterator[str]:
    """What takes access away in any workspace comes before everything else in all workspaces."""
    level = "h2" if is_single else "h3"
    yield from _failures(found)
    yield from _outcomes(found)
    for each in found.workspaces:
        if each.is_first:
            yield from _section(each, each.verdict, [*_worst(each, level)], is_single=is_single)
    for each in found.workspaces:
        if each.others or each.notes:
            text = "everything else" if each.is_first else each.verdict
            yield from _section(each, text, [*_rest(each, level)], is_single=is_single)
    yield "<section>"
    for each in found.workspaces:
        if each.is_quiet and not is_single:
            continue
        yield "<details open>"
        counts = ", ".join(each.unchanged) or "nothing else"
        yield f"<summary>{'' if is_single else _code(each.workspace) + ': '}{_text(counts)}</summary>"
        yield f"<ul>{''.join(f'<li>{_line(fact)}</li>' for fact in each.about)}</ul>"
        yield "</details>"
    if not is_single:
        yield from _quiet([each for each in found.workspaces if each.is_quiet])
    yield "</section>"


def _quiet(reviews: Sequence[WorkspaceReview]) -> Iterator[str]:
    """The workspaces without changes, in one line that unfolds."""
    if reviews:
        yield "<details>"
        yield f"<summary>{len(reviews):,} workspace{'s' * (len(reviews) != 1)} without changes</summary>"
        yield "<ul>"
        for each in reviews:
            facts = _line(joined([own(", ".join(each.unchanged)), *each.about], " · "))
            yield f"<li>{_code(each.workspace)}: {facts}</li>"
        yield "</ul>"
        yield "</details>"


def _failures(found: Overview) -> Iterator[str]:
    if found.failures:
        yield '<div class="danger refused">'
        yield f"<p><strong>{_text(found.failed)}</strong></p>"
        yield "<ul>"
        for each in found.failures:
            details = "".join(f"<li>{_line(detail)}</li>" for detail in each.details)
            inner = f"<ul>{details}</ul>" if details else ""
            yield f"<li>{_code(each.workspace)} ({_line(each.where)}): {_line(each.why)}{inner}</li>"
        if more := found.unlisted[0]:
            yield f"<li>and {more:,} more</li>"
        yield "</ul>"
        yield "</div>"


def _outcomes(found: Overview) -> Iterator[str]:
    if found.outcomes:
        yield "<table>"
        heads = "".join(f'<th scope="col">{_text(head)}</th>' for head in OUTCOME_HEADS)
        yield f"<thead><tr>{heads}</tr></thead>"
        yield "<tbody>"
        for each in found.outcomes:
            yield f"<tr><td>{_code(each.workspace)}</td><td>{_line(each.what)}</td></tr>"
        yield "</tbody>"
        yield "</table>"
        if more := found.unlisted[1]:
            yield f"<p>and {more:,} more workspaces</p>"


def _section(one: WorkspaceReview, text: str, lines: Sequence[str], *, is_single: bool) -> Iterator[str]:
    yield "<section>"
    if not is_single:
        yield f"<h2>{_code(one.workspace)}: {_text(text)}</h2>"
    yield from lines
    yield "</section>"


def _worst(one: WorkspaceReview, level: str) -> Iterator[str]:
    if one.doubts:
        yield '<div class="danger">'
        yield "<p>The response of the API may be wrong or incomplete:</p>"
        yield f"<ul>{''.join(f'<li>{_line(each)}</li>' for each in one.doubts)}</ul>"
        yield "</div>"
    for each in one.kept:
        yield from _table(each, level, "worst")
    if refusing := [each for each in one.dangers if each.is_refused]:
        yield '<div class="danger refused">'
        yield "<p><strong>Refused.</strong> beamctl apply changes nothing until this is allowed:</p>"
        yield from _dangers(refusing, is_only=len(refusing) == 1 and bool(one.allow))
        if one.allow:
            yield f"<p>To allow {'all of this' if len(refusing) > 1 else 'it'} in this plan only:</p>"
            yield f"<pre>{_text(one.allow)}</pre>"
        yield "</div>"
    if granted := [each for each in one.dangers if not each.is_refused]:
        yield '<div class="danger">'
        yield f"<p><strong>Allowed {'hazards' if len(granted) > 1 else 'hazard'}</strong></p>"
        yield from _dangers(granted)
        yield "</div>"


def _dangers(dangers: Sequence[Danger], *, is_only: bool = False) -> Iterator[str]:
    yield "<ul>"
    for each in dangers:
        why_not = f" It cannot be allowed: {each.why_not}." if each.why_not else ""
        flag = f" To allow it: {_code(each.flag)}" if each.flag and not is_only else ""
        yield f"<li>{_code(each.name)}: {_line(each.text)}.{_text(why_not)}{flag}</li>"
    yield "</ul>"


def _rest(one: WorkspaceReview, level: str) -> Iterator[str]:
    for each in one.others:
        yield from _table(each, level, "other")
    if one.notes:
        yield f"<{level}>Notes</{level}>"
        yield f"<ul>{''.join(f'<li>{_line(note)}</li>' for note in one.notes)}</ul>"


def _table(each: Table, level: str, sort: str) -> Iterator[str]:
    often = legend(each.rows)
    yield f"<{level}>{_text(each.title)} ({len(each.rows):,})</{level}>"
    yield f'<table class="changes {sort}">'
    heads = "".join(f'<th scope="col">{_text(head)}</th>' for head in each.heads)
    yield f"<thead><tr>{heads}</tr></thead>"
    yield "<tbody>"
    for row in each.rows:
        cells = zip(each.heads, _cells(row, explained=(row.what, row.effect) in often), strict=False)
        yield "<tr>" + "".join(f'<td data-head="{_text(head)}">{cell}</td>' for head, cell in cells) + "</tr>"
    yield "</tbody>"
    yield "</table>"
    if often:
        items = (f"<li>{_line(what)} ({count:,}): {_text(effect)}</li>" for (what, effect), count in often.items())
        yield f"<ul>{''.join(items)}</ul>"


def _cells(row: Row, *, explained: bool) -> Iterator[str]:
    yield _text(row.label)
    yield _line(row.name)
    first = joined([row.what, own(row.effect) if not explained else ()], ": ")
    yield "<br>".join(_line(part) for part in (first, *row.details) if part)
    yield _line(row.where)
    yield _line(row.cause)


def _roles() -> Iterator[str]:
    """What each role allows, for readers who know only names of roles."""
    yield "<h2>What each role allows</h2>"
    yield "<table>"
    heads = "".join(f'<th scope="col">{_text(role.value)}</th>' for role in Role)
    yield f'<thead><tr><th scope="col">permission</th>{heads}</tr></thead>'
    yield "<tbody>"
    for each in ABILITIES:
        marks = "".join(f"<td>{'yes' if role in each.roles else 'no'}</td>" for role in Role)
        yield f'<tr><th scope="row">{_text(each.text)}</th>{marks}</tr>'
    yield "</tbody>"
    yield "</table>"
    yield "<p>The operator of the API does not document what a viewer may do; this table assumes read access.</p>"
