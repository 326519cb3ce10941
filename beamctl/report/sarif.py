"""SARIF 2.1.0, with everything that GitHub's code scanning requires."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from beamctl.document.problem import Place
from beamctl.model.text import printable
from beamctl.report.data import ReportData
from beamctl.report.findings import Finding, Level, findings, path_of
from beamctl.report.rules import Rule, all_rules

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVEL = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note"}
_MOST = 25_000
"""Results that GitHub accepts."""
_LONGEST_SET = 80
_MARKUP = re.compile(r"[\[\]]")
_PLACEHOLDER = re.compile(r"\{(?=\d)")


def report(data: ReportData) -> str:
    """One run with all rules and the findings, worst first."""
    from beamctl import __version__

    rules = list(all_rules())
    index = {rule.id: number for number, rule in enumerate(rules)}
    driver = {"name": "beamctl", "semanticVersion": __version__, "rules": list(map(_rule, rules))}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "automationDetails": {"id": f"beamctl/{_set_of(data)}/"},
        **_invocations(data),
        "results": [_result(data, index, each) for each in findings(data)[:_MOST]],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _invocations(data: ReportData) -> Mapping[str, Any]:
    """That the run failed for some workspaces, so that their results are missing."""
    if not data.failures:
        return {}
    notifications = [
        {
            "level": "error",
            "message": {"text": _message(printable(f"{each.workspace}: {each.message}"))},
            "descriptor": {"id": each.code},
            "locations": [_location(data, each.place)],
        }
        for each in data.failures
    ]
    return {"invocations": [{"executionSuccessful": False, "toolExecutionNotifications": notifications}]}


def _set_of(data: ReportData) -> str:
    """The workspaces, so that reports on others do not replace this one: their names, or a digest of many."""
    names = "+".join(sorted(data.workspaces)) or "documents"
    return names if len(names) <= _LONGEST_SET else hashlib.sha256(names.encode()).hexdigest()[:16]


def _rule(rule: Rule) -> Mapping[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.text},
        "help": {"text": rule.help},
        "defaultConfiguration": {"level": "warning"},
    }


def _result(data: ReportData, index: Mapping[str, int], finding: Finding) -> Mapping[str, Any]:
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": index[finding.rule.id],
        "level": _LEVEL[finding.level],
        "message": {"text": _message(finding.message)},
        "locations": [_location(data, finding.place)],
        "partialFingerprints": {"primaryLocationLineHash": f"{finding.fingerprint}:1"},
    }


def _location(data: ReportData, place: Place) -> Mapping[str, Any]:
    line, column = max(1, place.line), max(1, place.column)
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(path_of(data, place.source))},
            "region": {"startLine": line, "startColumn": column, "endLine": line, "endColumn": column + 1},
        }
    }


def _message(text: str) -> str:
    """The text without links (`[text](1)`) and placeholders (`{0}`)."""
    return _PLACEHOLDER.sub("{ ", _MARKUP.sub(lambda found: f"\\{found.group()}", text))
