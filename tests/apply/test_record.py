"""What a run record contains at every moment, and what can be read from a truncated one."""

import json
import threading
from typing import Any

import pytest

from beamctl.apply.record import (
    Ended,
    Event,
    NotAttempted,
    Record,
    Run,
    Started,
    State,
    event_line,
    first_line,
    last_line,
)
from beamctl.apply.record_reader import UnreadableRecordError, read_record
from beamctl.errors import RecordError
from beamctl.model.api_call import ApiCall, Method
from beamctl.plan.kind import Outcome, Status
from tests.fakes.runs import API, apply, document, outcomes, planned
from tests.fakes.schemas import problems_with
from tests.fakes.wording import failure, words
from tests.fakes.workspace import FakeWorkspace, person

AT = "2026-11-24T12:00:00.000Z"
RUN = Run("20261124T120000000Z-acme-abc123", AT, "ann", "c0ffee", "sha256:0")
WANT = document({"root@x.io": "admin", "a@x.io": "member", "b@x.io": "viewer", "up@x.io": "admin"})


def workspace() -> FakeWorkspace:
    return FakeWorkspace.of([person("root@x.io", "admin"), person("up@x.io"), person("old@x.io")])


class RecordedRun:
    """A run that records its events and reads the record before each request."""

    def __init__(self, *, full_after: int = 1000) -> None:
        self.live = workspace()
        self.plan = planned(WANT, self.live)
        self.live.before = self.observe
        self.lines = [first_line(RUN, self.plan)]
        self.at_call: list[tuple[str, Record]] = []
        self._full_after = full_after

    def listener(self, event: Event) -> None:
        if len(self.lines) > self._full_after:
            raise RecordError("the record cannot be written: No space left on device")
        self.lines.append(event_line(self.plan, event, AT))

    def observe(self, call: ApiCall) -> None:
        if call.method is not Method.GET:
            about = (call.body or {}).get("email") or call.path.rpartition("/")[2].replace("%40", "@")
            self.at_call.append((about, read_record("".join(self.lines).encode())))

    def run(self) -> list[Event]:
        stop = threading.Event()
        return list(apply(self.plan, self.live, self.live, parallelism=1, stop=stop, on_event=self.listener))


def test_change_is_recorded_before_its_call_and_its_outcome_before_the_next() -> None:
    run = RecordedRun()
    run.run()
    order = [change.name for change in run.plan.changes]
    assert [about for about, _ in run.at_call] == order == ["up@x.io", "a@x.io", "b@x.io", "old@x.io"]
    for number, (_, record) in enumerate(run.at_call):
        states = [record.state(change) for change in record.changes]
        rest = len(order) - number - 1
        assert states == [State.DONE] * number + [State.UNKNOWN] + [State.WAITING] * rest


@pytest.mark.parametrize("full_after", range(1, 9))
def test_apply_stops_if_the_record_cannot_be_written(full_after: int) -> None:
    run = RecordedRun(full_after=full_after)
    events = run.run()
    assert len(run.at_call) == (full_after + 1) // 2  # the first of two lines is written before a call
    last = {name: outcome for name, outcome in outcomes(events).items() if outcome != "not attempted"}
    assert last == {about: "done" for about, _ in run.at_call}
    assert len(outcomes(events)) == 4
    whys = {words(event.why) for event in events if isinstance(event, NotAttempted)}
    assert whys <= {"the record cannot be written: No space left on device"}


def test_record_is_read_back() -> None:
    run = RecordedRun()
    run.live.refuses = frozenset({"DELETE /users/old@x.io"})
    events = run.run()
    run.lines.append(last_line(run.plan, events, AT, interrupted=True))
    for line in run.lines:
        assert problems_with("run", json.loads(line)) == []
    record = read_record("".join(run.lines).encode())
    assert (record.run, record.workspace, record.api, record.runs_as) == (RUN, "acme", API, "")
    assert record.changes == run.plan.changes
    assert (record.ended, record.interrupted) == (AT, True)
    assert record.left == {"member": 5}
    assert [record.state(change) for change in record.changes] == [State.DONE] * 3 + [State.FAILED]
    assert words(record.remark(record.changes[-1])) == "the API responded with 422: refused on purpose"
    assert record.count(State.DONE) == 3


