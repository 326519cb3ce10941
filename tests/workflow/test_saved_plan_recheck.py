"""The recheck of a saved plan: what changed, what is already in effect, and who applies it."""

from dataclasses import replace
from typing import Any

import pytest

from beamctl.model.identity import Identity
from beamctl.plan.plan import Plan
from beamctl.workflow.saved_plan import Recheck
from tests.fakes.one_workspace import recheck_plan
from tests.fakes.runs import document, planned
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace, person

OPS, ALL = {"groupName": "ops", "role": "admin"}, {"groupName": "all", "role": "member"}
SETTINGS = {"name": "acme", "displayName": "Old", "groupMappings": [OPS, ALL]}
PEOPLE = [
    person("root@x.io", "admin", sub="s0"),
    person("Up@x.io", "viewer", sub="s1"),
    person("gone@x.io", "admin", sub="s2"),
    person("same@x.io", sub="s3"),
]
MEMBERS = {"root@x.io": "admin", "up@x.io": "member", "new@x.io": "viewer", "same@x.io": "member"}


def live(*people: dict[str, Any], **settings: Any) -> FakeWorkspace:
    return FakeWorkspace.of(people or PEOPLE, settings=SETTINGS | settings)


def with_changed(email: str, **more: Any) -> list[dict[str, Any]]:
    return [each | more if each["email"].lower() == email else each for each in PEOPLE]


PLAN = planned(document(MEMBERS, settings={"displayName": "New"}, guards={"maxRemovals": 9}), live())


def again(now: FakeWorkspace, identity: Identity | None = None, plan: Plan = PLAN) -> Recheck:
    return recheck_plan(replace(plan, unchanged_keys={}), now, identity)  # like a plan that is read from a file


def test_unchanged_workspace_is_not_stale() -> None:
    found = again(live(*PEOPLE[::-1]))
    assert (found.plan, found.stale_objects, found.in_effect) == (PLAN, (), ())


MOVED: list[tuple[FakeWorkspace, list[tuple[str, str, object, object]]]] = [
    (live(*with_changed("up@x.io", role="member")), [("member", "Up@x.io", "viewer", "member")]),
    (live(*with_changed("gone@x.io", sub="s9")), [("member", "gone@x.io", "s2", "s9")]),
    (live(*with_changed("root@x.io", role="member")), [("member", "root@x.io", "admin", "member")]),
    (live(*PEOPLE[:2], PEOPLE[3]), [("member", "gone@x.io", "s2", None)]),
    (live(*PEOPLE, person("new@x.io", accepted=False)), [("member", "new@x.io", None, "member")]),
    (live(displayName="Else"), [("settings", "displayName", "Old", "Else")]),
    (live(*with_changed("same@x.io", role="viewer")), []),
    (live(labels={"not": "ours"}), []),
]


@pytest.mark.parametrize(("now", "expected"), MOVED)
def test_changed_precondition_is_reported(now: FakeWorkspace, expected: list[tuple[str, str, object, object]]) -> None:
    def fact(side: Any, other: Any) -> object:
        """The first difference of this side from the other."""
        told = ("sub", "role", "displayName")
        return next((side[name] for name in told if name in side and side[name] != (other or {}).get(name)), None)

    found = [
        (each.kind, each.name, fact(each.was or {}, each.now), fact(each.now or {}, each.was))
        for each in again(now).stale_objects
    ]
    assert found == expected


def test_invited_person_with_a_new_id_has_not_changed() -> None:
    invited = [*PEOPLE, person("wait@x.io", accepted=False)]
    plan = planned(document(MEMBERS, guards={"maxRemovals": 9}), live(*invited))
    assert "wait@x.io" in {change.key for change in plan.changes}
    now = live(*PEOPLE, person("wait@x.io", accepted=False, sub="s7"))
    assert again(now, plan=plan).stale_objects == ()


def test_order_of_group_mappings_has_not_changed() -> None:
    plan = planned(document(settings={"groupMappings": [OPS]}, guards={"maxRemovals": 9}), live())
    assert again(live(groupMappings=[ALL, OPS]), plan=plan).stale_objects == ()
    assert [each.name for each in again(live(groupMappings=[ALL, ALL]), plan=plan).stale_objects] == ["groupMappings"]
    assert [change.name for change in again(live(groupMappings=[OPS]), plan=plan).in_effect] == ["groupMappings"]


def test_changes_already_in_effect() -> None:
    now = live(
        *with_changed("up@x.io", role="member")[:2],
        PEOPLE[3],
        person("new@x.io", "viewer", accepted=False, source="invitation"),
        displayName="New",
    )
    assert again(now).in_effect == PLAN.changes
    one = live(*with_changed("up@x.io", role="member"))
    assert [change.name for change in again(one).in_effect] == ["Up@x.io"]
    other_role = live(*PEOPLE, person("new@x.io", "member", accepted=False, source="invitation"))
    assert again(other_role).in_effect == ()


def test_removing_the_person_who_applies_is_a_hazard() -> None:
    found = again(live(), Identity(email="Gone@x.io")).plan
    assert found.runs_as == "Gone@x.io"
    assert [(hazard.risk.value, hazard.value, words(hazard.fact)) for hazard in found.hazards] == [
        ("self-lockout", "gone@x.io", "beamctl runs as gone@x.io, whose access this would reduce"),
        ("removes-admin", "gone@x.io", "gone@x.io is an admin"),
    ]
    assert [(change.key, change.stage.name) for change in found.changes][-1] == ("gone@x.io", "OURSELVES")
    assert found.unchanged_keys == {"settings": (), "member": ("root@x.io", "same@x.io")}


def test_own_removal_comes_last() -> None:
    plan = planned(document({"root@x.io": "admin"}, guards={"maxRemovals": 9}), live())
    assert [change.key for change in plan.changes] == ["gone@x.io", "same@x.io", "up@x.io"]
    found = again(live(), Identity(sub="s2"), plan).plan
    assert [change.key for change in found.changes] == ["same@x.io", "up@x.io", "gone@x.io"]
    assert [hazard.value for hazard in found.hazards if hazard.risk.value == "self-lockout"] == ["gone@x.io"]


@pytest.mark.parametrize("identity", [None, Identity(email="up@x.io"), Identity(email="root@x.io")])
def test_plan_is_the_same_for_other_identities(identity: Identity | None) -> None:
    found = again(live(), identity).plan
    assert (found.changes, found.hazards) == (PLAN.changes, PLAN.hazards)
    assert found.runs_as == (identity.email if identity else PLAN.runs_as)


def test_hazard_of_the_saved_plan_is_not_repeated() -> None:
    guards = {"maxRemovals": 9, "self": {"email": "gone@x.io"}}
    plan = planned(document(MEMBERS, guards=guards), live())
    found = again(live(), Identity(email="gone@x.io"), plan).plan
    assert found.hazards == plan.hazards
    assert "self-lockout" in {hazard.risk.value for hazard in found.hazards}
    other = again(live(), None, plan).plan
    assert (other.runs_as, other.hazards, other.changes) == ("gone@x.io", plan.hazards, plan.changes)
