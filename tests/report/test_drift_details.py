"""What a drift says besides the differences, with hostile values in every place."""

import html
import json
import re
from dataclasses import replace
from datetime import date

import pytest

from beamctl.document.problem import Place
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.plan.coverage import Coverage, Covered, KindCoverage, percent_managed
from beamctl.plan.known_drift import Known, KnownResult
from beamctl.plan.three_way import Cause
from beamctl.report.data import CommandName, DriftDetails, ReportData
from beamctl.report.drift_details_spans import CAUSES, uncovered_spans
from beamctl.report.formats import FORMATS
from beamctl.report.spans import plain
from tests.fakes.runs import document, planned
from tests.fakes.workspace import FakeWorkspace, person
from tests.report.hostile_reports import hostile_details

HOSTILE = [
    "a|b", "`x`", "@here", "::error::x", "##[add-mask]admin", "a\rb", "new\nline", "\u202etxt", "zero\u200bwidth",
    "/close", "<!-- x", "{0}", "$x$", "\x1b[31mred", "\x07", "\ud83d", "\u2028",
]  # fmt: skip
PLAN = planned(
    document({"a@x.io": "admin", "b@x.io": "viewer"}),
    FakeWorkspace.of([person("a@x.io", "admin"), person("b@x.io"), person("c@x.io")]),
)


def data(text: str) -> ReportData:
    """Every place holds this text."""
    return ReportData(CommandName.DRIFT, [PLAN], details=hostile_details(PLAN, text))


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_values_stay_on_their_line(text: str) -> None:
    shown = FORMATS["text"].report(data(text))
    plain = FORMATS["text"].report(data("plain"))
    assert shown.count("\n") == plain.count("\n")
    assert all(line.isprintable() for line in shown.splitlines())
    assert not set("\u202e\u200b\u2028\x1b\r") & set(shown)
    found = json.loads(FORMATS["json"].report(data(text)))
    assert [each["state"] for each in found["known"]] == ["unmatched", "expired", "expired"]
    assert found["known"][0]["reason"] == text


def test_everything_is_said() -> None:
    shown = FORMATS["text"].report(data("X"))
    for each in (
        "X: changed by hand; role: merged, not applied yet · last deleted by run X (X, commit X), an undo",
        " · last updated 2026-11-24 00:00 UTC",
        "cannot tell whether it was changed by hand",
        "Compared with access.yaml at 1a1a1a1a1a1a, the last complete apply (run X).",
        "Changed since then, and as declared now: X.",
        "Not counted, because it did not differ every time: X.",
        "X:3: member:X matches no difference.",
        "X:3: member:X was accepted until 2026-01-01 (X), and is drift again.",
        "X:3: member:X was accepted until 2026-01-01, and no longer differs.",
        "Other differences, by address: ",
        "things: 3 = 1 managed, 1 unmanaged, 1 excluded",
        "an unknown share",
        "not managed: X",
    ):
        assert each in shown
    (section,) = json.loads(FORMATS["json"].report(data("X")))["coverage"][0]["sections"]
    assert (section["total"], section["managed"], section["unmanaged_names"]) == (3, 1, ["X"])


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_reviewers_see_everything_too(name: str) -> None:
    shown = html.unescape(re.sub(r"</?code>|`", "", FORMATS[name].report(data("X"))))
    for each in (
        "; coverage is too low",
        "X: changed by hand; role: merged, not applied yet · last deleted by run X (X, commit X), an undo",
        "cannot tell whether it was changed by hand",
        "Compared with access.yaml at 1a1a1a1a1a1a, the last complete apply (run X)",
        "Changed since then, and as declared now: X",
        "Not counted, because it did not differ every time: X",
        "member:X matches no difference. Remove the entry, or check its address (X:3)",
        "member:X was accepted until 2026-01-01 (X), and is drift again (X:3)",
        "member:X was accepted until 2026-01-01, and no longer differs. Remove the entry (X:3)",
        "things: 3 = 1 managed, 1 unmanaged, 1 excluded · things ",
        " is an unknown share; 100% is required. Not covered: things X; things ",
    ):
        assert each in shown, each


def test_findings_say_it_on_their_lines() -> None:
    found = {each["check_name"]: each for each in json.loads(FORMATS["gitlab-codequality"].report(data("X")))}
    assert found["beamctl/both"]["description"].endswith(" · last updated 2026-11-24 00:00 UTC")
    assert found["beamctl/known-drift-outdated"]["location"] == {"path": "X", "lines": {"begin": 3}}
    assert found["beamctl/coverage-too-low"]["severity"] == "critical"
    text = FORMATS["junit"].report(data("X"))
    assert 'name="its coverage is as required"' in text
    assert 'type="beamctl/coverage-too-low"' in text
    covered = replace(data("X"), details=DriftDetails(required_coverage=100))
    assert "beamctl/coverage-too-low" not in FORMATS["junit"].report(covered)


def test_accepted_drift_did_not_pass_a_test() -> None:
    known = Known("member", "A@x.io", date(2026, 1, 1), "R", Place("known.yaml", 3, 3))
    passed = 'name="a@x.io"'
    assert passed in FORMATS["junit"].report(data("X"))
    accepted = DriftDetails(known=(KnownResult(known, accepted=("acme",)),))
    assert passed not in FORMATS["junit"].report(replace(data("X"), details=accepted))
    elsewhere = DriftDetails(known=(KnownResult(replace(known, kind="policy"), accepted=("acme",)),))
    assert passed in FORMATS["junit"].report(replace(data("X"), details=elsewhere))


def test_every_cause_has_words() -> None:
    assert CAUSES.keys() == set(Cause)


def uncovered(required: float, *kinds: KindCoverage) -> str:
    return plain(uncovered_spans("acme", DriftDetails(coverage={"acme": kinds}, required_coverage=required)))


def test_coverage_is_never_rounded_up() -> None:
    managed = tuple(Covered(str(key), str(key), Coverage.MANAGED) for key in range(9_999))
    one = KindCoverage("k", "things", (*managed, Covered("x", "x", Coverage.UNMANAGED)))
    assert uncovered(100, one) == "Coverage of acme is 99.9%; 100% is required. Not covered: things x"
    assert uncovered(99.9, one) == ""
    excluded = KindCoverage("k", "things", (Covered("x", "x", Coverage.EXCLUDED),))
    assert percent_managed([]) == percent_managed([excluded]) == percent_managed([replace(one, objects=managed)]) == 100
    unread = replace(excluded, unread=fact(Code.CANNOT_BE_READ, detail="x"))
    assert "an unknown share; 1% is required" in uncovered(1, unread)
