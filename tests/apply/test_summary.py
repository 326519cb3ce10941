"""The summary of a run, read without its changes, agrees with the whole record or is empty."""

import json
from typing import Any

import pytest

from beamctl.apply.record import Ended, Event, NotAttempted, Run, Started, State, event_line, first_line, last_line
from beamctl.apply.record_reader import UnreadableRecordError, read_record
from beamctl.apply.summary import left_of, summary_of
from beamctl.plan.kind import Outcome, Status
from beamctl.report.apply_text import outcome_text
from tests.fakes.runs import API, applied, document, planned
from tests.fakes.wording import failure
from tests.fakes.workspace import FakeWorkspace, person

AT = "2026-11-24T12:00:00.000Z"
LIVE = FakeWorkspace.of([person("root@x.io", "admin"), *(person(f"old{n}@x.io") for n in range(4)), person("up@x.io")])
PLAN = planned(document({"root@x.io": "admin", "new@x.io": "member", "up@x.io": "admin"}), LIVE)
UP, NEW, *OLD = PLAN.changes
FIRST = first_line(Run("20261124T120000000Z-acme-abc123", AT, "ann", "c0ffee", "sha256:0"), PLAN)
SEEN = {"member": 6}


def record(*events: Event, end: bool = False) -> bytes:
    lines = [FIRST, *(event_line(PLAN, event, AT) for event in events)]
    return "".join([*lines, last_line(PLAN, events, AT, interrupted=False)] if end else lines).encode()


def complete_record() -> bytes:
    return record(*applied(PLAN, FakeWorkspace(users=dict(LIVE.users)), parallelism=1), end=True)


def test_summary_agrees_with_the_record_at_any_length() -> None:
    content = complete_record()
    assert summary_of(content).count(State.DONE) == 6
    ends = [at + 1 for at, byte in enumerate(content) if byte == ord("\n")]
    for end in (*ends, *(end + 5 for end in ends[:-1])):
        found, record = summary_of(content[:end]), read_record(content[:end])
        assert (found.run, found.workspace, found.api) == (record.run, "acme", API)
        assert outcome_text(found) == outcome_text(record)
        assert found.ended == record.ended
        assert found.begun is any(record.state(change) is not State.WAITING for change in record.changes)


def test_number_left() -> None:
    content = complete_record()
    assert left_of(content, "acme", API) == {"member": 3}
    for other in (content, record()):
        assert left_of(other, "labs", API) is None
        assert left_of(other, "acme", "local") is None
    for nothing in (FIRST.encode()[:-1], b"", b"[" * 10000, b'{"event": "end"}', b"[]", record() + b"[]\n"):
        assert left_of(nothing, "acme", API) is None


DONE, FAILED = Outcome(Status.DONE), Outcome(Status.FAILED, failure("the API did not answer"))


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ([], 6),
        ([Started(NEW)], 6),
        ([Started(NEW), Ended(NEW, DONE)], 7),
        ([Started(NEW), Ended(NEW, FAILED)], 6),
        ([Started(UP), Ended(UP, DONE)], 6),
        ([Started(OLD[0])], 5),
        ([Started(OLD[0]), Ended(OLD[0], DONE), Started(OLD[1]), Ended(OLD[1], FAILED), Started(OLD[2])], 3),
        ([NotAttempted(each, failure("interrupted")) for each in OLD], 6),
    ],
)
def test_least_number_left_by_a_killed_run(events: list[Event], left: int) -> None:
    assert left_of(record(*events), "acme", API) == {"member": left}
    assert left_of(record(*events) + b'{"event": "do', "acme", API) == {"member": left}


def changed(line: int, **keys: object) -> bytes:
    lines: list[Any] = [json.loads(each) for each in complete_record().splitlines()]
    lines[line] |= keys
    return b"".join(json.dumps(each).encode() + b"\n" for each in lines)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        FIRST.encode()[:-1],
        record() + b"[]\n",
        record() + b"{}\n",
        record() + b'{"event": "done"}\n',
        record() + b'{"event": "end"}\n',
        record() + b'{"event": ["end"]}\n',
        record() + b'{"event": "done", "address": []}\n',
        changed(0, format_version="2.0"),
        changed(0, workspace="../x"),
        changed(0, run=1),
        changed(0, seen={"member": "6"}),
        changed(0, changes=None),
        changed(0, changes=[{}]),
        changed(0, changes=[1]),
        changed(1, event="undone"),
        changed(-1, left={"member": -1}),
    ],
)
def test_content_that_is_not_a_record_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableRecordError):
        summary_of(content)
