"""The report as a page: the same content as in Markdown, nothing that runs or loads, whatever values are in it."""

import re
from typing import Any

import pytest
from html5lib.html5parser import ParseError

from beamctl.model.text import printable
from beamctl.report.data import CommandName, ReportData
from beamctl.report.html import report
from beamctl.report.html_style import STYLE, style_digest
from beamctl.report.permissions import ABILITIES
from tests.fakes.runs import document, planned
from tests.fakes.workspace import FakeWorkspace, person
from tests.report.expected import grids
from tests.report.hostile_reports import harmless, hostile_reports
from tests.report.hostile_values import HOSTILE
from tests.report.readers import TAG, page_of, tables_by_html5lib

ELEMENTS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "main",
    "footer",
    "section",
    "h1",
    "h2",
    "h3",
    "p",
    "strong",
}
ELEMENTS |= {"code", "pre", "table", "thead", "tbody", "tr", "th", "td", "br", "ul", "li", "details", "summary", "div"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "scope", "data-head", "open"}
CLASSES = {"changes worst", "changes other", "danger", "danger refused"}


def elements(page: Any, name: str) -> list[Any]:
    return list(page.iter(f"{TAG}{name}"))


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_a_browser_sees_exactly_the_values(value: str) -> None:
    for data in hostile_reports(value):
        text = report(data)
        page = page_of(text)
        *changes, roles = tables_by_html5lib(page)
        assert changes == grids(data, mentions=True)
        assert len(roles) == len(ABILITIES) + 1
        found = {element.tag.removeprefix(TAG) for element in page.iter() if isinstance(element.tag, str)}
        assert found <= ELEMENTS
        assert all(isinstance(element.tag, str) for element in page.iter())  # no comment
        assert {name for element in page.iter() for name in element.attrib} <= ATTRIBUTES
        assert {element.attrib["class"] for element in page.iter() if "class" in element.attrib} <= CLASSES
        codes = {"".join(code.itertext()) for code in elements(page, "code")}
        assert printable(value) in codes
        assert all(char.isprintable() or char == "\n" for char in text)


def test_the_page_loads_and_runs_nothing() -> None:
    page = page_of(report(ReportData(CommandName.PLAN, [harmless()])))
    [style] = elements(page, "style")
    assert style.text.strip() == STYLE.strip()
    assert not re.search(r"url\(|@import|http", STYLE)
    [policy] = [each.attrib["content"] for each in elements(page, "meta") if "http-equiv" in each.attrib]
    assert policy == f"default-src 'none'; style-src '{style_digest()}'; base-uri 'none'; form-action 'none'"


def test_removals_come_first_and_hazards_next() -> None:
    text = report(ReportData(CommandName.PLAN, [harmless()]))
    parts = [
        "<h1>Refused: ",
        "Removals and demotions",
        "<strong>Refused.</strong>",
        "Additions and promotions",
        "Notes",
    ]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)
    assert "beamctl apply changes nothing until this is allowed" in text


def test_several_workspaces_are_named() -> None:
    there = [[], [person("eve@x.io")]]
    want = document({"root@x.io": "admin"})
    plans = [planned(want, FakeWorkspace.of([person("root@x.io", "admin"), *more])) for more in there]
    text = report(ReportData(CommandName.PLAN, plans))
    assert "<h1>1 person loses access, in 1 of 2 workspaces</h1>" in text
    assert "<h2><code>acme</code>: 1 person loses access</h2>" in text
    assert text.count("<summary><code>acme</code>: 1 unchanged</summary>") == 1
    assert "<summary>1 workspace without changes</summary>" in text


@pytest.mark.parametrize(
    "broken",
    ["<td>a<script>x</script></td>", "<td>a & b &lt</td></td>", '<td data-head="a"b">x</td>', "<td><code>x</td>"],
)
def test_the_parser_rejects_broken_pages(broken: str) -> None:
    page = f"<!DOCTYPE html><html><head><title>x</title></head><body>{TABLE}</body></html>"
    assert tables_by_html5lib(page_of(page.format("<td>a</td>")))[0][0][0].text == "a"
    assert is_rejected(page.format(broken))


TABLE = "<table><tbody><tr>{}</tr></tbody></table>"


def is_rejected(text: str) -> bool:
    try:
        page = page_of(text)
    except ParseError:
        return True
    return not {element.tag.removeprefix(TAG) for element in page.iter()} <= ELEMENTS
