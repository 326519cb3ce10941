"""Guards that are looser than in the last recorded run are a hazard, even if they are used only later."""

from dataclasses import fields, replace
from typing import Any

import pytest

from beamctl.apply.record import Run, State, first_line
from beamctl.apply.record_reader import read_record
from beamctl.apply.summary import declared_by, is_head
from beamctl.document.desired import Desired, Guards
from beamctl.document.document import Document
from beamctl.plan.comparison import Situation
from beamctl.plan.guards import _GUARDS, Declared, Sizes, declared_of, loosened
from beamctl.plan.plan import Plan
from beamctl.plan.plan_json import address
from beamctl.workflow.undo import undo
from tests.fakes.one_workspace import recheck_plan
from tests.fakes.runs import API, TODAY, applied, document, planned
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace, person

STRICT: dict[str, Any] = {
    "minAdmins": 2,
    "maxRemovals": 1,
    "allowedDomains": ["x.io"],
    "protected": ["b@x.io", "c@x.io"],
    "preventDestroy": True,
    "self": {"email": "a@x.io"},
}
AS_IS: dict[str, Any] = {"a@x.io": "admin", "b@x.io": "admin", "c@x.io": "member", "d@x.io": "member"}


def workspace() -> FakeWorkspace:
    return FakeWorkspace.of([person(email, role) for email, role in AS_IS.items()])


def declared(guards: dict[str, Any], **ends: str) -> Declared:
    found = declared_of({"guards": guards, "ends": {"member": ends} if ends else {}})
    assert found is not None
    return found


def in_words(was: Guards, now: Guards, populations: Sizes) -> dict[str, str]:
    return {guard: words(change) for guard, change in loosened(was, now, populations).items()}


def loosens(plan: Plan) -> dict[str, str]:
    return {hazard.value: words(hazard.fact) for hazard in plan.hazards if hazard.risk.value == "loosens-guards"}


SAID = "guards.{} is looser than in the last recorded run: {} (access.yaml:{})"
LOOSENED = [
    ({"minAdmins": 1}, "minAdmins", "2 → 1"),
    ({"minAdmins": 0}, "minAdmins", "2 → 0"),
    ({"minAdmins": None}, "minAdmins", "2 → 1"),
    ({"maxRemovals": 2}, "maxRemovals", "1 → 2"),
    ({"maxRemovals": "50%"}, "maxRemovals", "1 → 50%"),  # of four: two
    ({"allowedDomains": ["x.io", "z.io", "y.io"]}, "allowedDomains", "adds y.io, z.io"),
    ({"allowedDomains": ["y.io"]}, "allowedDomains", "adds y.io"),
    ({"allowedDomains": None}, "allowedDomains", "any domain is allowed, before only x.io"),
    ({"protected": ["b@x.io"]}, "protected", "no longer lists c@x.io"),
    ({"protected": None}, "protected", "no longer lists b@x.io, c@x.io"),
    ({"protected": ["*@y.io", "b@x.io"]}, "protected", "no longer lists c@x.io"),
    ({"preventDestroy": False}, "preventDestroy", "true → false"),
    ({"secretSources": ["/run/secrets"]}, "secretSources", "adds /run/secrets"),
    ({"self": None}, "self", "email a@x.io → not set"),
    ({"self": {"email": "b@x.io"}}, "self", "email a@x.io → email b@x.io"),
    ({"self": {"serviceAccount": "a@x.io"}}, "self", "email a@x.io → serviceAccount a@x.io"),
]
TIGHTENED = [
    {},
    {"minAdmins": 3},
    {"maxRemovals": 0},
    {"maxRemovals": "25%"},  # of four: one
    {"allowedDomains": []},
    {"protected": ["C@X.io", "a@x.io", "b@x.io"]},
    {"protected": ["*@X.io"]},
    {"self": {"email": "a@X.io"}},
]


def changed(found: dict[str, Any], *, members: dict[str, Any] = AS_IS) -> Desired:
    guards = {key: value for key, value in {**STRICT, **found}.items() if value is not None}
    return document(members, guards=guards)


