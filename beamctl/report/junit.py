"""JUnit XML: one test for each document, each guard, and each object that is declared or differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import TYPE_CHECKING

from beamctl.document.problem import Place
from beamctl.model.email import folded
from beamctl.model.text import printable
from beamctl.plan.hazard import DO_NOT_TRUST, STANDARD_INPUT, Risk, refused
from beamctl.plan.plan import Plan
from beamctl.report.data import CommandName, ReportData
from beamctl.report.drift_details_spans import uncovered_spans
from beamctl.report.findings import Finding, Level, change_subject, findings, of_failure, path_of
from beamctl.report.rules import RuleCode, rule_of
from beamctl.report.spans import plain
from beamctl.report.wording import words

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


class Verdict(StrEnum):
    """How a test ended: the name of its element in XML."""

    PASSED = "passed"
    FAILED = "failure"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class TestCase:
    """One test.

    Attributes:
        group: The document, the guards, or a section.
        rule: The rule that explains the verdict.
    """

    __test__ = False  # for pytest

    group: str
    name: str
    place: Place
    verdict: Verdict = Verdict.PASSED
    rule: str = ""
    message: str = ""


_APPLIED = {
    rule_of(RuleCode.CHANGE_FAILED).id: Verdict.FAILED,
    rule_of(RuleCode.CHANGE_NOT_CONFIRMED).id: Verdict.ERROR,
    rule_of(RuleCode.CHANGE_NOT_ATTEMPTED).id: Verdict.ERROR,
}


def report(data: ReportData) -> str:
    """All tests, one suite for each workspace."""
    from xml.etree import ElementTree as ET

    found = {(each.workspace, each.subject): each for each in findings(data)}
    plans = {plan.workspace: plan for plan in data.plans}
    suites = [
        (name, [*_failed(data, name), *(_cases(data, plans[name], found) if name in plans else ())])
        for name in data.workspaces
    ]
    if not suites:  # the documents were only validated
        suites = [("documents", list(_of_documents(data)))]
    total = _counted(
        ET.Element("testsuites"),
        f"beamctl {data.command if data.workspaces else 'validate'}",
        [each for _, suite in suites for each in suite],
    )
    for workspace, cases in suites:
        suite = _counted(ET.SubElement(total, "testsuite"), workspace, cases)
        taken: set[tuple[str, str]] = set()
        for each in cases:
            name = next(name for name in _names(each) if (each.group, name) not in taken)
            taken.add((each.group, name))
            _add(data, suite, f"{workspace}.{each.group}", name, each)
    ET.indent(total)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(total, encoding="unicode")}\n'


def _counted(element: Element, name: str, cases: Sequence[TestCase]) -> Element:
    counts = Counter(each.verdict for each in cases)
    element.set("name", printable(name))
    element.set("tests", str(len(cases)))
    for attribute, verdict in (("failures", Verdict.FAILED), ("errors", Verdict.ERROR), ("skipped", Verdict.SKIPPED)):
        element.set(attribute, str(counts[verdict]))
    element.set("time", "0")
    return element


def _names(case: TestCase) -> Iterator[str]:
    """Names for a test, best first. Of several tests with the same name, readers would count only one."""
    name = printable(case.name)
    yield name
    yield from (f"{name} ({number})" for number in count(2))


def _add(data: ReportData, suite: Element, group: str, name: str, case: TestCase) -> None:
    from xml.etree.ElementTree import SubElement

    element = SubElement(suite, "testcase", classname=group, name=name, time="0")
    if case.place.source != STANDARD_INPUT:
        element.set("file", printable(path_of(data, case.place.source)))
        element.set("line", str(max(1, case.place.line)))
    if case.verdict is not Verdict.PASSED:
        ended = SubElement(element, case.verdict.value, type=case.rule, message=printable(case.message))
        ended.text = printable(case.message)


Found = Mapping[tuple[str, tuple[str, ...]], Finding]


def _cases(data: ReportData, plan: Plan, found: Found) -> Iterator[TestCase]:
    yield TestCase("document", f"{plan.source} is valid", Place(plan.source))
    yield from _of_drift(data, plan) if data.command is CommandName.DRIFT else _of_guards(data, plan)
    for kind, section in plan.sections.items():
        yield from _of_section(data, plan, (kind, section), found)


def _failed(data: ReportData, workspace: str) -> Iterator[TestCase]:
    """The errors that kept a workspace from being read or changed."""
    for each in data.failures:
        if each.workspace == workspace:
            for finding in of_failure(data, each):
                name = finding.text if each.problems else "no error"
                yield TestCase("workspace", name, finding.place, Verdict.ERROR, finding.rule.id, finding.text)


def _of_documents(data: ReportData) -> Iterator[TestCase]:
    for source in data.documents:
        yield TestCase("document", f"{source} is valid", Place(source))
    for each in (finding for finding in findings(data) if finding.level is Level.ERROR):
        where = ":".join(map(str, filter(None, (each.place.source, each.place.line))))
        yield TestCase("document", f"{where}: {each.text}", each.place, Verdict.FAILED, each.rule.id, each.text)


def _of_guards(data: ReportData, plan: Plan) -> Iterator[TestCase]:
    blocking = refused(plan.hazards, data.allowed, plan.workspace)
    for risk in Risk:
        theirs = [hazard for hazard in plan.hazards if hazard.risk is risk]
        text = "; ".join(words(hazard.fact) for hazard in theirs)
        verdict = Verdict.PASSED
        if any(hazard.risk is risk for hazard in blocking):
            verdict = Verdict.ERROR if risk in DO_NOT_TRUST else Verdict.FAILED
        elif theirs:
            verdict, text = Verdict.SKIPPED, f"allowed: {text}"
        yield TestCase("guards", risk.value, Place(plan.source), verdict, rule_of(risk).id, text)
    yield from _of_notes(plan, Verdict.SKIPPED)


def _of_drift(data: ReportData, plan: Plan) -> Iterator[TestCase]:
    text = "; ".join(map(words, plan.anomalies))
    rule, verdict = rule_of(RuleCode.LISTING_IN_DOUBT).id, Verdict.ERROR if text else Verdict.PASSED
    yield TestCase("workspace", "its listings are complete", Place(plan.source), verdict, rule, text)
    if data.details.required_coverage is not None:
        text = plain(uncovered_spans(plan.workspace, data.details))
        rule, verdict = rule_of(RuleCode.COVERAGE_TOO_LOW).id, Verdict.FAILED if text else Verdict.PASSED
        yield TestCase("workspace", "its coverage is as required", Place(plan.source), verdict, rule, text)
    yield from _of_notes(plan, Verdict.FAILED)


def _of_notes(plan: Plan, verdict: Verdict) -> Iterator[TestCase]:
    """Differences that are left alone. One that the document itself accepts for now is skipped."""
    rule = rule_of(RuleCode.LEFT_ALONE).id
    for note in plan.notes:
        if note.differs or note.excused:
            ended = Verdict.SKIPPED if note.excused else verdict
            text = words(note.fact)
            yield TestCase(RuleCode.LEFT_ALONE.value, text, note.place or Place(plan.source), ended, rule, text)


def _of_section(data: ReportData, plan: Plan, kind: tuple[str, str], found: Found) -> Iterator[TestCase]:
    """The objects of one kind: those that the document declares, and all others that change."""
    name, section = kind
    changes = [change for change in plan.changes if change.kind == name]
    changed = {text for change in changes for text in (change.name, change.key)}
    known = [each.known for each in data.details.known if plan.workspace in each.accepted and each.known.kind == name]
    changed |= {text for each in known for text in (each.name, folded(each.name))}
    declared = plan.declared_sections.get(name)
    for each in declared.names if declared else ():
        if each not in changed and not ("@" in each and folded(each) in changed):
            yield TestCase(section, each, declared.place if declared else Place(plan.source))
    applied = any(begun.workspace == plan.workspace for begun, _ in data.results)
    for change in changes:
        finding = found.get((plan.workspace, change_subject(change)))
        if finding is None:  # it was made
            yield TestCase(section, change.name, change.place or Place(plan.source))
            continue
        verdict = Verdict.FAILED if data.command is CommandName.DRIFT else Verdict.SKIPPED
        verdict = _APPLIED[finding.rule.id] if applied else verdict
        yield TestCase(section, change.name, finding.place, verdict, finding.rule.id, finding.text)
