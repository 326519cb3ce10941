"""Invariants of every kind, for any document and any workspace: an apply makes the declared state; a plan is minimal,
does not depend on order, can be saved and undone, and shows no secret."""

import json
import random as seeded
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.apply.record import Run, event_line, first_line, last_line
from beamctl.apply.record_reader import read_record
from beamctl.document.desired import Desired
from beamctl.document.document import Document
from beamctl.document.load import SourceText
from beamctl.kinds.registry import all_kinds
from beamctl.plan.change import Change
from beamctl.plan.comparison import Situation
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import saved_text
from beamctl.report.apply_text import event_text, run_text
from beamctl.report.drift_text import drift_text
from beamctl.report.plan_text import plan_text
from beamctl.workflow.documents import validate
from beamctl.workflow.saved_plan import could_be_planned, open_plan
from beamctl.workflow.show import export
from beamctl.workflow.undo import undo
from tests.fakes.one_workspace import plan_json, recheck_plan
from tests.fakes.runs import API, NOW, TODAY, all_done, applied, document, planned
from tests.fakes.saved_plans import saved
from tests.fakes.schemas import problems_with
from tests.fakes.service_accounts import SECRET_SUFFIX
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace
from tests.properties.samples import CANARY, SAMPLES, Sample, guards, met, vault

BY_NAME = {kind.name: kind for kind in all_kinds()}
AT = "2026-11-24T12:00:00.000Z"
every_kind = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
often = settings(max_examples=25, deadline=None)


def test_every_kind_has_a_sample() -> None:
    assert SAMPLES.keys() == BY_NAME.keys()


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_is_of_its_kind(name: str) -> None:
    found: set[str] = set()

    @given(SAMPLES[name].wanted, SAMPLES[name].live)
    @settings(max_examples=20, deadline=None, database=None, derandomize=True)
    def look(want: Desired, live: FakeWorkspace) -> None:
        found.update(change.kind for change in planned(want, live).changes)

    look()
    assert name in found


def left(want: Desired, live: FakeWorkspace) -> set[tuple[str, str]]:
    """The remaining changes."""
    return {(change.kind, change.name.lower().partition(" (")[0]) for change in planned(want, live).changes}


@every_kind
@given(data=st.data())
@often
def test_plan_is_empty_after_apply_and_shows_no_secret(sample: Sample, data: st.DataObject) -> None:
    want, live = data.draw(sample.wanted), data.draw(sample.live)
    plan = planned(want, live)
    if sample.refused(plan):
        return
    events = applied(plan, live, vault=vault())
    assert all_done(events)
    again = planned(want, live)
    assert again.changes == ()
    assert again.differs <= (plan.differs if plan.changes == () else sample.stays(plan) or again.differs)
    lines = [first_line(Run("r1", AT, "ann", "", "sha256:0"), plan), *(event_line(plan, each, AT) for each in events)]
    lines.append(last_line(plan, events, AT, interrupted=False))
    assert [problems_with("run", json.loads(line)) for line in lines] == [[]] * len(lines)
    shown = [plan_json(plan), plan_text(plan), drift_text(plan), saved_text(saved(plan)), *lines]
    shown += [run_text(read_record("".join(lines).encode())), *map(event_text, events), export("acme", live, NOW).text]
    assert not any(secret in text for text in shown for secret in (CANARY, SECRET_SUFFIX))


@every_kind
@given(data=st.data())
@often
def test_export_then_plan_is_empty(sample: Sample, data: st.DataObject) -> None:
    live = data.draw(sample.live)
    text = export("acme", live, NOW).text
    checked = validate([SourceText("exported.yaml", text.encode())])
    assert checked.problems == ()
    assert planned(checked.desired[0], live).changes == ()
    assert export("acme", live, NOW).text == text


@every_kind
@given(data=st.data())
@often
def test_plan_is_minimal(sample: Sample, data: st.DataObject) -> None:
    want, live = data.draw(sample.wanted), data.draw(sample.live)
    plan = planned(want, live)
    assert len({(change.kind, change.key) for change in plan.changes}) == len(plan.changes)
    assert all(change.before != change.after for change in plan.changes)
    if sample.refused(plan) or not plan.changes:
        return
    out = data.draw(st.sampled_from(plan.changes))
    rest = tuple(change for change in plan.changes if change is not out and not _needs(change, out))
    applied(replace(plan, changes=rest), live, vault=vault())
    assert (out.kind, out.name.lower().partition(" (")[0]) in left(want, live)