@pytest.mark.parametrize(("found", "guard", "message"), LOOSENED)
def test_each_loosened_guard_is_named(found: dict[str, Any], guard: str, message: str) -> None:
    want = changed(found, members=AS_IS | {"new@x.io": "viewer"})
    place = want.document.key_place("guards", guard)
    plan = planned(want, workspace(), recorded=declared(STRICT))
    assert loosens(plan) == {guard: SAID.format(guard, message, place.line)}
    assert plan.declared is not None
    assert (
        loosens(planned(want, workspace(), recorded=plan.declared)) == {}
    )  # after the apply, it is the recorded guard


@pytest.mark.parametrize("found", TIGHTENED)
def test_equally_strict_guards_are_no_hazard(found: dict[str, Any]) -> None:
    want = changed(found, members=AS_IS | {"new@x.io": "admin"})
    assert loosens(planned(want, workspace(), recorded=declared(STRICT))) == {}


def test_protecting_emails_instead_of_their_domain_is_looser() -> None:
    was, now = (declared({**STRICT, "protected": each}).guards for each in (["*@x.io"], ["b@x.io", "c@x.io"]))
    assert in_words(was, now, ([4], [4])) == {"protected": "no longer lists *@x.io"}
    assert in_words(now, was, ([4], [4])) == {}


@pytest.mark.parametrize(("found", "guard", "message"), LOOSENED)
def test_guard_loosened_before_it_is_used_is_named(found: dict[str, Any], guard: str, message: str) -> None:
    first = planned(changed(found), workspace(), recorded=declared(STRICT))
    assert (first.changes, first.hazards) == ((), ())
    later = planned(changed(found, members=AS_IS | {"new@x.io": "viewer"}), workspace(), recorded=first.declared)
    assert message in loosens(later)[guard]


def test_declaring_self_is_recorded_and_no_hazard() -> None:
    want = changed({}, members=AS_IS | {"new@x.io": "viewer"})
    without = {guard: value for guard, value in STRICT.items() if guard != "self"}
    plan = planned(want, workspace(), recorded=declared(without))
    assert loosens(plan) == {}
    assert plan.declared == declared(STRICT)


def test_plan_without_changes_records_only_stricter_guards() -> None:
    live, want = workspace(), AS_IS | {"c@x.io": "admin"}
    live.users["c@x.io"]["role"] = "admin"
    plan = planned(changed({"minAdmins": 3, "maxRemovals": 4}, members=want), live, recorded=declared(STRICT))
    assert plan.declared == declared({**STRICT, "minAdmins": 3})


@pytest.mark.parametrize(
    ("before", "after", "looser"),
    [
        ("25%", "26%", True),  # no population is needed for the same unit
        ("26%", "25%", False),
        (3, "25%", False),  # 25% of 8 is 2
        (2, "25%", False),
        (1, "25%", True),
        ("25%", 2, False),
        ("25%", 3, True),
        ("0%", 1, True),
        ("0%", 0, False),
    ],
)
def test_count_and_share_are_compared_by_population(before: Any, after: Any, looser: object) -> None:
    was, now = (declared({**STRICT, "maxRemovals": each}).guards for each in (before, after))
    assert bool(loosened(was, now, ([8], [8]))) is looser


def test_share_is_compared_in_both_populations() -> None:
    was, now = (declared({**STRICT, "maxRemovals": each}).guards for each in ("25%", 2))
    assert in_words(was, now, ([4], [8])) == {
        "maxRemovals": "25% → 2"
    }  # of four members with access, one could be removed
    assert in_words(was, now, ([8], [8])) == {}
    assert in_words(was, now, ([4, 4], [4, 4])) == {}  # one of each of two kinds


def test_nothing_is_compared_without_a_record() -> None:
    want = document(AS_IS | {"new@x.io": "viewer"}, guards={"minAdmins": 0})
    assert loosens(planned(want, workspace())) == {}


ATTACK = document(
    {"a@x.io": "admin", "c@x.io": "member", "evil@attacker.example": "admin"},
    guards={
        "minAdmins": 1,
        "maxRemovals": "100%",
        "allowedDomains": ["x.io", "attacker.example"],
        "protected": [],
    },
)


def test_loosening_and_using_guards_at_once_is_refused() -> None:
    found = planned(ATTACK, workspace(), recorded=declared(STRICT))
    assert set(loosens(found)) == {"minAdmins", "maxRemovals", "allowedDomains", "protected", "self"}


