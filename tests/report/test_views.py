"""Reports of applies, workspaces and problems. Hostile text never reaches a terminal unescaped."""

import json
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.apply.record import Ended, Event, NotAttempted, Started
from beamctl.document.problem import Place, Problem, ProblemCode
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.model.text import printable
from beamctl.plan.kind import Outcome, Status
from beamctl.plan.listing import Listing
from beamctl.report.apply_text import end_text, event_text, is_summarized
from beamctl.report.drift_text import drift_text
from beamctl.report.json_report import error_json, problems_json
from beamctl.report.plan_text import plan_text
from beamctl.report.problems_text import problems_text
from beamctl.report.style import Style, Tone
from beamctl.report.workspace_json import show_json
from beamctl.report.workspace_text import Sections, show_text
from tests.fakes.one_workspace import applied_json, drift_json, plan_json
from tests.fakes.runs import document, planned
from tests.fakes.wording import failure
from tests.fakes.workspace import FakeWorkspace, person

LIVE = FakeWorkspace.of([person("root@x.io", "admin"), person("old@x.io")])
PLAN = planned(document({"root@x.io": "admin", "new@x.io": "viewer"}), LIVE)
INVITE, REMOVE = PLAN.changes


def test_event_lines() -> None:
    assert event_text(Started(INVITE)) == ""
    assert event_text(Ended(INVITE, Outcome(Status.DONE))) == "  ✓ invite new@x.io  viewer"
    assert (
        event_text(Ended(INVITE, Outcome(Status.DEFERRED, failure("later")))) == "  … invite new@x.io  viewer — later"
    )
    failed = Ended(INVITE, Outcome(Status.FAILED, failure("the API responded with 400"), failure("Mend it.")))
    assert event_text(failed) == (
        "  ✗ invite new@x.io  viewer — the API responded with 400\n      Mend it.  (access.yaml:5)"
    )
    assert event_text(NotAttempted(REMOVE, failure("interrupted"))) == "  ○ remove old@x.io  not attempted: interrupted"


def test_only_what_the_totals_do_not_say_is_listed_next_to_a_bar() -> None:
    quiet: list[Event] = [Ended(INVITE, Outcome(Status.DONE)), NotAttempted(REMOVE, fact(Code.INTERRUPTED))]
    listed: list[Event] = [
        Ended(INVITE, Outcome(Status.FAILED, failure("x"))),
        NotAttempted(REMOVE, failure("an invitation failed")),
    ]
    assert [is_summarized(event) for event in (*quiet, *listed)] == [True, True, False, False]


def test_end_of_an_incomplete_apply() -> None:
    done, failed = Ended(INVITE, Outcome(Status.DONE)), Ended(INVITE, Outcome(Status.FAILED, failure("x")))
    assert end_text("acme", [done]) == "Applied to acme: 1 done.\n"
    later = Ended(INVITE, Outcome(Status.DEFERRED))
    assert end_text("acme", [done, later]) == "Applied to acme: 1 done, 1 waiting for the invitee.\n"
    assert end_text("acme", [failed, NotAttempted(REMOVE, failure("x"))]) == (
        "Apply to acme is incomplete: 0 done, 1 failed, 1 not attempted.\n"
        "Fix the cause and run `beamctl apply` again. Completed changes are skipped.\n"
    )
    assert end_text("acme", [done, NotAttempted(REMOVE, failure("interrupted"))], interrupted=True) == (
        "Apply to acme is incomplete: 1 done, 1 not attempted.\n"
        "Run `beamctl apply` again. Completed changes are skipped.\n"
    )


def test_apply_json_has_the_outcome_of_every_change() -> None:
    events: list[Event] = [
        Started(INVITE),
        Ended(INVITE, Outcome(Status.DONE)),
        NotAttempted(REMOVE, failure("interrupted")),
    ]
    found = json.loads(applied_json(PLAN, events))
    assert [(each["address"], each["outcome"]) for each in found["results"]] == [
        ('acme.member["new@x.io"]', "done"),
        ('acme.member["old@x.io"]', "not attempted"),
    ]
    assert found["summary"] == {"done": 1, "deferred": 0, "failed": 0, "not_attempted": 1, "not_confirmed": 0}


