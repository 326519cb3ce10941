"""Groups: their expansion equals a naive one, order changes nothing, and documents without groups plan as before."""

from __future__ import annotations

import json
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from beamctl.document.compose import compose
from beamctl.document.desired import Desired
from beamctl.document.load import SourceText, load
from beamctl.document.yaml_loader import parse
from beamctl.kinds.member.desired import desired_members
from beamctl.plan.comparison import Situation
from beamctl.workflow.documents import validate
from tests.fakes.one_workspace import plan
from tests.fakes.workspace import FakeWorkspace

PEOPLE = ["ada@x.io", "bob@x.io", "eve@x.io"]
NAMES = ["a", "b", "c", "d"]
FIRST = date(2027, 1, 1)
DAYS = [(FIRST + timedelta(days=number)).isoformat() for number in (1, 2, 3)]
ROLES = ["viewer", "member", "admin"]

nothing: dict[str, str] = {}
ends = st.one_of(st.just(nothing), st.sampled_from(DAYS).map(lambda day: {"until": day}))
grants = st.one_of(
    st.sampled_from(ROLES), st.tuples(st.sampled_from(ROLES), ends).map(lambda pair: {"role": pair[0], **pair[1]})
)


@st.composite
def groups(draw: st.DrawFn) -> dict[str, Any]:
    """Groups without cycles: each includes only later ones."""
    return {
        name: {
            "members": draw(st.dictionaries(st.sampled_from(PEOPLE), st.one_of(st.none(), ends), max_size=3)),
            "includes": draw(st.lists(st.sampled_from(NAMES[index + 1 :]), unique=True)) if NAMES[index + 1 :] else [],
        }
        for index, name in enumerate(NAMES)
    }


@st.composite
def members(draw: st.DrawFn) -> dict[str, Any]:
    direct = draw(st.dictionaries(st.sampled_from(PEOPLE), grants, max_size=1))
    return direct | {"groups": draw(st.dictionaries(st.sampled_from(NAMES), grants, max_size=4))}


def holds(entry: Any, day: str) -> bool:
    return not isinstance(entry, dict) or day < entry.get("until", "9999")


def role_of(entry: Any) -> str:
    return str(entry["role"] if isinstance(entry, dict) else entry)


def is_in(name: str, email: str, day: str, declared: dict[str, Any]) -> bool:
    """Whether a person is in a group on a day: the definition, read literally."""
    here = declared[name]
    return (email in here["members"] and holds(here["members"][email], day)) or any(
        is_in(inner, email, day, declared) for inner in here["includes"]
    )


def naive(section: dict[str, Any], email: str, day: str, declared: dict[str, Any]) -> str | None:
    if email in section:
        return role_of(section[email]) if holds(section[email], day) else None
    roles = [
        role_of(grant)
        for name, grant in section["groups"].items()
        if holds(grant, day) and is_in(name, email, day, declared)
    ]
    return max(roles, key=ROLES.index) if roles else None


def load_one(*documents: Any) -> Desired:
    texts = [SourceText(f"{number}.yaml", json.dumps(each).encode()) for number, each in enumerate(documents)]
    loaded = load(texts)
    assert loaded.problems == ()
    (desired,) = loaded.desired
    return desired