def complete_record() -> bytes:
    run = RecordedRun()
    events = run.run()
    return "".join([*run.lines, last_line(run.plan, events, AT, interrupted=False)]).encode()


def test_truncated_record_is_read_up_to_its_last_complete_line() -> None:
    content = complete_record()
    begins = content.index(b"\n") + 1
    for end in [*range(0, begins, 97), *range(begins, len(content), 5)]:
        piece = content[:end]
        if end < begins:
            with pytest.raises(UnreadableRecordError):
                read_record(piece)
            continue
        record = read_record(piece)
        assert record == read_record(piece[: piece.rindex(b"\n") + 1])
        assert record.ended == ""
        begun, done = piece.count(b'"event": "started"'), piece.count(b'"event": "done"')
        cut = piece[piece.rindex(b"\n") :]
        begun, done = begun - cut.count(b'"started"'), done - cut.count(b'"done"')
        assert record.count(State.DONE) == done
        assert record.count(State.UNKNOWN) == begun - done


def changed(line: int, **keys: object) -> bytes:
    lines = [json.loads(each) for each in complete_record().splitlines()]
    lines[line] |= keys
    return b"".join(json.dumps(each).encode() + b"\n" for each in lines)


FIRST = complete_record().partition(b"\n")[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is not a run record"),
        (b"\n", "a line is not JSON"),
        (b"\xff\xfe\n", "a line is not JSON"),
        (b"\0" * 100 + b"\n", "a line is not JSON"),
        (b"[]\n", "it is not a run record"),
        (b"{}\n", "it is not a run record"),
        (FIRST, "it is not a run record"),
        (FIRST + b"\n\n", "a line is not JSON"),
        (FIRST + b"\n" + b"[" * 10000 + b"\n", "a line is not JSON"),
        (FIRST + b'\n{"event": "end", "event": "run"}\n', "a line is not JSON"),
        (FIRST + b'\n{"event": "end"}\n', "$: 'workspace' is a required property"),
        (FIRST + b"\n[]\n", "$ is not a valid line of a run's record"),
        (changed(0, format_version="2.0"), "it has a format that this version of beamctl cannot read"),
        (changed(0, workspace="../x"), "$.workspace is not a valid workspace name"),
        (changed(1, event="undone"), "$.event is not a valid event"),
        (changed(1, at="now"), "$.at is not a valid time"),
        (changed(-1, left={"member": -1}), "$.left.member is not a valid count"),
        (changed(-1, left={"member": 10**400}), "$.left.member is not a valid count"),
        (changed(0, changes=[{}]), "$.changes[0]: 'address' is a required property"),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else "",
)
def test_content_that_is_not_a_record_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(UnreadableRecordError) as caught:
        read_record(content)
    assert said in str(caught.value)


def test_inconsistent_change_is_refused() -> None:
    lines: list[Any] = [json.loads(each) for each in complete_record().splitlines()]
    lines[0]["changes"][0]["name"] = "else@x.io"
    with pytest.raises(UnreadableRecordError, match="contradicts itself"):
        read_record(b"".join(json.dumps(each).encode() + b"\n" for each in lines))


def test_number_left_counts_only_completed_changes() -> None:
    plan = planned(WANT, workspace())
    events: list[Event] = [
        Started(plan.changes[0]),
        *(NotAttempted(change, failure("interrupted")) for change in plan.changes),
    ]
    assert json.loads(last_line(plan, events, AT, interrupted=True))["left"] == {"member": 3}
    events = [Ended(change, Outcome(Status.FAILED)) for change in plan.changes]
    assert json.loads(last_line(plan, events, AT, interrupted=False))["left"] == {"member": 3}


def test_a_remark_with_a_code_of_a_newer_version_is_shown_as_the_code() -> None:
    lines = [json.loads(line) for line in complete_record().splitlines()]
    index = next(index for index, line in enumerate(lines) if line["event"] == "done")
    lines[index]["remark"] = {"code": "nope", "fields": {}}
    found = read_record(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    assert "nope" in {words(remark) for remark in found.remarks.values()}