def test_workspace_table() -> None:
    members = [{"email": "a@x.io", "role": "admin"}, {"email": "long\x1b@x.io", "role": "viewer"}]
    sections = {"settings": Listing([{"labels": {"a": "1"}}]), "members": Listing(members), "none": Listing([])}
    text = show_text("acme", "https://a.b/v0", sections)
    assert text == (
        "acme · https://a.b/v0\n\n"
        '  settings\n    labels  {"a": "1"}\n\n'
        "  members (2)\n    email          role\n    a@x.io         admin\n    long\\x1b@x.io  viewer\n\n"
        "  none (0)\n"
    )


def test_unread_section_is_not_shown_as_empty() -> None:
    sections = {
        "none": Listing([]),
        "hidden": Listing(None, failure("cannot be seen: it is\x1b secret")),
        "some": Listing([{"name": "a"}], failure("those of b cannot be seen")),
    }
    assert show_text("acme", "https://a.b/v0", sections) == (
        "acme · https://a.b/v0\n\n"
        "  none (0)\n\n"
        "  hidden (unknown)\n    ! cannot be seen: it is\\x1b secret\n\n"
        "  some (1 seen)\n    name\n    a\n    ! those of b cannot be seen\n"
    )
    found = json.loads(show_json("acme", "https://a.b/v0", sections))
    assert (found["none"], found["hidden"], found["some"]) == ([], None, [{"name": "a"}])
    assert list(found["unavailable"]) == ["hidden", "some"]


def test_problems_with_place_and_hint() -> None:
    problems = [
        Problem(Place("a\x1b.yaml", 3, 2), ProblemCode.UNKNOWN_KEY, "bad", "mend it"),
        Problem(Place("b.yaml"), ProblemCode.EMPTY_FILE, "empty"),
    ]
    assert problems_text(problems) == (
        "a\\x1b.yaml:3:2: bad\n    mend it\nb.yaml: empty\n\n"
        "2 problems. Nothing was read from or sent to any workspace.\n"
    )
    found = json.loads(problems_json(problems, 1))["problems"]
    assert (found[0]["line"], [each["code"] for each in found]) == (3, ["unknown-key", "empty-file"])


def test_thousands_of_hazards_are_fast() -> None:
    leaving = [person(f"person{number}@old{number}.io", "admin") for number in range(5000)]
    live = FakeWorkspace.of([person("root@x.io", "admin"), *leaving])
    members = {"root@x.io": "admin", **{f"person{number}@new{number}.io": "admin" for number in range(5000)}}
    plan = planned(document(members), live)
    begun = time.process_time()
    text, data = plan_text(plan), plan_json(plan)
    assert time.process_time() - begun < 5  # comparing all pairs takes 15 seconds
    assert text.count("\nRefused (exit 5): ") == data.count('"refused": true') - 1 == len(plan.hazards) == 10_001


def test_colors_are_an_argument() -> None:
    assert Style(color=True)(Tone.BAD, "x") == "\x1b[31mx\x1b[0m"
    assert "\x1b" not in plan_text(PLAN)
    assert "\x1b[31m" in plan_text(PLAN, (), Style(color=True))


def test_errors_for_machines() -> None:
    assert json.loads(error_json("m", "h", "refused", 5))["error"] == {
        "code": "refused",
        "message": "m",
        "hint": "h",
        "exit_code": 5,
    }


@given(st.text())
def test_printable_text_is_printable(text: str) -> None:
    assert printable(text).isprintable()


@given(st.text(min_size=1), st.text())
@settings(deadline=None)  # the first example pays for the imports
def test_no_control_character_of_the_workspace_reaches_a_report(name: str, role: str) -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin"), person(name, role or "member")])
    live.settings |= {"displayName": name, "labels": {name: role}}
    plan = planned(document({"root@x.io": "admin"}, settings={"displayName": "A", "labels": {"a": "b"}}), live)
    rows: Sections = {
        "members": Listing([{"email": name, "role": role}, {"email": "b", "role": "c"}], failure(name)),
        "settings": Listing([{"labels": {name: role}}]),
        "policies": Listing(None, failure(name)),
    }
    texts = [plan_text(plan), drift_text(plan), show_text("acme", name, rows)]
    for text in texts:
        assert all(line.isprintable() for line in text.split("\n"))
    for data in (drift_json(plan), show_json("acme", name, rows)):
        assert data.isascii()
        json.loads(data)
