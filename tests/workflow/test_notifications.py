"""What is notified depends on what differs, not on where a document says so; and each receiver is told once."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from beamctl.api.notifier import NotificationTarget
from beamctl.plan.plan import Plan
from beamctl.plan.three_way import Cause, Origin
from beamctl.report.data import CommandName, DriftDetails, ReportData
from beamctl.runs.folder import RecordFolder
from beamctl.workflow.notifications import Notifier
from tests.fakes.runs import document, planned
from tests.fakes.workspace import FakeWorkspace, person

LIVE = FakeWorkspace.of([person("root@x.io", "admin"), person("old@x.io"), person("eve@x.io")])
CLEAN = planned(document({"root@x.io": "admin", "old@x.io": "member", "eve@x.io": "member"}), LIVE)
TWO = planned(document({"root@x.io": "admin"}), LIVE)
ONE = planned(document({"root@x.io": "admin", "old@x.io": "member"}), LIVE)


@dataclass
class Phone:
    """A receiver that may be switched off."""

    name: str
    is_on: bool = True
    rings: list[tuple[str, str]] = field(default_factory=list)

    @property
    def target(self) -> NotificationTarget:
        return NotificationTarget("phone", self.name, 100, 1000, self.send)

    def send(self, title: str, text: str, urgency: str) -> bool:
        assert urgency in ("success", "warning", "failure")
        if self.is_on:
            self.rings.append((title, text))
        return self.is_on

    def take(self) -> list[str]:
        rings, self.rings = self.rings, []
        return [title for title, _ in rings]


def drift(folder: Path, plan: Plan, *phones: Phone, cause: Cause | None = None) -> list[str]:
    """Notify, and return the warnings."""
    warnings: list[str] = []
    origins = {(plan.workspace, change.id): Origin(cause) for change in plan.changes} if cause else {}
    notifier = Notifier([each.target for each in phones], warnings.append, lambda text: text)
    notifier.drift(ReportData(CommandName.DRIFT, [plan], details=DriftDetails(origins=origins)), RecordFolder(folder))
    return warnings


def test_lines_and_order_do_not_matter(tmp_path: Path) -> None:
    phone = Phone("a")
    drift(tmp_path, TWO, phone)
    assert phone.take() == ["acme: drift: 2 differences"]
    moved = [replace(each, place=None, declared={"reason": "moved"}) for each in reversed(TWO.changes)]
    drift(tmp_path, replace(TWO, changes=tuple(moved), source="other.yaml"), phone)
    assert phone.take() == []


def test_the_live_value_and_the_subject_matter(tmp_path: Path) -> None:
    phone = Phone("a")
    drift(tmp_path, TWO, phone)
    promoted = [replace(each, before={**(each.before or {}), "role": "admin"}) for each in TWO.changes]
    for plan in (replace(TWO, changes=tuple(promoted)), ONE, TWO):
        phone.take()
        drift(tmp_path, plan, phone)
        assert len(phone.take()) == 1


def test_the_cause_is_said_but_another_cause_alone_is_no_news(tmp_path: Path) -> None:
    phone = Phone("a")
    drift(tmp_path, ONE, phone, cause=Cause.BY_HAND)
    ((_, text),) = phone.rings
    assert text.endswith("+ eve@x.io  is member; not in access.yaml (changed by hand)")
    drift(tmp_path, ONE, phone, cause=Cause.UNKNOWN)  # a run without records cannot tell
    assert len(phone.rings) == 1


def test_each_receiver_is_told_once_even_if_another_one_fails(tmp_path: Path) -> None:
    on, off = Phone("on"), Phone("off", is_on=False)
    assert len(drift(tmp_path, ONE, on, off)) == 1
    assert len(drift(tmp_path, ONE, on, off)) == 1
    off.is_on = True
    assert drift(tmp_path, ONE, on, off) == []
    assert (len(on.take()), len(off.take())) == (1, 1)
    off.is_on = False
    assert len(drift(tmp_path, CLEAN, on, off)) == 1
    off.is_on = True
    drift(tmp_path, CLEAN, on, off)
    assert on.take() == off.take() == ["acme: no more drift"]


def test_without_receivers_nothing_is_written(tmp_path: Path) -> None:
    assert drift(tmp_path / "runs", ONE) == []
    assert not (tmp_path / "runs").exists()
