"""A change that is not in effect is never reported as done, whatever the API responds."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.apply.record import Confirmed, Ended, Event, Unconfirmed, UnconfirmedReason, last_line
from beamctl.errors import ForbiddenError, InterruptedRunError, UnreachableError
from beamctl.model.api_call import PAUSES, ApiCall, Method, NoResponse, Response
from beamctl.plan.plan import Plan
from beamctl.report.apply_text import end_text, event_text, totals
from tests.fakes.one_workspace import applied_json
from tests.fakes.resources import resource
from tests.fakes.runs import apply, document, outcomes, planned
from tests.fakes.service_accounts import api_key, service_account
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace, person, raises
from tests.properties.samples import SAMPLES, Sample, vault

ROOT = person("root@x.io", "admin")
every_kind = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)


def foreign(body: Any) -> Any:
    """The same body about another object."""
    match body:
        case dict():
            names = ("email", "name", "client_id", "id")
            return {key: f"other-{inner}" if key in names else foreign(inner) for key, inner in body.items()}
        case _:
            return body


ODD_RESPONSES: dict[str, Callable[[Response], Response]] = {
    "as documented": lambda answer: answer,
    "202": lambda answer: Response(202, answer.body),
    "202 without a body": lambda _: Response(202),
    "204": lambda _: Response(204),
    "206": lambda answer: Response(206, answer.body),
    "an error": lambda _: Response(200, {"error": "no", "code": 403}),
    "an error next to the object": lambda answer: Response(200, {**(answer.body or {}), "error": "no"}),
    "nothing": lambda _: Response(200, {}),
    "another object": lambda answer: Response(200, foreign(answer.body)),
}
"""How the API reports a success."""


def odd(live: FakeWorkspace, kind: str, *, acts: bool) -> FakeWorkspace:
    """The workspace as seen by a client whose changes get an odd response, and are carried out only if it `acts`."""

    def pretend(call: ApiCall) -> Response | NoResponse | None:
        return None if acts or call.method is Method.GET else live.copied().send(call)

    def respond(call: ApiCall, answer: Response | NoResponse) -> Response | None:
        changed = call.method is not Method.GET and isinstance(answer, Response) and answer.ok
        return ODD_RESPONSES[kind](answer) if changed and isinstance(answer, Response) else None

    return live.with_faults(before=pretend, after=respond)


def run(
    plan: Plan, api: FakeWorkspace, reader: FakeWorkspace | None = None, pause: Callable[[float], bool] = lambda _: True
) -> list[Event]:
    stop = threading.Event()
    return list(apply(plan, reader or api, api, parallelism=1, stop=stop, vault=vault(), pause=pause))


def open_keys(plan: Plan) -> set[tuple[str, str]]:
    return {(change.kind, change.name) for change in plan.changes}


@every_kind
@given(data=st.data(), kind=st.sampled_from(list(ODD_RESPONSES)))
@settings(max_examples=30, deadline=None)
def test_change_that_was_not_made_is_not_reported_as_done(sample: Sample, data: st.DataObject, kind: str) -> None:
    want, live = data.draw(sample.wanted), data.draw(sample.live)
    plan = planned(want, live)
    before = live.copied()
    events = run(plan, odd(live, kind, acts=False))
    assert (live.users, live.settings, live.resources) == (before.users, before.settings, before.resources)
    assert not any(isinstance(event, Confirmed) for event in events)
    assert "done" not in outcomes(events).values()
    assert totals(events).complete is (plan.changes == ())


@every_kind
@given(data=st.data(), kind=st.sampled_from(list(ODD_RESPONSES)))
@settings(max_examples=30, deadline=None)
def test_change_reported_as_done_is_in_effect(sample: Sample, data: st.DataObject, kind: str) -> None:
    want, live = data.draw(sample.wanted), data.draw(sample.live)
    plan = planned(want, live)
    if sample.refused(plan):
        return
    events = run(plan, odd(live, kind, acts=True))
    left = open_keys(planned(want, live))
    found = outcomes(events)
    confirmed = {(event.change.kind, event.change.name) for event in events if isinstance(event, Confirmed)}
    assert not confirmed & left
    assert "not confirmed" not in found.values()
    if kind in ("as documented", "202", "204") and not any(change.secrets for change in plan.changes):
        assert set(found.values()) <= {"done"}


@pytest.mark.parametrize("shows_after", range(6))
def test_late_changes_are_looked_up_a_limited_number_of_times(shows_after: int) -> None:
    live = FakeWorkspace.of([ROOT, person("old@x.io"), person("up@x.io")])
    plan = planned(document({"root@x.io": "admin", "new@x.io": "viewer", "up@x.io": "member"}), live)
    api, begun, waited = odd(live, "as documented", acts=True), live.copied(), list[float]()
    late = live.with_faults(before=lambda call: None if len(waited) >= shows_after else begun.send(call))

    def pause(seconds: float) -> bool:
        waited.append(seconds)
        return True

    events = run(plan, api, late, pause)
    shown = shows_after <= len(PAUSES)
    assert set(outcomes(events).values()) == {"done" if shown else "not confirmed"}
    assert waited == list(PAUSES[: shows_after if shown else len(PAUSES)])
    assert {event.reason for event in events if isinstance(event, Unconfirmed)} == (
        set() if shown else {UnconfirmedReason.NOT_SHOWN_YET}
    )


def test_old_email_is_kept_until_the_new_one_is_listed() -> None:
    live = FakeWorkspace.of([ROOT, person("ann@old.io")])
    plan = planned(document({"root@x.io": "admin", "ann@new.io": "member"}), live)
    events = run(plan, odd(live, "202", acts=False))
    assert outcomes(events) == {"ann@new.io": "not confirmed", "ann@old.io": "not attempted"}
    assert list(live.users) == ["root@x.io", "ann@old.io"]


def test_invitation_answered_with_202_is_not_resent() -> None:
    live = FakeWorkspace.of([ROOT])
    run(planned(document({"root@x.io": "admin", "a@x.io": "member"}), live), odd(live, "202", acts=False))
    assert live.calls.count("POST /users") == 1


def test_interrupt_stops_the_verification() -> None:
    live = FakeWorkspace.of([ROOT, person("old@x.io")])
    plan = planned(document({"root@x.io": "admin"}), live)
    pauses: list[float] = []

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return False

    assert outcomes(run(plan, odd(live, "202", acts=False), pause=pause)) == {"old@x.io": "not confirmed"}
    assert pauses == [0.5]

    reads = iter(range(9))

    def interrupt(_: ApiCall) -> None:
        if next(reads) > 0:  # the first read comes before the removal
            raise InterruptedRunError("interrupted")

    events = run(plan, odd(live, "as documented", acts=True), live.with_faults(before=interrupt))
    assert outcomes(events) == {"old@x.io": "done"}
    assert not any(isinstance(event, Confirmed | Unconfirmed) for event in events)


@pytest.mark.parametrize("error", [UnreachableError("no answer"), KeyError("bug"), ForbiddenError("no access")])
def test_change_that_cannot_be_read_is_not_confirmed(error: Exception) -> None:
    live = FakeWorkspace.of([ROOT])
    plan = planned(document({"root@x.io": "admin", "a@x.io": "member"}), live)
    unreadable = live.with_faults(before=raises(error))
    (event,) = [each for each in run(plan, odd(live, "204", acts=True), unreadable) if isinstance(each, Unconfirmed)]
    assert event.reason is UnconfirmedReason.NOT_READABLE


def test_losing_our_own_access_confirms_that_it_was_removed() -> None:
    live = FakeWorkspace.of([ROOT, person("me@x.io", "admin"), person("old@x.io")])
    want = document({"root@x.io": "admin"}, guards={"self": {"email": "me@x.io"}})
    plan = planned(want, live)

    def need_access(_: ApiCall) -> None:
        if "me@x.io" not in live.users:
            raise ForbiddenError("no access")

    events = run(plan, odd(live, "as documented", acts=True), live.with_faults(before=need_access))
    assert outcomes(events) == {"me@x.io": "done", "old@x.io": "done"}
    assert sum(isinstance(event, Confirmed) for event in events) == 2


def test_incomplete_listing_does_not_confirm_a_removal() -> None:
    live = FakeWorkspace.of([ROOT, person("bob@x.io"), person("old@x.io")])
    plan = planned(document({"root@x.io": "admin", "bob@x.io": "member"}), live)

    def lose_bob(_: ApiCall, answer: Any) -> Response | None:
        left = [user for user in answer.body if user["email"] != "bob@x.io"]
        return None if "old@x.io" in live.users else Response(200, left)

    short = live.with_faults(after=lose_bob)
    (event,) = [each for each in run(plan, odd(live, "204", acts=True), short) if isinstance(each, Unconfirmed)]
    assert event.reason is UnconfirmedReason.NOT_READABLE
    assert "bob@x.io should be unchanged" in words(event.why)


def test_record_counts_only_confirmed_members() -> None:
    live = FakeWorkspace.of([ROOT, person("old@x.io")])
    plan = planned(document({"root@x.io": "admin", "new@x.io": "member"}), live)
    events = run(plan, odd(live, "as documented", acts=False))
    assert set(outcomes(events).values()) == {"not confirmed"}
    # old@x.io may be gone, and new@x.io may not have been invited
    assert json.loads(last_line(plan, events, "", interrupted=False))["left"] == {"member": 1}


def test_unconfirmed_change_as_text() -> None:
    live = FakeWorkspace.of([ROOT, person("old@x.io")])
    plan = planned(document({"root@x.io": "admin"}), live)
    events: list[Event] = run(plan, odd(live, "an error", acts=False))
    (ended,) = [each for each in events if isinstance(each, Ended)]
    (doubt,) = [each for each in events if isinstance(each, Unconfirmed)]
    assert event_text(ended) == "  … remove old@x.io  not confirmed yet: the API responded with 200"
    assert event_text(doubt) == (
        '  ✗ remove old@x.io  the API accepted this change but does not show it yet: it shows role "member"'
    )
    promoted = run(
        planned(document({"root@x.io": "admin", "old@x.io": "admin"}), live), odd(live, "an error", acts=False)
    )
    (doubt,) = [each for each in promoted if isinstance(each, Unconfirmed)]
    assert event_text(doubt).endswith('does not show it yet: it shows role "member"')
    assert end_text("acme", events) == (
        "Apply to acme is incomplete: 0 done, 1 not confirmed.\nRun `beamctl plan` to see what the API shows now.\n"
    )


def test_change_confirmed_later_is_reported_as_confirmed() -> None:
    live = FakeWorkspace.of([ROOT, person("old@x.io")])
    plan = planned(document({"root@x.io": "admin"}), live)
    events: list[Event] = run(plan, odd(live, "202", acts=True))
    assert [text for text in map(event_text, events) if text] == [
        "  … remove old@x.io  not confirmed yet: the API responded with 202",
        "  ✓ remove old@x.io  confirmed",
    ]
    (result,) = json.loads(applied_json(plan, events))["results"]
    assert (result["outcome"], result["remark"], result["confirmed"]) == ("done", None, True)
    assert [text for text in map(event_text, run(plan, odd(live, "204", acts=True))) if text] == [
        "  ✓ remove old@x.io  was member — was already gone"
    ]


def test_secret_destination_is_reported_for_an_unconfirmed_account() -> None:
    live = FakeWorkspace.of([ROOT])
    want = document(serviceAccounts={"ci": {"role": "member", "secretTo": {"file": "ci.json"}}})
    plan = planned(want, live)
    events = run(plan, live, live.with_faults(before=lambda _: Response(200, [])))
    (result,) = json.loads(applied_json(plan, events))["results"]
    assert (result["outcome"], result["reason"]) == ("not confirmed", "not_shown_yet")
    assert "went to the file ci.json" in result["remark"]["text"]
    assert result["remark"]["code"] == "handed-over"
    assert "does not show it yet" in result["text"]


def test_invitation_response_about_another_person_is_looked_up() -> None:
    live = FakeWorkspace.of([ROOT])
    plan = planned(document({"root@x.io": "admin", "a@x.io": "member"}), live)
    live.calls.clear()
    assert outcomes(run(plan, odd(live, "another object", acts=True))) == {"a@x.io": "done"}
    assert live.calls == ["POST /users", "GET /users", "GET /users"]  # once to look it up and once to confirm it


def test_account_response_about_another_account_is_looked_up() -> None:
    def other_id(call: ApiCall, answer: Any) -> Response | None:
        return Response(200, {**answer.body, "client_id": "other"}) if call.method is Method.PUT else None

    live = FakeWorkspace.of([ROOT])
    want = document(serviceAccounts={"ci": {"role": "member", "secretTo": {"file": "ci.json"}}})
    plan = planned(want, live)
    live.calls.clear()
    assert outcomes(run(plan, live.with_faults(after=other_id))) == {"ci": "done"}
    after = live.calls[live.calls.index("PUT /service_accounts/made-1") + 1 :]
    assert after == ["GET /service_accounts"] * 2  # once to look it up and once to confirm it


def test_policy_is_not_deleted_if_its_usages_are_an_error() -> None:
    live = FakeWorkspace.of([ROOT])
    live.resources.kept["policies"] = {"eu": resource("eu", type="location")}
    plan = planned(document(policies={}), live)
    live.answers = {"GET /policies/eu/usages": Response(200, {"error": "no"})}
    assert outcomes(run(plan, live)) == {"eu": "failed"}
    assert "eu" in live.resources.kept["policies"]


def test_key_is_not_confirmed_deleted_if_its_account_is_not_listed() -> None:
    live = FakeWorkspace.of([ROOT])
    live.accounts.kept["c1"] = service_account("c1", "ci")
    live.accounts.keys["c1"] = [api_key("k1", "old", "2026-01-01T00:00:00Z")]
    plan = planned(document(serviceAccounts={"ci": {"role": "member", "apiKeys": {}}}), live)

    def lose_account(call: ApiCall) -> Response | None:
        return Response(200, []) if call.path == "/service_accounts" and not live.accounts.keys["c1"] else None

    assert outcomes(run(plan, live, live.with_faults(before=lose_account))) == {"ci/old (k1)": "not confirmed"}
