"""Every loader of text from outside, against any invalid text: problems are reported, never raised as a traceback, and
the work is limited. To add a loader, write how it is called and what valid text looks like."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beamctl.api.cli_config import FileText, current_workspace, entry_of
from beamctl.apply.record import Run, Started, event_line, first_line, last_line
from beamctl.apply.record_reader import UnreadableRecordError, read_record
from beamctl.apply.summary import summary_of
from beamctl.document.load import SourceText
from beamctl.document.problem import MOST_PROBLEMS, Problem
from beamctl.document.yaml_loader import parse_plain
from beamctl.errors import BeamctlError
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import Saved, digest_of, saved_text
from beamctl.report.problems_text import problems_text
from beamctl.workflow.documents import validate
from beamctl.workflow.saved_plan import open_plan
from tests.fakes.runs import document as document_of
from tests.fakes.runs import planned
from tests.fakes.workspace import FakeWorkspace, person
from tests.fuzz.mutation import mutated

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    path.read_bytes() for path in sorted([*ROOT.glob("examples/*.yaml"), *ROOT.glob("tests/cases/*/access.yaml")])
]
LOGIN = b"""context:
  workspace: acme
workspaces:
- name: acme
  credentials:
    apiKey: "key"
    access_token: a.b.c
    refresh_token: r
    client_credentials: "aWQ6c2VjcmV0"
  env: "dev"
"""


@dataclass(frozen=True)
class Loader:
    """A loader under test.

    Attributes:
        load: Loads the text and returns the lines of its problems; may raise beamctl's own errors.
        valid: Texts without problems.
    """

    load: Callable[[bytes], Sequence[str]]
    valid: Sequence[bytes]

    def __call__(self, content: bytes) -> list[str]:
        """All lines reported about a text."""
        try:
            return list(self.load(content))
        except BeamctlError as error:
            return [error.message, *error.hint.splitlines()]


def lines_of(problems: Sequence[Problem]) -> list[str]:
    assert all(problem.message for problem in problems)
    return problems_text(problems).splitlines() if problems else []


def document(content: bytes) -> list[str]:
    checked = validate([SourceText("f.yaml", content)])
    assert checked.desired or checked.problems
    assert len(checked.problems) <= 3 * (MOST_PROBLEMS + 1)
    return lines_of(checked.problems)


def any_yaml(content: bytes) -> list[str]:
    return lines_of(parse_plain(content, "f.yaml")[1])


def login(content: bytes) -> list[str]:
    file = FileText("config.yaml", content)
    entry_of(file, "acme")
    current_workspace(file)
    return []


def saved_plan(content: bytes) -> list[str]:
    assert open_plan(content, "plan.json").plans
    return []


def plan_with_new_checksum(content: bytes) -> list[str]:
    """A plan that was changed and given a matching checksum, as an attacker would do."""
    try:
        data = json.loads(content)
        data["saved"]["digest"] = digest_of(data)
        content = json.dumps(data).encode()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    open_plan(content, "plan.json")
    return []


def record(content: bytes) -> list[str]:
    with suppress(UnreadableRecordError):
        assert summary_of(content).run is not None
    try:
        assert read_record(content).changes is not None
    except UnreadableRecordError as error:
        return [str(error)]
    return []


def a_plan() -> Plan:
    live = FakeWorkspace.of([person("root@x.io", "admin"), person("a@x.io"), person("old@x.io", "admin")])
    return planned(document_of({"root@x.io": "admin", "a@x.io": "admin", "n@x.io": "viewer"}, settings=SETTINGS), live)


SETTINGS = {"displayName": "B", "labels": {"a": "b"}, "groupMappings": [{"groupName": "g", "role": "member"}]}
PLAN = a_plan()
NOW = datetime(2026, 11, 24, tzinfo=UTC)
SAVED = saved_text(Saved((PLAN,), (), {"acme": "id"}, "c0ffee", NOW, NOW + timedelta(days=1)))
RUN = Run("r", "2026-11-24T00:00:00.000Z", "ada", "", "sha256:0")
LINES = [
    first_line(RUN, PLAN),
    *(event_line(PLAN, Started(change), RUN.at) for change in PLAN.changes),
    last_line(PLAN, [], RUN.at, interrupted=False),
]

LOADERS = {
    "saved plan": Loader(saved_plan, [SAVED.encode()]),
    "plan with a new checksum": Loader(plan_with_new_checksum, [SAVED.encode()]),
    "record of a run": Loader(record, ["".join(LINES).encode()]),
    "document": Loader(document, DOCUMENTS),
    "any YAML": Loader(any_yaml, DOCUMENTS),
    "login of the official CLI": Loader(login, [LOGIN]),
}
every_loader = pytest.mark.parametrize("loader", LOADERS.values(), ids=LOADERS)
thorough = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.data_too_large])


def check(loader: Loader, content: bytes) -> None:
    for line in loader(content):
        assert line.isprintable()
        assert len(line) < 500


@every_loader
def test_valid_text_has_no_problems(loader: Loader) -> None:
    for content in loader.valid:
        assert loader(content) == []


@every_loader
@thorough
@given(st.data())
def test_nearly_valid_text_is_loaded_or_refused(loader: Loader, data: st.DataObject) -> None:
    check(loader, data.draw(mutated(loader.valid)))


@every_loader
@thorough
@given(content=st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_loaded_or_refused(loader: Loader, content: bytes) -> None:
    check(loader, content)


def calls(run: Callable[[], Any]) -> int:
    """The number of function calls of a run, which does not depend on the load of the machine."""
    count = 0

    def counted(_: FrameType, event: str, __: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counted)
    try:
        run()
    finally:
        sys.setprofile(None)
    return count


def attacks() -> Iterator[bytes]:
    """Short texts that would cause much work without limits."""
    head = b"version: 1\nworkspace: acme\nmembers:\n"
    yield b"[" * 100_000
    yield b"{a: " * 25_000
    yield b"? " * 50_000
    yield b"a0: &a0 [x, x]\n" + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 60))
    yield head + b"".join(b"  p%d: %d\n" % (n, n) for n in range(4_000))
    yield head + b"".join(b"  p%d@x.io: rool%d\n" % (n, n) for n in range(4_000))
    yield head + b"".join(b"  p%d@x.io: !x {role: admin}\n" % n for n in range(3_000))
    yield head + b"  a@x.io: admin\n" * 6_000
    yield b"".join(b"k%d: 1\n" % n for n in range(10_000))
    yield b"--- {a: b}\n" * 8_000
    yield head + ("  " + "\u0430-" * 20_000 + "@x.io: admin\n").encode()
    yield b"'" * 100_000
    yield b"\n" * 100_000


@every_loader
def test_work_is_linear_in_the_length_of_the_text(loader: Loader) -> None:
    for content in attacks():
        steps = calls(lambda content=content: check(loader, content))  # type: ignore[misc] # bound at once
        assert steps < 5 * len(content) + 110_000, content[:60]
