"""Reports for programs, read back by parsers that nobody here wrote. Each is shown a broken file that it rejects."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft202012Validator
from junitparser import Error, Failure, JUnitXml, Skipped
from readtheplan.plan import PlanError, analyze

from beamctl.document.problem import Place, ProblemCode
from beamctl.model.text import printable
from beamctl.plan.change import Reason
from beamctl.plan.hazard import Risk
from beamctl.plan.plan import Plan
from beamctl.plan.three_way import Cause
from beamctl.report.data import CommandName, DriftDetails, ReportData
from beamctl.report.findings import Finding, Level, findings, path_of
from beamctl.report.formats import FORMATS
from beamctl.report.github import annotation_lines, outputs
from beamctl.report.rules import RuleCode, all_rules
from tests.fakes.actions_runner import Runner, outputs_of, parsed
from tests.fakes.hostile_text import HOSTILE_TEXTS
from tests.fakes.runs import applied, desired, document, planned
from tests.fakes.workspace import FakeWorkspace, person
from tests.report.hostile_reports import hostile_reports

SCHEMAS = Path(__file__).parent / "schemas"
COMMANDS = {"plan": 0, "drift": 1, "apply": 2}


def reported(name: str, data: ReportData) -> str:
    return FORMATS[name].report(data)


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_text("utf-8")))


def problems(name: str, data: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in validator(name).iter_errors(data)]


def each_value() -> list[tuple[str, ReportData]]:
    return [(value, data) for value in HOSTILE_TEXTS for data in hostile_reports(value)]


@cache
def all_at_once(command: str) -> ReportData:
    """One workspace for each hostile value."""
    found = [hostile_reports(value)[COMMANDS[command]] for value in HOSTILE_TEXTS]
    plans = [replace(data.plans[0], workspace=f"w{number}") for number, data in enumerate(found)]
    results = [(plan, data.results[0][1]) for plan, data in zip(plans, found, strict=True) if data.results]
    return replace(found[0], plans=plans, results=results, details=DriftDetails())


def removal() -> Plan:
    live = FakeWorkspace.of([person("ada@x.io", "admin"), person("bob@x.io", "admin"), person("eve@x.io")])
    text = "version: 1\nworkspace: acme\nmembers:\n  ada@x.io: admin\n  bob@x.io: admin\nguards: {maxRemovals: 9}\n"
    return planned(desired(text), live)


# GitHub


def test_annotations_are_exactly_the_findings() -> None:
    for value, data in each_value():
        printed = "".join(f"{line}\n" for line in annotation_lines(data))
        runner = Runner().read(printed)
        assert runner.outside == [], value
        names = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}
        found = [each for level in Level for each in shown_of(findings(data), level)]
        commands = [each for each in runner.obeyed if "file" in each.properties]
        assert [each.name for each in commands] == [names[each.level] for each in found], value
        for command, finding in zip(commands, found, strict=True):
            assert command.message.replace("\u200b", "") == finding.text, value
            assert command.properties["title"] == finding.title
            path = path_of(data, finding.place.source)
            assert command.properties["file"].replace("\u200b", "") == path.replace("\u200b", "")
            assert set(command.properties) <= {"file", "line", "col", "title"}


def shown_of(found: list[Finding], level: Level) -> list[Finding]:
    theirs = [each for each in found if each.level is level]
    return theirs if len(theirs) <= 10 else theirs[:9]


def test_outputs_hold_no_text() -> None:
    for _, data in each_value():
        text = "".join(f"{name}={value}\n" for name, value in outputs(data).items())
        assert outputs_of(text) == outputs(data)
        for name, value in outputs(data).items():
            is_digest = name == "digest" and value.startswith("sha256:") and value[7:].isalnum()
            assert is_digest or value.lstrip("-").isdecimal() or value in ("true", "false"), name


def test_the_worst_come_first_and_the_tenth_counts_the_others() -> None:
    data = all_at_once("plan")
    lines = annotation_lines(data)
    commands = Runner().read("\n".join(lines)).obeyed
    assert Counter(each.name for each in commands) == {"error": 10, "warning": 10, "notice": 10}
    assert [each.name for each in commands] == sorted(
        (each.name for each in commands), key="error warning notice".index
    )
    levels = Counter(each.level for each in findings(data))
    for number, level in zip((9, 19, 29), Level, strict=True):
        assert commands[number].message == f"and {levels[level] - 9} more: see the summary"


def test_a_removed_person_is_on_the_key_of_the_section() -> None:
    (line,) = annotation_lines(ReportData(CommandName.PLAN, [removal()]))
    assert line == (
        "::warning file=access.yaml,line=3,col=1,title=acme%3A Not in the document::remove eve@x.io: was member"
    )


def test_standard_input_is_no_file() -> None:
    plan = replace(removal(), source="-", declared_sections={}, changes=())
    hazard = replace(hostile_reports("x")[0].plans[0].hazards[0], value="nothing")
    (line,) = annotation_lines(ReportData(CommandName.PLAN, [replace(plan, hazards=(hazard,), notes=())]))
    assert "file=" not in line


def test_a_long_message_is_cut() -> None:
    long = "😀" * 5000
    plan = removal()
    change = replace(plan.changes[0], name=long)
    (line,) = annotation_lines(ReportData(CommandName.PLAN, [replace(plan, changes=(change,))]))
    found = parsed(line)
    assert found is not None
    assert found.message.endswith("… (cut)")
    assert len(found.message.encode("utf-16-le")) // 2 <= 4096


@pytest.mark.parametrize(
    ("folder", "source", "path"),
    [
        ("/w/repo", "access.yaml", "access.yaml"),
        ("/w/repo", "./access/a.yaml", "access/a.yaml"),
        ("/w/repo/infra", "access.yaml", "infra/access.yaml"),
        ("/w/repo/infra", "../a.yaml", "a.yaml"),
        ("/w/repo/infra", "/w/repo/a.yaml", "a.yaml"),
        ("/w/repo", "../other/a.yaml", "../other/a.yaml"),
        ("/w/repo", "-", "standard-input"),
        ("/w/repo", "a\udcff.yaml", "a\\udcff.yaml"),
    ],
)
def test_paths_start_at_the_top_of_the_repository(folder: str, source: str, path: str) -> None:
    assert path_of(ReportData(CommandName.PLAN, [], folder=folder, root="/w/repo"), source) == path


# SARIF


@pytest.mark.parametrize("command", COMMANDS)
def test_sarif_has_what_github_requires(command: str) -> None:
    found = json.loads(reported("sarif", all_at_once(command)))
    assert problems("github-sarif", found) == []
    (run,) = found["runs"]
    expected = findings(all_at_once(command))
    assert len(run["results"]) == len(expected)
    prints = [each["partialFingerprints"]["primaryLocationLineHash"] for each in run["results"]]
    assert len(set(prints)) == len(prints)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result, finding in zip(run["results"], expected, strict=True):
        assert rules[result["ruleIndex"]] == result["ruleId"] == finding.rule.id
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert unquote(uri) == path_of(all_at_once(command), finding.place.source)
        text = result["message"]["text"]
        assert not any(f"{{{digit}" in text for digit in range(10))
        assert "[" not in text.replace("\\[", "")
        text = re.sub(r"\{ (?=\d)", "{", text.replace("\\[", "[").replace("\\]", "]"))
        assert text == f"{finding.workspace}: {finding.text}"


def test_sarif_conforms_to_its_schema(tmp_path: Path) -> None:
    """One process, because it is slow to start: good files first, then each broken one."""
    good = [
        write(tmp_path / f"{name}.sarif", reported("sarif", hostile_reports("{0} [x](1)")[number]))
        for name, number in COMMANDS.items()
    ]
    assert checked("sarif-2.1.0", *good) == ""
    broken = json.loads(good[0].read_text())
    broken["runs"][0]["results"][0]["level"] = "fatal"
    said = checked("sarif-2.1.0", *good, write(tmp_path / "broken.sarif", json.dumps(broken)))
    assert "broken.sarif::$.runs[0].results[0]" in said
    assert "plan.sarif::" not in said


@pytest.mark.parametrize(
    "break_it",
    [
        lambda run: run["results"][0].pop("partialFingerprints"),
        lambda run: run["results"][0].update(locations=[]),
        lambda run: run["results"][0]["message"].update(text=""),
        lambda run: run["tool"]["driver"]["rules"][0].pop("help"),
        lambda run: run["results"][0]["locations"][0]["physicalLocation"]["region"].pop("endColumn"),
        lambda run: run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"].update(uri="a b"),
    ],
)
def test_the_schema_of_github_rejects_a_broken_file(break_it: Callable[[dict[str, Any]], None]) -> None:
    found = json.loads(reported("sarif", hostile_reports("x")[0]))
    assert problems("github-sarif", found) == []
    break_it(found["runs"][0])
    assert problems("github-sarif", found)


def test_every_code_has_a_rule_and_rules_are_stable() -> None:
    ids = [rule.id for rule in all_rules()]
    assert len(set(ids)) == len(ids) == sum(map(len, (Risk, Reason, Cause, RuleCode, ProblemCode)))
    assert ids == (SCHEMAS / "rules.txt").read_text().split(), "platforms track findings by these: never rename one"


def test_a_fingerprint_does_not_depend_on_the_line() -> None:
    plan = removal()
    moved = replace(plan, changes=tuple(replace(each, place=Place("b.yaml", 99, 1)) for each in plan.changes))
    one, other = (findings(ReportData(CommandName.DRIFT, [each])) for each in (plan, moved))
    assert [each.fingerprint for each in one] == [each.fingerprint for each in other]
    assert [each.place for each in one] != [each.place for each in other]
    elsewhere = findings(ReportData(CommandName.DRIFT, [replace(plan, workspace="labs")]))
    assert one[0].fingerprint != elsewhere[0].fingerprint


# GitLab


@pytest.mark.parametrize("command", COMMANDS)
def test_code_quality_has_only_valid_entries_with_unique_fingerprints(command: str) -> None:
    found = json.loads(reported("gitlab-codequality", all_at_once(command)))
    assert problems("gitlab-codequality", found) == []
    assert len({each["fingerprint"] for each in found}) == len(found) == len(findings(all_at_once(command)))
    for entry, finding in zip(found, findings(all_at_once(command)), strict=True):
        assert entry["description"] == f"{finding.workspace}: {finding.text}"


@pytest.mark.parametrize("missing", ["description", "fingerprint", "severity", "location"])
def test_the_schema_of_code_quality_rejects_a_broken_entry(missing: str) -> None:
    found = json.loads(reported("gitlab-codequality", hostile_reports("x")[0]))
    assert problems("gitlab-codequality", found) == []
    del found[-1][missing]
    assert problems("gitlab-codequality", found)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_terraform_report_is_a_terraform_plan(command: str) -> None:
    data = all_at_once(command)
    found = json.loads(reported("gitlab-terraform", data))
    assert problems("gitlab-terraform", found) == []
    summary = analyze(found, use_rules=False)
    assert summary.action_counts == {name: found[name] for name in ("create", "delete", "update") if found[name]}
    assert len(summary.resource_changes) == sum(len(plan.changes) for plan in data.plans)
    actions = [each["change"]["actions"][0] for each in found["resource_changes"]]
    assert actions == sorted(actions, key=["delete", "update", "create"].index)
    names = {printable(value) for value in HOSTILE_TEXTS}
    assert {each["index"] for each in found["resource_changes"]} == names


def test_readers_of_terraform_plans_reject_a_broken_file() -> None:
    found = json.loads(reported("gitlab-terraform", hostile_reports("x")[0]))
    with pytest.raises(PlanError):
        analyze({**found, "resource_changes": {}})
    assert problems("gitlab-terraform", {**found, "create": -1})
    assert problems("gitlab-terraform", {**found, "delete": None})


# JUnit


@pytest.mark.parametrize("command", COMMANDS)
def test_junit_names_are_unique_and_counts_are_right(command: str) -> None:
    data = all_at_once(command)
    read = JUnitXml.fromstring(reported("junit", data).encode())
    cases = [case for suite in read for case in suite]
    names = [(case.classname, case.name) for case in cases]
    assert len(set(names)) == len(names)
    counts = {"tests": read.tests, "failures": read.failures, "errors": read.errors, "skipped": read.skipped}
    read.update_statistics()  # type: ignore[no-untyped-call]
    assert counts == {"tests": len(cases), "failures": read.failures, "errors": read.errors, "skipped": read.skipped}
    shown = {case.name.removesuffix(" (2)") for case in cases}
    assert {printable(value).removesuffix(" (2)") for value in HOSTILE_TEXTS} <= shown
    assert all(len(case.result) <= 1 for case in cases)
    assert "system-out" not in reported("junit", data)


def test_junit_names_stay_unique_if_a_name_looks_like_a_number() -> None:
    plan = removal()
    names = ("x", "x (2)", "x", "x")
    changes = tuple(replace(plan.changes[0], name=name, key=str(n)) for n, name in enumerate(names))
    found = results(ReportData(CommandName.DRIFT, [replace(plan, changes=changes)]))
    assert {name for group, name in found if group == "acme.members"} >= {"x", "x (2)", "x (3)", "x (4)"}


def test_junit_of_a_drift_fails_and_of_a_plan_does_not() -> None:
    drift = results(ReportData(CommandName.DRIFT, [removal()]))
    assert drift["acme.members", "eve@x.io"] == (Failure, "eve@x.io is member; not in access.yaml")
    assert drift["acme.members", "ada@x.io"] == (None, "")
    assert drift["acme.document", "access.yaml is valid"] == (None, "")
    plan = results(ReportData(CommandName.PLAN, [removal()]))
    assert plan["acme.members", "eve@x.io"] == (Skipped, "remove eve@x.io: was member")
    assert {result for (group, _), (result, _) in plan.items() if group == "acme.guards"} == {None}


def test_junit_of_guards() -> None:
    plan = planned(
        document({"ada@x.io": "admin"}), FakeWorkspace.of([person("ada@x.io", "admin"), *map(person, "abcdef")])
    )
    guards = results(ReportData(CommandName.PLAN, [plan]))
    assert guards["acme.guards", "mass-removal"][0] is Failure
    assert guards["acme.guards", "last-admin"][0] is None


def test_junit_of_an_apply() -> None:
    live = FakeWorkspace.of([person("ada@x.io", "admin"), person("eve@x.io", "admin")])
    plan = planned(document({"ada@x.io": "admin", "kim@x.io": "member"}), live)
    found = results(ReportData(CommandName.APPLY, [plan], results=[(plan, applied(plan, live))]))
    assert {found["acme.members", name] for name in ("ada@x.io", "kim@x.io", "eve@x.io")} == {(None, "")}
    ended = results(hostile_reports("x")[2])
    kinds = {result for (group, _), (result, _) in ended.items() if group not in ("acme.guards", "acme.left-alone")}
    assert kinds == {None, Failure, Error}


def results(data: ReportData) -> dict[tuple[str, str], tuple[type | None, str]]:
    read = JUnitXml.fromstring(reported("junit", data).encode())
    return {
        (case.classname, case.name): (type(case.result[0]), case.result[0].message) if case.result else (None, "")
        for suite in read
        for case in suite
    }


@pytest.mark.parametrize("char", ["\x00", "\x1b", "\ufffe", "<", "&"])
def test_the_parser_of_xml_rejects_what_xml_forbids(char: str) -> None:
    text = reported("junit", ReportData(CommandName.DRIFT, [removal()]))
    assert JUnitXml.fromstring(text.encode()).tests
    with pytest.raises(Exception, match=r"not well-formed|no element found|invalid token|undefined entity"):
        JUnitXml.fromstring(text.replace("eve@x.io", f"eve{char}x", 1).encode())


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def checked(schema: str, *files: Path) -> str:
    """What check-jsonschema says about files; empty if they are valid."""
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(SCHEMAS / f"{schema}.json")]
    ran = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False, timeout=60)
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr
