"""Every JSON report is read back as written: plans of every kind, partial plans, plans with groups, leavers and allowed
hazards, drift, and applies."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.document.desired import Desired
from beamctl.document.problem import Place, Problem, ProblemCode
from beamctl.plan.address import Address
from beamctl.plan.comparison import Situation
from beamctl.plan.hazard import Allowance
from beamctl.plan.plan import Plan
from beamctl.report.data import CommandName, ReportData, WorkspaceFailure
from beamctl.report.json_reader import report_of
from beamctl.report.json_report import report
from tests.cases.test_cases import CASES
from tests.cases.test_cases import run as run_case
from tests.fakes.one_workspace import plan
from tests.fakes.runs import API, TODAY, applied, left, planned
from tests.fakes.workspace import FakeWorkspace
from tests.properties.samples import EMAILS, SAMPLES, Sample, vault

FAILURE = WorkspaceFailure(
    "beta",
    Place("beta.yaml", 2, 1),
    "invalid-documents",
    "it has problems",
    "fix them",
    (Problem(Place("beta.yaml", 3, 1), ProblemCode.UNKNOWN_GROUP, "there is no group 'x'", "declare it"),),
)


def round_trips(data: ReportData) -> None:
    text = report(data)
    assert report(report_of(json.loads(text))) == text


def all_reports(made: Plan, live: FakeWorkspace) -> None:
    """The reports of each command. The last one applies the plan."""
    allowed = tuple(Allowance(each.risk, each.value, made.workspace) for each in made.hazards if each.liftable)
    for failures in ((), (FAILURE,)):
        round_trips(ReportData(CommandName.PLAN, [made], allowed[1:], failures=failures))
        round_trips(ReportData(CommandName.DRIFT, [made], failures=failures))
    events = applied(made, live, vault=vault())
    round_trips(ReportData(CommandName.APPLY, [made], allowed, [(made, events)] if events else []))


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
@given(data=st.data())
@settings(max_examples=6, deadline=None)
def test_plans_of_every_kind(sample: Sample, data: st.DataObject) -> None:
    wanted, live = data.draw(sample.wanted), data.draw(sample.live)
    leavers = data.draw(st.lists(st.sampled_from(EMAILS), max_size=2, unique_by=str.lower))
    made = planned(left(wanted, *leavers) if leavers else wanted, live)
    chosen = data.draw(st.lists(st.sampled_from(made.changes), max_size=2)) if made.changes else []
    if chosen:
        round_trips(ReportData(CommandName.PLAN, [partly(wanted, live, chosen[0].kind, chosen[0].name)]))
    all_reports(made, live)


def partly(wanted: Desired, live: FakeWorkspace, kind: str, name: str) -> Plan:
    return plan(wanted, live, Situation(TODAY, API), only=[Address(kind, name)])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cases(case: Path) -> None:
    made, _ = run_case(case)
    for command in (CommandName.PLAN, CommandName.DRIFT):
        round_trips(ReportData(command, [made, replace(made, workspace="other")], failures=(FAILURE,)))
