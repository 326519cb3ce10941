"""Causes of drift and coverage, for any document and any workspace of every kind."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.document.desired import Desired
from beamctl.document.load import SourceText
from beamctl.errors import DocumentError
from beamctl.kinds.registry import all_kinds
from beamctl.plan.across_kinds import read
from beamctl.plan.change import ChangeId
from beamctl.plan.comparison import Situation
from beamctl.plan.coverage import Coverage
from beamctl.plan.three_way import Cause, Origin
from beamctl.runs.folder import RecordFolder
from beamctl.workflow.attribution import attribute
from beamctl.workflow.base_document import Base
from beamctl.workflow.documents import validate
from beamctl.workflow.show import export
from tests.fakes.one_workspace import look
from tests.fakes.runs import API, NOW, TODAY, applied, desired, document, planned
from tests.fakes.workspace import FakeWorkspace, person
from tests.properties.samples import SAMPLES, Sample, vault

every_kind = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
often = settings(max_examples=6, deadline=None)


def causes(base: Desired, now: Desired, live: FakeWorkspace) -> Mapping[tuple[str, ChangeId], Origin]:
    seen = look(now, live, lambda: Situation(TODAY, API))
    notes: list[str] = []
    details = attribute([seen], {"acme": Base("main", "0" * 40, base)}, (), RecordFolder(), notes.append)
    assert notes == []
    assert details.origins.keys() == {("acme", change.id) for change in seen.plan.changes}
    return details.origins


@every_kind
@given(data=st.data())
@often
def test_with_the_same_document_every_difference_was_made_by_hand(sample: Sample, data: st.DataObject) -> None:
    want, live = data.draw(sample.wanted), data.draw(sample.live)
    assert {each.cause for each in causes(want, want, live).values()} <= {Cause.BY_HAND, None}


@every_kind
@given(data=st.data())
@often
def test_after_an_apply_of_the_base_every_difference_is_to_be_applied(sample: Sample, data: st.DataObject) -> None:
    base, now, live = data.draw(sample.wanted), data.draw(sample.wanted), data.draw(sample.live)
    plan = planned(base, live)
    if sample.refused(plan):
        return
    applied(plan, live, vault=vault())
    if planned(base, live).changes:
        return
    try:
        found = causes(base, now, live)
    except DocumentError:  # an entry of the document is ambiguous
        return
    assert {each.cause for each in found.values()} <= {Cause.NOT_APPLIED, Cause.UNKNOWN}


def rows(live: FakeWorkspace) -> Mapping[str, int]:
    """How many objects there are, counted without asking for coverage. Empty settings do not count."""
    counts = {}
    for kind in all_kinds():
        listed: Sequence[Mapping[str, Any]] = kind.listing(read(kind, "acme", live)).rows or ()
        counts[kind.name] = len(listed)
        if kind.name == "settings":
            counts[kind.name] = sum(bool(value) for row in listed for value in row.values())
    return counts


def covered(want: Desired, live: FakeWorkspace) -> Mapping[str, Mapping[Coverage, list[str]]]:
    found = {}
    for kind in all_kinds():
        objects = kind.coverage(want, read(kind, "acme", live), TODAY)
        assert len({each.key for each in objects}) == len(objects)
        found[kind.name] = {
            coverage: [each.name for each in objects if each.coverage is coverage] for coverage in Coverage
        }
    return found


@every_kind
@given(data=st.data())
@often
def test_managed_unmanaged_and_excluded_are_everything(sample: Sample, data: st.DataObject) -> None:
    want, live = data.draw(sample.wanted), data.draw(sample.live)
    found = covered(want, live)
    listed_settings = len(want.section("settings") or ())
    for name, total in rows(live).items():
        count = sum(map(len, found[name].values()))
        assert total <= count <= total + listed_settings * (name == "settings")
    bare = covered(document(), live)
    assert all(not names[Coverage.MANAGED] for names in bare.values())


@every_kind
@given(data=st.data())
@often
def test_what_a_plan_would_delete_is_managed(sample: Sample, data: st.DataObject) -> None:
    want, live = data.draw(sample.wanted), data.draw(sample.live)
    managed = {
        (kind.name, each.key)
        for kind in all_kinds()
        for each in kind.coverage(want, read(kind, "acme", live), TODAY)
        if each.coverage is Coverage.MANAGED
    }
    assert {change.id for change in planned(want, live).changes if change.before is not None} <= managed


@every_kind
@given(data=st.data())
@often
def test_an_exported_document_covers_what_it_can_express(sample: Sample, data: st.DataObject) -> None:
    live = data.draw(sample.live)
    checked = validate([SourceText("exported.yaml", export("acme", live, NOW).text.encode())])
    (want,) = checked.desired
    for kind in all_kinds():
        state = read(kind, "acme", live)
        exported = kind.export(state, NOW)
        if exported.whole and not exported.left_out and not exported.remarks and kind.listing(state).rows:
            names = [each.name for each in kind.coverage(want, state, TODAY) if each.coverage is Coverage.UNMANAGED]
            assert names == [] or kind.name == "api_key"


def test_people_who_are_skipped_or_managed_by_a_directory_are_excluded() -> None:
    live = FakeWorkspace.of(
        [
            person("a@x.io", "admin"),
            person("b@x.io", source="directory_sync"),
            person("c@x.io"),
            person("D@x.io"),
            person("e@x.io", "owner"),
            person("f@x.io"),
        ]
    )
    text = """
version: 1
workspace: acme
members: {a@x.io: admin, d@X.io: member}
manage: {members: additive, skip: {c@x.io: {until: 2026-11-25, reason: x}, f@x.io: {until: 2026-11-24, reason: x}}}
"""
    found = covered(desired(text), live)["member"]
    assert found == {
        Coverage.MANAGED: ["a@x.io", "D@x.io"],
        Coverage.UNMANAGED: ["f@x.io"],
        Coverage.EXCLUDED: ["b@x.io", "c@x.io", "e@x.io"],
    }
