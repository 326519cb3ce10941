"""Floors are guards outside the document. The stricter of floor and document applies."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.document.desired import Desired, Guards, Limit
from beamctl.plan.guards import NO_FLOORS, Bounds, in_force, stricter
from beamctl.plan.plan import Plan
from tests.fakes.one_workspace import recheck_plan
from tests.fakes.runs import document, planned
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace, person
from tests.properties.samples import EMAILS, guards, members, met, workspaces

limits = st.builds(Limit, st.integers(0, 9)) | st.builds(
    lambda number: Limit(number, percent=True), st.sampled_from([0, 1, 25, 50, 99, 100])
)
bounds = st.builds(
    lambda admins, removals, domains, protected: stricter(Bounds(admins, removals, domains, protected), NO_FLOORS),
    st.integers(0, 4),
    st.lists(limits, max_size=2).map(tuple),
    st.none() | st.lists(st.sampled_from(["x.io", "y.io"]), max_size=2, unique=True).map(tuple),
    st.lists(st.sampled_from([email.lower() for email in EMAILS]), max_size=3, unique=True).map(tuple),
)


def refused(plan: Plan) -> set[tuple[str, str]]:
    return {(hazard.risk.value, hazard.value) for hazard in plan.hazards}


@given(bounds, bounds, bounds)
def test_merging_is_commutative_associative_and_idempotent(one: Bounds, two: Bounds, three: Bounds) -> None:
    assert stricter(one, two) == stricter(two, one)
    assert stricter(stricter(one, two), three) == stricter(one, stricter(two, three))
    assert stricter(one, one) == one == stricter(one, NO_FLOORS)


@given(bounds, bounds, st.integers(0, 50))
def test_merged_bounds_are_never_looser(one: Bounds, two: Bounds, population: int) -> None:
    both = stricter(one, two)
    for side in (one, two):
        assert both.min_admins >= side.min_admins
        assert set(both.protected) >= set(side.protected)
        assert side.allowed_domains is None or set(both.allowed_domains or ()) <= set(side.allowed_domains)
        assert side.allowed_domains is None or both.allowed_domains is not None
        assert all(
            min(limit.of(population) for limit in both.max_removals) <= limit.of(population)
            for limit in side.max_removals
        )


documents = st.builds(lambda found, guarded: document(dict(found), guards=met(guarded, found)), members, guards)


@given(documents, workspaces, bounds, bounds)
@settings(max_examples=150, deadline=None)
def test_floor_never_removes_a_hazard(want: Desired, live: FakeWorkspace, one: Bounds, two: Bounds) -> None:
    bare = planned(want, live)
    found = [refused(planned(want, live, floors=each)) for each in (one, two, stricter(one, two))]
    assert found[2] == found[0] | found[1]  # exactly the hazards of both
    assert refused(bare) <= found[2]
    again = recheck_plan(bare, live, None, floors=one)
    assert refused(bare) <= refused(again.plan)


REMOVALS = "--max-removals / BEAMCTL_MAX_REMOVALS"
LIVE = [
    person("a@x.io", "admin"),
    person("b@x.io", "admin"),
    person("c@x.io"),
    person("d@x.io"),
]
WANT = {"a@x.io": "admin", "new@y.io": "viewer"}
DOCUMENT = document(WANT, guards={"maxRemovals": 9})
LIMITS = [
    (
        Bounds(min_admins=2),
        ("too-few-admins", "1", "1 accepted admin would remain; --min-admins / BEAMCTL_MIN_ADMINS is 2"),
    ),
    (
        Bounds(max_removals=(Limit(2),)),
        ("mass-removal", "3", "3 would lose access or be deleted; --max-removals / BEAMCTL_MAX_REMOVALS is 2"),
    ),
    (
        Bounds(max_removals=(Limit(50, percent=True),)),
        (
            "mass-removal",
            "3",
            "3 would lose access or be deleted; --max-removals / BEAMCTL_MAX_REMOVALS is 50% of 4, which is 2",
        ),
    ),
    (
        Bounds(protected=("c@x.io",)),
        ("removes-protected", "c@x.io", "c@x.io is protected by --protect / BEAMCTL_PROTECT, and would be removed"),
    ),
    (
        Bounds(allowed_domains=("x.io",)),
        (
            "grants-outside-domain",
            "new@y.io",
            "new@y.io is outside --allowed-domains / BEAMCTL_ALLOWED_DOMAINS (x.io)",
        ),
    ),
]


@pytest.mark.parametrize(("floors", "expected"), LIMITS)
def test_hazard_names_the_limit(floors: Bounds, expected: tuple[str, str, str]) -> None:
    live = FakeWorkspace.of(LIVE)
    found = planned(DOCUMENT, live, floors=floors).hazards
    assert [(hazard.risk.value, hazard.value, words(hazard.fact)) for hazard in found if hazard.value != "b@x.io"] == [
        expected
    ]
    again = recheck_plan(planned(DOCUMENT, live), live, None, floors=floors)
    assert [(hazard.risk.value, hazard.value, words(hazard.fact)) for hazard in again.below_floors] == [expected]
    assert set(again.below_floors) <= set(again.plan.hazards)


def test_both_limits_are_named_if_both_refuse() -> None:
    guarded = {
        "minAdmins": 3,
        "maxRemovals": "25%",
        "protected": ["c@x.io"],
        "allowedDomains": ["x.io", "z.io"],
    }
    floors = Bounds(2, (Limit(1), Limit(50, percent=True)), ("z.io",), ("c@x.io",))
    want = document(WANT | {"e@z.io": "admin", "f@z.io": "admin"}, guards=guarded)
    found = planned(want, FakeWorkspace.of(LIVE), floors=floors).hazards
    assert [words(hazard.fact) for hazard in found if hazard.risk.value != "removes-admin"] == [
        "1 accepted admin would remain; guards.minAdmins is 3 and --min-admins / BEAMCTL_MIN_ADMINS is 2",
        (
            f"3 would lose access or be deleted; guards.maxRemovals is 25% of 4, which is 1; {REMOVALS} is 1; "
            f"{REMOVALS} is 50% of 4, which is 2"
        ),
        "c@x.io is protected by guards.protected and --protect / BEAMCTL_PROTECT, and would be removed",
        "new@y.io is outside guards.allowedDomains (x.io, z.io) and --allowed-domains / BEAMCTL_ALLOWED_DOMAINS (z.io)",
    ]


def test_guards_in_force() -> None:
    floors = Bounds(1, (Limit(5),), ("y.io",), ("b@x.io",))
    found = in_force(Guards(2, Limit(3), ("x.io", "y.io"), ("a@x.io",)), floors)
    declared = Bounds(2, (Limit(3),), ("x.io", "y.io"), ("a@x.io",))
    assert found.sides("maxRemovals") == (("guards.maxRemovals", declared), (REMOVALS, floors))


def test_removal_floor_also_limits_missing_objects() -> None:
    live = FakeWorkspace.of(LIVE)
    want = document({str(each["email"]): each["role"] for each in LIVE} | WANT, guards={"maxRemovals": 9})
    assert refused(planned(want, live, left={"member": 6})) == set()
    assert refused(planned(want, live, left={"member": 6}, floors=Bounds(max_removals=(Limit(1),)))) == {
        ("live-shrank", "2")
    }


def test_floor_hazard_replaces_the_documents() -> None:
    live = FakeWorkspace.of(LIVE)
    plan = planned(document(WANT, guards={"maxRemovals": 1}), live)
    found = recheck_plan(plan, live, None, floors=Bounds(max_removals=(Limit(2),))).plan.hazards
    assert [words(hazard.fact) for hazard in found if hazard.risk.value == "mass-removal"] == [
        "3 would lose access or be deleted; --max-removals / BEAMCTL_MAX_REMOVALS is 2"
    ]


def test_removals_of_all_kinds_are_counted_together() -> None:
    live = FakeWorkspace.of(LIVE)
    live.settings["groupMappings"] = [{"groupName": "ops", "role": "member"}]
    want = document(
        {"a@x.io": "admin", "b@x.io": "admin", "c@x.io": "member"},
        settings={"groupMappings": []},
        guards={"maxRemovals": 9},
    )
    for number, refuses in ((1, ["2"]), (2, [])):
        found = recheck_plan(planned(want, live), live, None, floors=Bounds(max_removals=(Limit(number),)))
        assert [hazard.value for hazard in found.below_floors] == refuses


def test_admins_of_an_unmapped_group_do_not_count() -> None:
    live = FakeWorkspace.of([*LIVE, person("dir@x.io", "admin", source="directory_sync")])
    live.settings["groupMappings"] = [{"groupName": "ops", "role": "admin"}]
    members = {str(each["email"]): each["role"] for each in LIVE} | {"b@x.io": "member"}
    plan = planned(document(members, settings={"groupMappings": []}), live)
    found = recheck_plan(plan, live, None, floors=Bounds(min_admins=2))
    assert [(hazard.risk.value, hazard.value) for hazard in found.below_floors] == [("too-few-admins", "1")]
    assert found.plan.quorums["member"].keys == ("a@x.io",)
