"""What a reader should look at, worst first: the common content of annotations, SARIF and Code Quality reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from posixpath import join, normpath, relpath
from typing import assert_never

from beamctl.apply.record import Confirmed, Ended, Event, NotAttempted, Started, Unconfirmed
from beamctl.document.problem import Place, Problem
from beamctl.errors import RefusedError
from beamctl.model.text import is_whole, printable
from beamctl.plan.change import Change, CreationKey
from beamctl.plan.hazard import STANDARD_INPUT, Hazard, refused
from beamctl.plan.kind import Status
from beamctl.plan.plan import Plan
from beamctl.report import change_text
from beamctl.report.apply_text import unconfirmed_text
from beamctl.report.data import CommandName, ReportData, WorkspaceFailure
from beamctl.report.drift_details_spans import known_spans, origin_spans, uncovered_spans
from beamctl.report.drift_text import difference_text
from beamctl.report.rules import FoundBy, Rule, RuleCode, rule_of
from beamctl.report.spans import plain
from beamctl.report.wording import words


class Level(IntEnum):
    """How bad a finding is, worst first."""

    ERROR = 1
    WARNING = 2
    NOTE = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. All text is safe to show on one line.

    Attributes:
        workspace: Empty for a problem of a document.
        subject: What it is about, stable from run to run: part of the fingerprint.
        text: One sentence without a period.
        place: The line that declares it; for something that no line declares, the key of its section.
        fingerprint: Identifies it from run to run, independent of its line. Unique within a report.
    """

    rule: Rule
    level: Level
    workspace: str
    subject: tuple[str, ...]
    text: str
    place: Place
    fingerprint: str = ""

    @property
    def title(self) -> str:
        """The rule, after the workspace."""
        return ": ".join(filter(None, (self.workspace, self.rule.title)))

    @property
    def message(self) -> str:
        """The text, after the workspace."""
        return ": ".join(filter(None, (self.workspace, self.text)))


def findings(data: ReportData) -> list[Finding]:
    """All findings of a report, worst first, each with its fingerprint."""
    found = sorted(_found(data), key=lambda each: each.level)
    seen: dict[str, int] = {}
    shown = []
    for each in found:
        print_of = _fingerprint(each)
        seen[print_of] = seen.get(print_of, 0) + 1
        repeated = seen[print_of] > 1
        again = replace(each, subject=(*each.subject, str(seen[print_of])))
        shown.append(replace(each, fingerprint=_fingerprint(again) if repeated else print_of))
    return shown


def place_of(plan: Plan, change: Change) -> Place:
    """The line that declares a change; the key of the section if none does."""
    section = plan.declared_sections.get(change.kind)
    return change.place or (section.place if section else Place(plan.source))


def path_of(data: ReportData, source: str) -> str:
    """A file as CI systems name it: from the top folder of the repository. Standard input has a name of its own."""
    if source == STANDARD_INPUT:
        return "standard-input"
    path = relpath(join(data.folder, source), data.root) if data.root else normpath(source)
    path = normpath(source) if path.startswith("../") else path
    return path if is_whole(path) else printable(path)


def _fingerprint(finding: Finding) -> str:
    import hashlib

    parts = "\0".join([finding.rule.id, finding.workspace, *finding.subject])
    return hashlib.sha256(parts.encode(errors="surrogatepass")).hexdigest()[:32]


def _found(data: ReportData) -> Iterator[Finding]:
    for level, problems in ((Level.ERROR, data.problems), (Level.WARNING, data.warnings)):
        yield from (_of_problem(level, problem) for problem in problems)
    yield from (each for failure in data.failures for each in of_failure(data, failure))
    results = [(plan, each) for plan, events in data.results for each in _of_events(plan, events)]
    for plan in data.plans:
        for fact in plan.anomalies if data.command is CommandName.DRIFT else ():
            yield _finding(RuleCode.LISTING_IN_DOUBT, Level.ERROR, plan, (fact.code.value,), words(fact))
        if data.command is not CommandName.DRIFT:
            yield from _of_hazards(plan, refused(plan.hazards, data.allowed, plan.workspace))
        if missing := plain(uncovered_spans(plan.workspace, data.details)):
            yield _finding(RuleCode.COVERAGE_TOO_LOW, Level.ERROR, plan, ("coverage",), missing)
    yield from (each for _, each in results)
    begun = {plan.workspace for plan, _ in data.results}
    for plan in data.plans:
        if plan.workspace not in begun:
            yield from (_of_change(data, plan, change) for change in _reducing_first(plan.changes))
        for note in plan.notes:
            if note.differs:
                finding = _finding(RuleCode.LEFT_ALONE, Level.WARNING, plan, note.fact.order, words(note.fact))
                yield replace(finding, place=note.place) if note.place else finding
    yield from _of_known(data)


