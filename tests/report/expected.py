"""What a report has to show, from the value that it is made from."""

from beamctl.report.data import ReportData
from beamctl.report.markdown_escaping import without_mentions
from beamctl.report.review.all import review
from beamctl.report.review.model import OUTCOME_HEADS, Overview, Row, Table, legend
from beamctl.report.spans import Spans
from tests.report.readers import Cell, Grid


def review_of(data: ReportData) -> Overview:
    return review(data, "")


def tables_of(found: Overview) -> list[Table]:
    """Every table, in the order of a report."""
    first = [table for one in found.workspaces for table in one.kept]
    return first + [table for one in found.workspaces for table in one.others]


def grids(data: ReportData, *, mentions: bool) -> list[Grid]:
    """Every table as a parser must see it.

    Args:
        data: The report's value.
        mentions: Whether values keep an `@` that would mention someone.
    """
    found = review_of(data)
    shown = [
        [[Cell(head) for head in table.heads], *(_row(table, row, mentions=mentions) for row in table.rows)]
        for table in tables_of(found)
    ]
    return [_outcomes(found, mentions=mentions), *shown] if found.outcomes else shown


def _outcomes(found: Overview, *, mentions: bool) -> Grid:
    rows = [[Cell(each.workspace, (each.workspace,)), _cell(each.what, mentions=mentions)] for each in found.outcomes]
    return [[Cell(head) for head in OUTCOME_HEADS], *rows]


def _row(table: Table, row: Row, *, mentions: bool) -> list[Cell]:
    is_explained = (row.what, row.effect) in legend(table.rows)
    lines = [_cell(each, mentions=mentions) for each in (row.what, *row.details)]
    if row.effect and not is_explained:
        lines[0] = Cell(": ".join(filter(None, (lines[0].text, row.effect))), lines[0].codes)
    what = Cell(
        "\n".join(each.text for each in lines if each.text), tuple(code for each in lines for code in each.codes)
    )
    cells = [Cell(row.label), _cell(row.name, mentions=mentions), what, _cell(row.where, mentions=mentions)]
    return [*cells, _cell(row.cause, mentions=mentions)][: len(table.heads)]


def _cell(spans: Spans, *, mentions: bool) -> Cell:
    texts = [without_mentions(span.text) if span.is_value and not mentions else span.text for span in spans]
    return Cell("".join(texts), tuple(text for text, span in zip(texts, spans, strict=True) if span.is_value))
