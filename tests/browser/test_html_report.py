"""HTML reports in a browser: accessible in light and dark mode and in narrow windows; they load and run nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from beamctl.report.data import ReportData
from beamctl.report.html import report
from tests.browser.test_accessibility import violations
from tests.report.hostile_reports import hostile_reports
from tests.report.hostile_values import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def window(chromium: Browser) -> Iterator[Page]:
    """An empty window. axe needs scripts, which the policy of a report forbids, so the policy is off."""
    context = chromium.new_context(bypass_csp=True)
    yield context.new_page()
    context.close()


def written(data: ReportData, folder: Path) -> str:
    path = folder / f"{data.command.value}.html"
    path.write_text(report(data), "utf-8")
    return path.as_uri()


@pytest.mark.parametrize("value", ["ada@example.com", "x" * 300, "<img src=x onerror=alert(1)>"], ids=["a", "b", "c"])
def test_reports_are_accessible_in_every_window(window: Page, tmp_path: Path, value: str) -> None:
    for data in hostile_reports(value):
        window.goto(written(data, tmp_path))
        assert violations(window) == ""


def test_nothing_is_loaded_run_or_blocked(chromium: Browser, tmp_path: Path) -> None:
    context = chromium.new_context()
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    for value in HOSTILE:
        for data in hostile_reports(value):
            url = written(data, tmp_path)
            page.goto(url)
            assert set(asked) == {url}
            assert said == []
            asked.clear()
    assert page.locator("table.changes").first.evaluate("each => getComputedStyle(each).borderCollapse") == "collapse"
    context.close()
