"""Differences inside nested values, with their paths."""

from typing import Any

import pytest

from beamctl.plan.diff import ABSENT, differences, same

OPS, ALL = {"groupName": "ops", "role": "admin"}, {"groupName": "all", "role": "member"}


@pytest.mark.parametrize(
    ("before", "after", "spots"),
    [
        ("a", "b", [("", "a", "b")]),
        ({"a": "1"}, {"a": "2"}, [("a", "1", "2")]),
        ({"a": "1"}, {"b": "1"}, [("a", "1", ABSENT), ("b", ABSENT, "1")]),
        ({"a": None}, {}, [("a", None, ABSENT)]),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [2, 3]}}, [("a.b", 1, ABSENT), ("a.b", ABSENT, 3)]),
        ([OPS, ALL], [ALL, OPS | {"role": "viewer"}], [("ops.role", "admin", "viewer")]),
        ([OPS, ALL], [ALL], [("ops", {"role": "admin"}, ABSENT)]),
        ([{"name": "x", "v": 1}], [{"name": "x", "v": 2}], [("x.v", 1, 2)]),
        ({"a": 1}, {"a": "1"}, [("a", 1, "1")]),
        ([OPS, OPS], [OPS, OPS | {"role": "viewer"}], [("", ABSENT, OPS | {"role": "viewer"}), ("", OPS, ABSENT)]),
        (["a", OPS], ["a", ALL], [("", ABSENT, ALL), ("", OPS, ABSENT)]),
        (["a", "b", "a", "b"], ["b", "a", "a", "a"], [("", ABSENT, "a"), ("", "b", ABSENT)]),
        (["a"] * 3, ["a"], [("", "a", ABSENT), ("", "a", ABSENT)]),
        (
            [{"n": [1, 2]}, {"n": [2, 1]}],
            [{"n": [1, 2]}, {"n": [1, 2]}, {"n": [2, 1]}],
            [("", ABSENT, {"n": [2, 1]})],
        ),
    ],
)
def test_every_difference_has_its_path(before: Any, after: Any, spots: list[tuple[str, Any, Any]]) -> None:
    found = [(each.path, each.before, each.after) for each in differences(before, after)]
    assert sorted(found, key=str) == sorted(spots, key=str)
    assert not same(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([OPS, ALL], [ALL, OPS]),
        ({"a": [1, 2, 3]}, {"a": [3, 1, 2]}),
        ({"a": [{"b": [OPS, ALL]}]}, {"a": [{"b": [ALL, OPS]}]}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (None, None),
    ],
)
def test_order_is_no_difference(before: Any, after: Any) -> None:
    assert list(differences(before, after)) == []
    assert same(before, after)


@pytest.mark.parametrize(("one", "other"), [(None, {}), (ABSENT, None), ([OPS, OPS], [OPS]), ({"a": None}, {"a": ""})])
def test_values_that_are_not_equal(one: Any, other: Any) -> None:
    assert not same(one, other)
    assert not same(other, one)
