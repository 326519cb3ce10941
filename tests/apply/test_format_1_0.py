"""Files of beamctl 0.1.0: run records are read, saved plans are refused."""

from pathlib import Path

import pytest

from beamctl.apply.history import interrupted
from beamctl.apply.record import State
from beamctl.apply.record_reader import UnreadableRecordError, lines_of, read_record
from beamctl.apply.summary import declared_by, left_of, summary_of
from beamctl.errors import UsageError
from beamctl.model.code import Code
from beamctl.plan.change import CreationKey
from beamctl.plan.plan_file import read_saved
from beamctl.report.apply_text import run_text
from tests.fakes.wording import words

FORMATS = Path(__file__).parent / "formats"
RECORD = (FORMATS / "run-1.0.jsonl").read_bytes()


def test_record_is_read_with_its_remarks() -> None:
    record = read_record(RECORD)
    states = {change.name: record.state(change) for change in record.changes}
    done = dict.fromkeys(("grace@example.com", "deploy", "deploy/nightly", "bob@example.com"), State.DONE)
    assert states == done | {"ci": State.FAILED}
    failed = next(change for change in record.changes if change.name == "ci")
    remark = record.remark(failed)
    assert remark is not None
    assert remark.code is Code.RECORDED
    assert words(remark).startswith("its client secret could not be handed over: the command false exited with 1")
    assert words(remark) in run_text(record)


def test_keys_of_creations_are_fields() -> None:
    changes = {change.name: change for change in read_record(RECORD).changes}
    key = changes["deploy/nightly"].key
    assert key == CreationKey("deploy / nightly")
    assert [each.keys for each in changes["deploy/nightly"].depends_on] == [(CreationKey("deploy"),)]
    assert changes["bob@example.com"].key == "bob@example.com"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ci (c1)", CreationKey("ci", ["c1"])),
        ("ci (c1, c2 | c3)", CreationKey("ci", ["c1", "c2"], ["c3"])),
        ("ci (| c3)", CreationKey("ci", [], ["c3"])),
    ],
)
def test_ids_in_keys_are_fields(text: str, key: CreationKey) -> None:
    record = read_record(RECORD.replace(b'"key": "ci"', f'"key": "{text}"'.encode()))
    assert key in [change.key for change in record.changes]


def test_history_is_read() -> None:
    assert left_of(RECORD, "acme", "local") == {"member": 2, "service_account": 1}
    declared = declared_by(RECORD, "acme", "local")
    assert declared is not None
    assert declared.guards.max_removals.number == 5
    assert [each.change.name for each in interrupted([RECORD], "acme", "local")] == ["ci"]
    assert summary_of(RECORD).count(State.DONE) == 4


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b'"depends_on": [{', b'"depends_on": [1, {'),
        (b'"keys": ["deploy"]', b'"keys": [["deploy"]]'),
        (b'"key": "ci"', b'"key": ["ci"]'),
        (b'"secrets": {"secretTo"', b'"secrets": ["secretTo"], "x": {"secretTo"'),
        (b'"type": "service_account"', b'"type": {}'),
    ],
)
def test_record_edited_by_hand_is_refused(was: bytes, becomes: bytes) -> None:
    assert was in RECORD
    with pytest.raises(UnreadableRecordError):
        read_record(RECORD.replace(was, becomes))


def test_lines_are_converted_to_the_current_format() -> None:
    assert {line["format_version"] for line in lines_of(RECORD) if line["event"] == "run"} == {"1.1"}


def test_saved_plan_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        read_saved((FORMATS / "plan-1.0.json").read_bytes(), "plan.json")
    assert caught.value.message == ("plan.json has a format that this version of beamctl cannot read (expected 1.2)")
    assert "beamctl plan --out FILE" in caught.value.hint
