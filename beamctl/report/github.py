"""The report for a step in GitHub Actions: annotations on lines of documents, and outputs. The summary is Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from beamctl.errors import RefusedError
from beamctl.plan.hazard import STANDARD_INPUT, refused
from beamctl.plan.plan_json import change_data
from beamctl.report.apply_text import totals
from beamctl.report.data import CommandName, ReportData
from beamctl.report.digest import report_digest
from beamctl.report.findings import Finding, Level, findings, path_of

LARGEST_SUMMARY = 1024 * 1024
"""Maximum size of a step's summary in bytes. GitHub drops a larger one."""

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}
_MOST = 10
"""Annotations of each type that a step may have. GitHub drops the others without a hint."""
_LONGEST, _LONGEST_TITLE = 4_000, 250
_IN_MESSAGE = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), ("##[", "##\u200b["))
_IN_PROPERTY = (*_IN_MESSAGE, (":", "%3A"), (",", "%2C"))


def report(data: ReportData) -> str:
    """The outputs and the annotations."""
    return "\n".join([*(f"{name}={value}" for name, value in outputs(data).items()), *annotation_lines(data)]) + "\n"


def outputs(data: ReportData) -> Mapping[str, str]:
    """The outputs of the step: numbers, `true`, `false` or `unknown`, and a digest. No value comes from a document or
    the API."""
    if not data.workspaces:  # the documents were only validated
        counts = {"problems": len(data.problems), "warnings": len(data.warnings)}
        return {"valid": str(not data.problems).lower()} | {name: str(value) for name, value in counts.items()}
    actions = Counter(change_data("", change)["change"]["actions"][0] for plan in data.plans for change in plan.changes)
    blocking = sum(len(refused(plan.hazards, data.allowed, plan.workspace)) for plan in data.plans)
    is_drift = data.command is CommandName.DRIFT
    flags = {
        "valid": not any(each.problems for each in data.failures),
        "changes": bool(actions),
        "refused": not is_drift and (bool(blocking) or any(each.code == RefusedError.code for each in data.failures)),
        "drift": is_drift and any(plan.differs for plan in data.plans),
    }
    counts = {name: actions[name] for name in ("create", "update", "delete")}
    counts["hazards"] = 0 if is_drift else sum(len(plan.hazards) for plan in data.plans)
    counts["failures"] = len(data.failures)
    if data.command is CommandName.APPLY:
        total = totals([event for _, events in data.results for event in events])
        counts |= {"done": total.done, "deferred": total.deferred, "failed": total.failed}
        counts |= {"not_attempted": total.not_attempted, "not_confirmed": total.not_confirmed}
    found = {name: str(value).lower() for name, value in flags.items()}
    if data.failures:  # nothing is false of a workspace that is not known
        asked = ("changes", "drift") if is_drift else ("changes", "refused")
        found |= {name: "unknown" for name in asked if not flags[name]}
    found |= {name: str(value) for name, value in counts.items()}
    return found | {"digest": report_digest(data)}


def annotation_lines(data: ReportData) -> Sequence[str]:
    """The workflow commands that annotate lines, worst first: at most ten of a type; the tenth counts the rest."""
    found = findings(data)
    lines = []
    for level, command in _COMMANDS.items():
        theirs = [each for each in found if each.level is level]
        shown = theirs if len(theirs) <= _MOST else theirs[: _MOST - 1]
        lines += [_annotation(data, command, each) for each in shown]
        if more := len(theirs) - len(shown):
            lines.append(f"::{command} title=beamctl::and {more} more: see the summary")
    return lines


def _annotation(data: ReportData, command: str, finding: Finding) -> str:
    place = finding.place
    properties = {} if place.source == STANDARD_INPUT else {"file": path_of(data, place.source)}
    if properties and place.line:
        properties |= {"line": str(place.line)} | ({"col": str(place.column)} if place.column else {})
    properties["title"] = finding.title[:_LONGEST_TITLE]
    listed = ",".join(f"{name}={_escaped(value, _IN_PROPERTY)}" for name, value in properties.items())
    return f"::{command} {listed}::{_escaped(_cut(finding.text), _IN_MESSAGE)}"


def _cut(text: str) -> str:
    """The text within GitHub's limit, which counts a character outside the basic plane as two."""
    if len(text.encode("utf-16-le", "replace")) <= 2 * _LONGEST:
        return text
    return f"{text[: _LONGEST // 2]}… (cut)"


def _escaped(text: str, table: Sequence[tuple[str, str]]) -> str:
    for char, replacement in table:
        text = text.replace(char, replacement)
    return text
