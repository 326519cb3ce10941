"""The Markdown report.

A module of its own: a stand-in until the branch of the Markdown report is merged."""

from __future__ import annotations

from beamctl.report.data import ReportData
from beamctl.report.text_report import report as text_report


def report(data: ReportData) -> str:
    """The report as a comment."""
    return rendered(data, 65_536)


def rendered(data: ReportData, limit: int) -> str:
    """The report in at most `limit` bytes of UTF-8."""
    lines = [f"    {line}" for line in text_report(data).splitlines()]
    while len("\n".join(lines).encode()) + 64 > limit and lines:
        lines.pop()
    return f"<!-- beamctl:{data.command}:v1 set=stand-in digest=0 truncated=0 -->\n\n" + "\n".join(lines) + "\n"