def _needs(change: Change, other: Change) -> bool:
    return any(each.kind == other.kind and other.key in each.keys for each in change.depends_on)


def shuffled(data: Any, chance: seeded.Random) -> Any:
    match data:
        case list():
            return chance.sample([shuffled(item, chance) for item in data], len(data))
        case dict():
            return {key: shuffled(data[key], chance) for key in chance.sample(list(data), len(data))}
        case _:
            return data


@every_kind
@given(data=st.data(), seed=st.integers(0, 10**6))
@often
def test_order_does_not_matter(sample: Sample, data: st.DataObject, seed: int) -> None:
    chance = seeded.Random(seed)  # noqa: S311 - an order, no secret
    sections, live = data.draw(sample.sections), data.draw(sample.live)
    first, second = planned(document(**sections), live), planned(document(**sections), live)
    assert plan_json(first) == plan_json(second)
    again = document(**{name: shuffled(entries, chance) for name, entries in sections.items()})
    live.users, live.settings = shuffled(live.users, chance), shuffled(live.settings, chance)
    live.resources.kept = {name: shuffled(resources, chance) for name, resources in live.resources.kept.items()}
    live.accounts.kept, live.accounts.keys = shuffled(live.accounts.kept, chance), shuffled(live.accounts.keys, chance)
    other = planned(again, live)
    summaries = [
        [(each.name, each.action, each.stage, each.secrets) for each in plan.changes] for plan in (first, other)
    ]
    assert summaries[0] == summaries[1]
    assert first.fingerprint == other.fingerprint


@every_kind
@given(data=st.data())
@often
def test_saved_plan_is_read_back_and_not_stale(sample: Sample, data: st.DataObject) -> None:
    sections = data.draw(sample.sections)
    want = document(**sections, guards=met(data.draw(guards), sections.get("members")))
    live = data.draw(sample.live)
    plan = planned(want, live)
    text = saved_text(saved(plan))
    assert problems_with("plan", json.loads(text)) == []
    found = open_plan(text.encode(), "p.json").plans[0]
    assert found == replace(plan, unchanged_keys={}, notes=found.notes)
    assert [words(note.fact) for note in found.notes] == [words(note.fact) for note in plan.notes]
    assert recheck_plan(found, live, None).stale_objects == ()
    if not sample.refused(plan):
        applied(plan, live, vault=vault())
        again = recheck_plan(found, live, None)
        assert again.in_effect == plan.changes or again.stale_objects != ()  # it is not made twice


@every_kind
@given(data=st.data())
@often
def test_run_is_undone_or_a_note_says_why_not(sample: Sample, data: st.DataObject) -> None:
    want, live = data.draw(sample.wanted), data.draw(sample.live)
    plan = planned(want, live)
    if sample.refused(plan):
        return
    before = left(want, live)
    back = undone(plan, live)
    assert all(could_be_planned(change) for change in back.changes)
    assert all(change.reason.value == "undoes_run" for change in back.changes)
    if sample.refused(back):
        return
    assert all_done(applied(back, live, vault=vault()))
    unlike = before ^ left(want, live)
    said = " ".join(words(note.fact) for note in back.notes).lower()
    assert [name for _, name in unlike if name not in said] == []


def undone(plan: Plan, live: FakeWorkspace) -> Plan:
    """Apply and record the plan, then plan its undo."""
    events = applied(plan, live, vault=vault())
    lines = [first_line(Run("r1", AT, "ann", "", "sha256:0"), plan), *(event_line(plan, each, AT) for each in events)]
    record = read_record("".join([*lines, last_line(plan, events, AT, interrupted=False)]).encode())
    assert record.changes == plan.changes
    return undo(record, Desired("acme", Document("run r1", {}, {}, {})), live, Situation(TODAY, API))


@every_kind
@given(data=st.data())
@often
def test_additive_section_keeps_unlisted_objects(sample: Sample, data: st.DataObject) -> None:
    sections, live = data.draw(sample.sections), data.draw(sample.live)
    manage = {name: "additive" for name in sections if name != "settings"}
    plan = planned(document(**sections, **({"manage": manage} if manage else {})), live)
    for change in plan.changes:
        assert change.after is not None or change.reason.value in ("superseded", "access_ended", "not_handed_over")
