"""Why a workspace differs: the table, cell by cell, and what records and time change about it."""

from itertools import product
from typing import Any

import pytest

from beamctl.plan.change import ALL_ATTRIBUTES, Action, Change, Reason, Stage
from beamctl.plan.three_way import TABLE, UNSAID, Agreement, BaseView, Cause, LastSet, Verdict, origin, verdict

CLEAN, FINE = Agreement.CLEAN, Agreement.FINE_NOW
HAND, LATER, BOTH, UNKNOWN = Cause.BY_HAND, Cause.NOT_APPLIED, Cause.BOTH, Cause.UNKNOWN

CELLS: dict[tuple[Any, Any, Any], Verdict] = {
    # base, now, live; None is absent
    ("a", "a", "a"): CLEAN,
    ("a", "a", "b"): HAND,
    ("a", "a", None): HAND,
    ("a", "b", "a"): LATER,
    ("a", "b", "b"): FINE,
    ("a", "b", "c"): BOTH,
    ("a", "b", None): BOTH,
    ("a", None, "a"): LATER,
    ("a", None, "b"): BOTH,
    ("a", None, None): FINE,
    (None, "a", "a"): FINE,
    (None, "a", "b"): BOTH,
    (None, "a", None): LATER,
    (None, None, "a"): HAND,
    (None, None, None): CLEAN,
}


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_every_cell(cell: tuple[Any, Any, Any]) -> None:
    assert verdict(*cell) is CELLS[cell]
    as_objects = [None if side is None else {"role": side} for side in cell]
    assert verdict(*as_objects) is CELLS[cell]


def test_every_combination_of_three_values_has_a_cell() -> None:
    patterns = {(b == d, b == live, d == live) for b, d, live in product(["a", "b", "c", None], repeat=3)}
    assert patterns == TABLE.keys() == {(b == d, b == live, d == live) for b, d, live in CELLS}


def test_a_base_that_says_nothing_gives_no_cause() -> None:
    assert verdict(UNSAID, "a", "b") is UNKNOWN
    assert verdict(UNSAID, None, "b") is UNKNOWN
    assert verdict(UNSAID, "a", "a") is CLEAN


def test_the_order_of_lists_is_no_difference() -> None:
    assert verdict(["a", "b"], ["b", "a"], ["c"]) is HAND


def member(before: str | None, after: str | None, reason: Reason = Reason.ROLE_DIFFERS) -> Change:
    sides = [None if role is None else {"email": "a@x.io", "role": role} for role in (before, after)]
    return Change("k", "a@x.io", "a@x.io", Action.SET_ROLE, Stage.PROMOTE, "role", sides[0], sides[1], reason)


def thing(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Change:
    return Change("k", "t", "t", Action.UPDATE, Stage.UPDATE, ALL_ATTRIBUTES, before, after, Reason.VALUE_DIFFERS)


def view(change: Change | None, *, decides: bool = True, **more: Any) -> BaseView:
    return BaseView(change, decides, names=frozenset({"email"}), **more)


def test_attributes_have_causes_of_their_own() -> None:
    now = thing({"a": 1, "b": 1, "c": 1}, {"a": 2, "b": 2, "c": 1})
    base = view(thing({"a": 1, "c": 1}, {"a": 2, "c": 3}))
    found = origin(now, base, None, None)
    assert found.parts == {"a": HAND, "b": LATER}
    assert found.cause is BOTH
    assert origin(now, view(now), None, None).cause is HAND
    assert origin(now, view(None), None, None).cause is LATER


def test_an_attribute_that_the_base_does_not_declare_gives_no_cause() -> None:
    now = thing({"a": 1, "b": 1}, {"a": 2, "b": 2})
    found = origin(now, view(None, declares=lambda name: name == "a"), None, None)
    assert found.parts == {"a": LATER, "b": UNKNOWN}
    assert found.cause is UNKNOWN


def test_objects_that_the_base_does_not_manage() -> None:
    nothing = view(None, decides=False)
    assert origin(member("admin", None), nothing, None, None).cause is UNKNOWN
    assert origin(member("admin", "viewer"), nothing, None, None).cause is UNKNOWN
    assert origin(member(None, "viewer"), nothing, None, None).cause is LATER  # absent on both sides
    unreadable = BaseView(None, decides=False, is_comparable=False)
    assert origin(member(None, "viewer"), unreadable, None, None).cause is UNKNOWN


def test_other_spellings_of_a_name_are_no_difference() -> None:
    other = Change(
        "k",
        "a@x.io",
        "A@X.io",
        Action.INVITE,
        Stage.INVITE,
        "role",
        None,
        {"email": "A@X.io", "role": "admin"},
        Reason.NOT_THERE,
    )
    assert origin(member(None, "admin"), view(other), None, None).cause is HAND


@pytest.mark.parametrize("reason", [Reason.ACCESS_ENDED, Reason.INVITATION_EXPIRED, Reason.EXPIRES])
def test_time_is_not_a_change_by_hand(reason: Reason) -> None:
    due = member("admin", None, reason)
    assert origin(due, view(due), None, None).cause is None
    assert origin(due, view(None), None, None).cause is LATER  # the document is new


def last(role: str | None, *, undoes: bool = False) -> LastSet:
    return LastSet("r1", "2026-11-24T12:00:00.000Z", "", None if role is None else {"role": role}, undoes)


def test_what_the_last_run_left_was_not_changed_by_hand() -> None:
    """Such as after an apply that failed in part: the recorded commit did not advance, but a run set the value."""
    now = member("viewer", "admin")
    assert origin(now, view(now), None, None).cause is HAND
    assert origin(now, view(now), last("viewer"), None).cause is LATER
    assert origin(now, view(now), last("member"), None).cause is HAND
    assert origin(now, view(now), last(None), None).cause is HAND
    assert origin(now, view(now), last("viewer", undoes=True), None).cause is HAND
    gone = member(None, "admin")
    assert origin(gone, view(gone), last(None), None).cause is LATER
    assert origin(gone, view(gone), last("admin"), None).cause is HAND
    there = member("admin", None)
    assert origin(there, view(there), last("admin"), None).cause is LATER


def test_without_a_base_only_facts_are_kept() -> None:
    found = origin(member("viewer", "admin"), None, last("viewer"), None)
    assert (found.cause, found.parts, found.last_set) == (None, {}, last("viewer"))
