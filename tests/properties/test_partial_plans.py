"""Partial plans of every kind: they make what was chosen and what it depends on, no hazard is avoided, and the parts
together make what the whole plan makes."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.document.desired import Desired
from beamctl.plan.address import Address
from beamctl.plan.comparison import Situation
from beamctl.plan.hazard import Risk
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import saved_text
from beamctl.workflow.saved_plan import open_plan
from tests.fakes.one_workspace import plan, plan_json, recheck_plan
from tests.fakes.resources import FakeResources
from tests.fakes.runs import API, TODAY, all_done, applied, document, planned
from tests.fakes.saved_plans import saved
from tests.fakes.schemas import problems_with
from tests.fakes.workspace import FakeWorkspace, person
from tests.properties.samples import (
    SAMPLES,
    Sample,
    built_in,
    declared_resources,
    guards,
    kept,
    locked_out,
    members,
    met,
    resources,
    shown_settings,
    vault,
    workspaces,
)
from tests.properties.samples import settings as of_settings


def _sections(mapped: Any, listed: Any, policies: Any, environments: Any) -> dict[str, Any]:
    """One document of several kinds, whose environments use declared policies only."""
    for entry in environments["environments"].values():
        if "policies" in entry:
            entry["policies"] = [each for each in entry["policies"] if each in policies["policies"]]
    return {"settings": mapped, "members": listed, **policies, **environments}


def _live(people: FakeWorkspace, itself: Any, policies: Any, environments: Any) -> FakeWorkspace:
    fake = FakeResources()
    for section, found in (("policies", policies), ("environments", environments)):
        fake.kept[section] = {name: kept(section, name, attributes) for name, attributes in found.items()}
    return FakeWorkspace.of([person("root@x.io", "admin"), *people.users.values()], settings=itself, resources=fake)


TOGETHER = Sample(
    st.builds(
        _sections,
        of_settings,
        members.map(lambda found: {"root@x.io": "admin", **found}),
        declared_resources("policies"),
        declared_resources("environments"),
    ),
    st.builds(_live, workspaces, shown_settings, resources("policies"), resources("environments")),
    refused=locked_out,
    stays=built_in,
)
"""Kinds that depend on each other: group mappings and people, policies and environments."""
ALL = {**SAMPLES, "together": TOGETHER}
every_kind = pytest.mark.parametrize("sample", ALL.values(), ids=ALL)
few = settings(max_examples=8, deadline=None)
OF_CHANGES = frozenset(
    {
        Risk.SELF_LOCKOUT,
        Risk.REMOVES_ADMIN,
        Risk.REMOVES_PROTECTED,
        Risk.RENAME_SUSPECT,
        Risk.UNMAPS_ADMINS,
        Risk.UNMAPS_GROUP,
        Risk.DELETES_SERVICE_ACCOUNT,
        Risk.DELETES_API_KEY,
        Risk.GRANTS_OUTSIDE_DOMAIN,
        Risk.DELETES_POLICY_IN_USE,
    }
)
"""Hazards of single changes, as opposed to those of their number."""


def only(want: Desired, live: FakeWorkspace, *addresses: Address) -> Plan:
    return plan(want, live, Situation(TODAY, API), addresses)


def addresses(full: Plan) -> list[Address]:
    """One for each object that changes."""
    return [Address(change.kind, change.name) for change in full.changes]


def state(live: FakeWorkspace) -> tuple[Any, ...]:
    """What is stored, without ids and moments."""
    accounts = sorted((each["name"], each["role"]) for each in live.accounts.kept.values())
    keys = sorted(str(sorted(each["name"] for each in found)) for found in live.accounts.keys.values() if found)
    people = {key: (user["role"], bool(user.get("expired"))) for key, user in live.users.items()}
    return people, live.settings, live.resources.kept, accounts, keys


@every_kind
@given(data=st.data())
@few
def test_part_makes_what_was_chosen_and_what_it_needs(sample: Sample, data: st.DataObject) -> None:
    want, live = data.draw(sample.wanted), data.draw(sample.live)
    full = planned(want, live)
    if not full.changes:
        return
    chosen = data.draw(st.lists(st.sampled_from(addresses(full)), unique=True, min_size=1))
    part = only(want, live, *chosen)
    by_id = {change.id: change for change in full.changes}
    named = {each.id for each in full.changes if any(one.matches_change(each) for one in chosen)}
    assert part.partial
    ids = {change.id for change in part.changes}
    assert named <= ids <= by_id.keys()
    assert part.partial.needed.keys() == ids - named
    assert all(part.partial.needed.values())
    assert sum(part.partial.left_out.values()) == len(full.changes) - len(ids)
    assert all(replace(each, depends_on=()) == replace(by_id[each.id], depends_on=()) for each in part.changes)
    assert problems_with("plan", json.loads(plan_json(part))) == []
    content = saved_text(saved(part)).encode()
    opened = open_plan(content, "p.json")
    assert opened.plans[0].partial == part.partial
    assert recheck_plan(opened.plans[0], live, None).stale_objects == ()
    if not sample.refused(part):
        assert all_done(applied(opened.plans[0], live, vault=vault()))
        left = {change.id for change in planned(want, live).changes}
        assert not left & {change.id for change in part.changes if not change.before}


@every_kind
@given(data=st.data())
@few
def test_parts_make_the_same_as_the_whole(sample: Sample, data: st.DataObject) -> None:
    want, live = data.draw(sample.wanted), data.draw(sample.live)
    whole = live.copied()
    full = planned(want, live)
    if sample.refused(full):
        return
    applied(full, whole, vault=vault())
    for address in data.draw(st.permutations(addresses(full))):
        part = only(want, live, address)
        if not live.users:  # only invitations were there, and an empty listing is not trusted
            return
        assert not sample.refused(part)
        assert all_done(applied(part, live, vault=vault()))
    assert planned(want, live).changes == planned(want, whole).changes
    assert state(live) == state(whole)


@every_kind
@given(guarded=guards, data=st.data())
@few
def test_part_avoids_no_hazard_of_its_changes(sample: Sample, guarded: dict[str, Any], data: st.DataObject) -> None:
    sections, live = data.draw(sample.sections), data.draw(sample.live)
    want = document(**sections, guards=met(guarded, sections.get("members")))
    full = planned(want, live)
    if not full.changes:
        return
    chosen = data.draw(st.lists(st.sampled_from(addresses(full)), unique=True))
    if not chosen:
        return
    part = only(want, live, *chosen)
    names = {change.name for change in part.changes}
    others = {change.name for change in full.changes} - names
    hazards = {each for each in part.hazards if each.risk in OF_CHANGES}
    assert hazards <= set(full.hazards)
    for each in full.hazards:
        if each.risk in OF_CHANGES and each not in hazards:
            assert others  # it is about something that was left out
            of_group = each.risk in (Risk.UNMAPS_ADMINS, Risk.UNMAPS_GROUP)  # a policy may be called like a group
            named = {"groupMappings"} if of_group else {name for name in names | others if name in each.value}
            assert not named & names or named & others
    whole = only(want, live, *addresses(full))
    assert replace(whole, partial=None, declared=None) == replace(full, declared=None)
