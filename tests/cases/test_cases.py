"""Each directory is a test: `access.yaml` and `live.yaml` are the input, and the files named `plan` and `drift`, with
those in `reports/`, the output.

To add one, create a directory with the first two and run with BEAMCTL_WRITE_CASES=1. Then check the output.
"""

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from beamctl.cli.floors import floors_of
from beamctl.kinds.share.live import Shareable
from beamctl.model.identity import Identity
from beamctl.plan.guards import declared_of
from beamctl.plan.hazard import allowance
from beamctl.plan.plan import Plan
from beamctl.report import html, markdown
from beamctl.report.data import CommandName, ReportData
from beamctl.report.drift_text import drift_text
from beamctl.report.formats import FORMATS
from beamctl.report.html_style import STYLE
from beamctl.report.plan_text import plan_text
from tests.fakes.journal import interrupted_runs
from tests.fakes.one_workspace import plan_json
from tests.fakes.runs import TODAY, desired, planned
from tests.fakes.schemas import problems_with
from tests.fakes.workspace import FakeWorkspace

HERE = Path(__file__).parent
NO_OPTIONS: dict[str, Any] = {"min_admins": None, "max_removals": None, "protect": [], "allowed_domains": []}
CASES = sorted(path.parent for path in HERE.glob("*/access.yaml"))


def run(case: Path) -> tuple[Plan, dict[str, Any]]:
    live: dict[str, Any] = yaml.safe_load((case / "live.yaml").read_text())
    workspace = FakeWorkspace.of(live.get("users", []))
    workspace.settings |= live.get("workspace", {})
    for section, listed in live.get("resources", {}).items():
        workspace.resources.kept[section] = {each["metadata"]["name"]: each for each in listed}
    for name, updated in live.get("secrets", {}).items():
        workspace.secrets.add(name, updated)
    for what in Shareable:
        workspace.shares.kept[what] = live.get("shares", {}).get(what.key, {})
    workspace.resources.users = live.get("usages", {})
    for account in live.get("accounts", []):
        workspace.accounts.keys[account["client_id"]] = account.pop("keys")
        workspace.accounts.kept[account["client_id"]] = account
    today = date.fromisoformat(live["today"]) if "today" in live else TODAY
    identity = Identity(**live["identity"]) if "identity" in live else None
    want = desired((case / "access.yaml").read_text())
    floors = floors_of(environment={}, **{**NO_OPTIONS, **live.get("floors", {})})
    recorded = declared_of(live.get("recorded", {}))
    runs = interrupted_runs(*live.get("stopped", ()))
    left = live.get("left")
    return planned(
        want,
        workspace,
        today=today,
        identity=identity,
        left=left,
        floors=floors,
        recorded=recorded,
        interrupted=runs,
    ), live


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Path) -> None:
    plan, live = run(case)
    allowed = tuple(allowance(text) for text in live.get("allow", []))
    found = {
        "plan.txt": plan_text(plan, allowed),
        "plan.json": plan_json(plan, allowed),
        "drift.txt": drift_text(plan),
    }
    planned_data = ReportData(CommandName.PLAN, [plan], allowed)
    for name, data in {"plan": planned_data, "drift": ReportData(CommandName.DRIFT, [plan])}.items():
        found[f"{name}.md"] = markdown.report(data)
        found[f"{name}.html"] = html.report(data).replace(STYLE, "")  # the same on all pages
    for name, text in found.items():
        if os.environ.get("BEAMCTL_WRITE_CASES"):
            (case / name).write_text(text)
        assert text == (case / name).read_text(), f"{case.name}/{name}"
    assert problems_with("plan", json.loads(found["plan.json"])) == []


SUFFIXES = {
    "github": "github.txt",
    "gitlab-terraform": "terraform.json",
    "gitlab-codequality": "codequality.json",
    "sarif": "sarif",
    "junit": "junit.xml",
}
NO_DRIFT = {"gitlab-terraform"}
"""Formats that show what would be done, so that a drift and a plan look the same."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_reports_for_programs(case: Path) -> None:
    plan, live = run(case)
    allowed = tuple(allowance(text) for text in live.get("allow", []))
    (case / "reports").mkdir(exist_ok=True)
    for name, suffix in SUFFIXES.items():
        for command in (CommandName.PLAN, CommandName.DRIFT):
            if command is CommandName.DRIFT and name in NO_DRIFT:
                continue
            text = FORMATS[name].report(ReportData(command, [plan], allowed))
            file = case / "reports" / f"{command}.{suffix}"
            shown = without_rules(text) if name == "sarif" else text
            if os.environ.get("BEAMCTL_WRITE_CASES"):
                file.write_text(shown)
            assert shown == file.read_text(), f"{case.name}/reports/{file.name}"


def without_rules(text: str) -> str:
    """A SARIF report without the rules, which are the same in each, and the version."""
    data = json.loads(text)
    data["runs"][0]["tool"]["driver"] = {}
    return json.dumps(data, indent=2) + "\n"


def test_cases_are_found() -> None:
    assert len(CASES) >= 8
