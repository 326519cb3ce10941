"""Offboarding removes exactly the people it names: from all documents, and with the plan that follows from all
workspaces."""

import json
from datetime import timedelta
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.document.desired import Desired
from beamctl.document.load import SourceText
from beamctl.plan.whereabouts import Offboarding
from beamctl.workflow.documents import validate
from beamctl.workflow.offboard import offboard
from beamctl.workflow.where import declaration, mentioned
from tests.fakes.runs import TODAY, applied, planned
from tests.fakes.workspace import FakeWorkspace, person

PEOPLE = ["a@x.io", "B@x.io", "c.c@y.io", "d+d@y.io"]
ROLES = ["admin", "member", "viewer"]
LATER = (TODAY + timedelta(200)).isoformat()

entries = st.sampled_from([*ROLES, {"role": "member", "until": LATER, "owner": "root@x.io"}, {"role": "admin"}])
members = st.dictionaries(st.sampled_from(PEOPLE), entries, max_size=4)
grants = st.dictionaries(st.sampled_from(["one", "two"]), st.sampled_from(ROLES), max_size=2)
people_of_group = st.dictionaries(st.sampled_from(PEOPLE), st.just({"reason": "x"}), max_size=3)


@st.composite
def fleets(draw: st.DrawFn) -> list[SourceText]:
    """Two or three workspaces over two files, with two groups in one of them."""
    texts = []
    for name in draw(st.permutations(["acme", "labs", "quiet"]))[: draw(st.integers(2, 3))]:
        found: dict[str, Any] = {"version": 1, "workspace": name, "members": {"root@x.io": "admin", **draw(members)}}
        if chosen := draw(grants):
            found["members"]["groups"] = chosen
        if draw(st.booleans()):
            found["guards"] = {"protected": ["root@x.io", draw(st.sampled_from(PEOPLE)).upper()]}
        texts.append(_written(found, flow=draw(st.sampled_from([None, False, True]))))
    groups: dict[str, dict[str, Any]] = {name: {"members": draw(people_of_group)} for name in ("one", "two")}
    groups["one"] |= {"includes": ["two"]} if draw(st.booleans()) else {}
    texts.append(_written({"version": 1, "groups": groups}, flow=False))
    half = len(texts) // 2
    return [
        SourceText(f"{number}.yaml", "---\n".join(part).encode())
        for number, part in enumerate((texts[:half], texts[half:]))
    ]


def _written(data: dict[str, Any], *, flow: bool | None) -> str:
    copied = json.loads(json.dumps(data))  # without objects in two places, which would be anchors
    return yaml.dump(copied, sort_keys=False, default_flow_style=flow)


def settled(want: Desired) -> FakeWorkspace:
    """A workspace that matches its document."""
    live = FakeWorkspace.of([person("root@x.io", "admin")])
    applied(planned(want, live), live)
    live.accept_all()
    applied(planned(want, live), live)
    assert not planned(want, live).differs
    return live


@given(fleets(), st.sets(st.sampled_from(PEOPLE), min_size=1, max_size=2), st.sampled_from(["", "HR-77"]))
@settings(max_examples=20, deadline=None)
def test_offboard_then_plan_removes_exactly_these_people(sources: list[SourceText], who: set[str], leaver: str) -> None:
    checked = validate(sources)
    if checked.problems:
        return
    lives = {each.workspace: settled(each) for each in checked.desired}
    keys = {email.lower() for email in who}
    found: Offboarding = offboard(sources, sorted(who), leaver, TODAY)
    for before, after in zip(checked.desired, found.desired, strict=True):
        live = lives[after.workspace]
        there = dict(live.users)
        plan = planned(after, live)
        assert {(each.key, each.action.value) for each in plan.changes} == {
            (key, "remove") for key in keys if declaration(before, key).role
        }
        if not any(hazard.risk.value == "last-admin" for hazard in plan.hazards):
            applied(plan, live)
        assert live.users == {key: user for key, user in there.items() if key not in keys}
        assert not any(declaration(after, key).role for key in keys)
        others = {email.lower() for email in PEOPLE} - keys
        assert {key: declaration(after, key).role for key in others} == {
            key: declaration(before, key).role for key in others
        }
    contents = {each.name: each.after for each in found.files}
    edited = [SourceText(each.name, contents.get(each.name, each.content)) for each in sources]
    named = [each for row in mentioned(edited, dict.fromkeys(keys, "")).values() for each in row]
    assert {each.is_leaver for each in named} <= {True}
    assert len(named) == (len(who) if leaver else 0)
    assert offboard(edited, sorted(who), leaver, TODAY).files == ()
