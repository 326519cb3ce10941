"""A plan does what it shows. Every sample plan is edited in every place by someone who knows the format: each edit is
refused, or changes what is shown, or has no effect."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from beamctl.apply.record import Record, Run, first_line
from beamctl.apply.record_reader import UnreadableRecordError, read_record
from beamctl.document.desired import Desired
from beamctl.document.document import Document
from beamctl.errors import UsageError
from beamctl.kinds.registry import all_kinds
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response
from beamctl.model.secret import ReadSecret, StoreSecret
from beamctl.plan.change import Action
from beamctl.plan.comparison import Situation
from beamctl.plan.guards import declared_data
from beamctl.plan.hazard import Allowance, refused
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import Saved, refuse_untimely, saved_text
from beamctl.plan.staleness import ends
from beamctl.report.apply_text import run_text
from beamctl.report.data import CommandName, ReportData
from beamctl.report.plan_text import plan_text, plans_text
from beamctl.workflow.saved_plan import open_plan
from beamctl.workflow.undo import undo
from tests.fakes.forgery import edited, edits, forged
from tests.fakes.journal import interrupted_runs
from tests.fakes.one_workspace import recheck_plan
from tests.fakes.runs import API, applied, apply_through, document, planned
from tests.fakes.saved_plans import CREATED
from tests.fakes.workspace import FakeWorkspace
from tests.properties.small_plans import SAMPLES, Live

AT = "2026-11-24T12:00:00.000Z"
NOW = CREATED + timedelta(hours=1)


class RecordingApi:
    """A reader, sender and vault that record their calls, and can refuse to create anything.

    Attributes:
        asked: The calls, in order.
    """

    def __init__(self, live: FakeWorkspace, *, refuses: bool) -> None:
        self.asked: list[object] = []
        self._live = live
        self._refuses = refuses

    def get(self, path: str) -> Any:
        self.asked.append(("GET", path))
        return self._live.get(path)

    def send(self, call: ApiCall) -> Response | NoResponse:
        self.asked.append((call.method.value, call.path, _plain(call.body)))
        if self._refuses and call.method is Method.POST:
            return Response(422, None, "refused")
        return self._live.send(call)

    def deliver(self, secret: StoreSecret) -> Response | NoResponse:
        self.asked.append(("deliver", secret.sink, dict(secret.secret)))
        return Response(200, "its place")

    def fetch(self, secret: ReadSecret) -> Response | NoResponse:
        self.asked.append(("fetch", secret.source))
        return Response(200, "the secret")


def _plain(data: Any) -> str:
    """The body without irrelevant differences: the order of lists, and the random number of a run."""
    match data:
        case dict():
            return "{" + ", ".join(f"{key}: {_plain(value)}" for key, value in sorted(data.items())) + "}"
        case list():
            return "[" + ", ".join(sorted(map(_plain, data))) + "]"
        case _:
            return re.sub("run [0-9a-f]+", "run 1", json.dumps(data))


@dataclass(frozen=True)
class Opened:
    """A saved plan as `apply FILE` reads it.

    Attributes:
        saved: The content of the file.
        plan: The plan for the person who applies it.
    """

    saved: Saved
    plan: Plan

    @property
    def text(self) -> str:
        """The plan as text."""
        return plans_text(ReportData(CommandName.APPLY, [self.plan], self.saved.allowed, saved=self.saved))

    def effect(self, live: Live) -> list[object]:
        """The hazards that are not allowed, the requests of an apply, and the guards that are recorded."""
        blocking = [
            (each.risk, each.value) for each in refused(self.plan.hazards, self.saved.allowed, self.plan.workspace)
        ]
        return [*blocking, *effects(self.plan, live), declared_data(self.plan.declared)]


def effects(plan: Plan, live: Live) -> list[object]:
    """The calls of an apply without errors, and of one in which nothing can be created."""
    asked: list[object] = []
    for refuses in (False, True):
        api = RecordingApi(live(), refuses=refuses)
        apply_through(plan, api, api, parallelism=1, vault=api)
        asked += api.asked
    return asked


def opened(content: bytes, live: Live) -> Opened | None:
    """The plan in a file; None if the file is refused."""
    try:
        found = open_plan(content, "p.json")
        refuse_untimely(found, "p.json", NOW)
    except UsageError:
        return None
    (plan,) = found.plans
    again = recheck_plan(plan, live(), None)
    ended = ends(plan)
    is_past = found.expires <= NOW or (ended is not None and ended <= NOW.date())
    is_another = set(found.workspace_ids.values()) != {""}
    return None if again.stale_objects or is_past or is_another else Opened(found, again.plan)


def sample(name: str) -> Saved:
    """The plan of a sample, with its first hazard allowed."""
    sections, live = SAMPLES[name]
    plan = planned(document(**sections), live(), interrupted=interrupted_runs("bot", "bot/hub"))
    allowed = tuple(Allowance(each.risk, each.value) for each in plan.hazards[:1])
    return Saved((plan,), allowed, {}, "c0ffee", CREATED, CREATED + timedelta(hours=24))


def test_samples_cover_every_kind_and_action() -> None:
    changes = [change for name in SAMPLES for change in sample(name).plans[0].changes]
    assert {change.kind for change in changes} == {kind.name for kind in all_kinds()}
    assert {change.action for change in changes} == set(Action)


@pytest.mark.parametrize("name", SAMPLES)
def test_plan_does_what_it_shows(name: str) -> None:
    live = SAMPLES[name][1]
    data = json.loads(saved_text(sample(name)))
    original = opened(json.dumps(data).encode(), live)
    assert original is not None
    effect = original.effect(live)
    hidden = []
    for description, edit in edits(data):
        found = opened(forged(data, edit), live)
        if found is not None and found.text == original.text and found.effect(live) != effect:
            hidden.append(description)
    assert hidden == []


def undone(first: Any, live: FakeWorkspace) -> tuple[Record, Plan] | None:
    """The undo of a run whose record says that every change is done; None if the record is refused."""
    there = [each for each in first.get("changes", ()) if "address" in each]
    lines = [first, *({"event": "done", "at": AT, "address": each["address"]} for each in there)]
    try:
        record = read_record("".join(f"{json.dumps(line)}\n" for line in lines).encode())
        return record, undo(record, Desired("acme", Document("run r1", {}, {}, {})), live, Situation(NOW.date(), API))
    except (UnreadableRecordError, UsageError):
        return None


@pytest.mark.parametrize("name", ["roles", "settings", "accounts created", "integrations"])
def test_undo_does_what_it_shows(name: str) -> None:
    plan = sample(name).plans[0]

    def live() -> FakeWorkspace:
        after = SAMPLES[name][1]()
        applied(plan, after, parallelism=1, vault=RecordingApi(after, refuses=False))
        return after

    first = json.loads(first_line(Run("r1", AT, "ann", "", "sha256:0"), plan))
    now, hidden = live(), []
    original = undone(first, now)
    assert original is not None
    texts, effect = shown(*original), effects(original[1], live)
    for description, edit in edits(first):
        found = undone(edited(first, edit), now)
        if found is not None and shown(*found) == texts and effects(found[1], live) != effect:
            hidden.append(description)
    assert hidden == []


def shown(record: Record, back: Plan) -> tuple[str, str]:
    return run_text(record), plan_text(back)