def _of_known(data: ReportData) -> Iterator[Finding]:
    """Entries of known drift that need attention."""
    for each in data.details.known:
        if text := plain(known_spans(each)):
            rule, subject = rule_of(RuleCode.KNOWN_DRIFT_OUTDATED), (each.known.address, each.known.workspace)
            yield Finding(rule, Level.NOTE, each.known.workspace, subject, text, each.known.place)


def _of_problem(level: Level, problem: Problem) -> Finding:
    subject = problem.place.source, problem.message
    text = printable(f"{problem.message}: {problem.hint}" if problem.hint else problem.message)
    return Finding(rule_of(problem.code), level, "", subject, text, problem.place)


def of_failure(data: ReportData, failure: WorkspaceFailure) -> Iterator[Finding]:
    """The problems of its document, or the error; nothing if its hazards say why it was refused."""
    if failure.code == RefusedError.code and any(each.workspace == failure.workspace for each in data.plans):
        return
    yield from (_of_problem(Level.ERROR, each) for each in failure.problems)
    if not failure.problems:
        hint = " ".join(failure.hint.split())
        text = printable(f"{failure.message}: {hint}" if hint else failure.message)
        rule, subject = rule_of(RuleCode.WORKSPACE_FAILED), (failure.code,)
        yield Finding(rule, Level.ERROR, failure.workspace, subject, text, failure.place)


def _of_hazards(plan: Plan, blocking: Sequence[Hazard]) -> Iterator[Finding]:
    for hazard in plan.hazards:
        level = Level.ERROR if hazard in blocking else Level.WARNING
        state = "refused" if hazard in blocking else "allowed"
        about = next((change for change in plan.changes if hazard.value in (change.name, change.key)), None)
        finding = _finding(hazard.risk, level, plan, (hazard.value,), f"{state}: {words(hazard.fact)}")
        yield replace(finding, place=place_of(plan, about)) if about else finding


def _of_change(data: ReportData, plan: Plan, change: Change) -> Finding:
    origin = data.origin(plan, change)
    if data.command is CommandName.DRIFT:
        difference = f"{printable(change.name)} {difference_text(plan, change)}"
        level, text = Level.WARNING, " · ".join(filter(None, [difference, plain(origin_spans(origin))]))
    else:
        level = Level.WARNING if change.revokes_access else Level.NOTE
        text = ": ".join(filter(None, (_what(change), change_text.detail(change))))
    finding = _finding((origin and origin.cause) or change.reason, level, plan, change_subject(change), text)
    return replace(finding, place=place_of(plan, change))


def _of_events(plan: Plan, events: Iterable[Event]) -> Iterator[Finding]:
    for event in events:
        match event:
            case Ended(outcome=outcome) if outcome.status is Status.FAILED:
                found_by, level, why = RuleCode.CHANGE_FAILED, Level.ERROR, words(outcome.remark)
            case Unconfirmed():
                found_by, level, why = RuleCode.CHANGE_NOT_CONFIRMED, Level.ERROR, unconfirmed_text(event)
            case NotAttempted(why=fact):
                found_by, level, why = RuleCode.CHANGE_NOT_ATTEMPTED, Level.WARNING, words(fact)
            case Ended() | Started() | Confirmed():
                continue
            case _:
                assert_never(event)
        text = ": ".join(filter(None, (_what(event.change), printable(why))))
        yield replace(
            _finding(found_by, level, plan, change_subject(event.change), text), place=place_of(plan, event.change)
        )


def _what(change: Change) -> str:
    return " ".join(filter(None, (change_text.verb(change), change_text.subject(change))))


def _finding(found_by: FoundBy, level: Level, plan: Plan, subject: tuple[str, ...], text: str) -> Finding:
    return Finding(rule_of(found_by), level, plan.workspace, subject, printable(text), Place(plan.source))


def change_subject(change: Change) -> tuple[str, str]:
    """What a finding about a change is about. The ids in the key of a creation change from run to run."""
    return change.kind, change.name if isinstance(change.key, CreationKey) else change.key


def _reducing_first(changes: Sequence[Change]) -> list[Change]:
    return sorted(changes, key=lambda change: not change.revokes_access)