@settings(max_examples=40, deadline=None)
@given(groups(), members())
@example(  # two ways that end on the same day: one because of the group, the other because of the person
    {
        "a": {"members": {"eve@x.io": {"until": "2027-01-02"}}, "includes": []},
        "b": {"members": {"eve@x.io": None}, "includes": []},
    },
    {"groups": {"a": "viewer", "b": {"role": "viewer", "until": "2027-01-02"}}},
)
def test_the_expansion_equals_a_naive_one_on_every_day(declared: dict[str, Any], section: dict[str, Any]) -> None:
    desired = load_one({"version": 1, "groups": declared}, {"version": 1, "workspace": "w", "members": section})
    found, _ = desired_members(desired.section("members"))
    for day in [FIRST.isoformat(), *DAYS]:
        for email in PEOPLE:
            want = found.get(email)
            role = want.on(date.fromisoformat(day)) if want else None
            assert (role and role.value) == naive(section, email, day, declared), (email, day)
    assert set(desired.through) == found.keys() - section.keys()
    for email, ways in desired.through.items():
        assert ways
        for way in ways:
            names = [step.name for step in way]
            assert names[0] in section["groups"]
            assert all(inner in declared[outer]["includes"] for outer, inner in pairwise(names[:-1]))
            assert email in declared[names[-2]]["members"]
        assert ways[0][-1].place == desired.document.key_place("members", email)


@settings(max_examples=25, deadline=None)
@given(groups(), members(), st.data())
def test_the_order_of_files_and_keys_changes_nothing(
    declared: dict[str, Any], section: dict[str, Any], data: st.DataObject
) -> None:
    settings_section = {"displayName": "W", "labels": {"a": "b"}}
    half = {name: each for name, each in declared.items() if name in NAMES[:2]}
    rest = {name: each for name, each in declared.items() if name not in half}
    direct = {key: value for key, value in section.items() if key != "groups"}
    files: dict[str, dict[str, Any]] = {
        "a.json": {"version": 1, "workspace": "w", "members": {"groups": section["groups"]}, "groups": half},
        "b.json": {"version": 1, "workspace": "w", "members": direct, "settings": settings_section},
        "c.json": {"version": 1, "groups": rest},
    }

    def found(names: list[str], *, shuffled: bool) -> tuple[Any, Any, Any, Any]:
        texts = []
        for name in names:
            keys = list(files[name])
            keys = data.draw(st.permutations(keys)) if shuffled else keys
            texts.append(SourceText(name, json.dumps({key: files[name][key] for key in keys}).encode()))
        (desired,) = load(texts).desired
        ways = {email: [[step.name for step in way] for way in each] for email, each in desired.through.items()}
        return desired.document.data, desired.document.source, set(desired.sources), ways

    assert found([*files], shuffled=False) == found(data.draw(st.permutations([*files])), shuffled=True)


@settings(max_examples=10, deadline=None)
@given(st.dictionaries(st.sampled_from(PEOPLE), grants))
def test_a_document_without_groups_stays_the_same_object_and_plans_as_before(direct: dict[str, Any]) -> None:
    text = json.dumps({"version": 1, "workspace": "w", "members": direct}).encode()
    (draft,) = parse(text, "a.json").drafts
    (composed,) = compose([draft.document]).workspaces
    assert composed.document is draft.document
    (alone,) = validate([SourceText("a.json", text)]).desired
    shared = json.dumps({"version": 1, "groups": {"a": {"members": {"new@x.io": None}}}}).encode()
    (next_to_groups,) = validate([SourceText("a.json", text), SourceText("b.json", shared)]).desired
    workspace = FakeWorkspace.of([{"email": "ada@x.io", "role": "admin", "accepted": True}])
    plans = [plan(each, workspace, Situation(FIRST, "api")) for each in (alone, next_to_groups)]
    assert plans[0] == plans[1]


@pytest.mark.parametrize("count", [30])
def test_groups_that_include_each_other_in_exponentially_many_ways_are_expanded_quickly(count: int) -> None:
    layers = {
        f"{side}{number}": {"includes": [f"a{number + 1}", f"b{number + 1}"]}
        for number in range(count)
        for side in ("a", "b")
    }
    last = {f"{side}{count}": {"members": {"ada@x.io": None}} for side in ("a", "b")}
    desired = load_one(
        {"version": 1, "groups": {**layers, **last}, "workspace": "w", "members": {"groups": {"a0": "member"}}}
    )
    assert desired.section("members") == {"ada@x.io": "member"}
    assert [len(way) for way in desired.through["ada@x.io"]] == [count + 2, count + 2]