def test_saved_plan_is_compared_with_the_record_at_apply() -> None:
    live = workspace()
    plan = planned(ATTACK, live)
    assert loosens(plan) == {}
    found = recheck_plan(plan, live, None, recorded=declared(STRICT), today=TODAY).plan
    assert set(loosens(found)) == {"minAdmins", "maxRemovals", "allowedDomains", "protected", "self"}
    assert found.declared == plan.declared
    told = planned(ATTACK, live, recorded=declared(STRICT))
    assert recheck_plan(told, live, None, recorded=declared(STRICT), today=TODAY).plan.hazards == told.hazards
    idle = planned(changed({"minAdmins": 1}), live)
    kept = recheck_plan(idle, live, None, recorded=declared(STRICT), today=TODAY).plan
    assert (kept.hazards, kept.declared) == ((), declared(STRICT))


def test_forged_date_in_a_saved_plan_is_not_recorded() -> None:
    live = workspace()
    plan = planned(document(AS_IS | {"a@x.io": {"role": "admin", "until": "2099-01-01"}}), live)
    assert plan.declared is not None
    forged = Declared(plan.declared.guards, {"member": {"a@x.io": "2099-01-01", "b@x.io": "2026-11-24"}})
    found = recheck_plan(replace(plan, declared=forged), live, None, today=TODAY).plan
    assert found.declared == plan.declared


def test_undo_records_its_documents_guards_and_keeps_dates() -> None:
    live = workspace()
    made = planned(document(AS_IS | {"new@x.io": "viewer"}), live)
    applied(made, live)
    situation = Situation(TODAY, API, recorded=declared(STRICT, **{"a@x.io": "2099-01-01"}))
    bare = Desired("acme", Document("run r1", {}, {}, {}))
    record = read_record(first_line(RUN, made).encode())
    record = replace(record, states=dict.fromkeys((address("acme", each) for each in made.changes), State.DONE))
    without = undo(record, bare, live, situation)
    assert (without.declared, loosens(without)) == (None, {})
    guarded = Desired("acme", bare.document, changed({"minAdmins": 1}).guards)
    found = undo(record, guarded, live, situation)
    assert set(loosens(found)) == {"minAdmins"}
    assert found.declared == declared({**STRICT, "minAdmins": 1}, **{"a@x.io": "2099-01-01"})


RUN = Run("20261124T120000000Z-acme-abc123", "2026-11-24T12:00:00.000Z", "ann", "", "sha256:0")


def test_recorded_guards_are_read_from_the_first_line() -> None:
    want = changed({}, members=AS_IS | {"a@x.io": {"role": "admin", "until": "2099-01-01"}, "new@x.io": "viewer"})
    plan = planned(want, workspace())
    content = first_line(RUN, plan).encode()
    beginning = content[: content.index(b'"new@x.io"')]
    assert is_head(beginning)
    expected = declared(STRICT, **{"a@x.io": "2099-01-01"})
    for each in (content, beginning, content + b"torn"):
        assert declared_by(each, "acme", API) == expected == plan.declared
    assert declared_by(content, "labs", API) is None
    assert declared_by(content, "acme", "local") is None
    no_run = content.replace(b'"event": "run"', b'"event": "started", "address": "x"').replace(
        b'"workspace": "acme", ', b""
    )
    for other in (b"", b"[" * 9999, content[:200], content.replace(b'"minAdmins": 2', b'"minAdmins": -2'), no_run):
        assert declared_by(other, "acme", API) is None


def test_name_that_contains_the_delimiter_is_read() -> None:
    odd = '", "changes": ['
    run = Run("20261124T120000000Z-acme-abc123", "2026-11-24T12:00:00.000Z", odd, odd, odd)
    content = first_line(run, planned(changed({}), workspace())).encode()
    assert declared_by(content, "acme", API) == declared(STRICT)


def test_record_without_guards() -> None:
    content = first_line(RUN, replace(planned(changed({}), workspace()), declared=None)).encode()
    assert declared_by(content, "acme", API) is None


def test_every_guard_is_compared() -> None:
    assert {attribute for attribute, _ in _GUARDS.values()} == {each.name for each in fields(Guards)} - {"source"}
