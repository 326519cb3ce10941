"""The report in Markdown: what a reviewer sees, in which order, within a limit, and whatever values are in it."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl import __version__
from beamctl.apply.record import Ended, Event, NotAttempted
from beamctl.model.text import printable
from beamctl.plan.hazard import Allowance, Hazard, Risk
from beamctl.plan.kind import Outcome, Status
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import digest_of
from beamctl.plan.plan_json import plans_data
from beamctl.plan.three_way import Cause, Origin
from beamctl.report.data import CommandName, DriftDetails, ReportData
from beamctl.report.markdown import COMMENT, rendered, report
from beamctl.report.markdown_escaping import cell, code, fence, line, marker, summary, words
from beamctl.report.review.all import review
from beamctl.report.review.verdict import is_loss
from beamctl.report.spans import named, own
from tests.fakes.runs import document, planned
from tests.fakes.wording import failure
from tests.fakes.workspace import FakeWorkspace, person
from tests.report.expected import grids
from tests.report.hostile_reports import harmless, hostile_reports
from tests.report.hostile_values import HOSTILE
from tests.report.readers import LIVE, html_of, read_html, tables_by_cmark, tables_by_markdown_it

ADMINS = {"root@x.io": "admin", "ada@x.io": "admin"}
ROOT = [person(email, role) for email, role in ADMINS.items()]
NONE = planned(document(ADMINS), FakeWorkspace.of(ROOT))
TAGS = {"h3", "h4", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "br", "blockquote", "ul"}
TAGS |= {"li", "details", "summary", "sub"}


def of(*plans: Plan, command: CommandName = CommandName.PLAN, allowed: tuple[Allowance, ...] = ()) -> ReportData:
    return ReportData(command, plans, allowed)


def crowd(removed: int, added: int, name: str = "person", **sections: object) -> Plan:
    """A plan that removes and invites many people."""
    new = {f"new.{name}{number}@x.io": {"role": "member", "reason": f"R-{number}"} for number in range(added)}
    old = [person(f"old.{name}{number}@x.io") for number in range(removed)]
    return planned(document({**ADMINS, **new}, **sections), FakeWorkspace.of([*ROOT, *old]))


def losses(plan: Plan) -> set[str]:
    return {change.name for change in plan.changes if is_loss(change)}


def first_line(text: str) -> str:
    return text.splitlines()[2]


# what a reviewer sees


def test_the_verdict_is_first_and_says_who_loses_access() -> None:
    text = report(of(crowd(2, 1)))
    assert first_line(text) == "### Refused: 2 people lose access, 1 gains access · `acme`"
    assert first_line(report(of(crowd(1, 0)))) == "### 1 person loses access · `acme`"
    assert first_line(report(of(NONE))) == "### No changes · `acme`"


def test_removals_come_first_and_outside_of_folds() -> None:
    text = report(of(crowd(40, 40, guards={"maxRemovals": 100})))
    table, rest = text.split("**Additions and promotions", 1)
    assert all(f"`{name}`" in table for name in losses(crowd(40, 0)))
    assert "<details>" not in table[: table.rindex("| remove |")]
    assert "new.person" not in table
    assert "</details>" in rest


def test_hazards_say_how_to_allow_them() -> None:
    plan = planned(document({"root@x.io": "admin"}), FakeWorkspace.of([*ROOT, person("eve@x.io")]))
    text = report(of(plan))
    command = "beamctl apply --allow mass-removal=2 --allow too-few-admins=1 --allow removes-admin=ada@x.io"
    flags = re.findall(r"--allow [^ \n`]+", text)
    assert "> [!CAUTION]\n> **Refused.**" in text
    assert text.index("| remove |") < text.index("[!CAUTION]")
    assert set(re.findall(r"--allow \S+", command)) >= set(flags)
    allowed = tuple(Allowance(each.risk, each.value) for each in plan.hazards)
    text = report(of(plan, allowed=allowed))
    assert "[!CAUTION]" not in text
    assert "Refused" not in text
    assert "**Allowed hazard" in text


def test_a_hazard_that_cannot_be_allowed_has_no_command() -> None:
    plan = planned(document({"root@x.io": "member", "ada@x.io": "member"}), FakeWorkspace.of(ROOT))
    assert any(each.risk is Risk.LAST_ADMIN for each in plan.hazards)
    text = report(of(plan))
    assert "It cannot be allowed" in text
    assert "```" not in text


def test_the_marker_is_alone_on_the_first_line() -> None:
    data = of(crowd(1, 1))
    digest = digest_of(plans_data(data.plans, data.allowed))
    head = report(data).splitlines()[:2]
    assert head == [f"<!-- beamctl:plan:v1 set=acme digest={digest} truncated=0 -->", ""]
    two = of(NONE, replace(NONE, workspace="labs"), command=CommandName.DRIFT)
    assert report(two).startswith("<!-- beamctl:drift:v1 set=acme.labs digest=sha256:")
    many = of(*(replace(NONE, workspace=f"workspace-number-{number}") for number in range(50)))
    assert re.match(r"<!-- beamctl:plan:v1 set=sha256:[0-9a-f]{64} digest=", report(many))


def test_several_workspaces_show_all_removals_before_anything_else() -> None:
    plans = [NONE, crowd(0, 3, "a"), replace(crowd(1, 1, "b"), workspace="labs")]
    text = report(of(*plans))
    assert first_line(text) == "### 1 person loses access, 4 gain access, in 2 of 3 workspaces"
    assert text.index("old.b0@x.io") < text.index("new.a0@x.io")
    assert text.index("old.b0@x.io") < text.index("new.b0@x.io")
    assert "#### `labs`: 1 person loses access, 1 gains access" in text
    assert "#### `acme`: 3 people gain access" in text
    assert first_line(report(of(NONE, replace(NONE, workspace="labs")))) == "### No changes in 2 workspaces"


def test_drift_says_what_is_not_declared_and_why() -> None:
    plan = crowd(1, 1)
    origins = {("acme", plan.changes[0].id): Origin(Cause.NOT_APPLIED)}
    data = replace(of(plan, command=CommandName.DRIFT), details=DriftDetails(origins=origins))
    text = report(data)
    assert first_line(text) == "### Drift: 1 person has access that is not declared, 1 is missing · `acme`"
    assert "| not declared | `old.person0@x.io` | `member` → not declared: can deploy and query models" in text
    assert "| missing | `new.person0@x.io` | missing → `member` | `access.yaml:6` | merged, not applied yet |" in text
    assert "[!CAUTION]" not in text
    assert first_line(report(of(NONE, command=CommandName.DRIFT))) == "### No drift · `acme`"


def test_a_doubtful_response_is_announced_before_the_differences() -> None:
    plan = replace(crowd(1, 0), anomalies=(failure("the API shows only 2 of 40"),))
    text = report(of(plan, command=CommandName.DRIFT))
    warning = "> [!WARNING]\n> The response of the API may be wrong or incomplete:\n>\n> - `the API shows only 2 of 40`"
    assert text.index(warning) < text.index("| not declared |")


def test_loosened_guards_are_said_first() -> None:
    hazard = Hazard(Risk.LOOSENS_GUARDS, "minAdmins", failure("guards.minAdmins: 2 → 1"))
    plan = replace(crowd(1, 0), hazards=(hazard,))
    assert first_line(report(of(plan))) == "### Refused: guards are loosened, 1 person loses access · `acme`"
    alone = replace(NONE, hazards=(hazard,))
    assert first_line(report(of(alone))) == "### Refused: guards are loosened · `acme`"
    several = report(of(alone, replace(NONE, workspace="labs")))
    assert first_line(several) == "### Refused: guards are loosened, in 1 of 2 workspaces"


def test_an_apply_shows_what_failed_first() -> None:
    plan = crowd(1, 2)
    invite, other, remove = plan.changes
    events: list[Event] = [
        Ended(invite, Outcome(Status.DONE)),
        Ended(other, Outcome(Status.FAILED, failure("the API is gone"), failure("Try again."))),
        NotAttempted(remove, failure("an invitation failed")),
    ]
    text = report(replace(of(plan, command=CommandName.APPLY), results=[(plan, events)]))
    assert first_line(text) == "### Apply is incomplete: 1 done, 1 failed, 1 not attempted · `acme`"
    rows = [row for row in text.splitlines() if row.startswith("| ") and "@x.io" in row]
    assert [row.split(" | ")[0] for row in rows] == ["| not attempted: remove", "| failed: invite", "| done: invite"]
    assert "`the API is gone`<br>`Try again.`" in rows[1]
    text = report(of(plan, command=CommandName.APPLY))
    assert first_line(text).startswith("### Not applied. 1 person loses access")


# within a limit


LIMIT = 12_000


@pytest.mark.parametrize("removed", [0, 30, 200])
@pytest.mark.parametrize("limit", [LIMIT, COMMENT])
def test_a_long_report_fits_and_shows_every_removal(removed: int, limit: int) -> None:
    plan = crowd(removed, 300, "pérson")
    text = rendered(of(plan), limit)
    assert len(text.encode()) <= limit
    assert losses(plan) <= set(re.findall("`([^`]+)`", text))
    is_cut = limit == LIMIT
    assert f"truncated={int(is_cut)} -->" in text
    assert len(re.findall(r"\*\*Shortened:\*\*", text)) == 2 * is_cut
    assert len(re.findall(r"of 300 other changes", text)) == 2 * is_cut
    if is_cut and removed < 200:
        assert len(text.encode()) > limit - 200


def test_removals_that_cannot_fit_are_announced_at_the_top() -> None:
    text = rendered(of(crowd(500, 10)), LIMIT)
    assert len(text.encode()) <= LIMIT
    assert text.split("\n\n")[2].startswith("> [!CAUTION]\n> **Incomplete. Do not approve it from this report:** ")
    assert re.search(r"\d+ of 500 removals and demotions", text.split("\n\n")[2])
    assert "truncated=1" in text
    assert "new.person" not in text


def test_a_cut_apply_never_says_to_apply_again() -> None:
    plan = crowd(200, 1)
    events: list[Event] = [Ended(change, Outcome(Status.DONE)) for change in plan.changes]
    text = rendered(replace(of(plan, command=CommandName.APPLY), results=[(plan, events)]), 3_000)
    assert "> **Incomplete:** " in text
    assert "Run `beamctl runs` to see everything." in text
    assert "approve" not in text


def test_detail_goes_before_names() -> None:
    plan = crowd(20, 20)
    full = len(rendered(of(plan), 1 << 20).encode())
    text = rendered(of(plan), full - 1)
    assert "reason" in rendered(of(plan), full)
    assert all(f"`new.person{number}@x.io`" in text for number in range(20))
    assert "can no longer" in text


emails = st.text("abcä|`@<🙂", min_size=1, max_size=12).map(lambda text: f"{text}@x.io")


@given(
    st.lists(emails, min_size=1, max_size=40, unique_by=str.lower),
    st.integers(0, 40),
    st.integers(2_500, 12_000),
)
@settings(max_examples=40, deadline=None)
def test_no_removal_is_ever_missing(names: list[str], added: int, limit: int) -> None:
    base = crowd(1, added)
    model = next(change for change in base.changes if is_loss(change))
    rest = tuple(change for change in base.changes if not is_loss(change))
    removals = tuple(replace(model, key=name, name=name) for name in names)
    text = rendered(of(replace(base, changes=(*rest, *removals))), limit)
    assert len(text.encode()) <= limit
    shown = [each.replace("@\u200b", "@") for each in read_html(html_of(text)).codes]
    assert {printable(name) for name in names} <= set(shown)


def test_thousands_of_workspaces_fit() -> None:
    loud = [replace(crowd(1, 1, f"w{number}"), workspace=f"loud-{number}") for number in range(5)]
    quiet = [replace(NONE, workspace=f"quiet-workspace-{number}") for number in range(2000)]
    text = rendered(of(*loud, *quiet), 30_000)
    assert len(text.encode()) <= 30_000
    assert all(name in text for plan in loud for name in losses(plan))
    assert all(f"new.w{number}0@x.io" in text for number in range(5))
    assert "<summary>2,000 workspaces without changes</summary>" in text
    assert re.search(r"\n- 1,\d\d\d more\n", text)
    tight = rendered(of(*loud, *quiet), 3_000)
    assert all(name in tight for plan in loud for name in losses(plan))
    assert re.search(r"[0-4] of 5 other changes", tight)
    assert "- `loud-" not in tight.partition("without changes")[2]


def test_the_report_says_when_it_was_made() -> None:
    data = replace(of(NONE), made=datetime(2026, 11, 30, 19, 0, 5, tzinfo=UTC))
    assert f"reported by beamctl {__version__} on 2026-11-30 19:00:05 UTC" in report(data)


# whatever values are in it


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_two_parsers_see_the_same_tables_with_exactly_the_values(value: str) -> None:
    for data in hostile_reports(value):
        text = report(data)
        expected = grids(data, mentions=False)
        assert expected
        assert tables_by_cmark(text) == expected
        assert tables_by_markdown_it(text) == expected
        codes = {each for table in expected for row in table for cell in row for each in cell.codes}
        assert printable(value) in {each.replace("@\u200b", "@") for each in codes}


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_no_value_leaves_its_code_span(value: str) -> None:
    for data in hostile_reports(value):
        text = report(data)
        found = read_html(html_of(text))
        assert found.tags <= TAGS
        assert found.attributes == set()
        assert len(found.comments) == 1
        assert [each for each in found.loose if LIVE.search(each)] == []
        assert not re.search(r"(?<!\w)@(?!\u200b)", text.replace("\\", ""), re.ASCII)
        assert not [each for each in text.splitlines() if each.startswith(("/", "::", "##["))]
        assert "\r" not in text
        assert text.isprintable() is False  # line breaks and our own marks
        assert all(char.isprintable() or char in "\n\u200b" for char in text)


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_each_place_escapes(value: str) -> None:
    shown = printable(value)
    spans = (*own("a "), *named(value), *own(" b"))
    in_line, in_cell = read_html(html_of(line(spans))), read_html(html_of(f"|x|\n|---|\n| {cell(spans)} |"))
    for found in (in_line, in_cell):
        assert [each.replace("@\u200b", "@") for each in found.codes] == [shown]
    assert in_cell.tables[0][1][0].text.replace("@\u200b", "@") == f"a {shown} b"
    [block] = read_html(html_of("\n".join(fence(shown)))).codes
    assert block.replace("@\u200b", "@") == f"{shown}\n"
    told = read_html(html_of(f"<details><summary>{summary(shown)}</summary>\n\nx\n\n</details>"))
    assert told.tags <= {"details", "summary", "p"}
    assert read_html(html_of(f"x {words(shown)} x")).tags <= {"p", "a"}  # entities do not stop links: values are code


@given(st.text("a`| \\@<&", max_size=9))
@settings(max_examples=100, deadline=None)
def test_code_spans_show_exactly_the_value(value: str) -> None:
    if value:
        [found] = read_html(html_of(f"x {code(value)} x")).codes
        assert found.replace("@\u200b", "@") == value
        row = f"|x|y|\n|---|---|\n| {cell(named(value))} | `|` |".replace("`|`", "`\\|`")
        for tables in (tables_by_cmark(row), tables_by_markdown_it(row)):
            assert [each.text.replace("@\u200b", "@") for each in tables[0][1]] == [value, "|"]


@pytest.mark.parametrize("value", ["a b", "a--b", "-->", "a>b", "é", "a\nb"])
def test_a_marker_cannot_be_left(value: str) -> None:
    with pytest.raises(ValueError, match=re.escape(value)):
        marker("beamctl:plan:v1", {"set": value})


def test_mentions_are_broken_but_addresses_are_not() -> None:
    assert code("@here") == "`@\u200bhere`"
    assert code("x (@octocat)") == "`x (@\u200boctocat)`"
    assert code("ada@example.com") == "`ada@example.com`"


# the checks reject broken reports


BROKEN = {
    "a cell too many": "|x|y|\n|---|---|\n| `a` | `b|c` |",
    "a value without code": "|x|y|\n|---|---|\n| a | `b` |",
    "another value": "|x|y|\n|---|---|\n| `a` | `c` |",
    "no table": "| `a` | `b` |",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_the_parsers_reject_broken_tables(text: str) -> None:
    good = "|x|y|\n|---|---|\n| `a` | `b` |"
    assert tables_by_cmark(good) == tables_by_markdown_it(good)
    assert tables_by_cmark(text) != tables_by_cmark(good)
    assert tables_by_markdown_it(text) != tables_by_markdown_it(good)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a <img src=x>", "tags"),
        ("[a](http://x)", "tags"),
        ("<!-- a -->", "comments"),
        ("see @here", "loose"),
        ("see #12", "loose"),
        ("$x$", "loose"),
        ("a\u202eb", "loose"),
    ],
)
def test_the_check_of_live_text_rejects(text: str, seen: str) -> None:
    found = read_html(html_of(text))
    rejected = {
        "tags": not found.tags <= TAGS,
        "comments": bool(found.comments),
        "loose": any(LIVE.search(each) for each in found.loose),
    }
    assert rejected[seen]


def test_the_harmless_plan_has_every_part() -> None:
    found = review(of(harmless()), "").workspaces[0]
    assert len(found.others) == 2
    assert len(found.kept[0].rows) >= 2
