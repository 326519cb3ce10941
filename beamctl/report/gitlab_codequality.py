"""GitLab's Code Quality report: findings on lines of documents. GitLab drops everything after an invalid entry.

A module of its own: there is one for each format."""

from __future__ import annotations

import json

from beamctl.report.data import ReportData
from beamctl.report.findings import Level, findings, path_of

_SEVERITY = {Level.ERROR: "critical", Level.WARNING: "major", Level.NOTE: "info"}


def report(data: ReportData) -> str:
    """All findings, worst first."""
    entries = [
        {
            "description": each.message,
            "check_name": each.rule.id,
            "fingerprint": each.fingerprint,
            "severity": _SEVERITY[each.level],
            "location": {"path": path_of(data, each.place.source), "lines": {"begin": max(1, each.place.line)}},
        }
        for each in findings(data)
    ]
    return json.dumps(entries, indent=2) + "\n"
