"""How often earlier runs resent an invitation, and which changes they deferred until it is accepted."""

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from beamctl.api.config import LOCAL_URL
from beamctl.apply.history import History, interrupted
from beamctl.apply.record import Confirmed, Ended, Event, NotAttempted, Started, Unconfirmed, UnconfirmedReason
from beamctl.plan.change import Change
from beamctl.plan.kind import Outcome, Status
from beamctl.plan.plan import Plan
from tests.fakes.journal import LONG_AGO, Journal
from tests.fakes.runs import document, planned
from tests.fakes.wording import failure
from tests.fakes.workspace import FakeWorkspace, person

ROOT = person("root@x.io", "admin")
WANT = document({"root@x.io": "admin", "Zoë@x.io": "member"}, guards={"maxRemovals": 9})
REMOVED = document({"root@x.io": "admin"}, guards={"maxRemovals": 9})
EXPIRED = FakeWorkspace.of([ROOT, person("Zoë@x.io", accepted=False, expired=True)])
RESEND, REVOKE = planned(WANT, EXPIRED), planned(REMOVED, EXPIRED)
INVITE = planned(WANT, FakeWorkspace.of([ROOT]))
REMOVE = planned(REMOVED, FakeWorkspace.of([ROOT, person("Zoë@x.io")]))
PROMOTE = planned(WANT, FakeWorkspace.of([ROOT, person("Zoë@x.io", "viewer")]))


def ended(ending: Status, *, found: bool = False, withdrawn: bool = False) -> Callable[[Change], Sequence[Event]]:
    return lambda change: (Started(change), Ended(change, Outcome(ending, found=found, withdrawn=withdrawn)))


DONE = ended(Status.DONE)
OUTCOMES: dict[str, tuple[Callable[[Change], Sequence[Event]], int]] = {
    "done": (DONE, 1),
    "confirmed": (lambda change: (*DONE(change), Confirmed(change)), 1),
    "not confirmed": (lambda change: (*DONE(change), Unconfirmed(change, next(iter(UnconfirmedReason)))), 1),
    "deferred": (ended(Status.DEFERRED), 1),
    "failed": (ended(Status.FAILED), 0),
    "unknown": (lambda change: (Started(change),), 0),
    "not attempted": (lambda change: (NotAttempted(change, failure("why")),), 0),
    "found": (ended(Status.DONE, found=True), 0),
    "nothing": (lambda _: (), 0),
}


def record(plan: Plan, events: Callable[[Change], Sequence[Event]] = DONE) -> bytes:
    journal = Journal()
    number = journal.begin(plan, LONG_AGO)
    for event in events(plan.changes[0]):
        journal.listener(number, plan)(event)
    return journal.contents[number].encode()


def history(*contents: bytes) -> History:
    found = History("acme", LOCAL_URL)
    for each in contents:
        found.add(each)
    return found


def counted(*contents: bytes) -> int:
    return history(*contents).resent.get("member", {}).get("zoë@x.io", 0)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_resends_are_counted(outcome: str) -> None:
    events, count = OUTCOMES[outcome]
    assert counted(record(RESEND, events)) == count
    assert counted(record(INVITE), record(RESEND), record(RESEND, events), record(RESEND)) == 2 + count


@pytest.mark.parametrize("plan", [INVITE, REVOKE, REMOVE])
def test_new_invitation_resets_the_count(plan: Plan) -> None:
    assert counted(record(RESEND), record(plan)) == 0
    assert counted(record(RESEND), record(plan), record(RESEND)) == 1
    assert counted(record(RESEND), record(plan, ended(Status.FAILED)), record(RESEND)) == 2
    assert counted(record(RESEND), record(PROMOTE)) == 1


def test_other_records_do_not_count() -> None:
    whole = record(RESEND)
    for strange in (
        record(replace(RESEND, workspace="labs")),
        whole.replace(LOCAL_URL.encode(), b"https://elsewhere.example/v0"),
        whole.replace(b'"format_version": "1.1"', b'"format_version": "9"'),
        whole.replace(b'"key": ', b'"kee": '),
        whole.replace(b'"type": "member"', b'"type": []'),
        whole.replace(b'"event": "started"', b'"evnt": "started"'),
        whole.replace(b"\n", b"\nnull\n", 1),
        whole[: len(whole) // 3],
        b'"action": "resend"\n',
        b"",
    ):
        assert counted(whole, strange, whole) == 2, strange


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_deferred_change_is_known_until_it_is_made(outcome: str) -> None:
    put_off = record(INVITE, ended(Status.DEFERRED))
    assert INVITE.changes[0].after is not None
    after = {("member", "zo\u00eb@x.io"): INVITE.changes[0].after}
    assert history(put_off).deferred == after
    kept = outcome in ("deferred", "failed", "unknown", "not attempted", "found", "nothing")
    assert history(put_off, record(RESEND, OUTCOMES[outcome][0])).deferred == (after if kept else {})


def test_revoked_invitations_are_counted_by_role() -> None:
    taken_back = ended(Status.FAILED, withdrawn=True)
    viewer = planned(document({"root@x.io": "admin", "Zo\u00eb@x.io": "viewer"}), FakeWorkspace.of([ROOT]))
    key = ("member", "zo\u00eb@x.io")
    assert history(record(INVITE, taken_back)).withdrawn[key].times == 1
    assert history(record(INVITE, taken_back), record(INVITE, taken_back)).withdrawn[key].times == 2
    assert history(record(INVITE, taken_back), record(viewer, taken_back)).withdrawn[key].times == 1
    assert history(record(INVITE, taken_back), record(INVITE, ended(Status.FAILED))).withdrawn[key].times == 1
    assert history(record(INVITE, taken_back), record(INVITE)).withdrawn == {}


HOSTILE = [None, True, -1, "nope", "", [], ["x"], {}, {"x": 1}]


def leaves(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in JSON data."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield (*path, key)
        yield from leaves(value, (*path, key))


@pytest.mark.parametrize("hostile", HOSTILE, ids=repr)
@pytest.mark.parametrize("plan", [RESEND, INVITE], ids=["resend", "invite"])
def test_a_malformed_record_is_ignored(plan: Plan, hostile: Any) -> None:
    lines = [json.loads(line) for line in record(plan, OUTCOMES["deferred"][0]).splitlines()]
    for number, line in enumerate(lines):
        for *above, last in leaves(line):
            changed = copy.deepcopy(lines)
            inner = changed[number]
            for key in above:
                inner = inner[key]
            inner[last] = hostile
            content = b"".join(json.dumps(each).encode() + b"\n" for each in changed)
            history(content)
            interrupted([content], "acme", LOCAL_URL)
