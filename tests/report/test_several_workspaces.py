"""Reports on several workspaces: no run with a failed workspace looks clean, and text ends with a table."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from junitparser import Error, JUnitXml

from beamctl.document.problem import Place, Problem, ProblemCode
from beamctl.plan.plan import Plan
from beamctl.report import html, json_report, markdown, text_report
from beamctl.report.data import CommandName, ReportData, WorkspaceFailure
from beamctl.report.digest import report_digest
from beamctl.report.drift_text import drifts_text
from beamctl.report.fleet_text import failures_text
from beamctl.report.formats import FORMATS
from beamctl.report.github import annotation_lines, outputs
from beamctl.report.notification import recovered_notice, unread_notice
from beamctl.report.outcomes import MOST_OUTCOMES
from beamctl.report.plan_text import plans_text
from beamctl.report.style import SourceLines
from tests.fakes.hostile_text import HOSTILE_TEXTS
from tests.fakes.runs import applied, document, planned
from tests.fakes.saved_plans import saved
from tests.fakes.schemas import problems_with
from tests.fakes.workspace import FakeWorkspace, person

ADMINS = {"root@x.io": "admin", "ada@x.io": "admin"}
ROOT = [person(email, role) for email, role in ADMINS.items()]
LOST = WorkspaceFailure(
    "lost",
    Place("access/lost.yaml", 2, 12),
    "not-found",
    "the API found nothing for GET /users",
    "Check that it exists.",
)
WORDLESS = {"gitlab-terraform"}


def named(workspace: str, plan: Plan) -> Plan:
    return replace(plan, workspace=workspace)


def unchanged(workspace: str = "same") -> Plan:
    return named(workspace, planned(document(ADMINS), FakeWorkspace.of(ROOT)))


def inviting(workspace: str = "alpha", count: int = 1) -> Plan:
    new = {f"new{number}@x.io": "member" for number in range(count)}
    return named(workspace, planned(document({**ADMINS, **new}), FakeWorkspace.of(ROOT)))


def refused_one(workspace: str = "beta") -> Plan:
    return named(
        workspace, planned(document({"root@x.io": "admin"}, guards={"maxRemovals": 9}), FakeWorkspace.of(ROOT))
    )


def data(
    *plans: Plan, command: CommandName = CommandName.PLAN, failures: tuple[WorkspaceFailure, ...] = ()
) -> ReportData:
    return ReportData(command, plans, failures=failures)


def last_lines(text: str) -> list[str]:
    return text.rstrip("\n").rsplit("\n\n", 1)[-1].splitlines()


# a failed workspace never looks clean


@pytest.mark.parametrize("command", CommandName)
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_names_a_failed_workspace_or_shows_no_result(name: str, command: CommandName) -> None:
    clean, failed = (
        FORMATS[name].report(data(unchanged(), command=command, failures=failures)) for failures in ((), (LOST,))
    )
    assert "lost" not in clean
    if name in WORDLESS:
        assert {"create", "update", "delete"} <= set(json.loads(clean))
        assert not {"create", "update", "delete"} & set(json.loads(failed))
        assert json.loads(failed)["errored"]
    else:
        assert "lost" in failed
        assert "access/lost.yaml" in failed


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("text", "\n\n"),
        ("markdown", "| workspace |"),
        ("html", "<tbody>"),
        ("json", '"order"'),
        ("junit", "<testsuites"),
    ],
)
def test_workspaces_are_in_the_order_of_the_documents(name: str, start: str) -> None:
    found = replace(data(inviting("alpha"), inviting("zulu"), failures=(LOST,)), order=("alpha", "lost", "zulu"))
    text = FORMATS[name].report(found).rstrip()
    table = text.rpartition(start)[2] if name == "text" else text.partition(start)[2]
    places = [table.index(each) for each in ("alpha", "lost", "zulu")]
    assert places == sorted(places)


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_a_hint_of_several_failures_is_shown_once(name: str) -> None:
    others = replace(LOST, workspace="gone"), replace(LOST, workspace="other", hint="Try again.")
    text = FORMATS[name].report(data(unchanged(), failures=(LOST, *others)))
    assert [text.count(each) for each in ("Check that it exists.", "Try again.")] == [1, 1]
    changed = [replace(LOST, workspace=each, hint="Its role is admin now.\nPlan again.") for each in ("gone", "other")]
    text = FORMATS[name].report(data(unchanged(), failures=tuple(changed)))
    assert text.count("Its role is admin now.") == 2  # several lines also say what happened


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_a_saved_plan_says_what_could_not_be_planned(name: str) -> None:
    found = replace(data(unchanged(), command=CommandName.APPLY), saved=replace(saved(unchanged()), missing=("lost",)))
    text = FORMATS[name].report(found)
    assert "ot planned, because of an error: " in text
    assert "lost" in text.partition("ot planned, because of an error: ")[2].splitlines()[0]


def test_nothing_but_failures_is_no_validation() -> None:
    for name, each in FORMATS.items():
        text = each.report(data(failures=(LOST,), command=CommandName.DRIFT))
        assert name in WORDLESS or "lost" in text
    assert outputs(data(failures=(LOST,), command=CommandName.DRIFT))["drift"] == "unknown"


def test_json_says_what_failed_where_and_that_drift_is_not_known() -> None:
    problem = Problem(Place("access/odd.yaml", 7, 3), ProblemCode.UNKNOWN_ACCOUNT, "no such account", "Create it.")
    odd = WorkspaceFailure("odd", Place("access/odd.yaml", 2, 12), "invalid-document", "1 problem(s)", "", (problem,))
    found = json.loads(json_report.report(data(unchanged(), failures=(LOST, odd))))
    assert problems_with("plan", found) == []
    assert found["format_version"] == "1.2"
    assert found["failures"][0] == {
        "workspace": "lost",
        "code": "not-found",
        "message": "the API found nothing for GET /users",
        "hint": "Check that it exists.",
        "file": "access/lost.yaml",
        "line": 2,
        "column": 12,
    }
    assert [each["code"] for each in found["failures"][1]["problems"]] == ["unknown-account"]
    drifts = [data(unchanged(), command=CommandName.DRIFT, failures=failures) for failures in ((), (LOST,))]
    assert [json.loads(json_report.report(each))["drift"] for each in drifts] == [False, None]
    differs = data(inviting(), command=CommandName.DRIFT, failures=(LOST,))
    assert json.loads(json_report.report(differs))["drift"] is True


def test_outputs_for_actions_are_unknown_instead_of_false() -> None:
    drift = outputs(data(unchanged(), command=CommandName.DRIFT, failures=(LOST,)))
    assert [drift[name] for name in ("drift", "changes", "refused", "valid", "failures")] == [
        "unknown",
        "unknown",
        "false",
        "true",
        "1",
    ]
    assert outputs(data(inviting(), command=CommandName.DRIFT, failures=(LOST,)))["drift"] == "true"
    plan = outputs(data(unchanged(), failures=(LOST,)))
    assert (plan["changes"], plan["refused"], plan["drift"]) == ("unknown", "unknown", "false")
    clean = outputs(data(unchanged(), command=CommandName.DRIFT))
    assert (clean["drift"], clean["failures"]) == ("false", "0")


def test_sarif_says_that_the_run_failed() -> None:
    schema = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text("utf-8"))
    found = json.loads(FORMATS["sarif"].report(data(unchanged(), failures=(LOST,))))
    assert list(Draft7Validator(schema).iter_errors(found)) == []
    (run,) = found["runs"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["descriptor"]["id"] == "not-found"
    assert [each["ruleId"] for each in run["results"]] == ["beamctl/workspace-failed"]
    assert run["automationDetails"]["id"] == "beamctl/lost+same/"


def test_junit_has_an_error_for_the_failed_workspace() -> None:
    suites = list(JUnitXml.fromstring(FORMATS["junit"].report(data(unchanged(), failures=(LOST,))).encode()))
    assert {suite.name: suite.errors for suite in suites} == {"same": 0, "lost": 1}
    (case,) = [case for suite in suites for case in suite if suite.name == "lost"]
    assert isinstance(case.result[0], Error)
    assert case.result[0].type == "beamctl/workspace-failed"


def test_a_refused_workspace_of_an_apply_is_found_once() -> None:
    plan = refused_one()
    failure = WorkspaceFailure("beta", Place("access.yaml", 2, 1), "refused", "the plan is refused")
    both = data(plan, inviting(), command=CommandName.APPLY, failures=(failure,))
    errors = [line for line in annotation_lines(both) if line.startswith("::error") and "beta" in line]
    assert errors == [line for line in annotation_lines(replace(both, failures=())) if line.startswith("::error")]
    assert outputs(both)["refused"] == "true"
    assert "refused (removes-admin): nothing changed\n" in text_report.report(both)


def test_the_digest_changes_when_a_workspace_fails_and_not_with_the_message() -> None:
    for command in (CommandName.PLAN, CommandName.DRIFT):
        found = [
            report_digest(data(unchanged(), command=command, failures=failures))
            for failures in ((), (LOST,), (replace(LOST, message="other"),), (replace(LOST, code="forbidden"),))
        ]
        assert found[1] == found[2]
        assert len(set(found)) == 3


def test_notifications_say_what_could_not_be_compared() -> None:
    notice = unread_notice(LOST)
    assert (notice.workspace, notice.short) == ("lost", "could not be compared")
    assert notice.summary == "lost could not be compared with its document: the API found nothing for GET /users."
    assert recovered_notice("lost").short == "can be compared again"


# text


def test_text_ends_with_a_table_and_one_line_for_the_run() -> None:
    text = plans_text(data(inviting(), unchanged(), refused_one(), unchanged("other"), failures=(LOST,)))
    assert "\n2 workspaces unchanged\n" in text
    assert last_lines(text) == [
        "alpha  1 to invite",
        "beta   refused (removes-admin): 1 to remove",
        "lost   cannot be read: not found (access/lost.yaml:2)",
        "5 workspaces: 1 failed, 1 refused, 1 with changes, 2 unchanged; 1 to invite, 1 to remove in all.",
    ]


def test_an_apply_ends_with_the_same_table() -> None:
    plan = inviting("alpha", 2)
    events = applied(plan, FakeWorkspace.of(ROOT))
    stale = WorkspaceFailure("gamma", Place("c.yaml", 2, 1), "stale-plan", "gamma changed", "Plan again.")
    found = replace(
        data(plan, refused_one(), unchanged("gamma"), command=CommandName.APPLY, failures=(stale,)),
        results=[(plan, events)],
    )
    assert last_lines(text_report.report(found)) == [
        "alpha  applied: 2 done",
        "beta   refused (removes-admin): nothing changed",
        "gamma  stale: nothing changed (c.yaml:2)",
        "3 workspaces: 1 failed, 1 refused, 1 applied; 2 done in all.",
    ]


def test_drift_ends_with_the_same_table() -> None:
    text = drifts_text(data(inviting(), unchanged(), command=CommandName.DRIFT, failures=(LOST,)))
    assert "`beamctl plan -w alpha`" in text
    assert last_lines(text) == [
        "alpha  drift: 1 difference",
        "lost   cannot be read: not found (access/lost.yaml:2)",
        "3 workspaces: 1 failed, 1 with drift, 1 unchanged; 1 difference in all.",
    ]


def test_commands_name_the_workspace_and_so_does_what_is_allowed() -> None:
    for report in (plans_text, markdown.report, html.report):
        text = report(data(refused_one(), failures=(LOST,)))
        assert "-w beta --allow beta:removes-admin=" in text
    alone = plans_text(data(refused_one()))
    assert "-w beta" not in alone
    assert "beta:" not in alone


def test_one_workspace_has_no_table() -> None:
    for command in CommandName:
        text = text_report.report(data(unchanged(), command=command))
        assert "workspaces" not in text
        assert "same · " in text


def test_notes_of_unchanged_workspaces_are_said_once() -> None:
    plans = [
        named(f"w{n}", planned(document(ADMINS, guards={"protected": ["x@x.io"]}), FakeWorkspace.of(ROOT)))
        for n in (1, 2)
    ]
    text = plans_text(data(*plans, unchanged()))
    assert "3 workspaces unchanged\n  ! 2 workspaces: " in text
    assert text.count("x@x.io") == 1
    assert plans_text(data(*plans, unchanged()), verbose=True).count("x@x.io") == 2


def test_verbose_shows_every_workspace() -> None:
    plans = [unchanged(f"w{number}") for number in range(3)]
    assert plans_text(data(*plans)) == "No changes in 3 workspaces.\n"
    assert plans_text(data(*plans), verbose=True).count("No changes. w") == 3
    assert drifts_text(data(*plans, command=CommandName.DRIFT), verbose=True).count("No drift. w") == 3


def test_a_thousand_workspaces_are_cut_but_the_worst_are_kept() -> None:
    failures = tuple(replace(LOST, workspace=f"lost-{number}") for number in range(10))
    plan = inviting()
    text = plans_text(data(*(named(f"w{number}", plan) for number in range(990)), failures=failures))
    lines = last_lines(text)
    assert len(lines) == MOST_OUTCOMES + 2
    assert sum(line.startswith("lost-") for line in lines) == 10
    assert lines[-2:] == [
        "and 950 more workspaces",
        "1,000 workspaces: 10 failed, 990 with changes; 990 to invite in all.",
    ]


def test_failures_are_told_with_place_hint_and_carets() -> None:
    assert failures_text((LOST, replace(LOST, workspace="gone"))) == (
        "Error: lost (access/lost.yaml:2): the API found nothing for GET /users\n"
        "  Check that it exists.\n"
        "Error: gone (access/lost.yaml:2): the API found nothing for GET /users\n"
    )
    line = "  ci: {role: admin}"
    problem = Problem(Place("odd.yaml", 7, 3), ProblemCode.UNKNOWN_ACCOUNT, "no such account", "Create it.", line)
    odd = WorkspaceFailure("odd", Place("odd.yaml", 2, 12), "invalid-document", "1 problem(s)", "", (problem,))
    text = failures_text((odd,), source_lines=SourceLines(80, str))
    assert text.startswith("Error: odd (odd.yaml:2): its document is invalid\nodd.yaml:7:3: no such account\n")
    assert "    |   ^^\n  help: Create it.\n" in text
    many = failures_text(tuple(replace(LOST, workspace=f"w{number}") for number in range(1_000)))
    assert many.splitlines()[-1] == "and 980 more: w20, w21, w22, w23, w24 and 975 more"


@pytest.mark.parametrize("value", HOSTILE_TEXTS)
def test_hostile_messages_stay_on_one_line(value: str) -> None:
    failure = WorkspaceFailure("lost", Place(value, 2, 1), "some-code", value, value)
    lines = last_lines(plans_text(data(unchanged(), failures=(failure,))))
    assert len(lines) == 2
    assert lines[0].isprintable()
    assert all(line.isprintable() for line in failures_text((failure,)).splitlines())


# Markdown and HTML


def test_failures_come_first_and_are_never_folded() -> None:
    text = markdown.report(data(inviting(), unchanged(), failures=(LOST,)))
    assert text.splitlines()[2] == "### Of 3 workspaces, 1 failed. 1 person gains access, in 1 of 2 workspaces"
    head = text[: text.index("| workspace | result |")]
    assert "> - `lost` (`access/lost.yaml:2`): `the API found nothing for GET /users`" in head
    assert "<details>" not in head
    page = html.report(data(inviting(), unchanged(), failures=(LOST,)))
    assert page.index("<code>lost</code>") < page.index("<details")
    assert "<summary>1 workspace without changes</summary>" in page


@pytest.mark.parametrize("limit", [4_096, 8_000, 20_000, markdown.COMMENT])
def test_failures_are_in_a_report_of_any_size(limit: int) -> None:
    failures = tuple(replace(LOST, workspace=f"lost-{number}", message="m" * 3_000) for number in range(100))
    plan = inviting(count=5)
    crowd = data(*(named(f"w{number}", plan) for number in range(100)), failures=failures)
    text = markdown.rendered(crowd, limit)
    assert len(text.encode()) <= limit
    assert "Of 200 workspaces, 100 failed" in text
    shown = len(re.findall(r"^> - `lost-\d+`", text, re.MULTILINE))
    assert shown >= 5
    assert f"> - and {100 - shown} more" in text
