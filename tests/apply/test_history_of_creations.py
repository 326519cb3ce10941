"""Which creations run records show to be unfinished."""

import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from beamctl.apply.history import interrupted
from beamctl.apply.record import Ended, Event, NotAttempted, Started
from beamctl.plan.change import Change
from beamctl.plan.comparison import Interrupted
from beamctl.plan.kind import Outcome, Status
from beamctl.plan.plan import Plan
from tests.fakes.journal import LONG_AGO, Journal, interrupted_runs
from tests.fakes.runs import NOW, document, planned
from tests.fakes.service_accounts import FakeServiceAccounts, service_account
from tests.fakes.wording import failure
from tests.fakes.workspace import FakeWorkspace, person

WANT = document(serviceAccounts={"ci": {"role": "member", "apiKeys": {"hub": {}}}})
PLAN = planned(WANT, FakeWorkspace.of([person("root@x.io", "admin")]))
CI, HUB = PLAN.changes
DONE, FAILED = Outcome(Status.DONE), Outcome(Status.FAILED)
LOST = FakeWorkspace(
    accounts=FakeServiceAccounts(
        {"c1": service_account("c1", "ci", "member", "(beamctl: client secret not handed over yet)")}
    )
)
AGAIN = planned(WANT, LOST, interrupted=interrupted_runs("ci"))


def record(*events: Event, plan: Plan = PLAN) -> str:
    journal = Journal()
    number = journal.begin(plan, LONG_AGO)
    for event in events:
        journal.listener(number, plan)(event)
    return journal.contents[number]


def found(*contents: str) -> Sequence[Interrupted]:
    return Journal(list(contents)).interrupted()


def names(*contents: str) -> list[str]:
    return [each.change.name for each in found(*contents)]


def ended(change: Change, outcome: Outcome) -> tuple[Event, ...]:
    return Started(change), Ended(change, outcome)


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ((), []),
        ((Started(CI),), ["ci"]),
        (ended(CI, FAILED), ["ci"]),
        (ended(CI, DONE), []),
        ((*ended(CI, DONE), Started(HUB)), ["ci/hub"]),
        ((*ended(CI, FAILED), NotAttempted(HUB, failure("why"))), ["ci"]),
        ((*ended(CI, DONE), *ended(HUB, DONE)), []),
    ],
)
def test_unfinished_creation_is_found(events: tuple[Event, ...], left: list[str]) -> None:
    assert names(record(*events)) == left


def test_later_run_completes_the_creation() -> None:
    (left,) = found(record(Started(CI)), record(*ended(CI, DONE)))
    assert left.repeated == LONG_AGO
    (left,) = found(record(*ended(CI, DONE)), record(Started(CI)))
    assert (left.repeated, left.began, left.ended) == (None, LONG_AGO, None)
    assert names(record(Started(CI)), record(Started(CI))) == ["ci", "ci"]


def test_deletion_completes_the_creation() -> None:
    create, key, delete = AGAIN.changes
    assert [each.name for each in AGAIN.changes] == ["ci", "ci/hub", "ci (c1)"]
    half = record(*ended(create, DONE), *ended(key, DONE), *ended(delete, FAILED), plan=AGAIN)
    assert names(half) == ["ci (c1)"]
    assert names(record(*ended(create, DONE), plan=AGAIN)) == ["ci (c1)"]
    assert names(record(*ended(create, DONE), *ended(key, DONE), *ended(delete, DONE), plan=AGAIN)) == []


def test_other_records_show_nothing() -> None:
    whole = record(Started(CI))
    assert names(whole) == ["ci"]
    for other in (
        whole.replace('"workspace": "acme"', '"workspace": "labs"'),
        whole.replace('"api_url": "', '"api_url": "http://'),
        whole.replace("2026-10-01T00:00:00.000Z", "yesterday"),
        whole.replace("2026-10-01T00:00:00.000Z", "2026-10-01T00:00:00"),
        whole.replace('"name": "ci"', '"name": "cj"'),
        whole[: len(whole) // 2],
        "no JSON\n" + whole,
    ):
        assert names(other, record()) == [], other


def test_running_run_is_not_interrupted() -> None:
    journal = Journal()
    number = journal.begin(PLAN, NOW)
    journal.listener(number, PLAN)(Started(CI))
    assert journal.interrupted() == ()
    journal.end(number)
    assert [each.change.name for each in journal.interrupted()] == ["ci"]


def test_large_records_are_not_decoded_without_need() -> None:
    members = tuple(replace(CI, kind="member", name=f"p{number}@x.io", key=f"p{number}") for number in range(20_000))
    plan = replace(PLAN, changes=(*members, CI))
    content = record(*ended(CI, DONE), plan=plan).encode()
    begun = time.process_time()
    assert interrupted([content] * 20, "acme", "local") == ()
    assert time.process_time() - begun < 1  # decoding each of them takes longer
