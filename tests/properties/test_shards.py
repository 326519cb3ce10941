"""Shards partition any set of names, and merged reports equal the report of the whole run."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.document.problem import Place
from beamctl.model.shard import Shard, ShardScope
from beamctl.plan.plan import Plan
from beamctl.report.data import CommandName, ReportData, WorkspaceFailure
from beamctl.report.json_reader import report_of
from beamctl.report.json_report import report
from beamctl.workflow.merge_reports import merge_reports
from tests.fakes.runs import document, planned
from tests.fakes.workspace import FakeWorkspace, person

NAMES = st.lists(st.from_regex("[a-z0-9]{1,8}(-[a-z0-9]{1,4})?", fullmatch=True), unique=True, max_size=12)
ROLES = st.dictionaries(st.sampled_from(["b@x.io", "c@x.io", "d@x.io"]), st.sampled_from(["member", "admin"]))


def plan(name: str, live: dict[str, str], declared: dict[str, str]) -> Plan:
    people = [person("a@x.io", "admin"), *(person(email, role) for email, role in live.items())]
    made = planned(document({"a@x.io": "admin", **declared}), FakeWorkspace.of(people))
    return replace(made, workspace=name)


@given(names=NAMES, count=st.integers(1, 40))
@settings(max_examples=40)
def test_every_name_is_in_one_shard(names: list[str], count: int) -> None:
    shards = [Shard(index, count) for index in range(1, count + 1)]
    assert all(sum(shard.has(name) for shard in shards) == 1 for name in names)


@given(names=NAMES, count=st.integers(1, 5), live=ROLES, declared=ROLES, command=st.sampled_from(["plan", "drift"]))
@settings(max_examples=25, deadline=None)
def test_merged_reports_equal_the_whole(
    names: list[str], count: int, live: dict[str, str], declared: dict[str, str], command: str
) -> None:
    plans = [plan(name, live if index % 2 else {}, declared) for index, name in enumerate(names)]
    place = Place("access.yaml", 2, 3)
    failures = [WorkspaceFailure(name, place, "not-found", "no such workspace") for name in names[::3]]
    lost = {each.workspace for each in failures}
    plans = [each for each in plans if each.workspace not in lost]
    whole = ReportData(CommandName(command), plans, failures=failures, order=names)
    source = "sha256:" + "0" * 64
    with tempfile.TemporaryDirectory() as folder:
        for index in range(1, count + 1):
            scope = ShardScope(Shard(index, count), tuple(names), source)
            theirs = [each for each in plans if scope.shard.has(each.workspace)]
            part = Path(folder) / f"of-{index % 2}" / f"{index}.json"
            part.parent.mkdir(exist_ok=True)
            failed = [each for each in failures if scope.shard.has(each.workspace)]
            part.write_text(report(replace(whole, plans=theirs, failures=failed, scope=scope)))
        assert report(merge_reports(Path(folder))) == report(whole)
    assert report(report_of(json.loads(report(whole)))) == report(whole)
