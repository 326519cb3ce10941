"""API calls of changes to settings, and which such changes beamctl plans."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from beamctl.apply.record import Ended
from beamctl.model.api_call import NoResponse, Response
from beamctl.plan.change import Action, Change, Stage
from beamctl.plan.kind import Status
from beamctl.workflow.saved_plan import could_be_planned
from tests.fakes.runs import applied, document, planned
from tests.fakes.wording import Expect, lost
from tests.fakes.workspace import FakeWorkspace

PATH = "/workspaces/acme"
PLAN = "Run `beamctl plan` to see the current state."
AGAIN = "Run `beamctl apply` again."
FIX = "Fix the value under settings, then run `beamctl apply` again."
RIGHTS = "Check the entry and the credential's permissions. Then run `beamctl apply` again."
CHANGED = Expect(Status.FAILED, "displayName changed in the meantime", "Run `beamctl plan` to see the change.")
OPS, ALL = {"groupName": "ops", "role": "admin"}, {"groupName": "all", "role": "member"}
Respond = Callable[[FakeWorkspace], Response | NoResponse]


def workspace(settings: dict[str, Any]) -> FakeWorkspace:
    return FakeWorkspace(settings={"name": "acme", **settings})


def respond_with(live: FakeWorkspace, responses: Mapping[int, Respond]) -> None:
    """From now on, respond differently to requests with these numbers."""
    live.calls.clear()
    live.after = lambda _, answer: responses[len(live.calls)](live) if len(live.calls) in responses else answer


def change_of(before: dict[str, Any], wanted: dict[str, Any]) -> Change:
    (change,) = planned(document(settings=wanted), workspace(before)).changes
    return change


def run(responses: dict[int, Respond], before: Any = "Old", wanted: Any = "New", name: str = "displayName") -> Any:
    live = workspace({name: before, "labels": {"keep": "me"}})
    plan = planned(document(settings={name: wanted}), live)
    respond_with(live, responses)
    (end,) = [event for event in applied(plan, live) if isinstance(event, Ended)]
    return end.outcome, live


def now(**settings: Any) -> Respond:
    """The API stores these settings and returns them."""

    def respond(live: FakeWorkspace) -> Response:
        live.settings |= settings
        return Response(200, dict(live.settings))

    return respond


def responds(answer: Response | NoResponse) -> Respond:
    return lambda _: answer


def lost_request(live: FakeWorkspace) -> NoResponse:
    """The request was lost and not carried out."""
    live.settings["displayName"] = "Old"
    return lost("reset")


def test_only_the_changed_setting_is_written() -> None:
    outcome, live = run({})
    assert outcome == Expect(Status.DONE)
    assert live.calls == [f"GET {PATH}", f"PUT {PATH}", f"GET {PATH}"]  # the last one confirms it
    assert live.settings == {"name": "acme", "displayName": "New", "labels": {"keep": "me"}}


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (responds(lost("reset")), Expect(Status.FAILED, "reset", PLAN)),
        (
            responds(Response(403, None, "no")),
            Expect(Status.FAILED, "the API responded with 403: no", RIGHTS, refusal=403),
        ),
        (
            responds(Response(403, {"name": "acme"}, "no")),
            Expect(Status.FAILED, "the API responded with 403: no", RIGHTS, refusal=403),
        ),
        (now(displayName="Else"), CHANGED),
        (now(name="other"), CHANGED),
        (now(name="other", displayName="New"), CHANGED),
        (now(displayName="New"), Expect(Status.DONE, "is already in effect", found=True)),
    ],
)
def test_setting_that_changed_since_approval_is_not_overwritten(read: Respond, expected: Expect) -> None:
    outcome, live = run({1: read})
    assert outcome == expected
    assert live.calls == [f"GET {PATH}"] * (2 if outcome.status is Status.DONE else 1)


def test_malformed_workspace_stops_the_write() -> None:
    outcome, live = run({1: responds(Response(200, ["acme"]))})
    assert outcome.status is Status.FAILED
    assert live.calls == [f"GET {PATH}"]


@pytest.mark.parametrize(
    ("put", "read", "expected"),
    [
        (
            responds(Response(422, None, "no")),
            None,
            Expect(Status.FAILED, "the API responded with 422: no", FIX, refusal=422),
        ),
        (
            responds(Response(200, {"name": "acme", "displayName": "Odd"})),
            None,
            Expect(
                Status.FAILED,
                "the API accepted the change but returned a different displayName",
                "Run `beamctl show` to see the result.",
            ),
        ),
        (
            responds(lost("reset")),
            responds(Response(200, {"name": "acme", "displayName": "New"})),
            Expect(Status.DONE),
        ),
        (responds(Response(200)), responds(Response(200, {"name": "acme", "displayName": "New"})), Expect(Status.DONE)),
        (lost_request, now(), Expect(Status.FAILED, "reset; nothing was changed", AGAIN)),
        (responds(lost("reset")), now(displayName="Else"), CHANGED),
        (
            responds(lost("reset")),
            responds(Response(500, None, "no")),
            Expect(Status.FAILED, "reset; the result is unknown: the API responded with 500: no", PLAN),
        ),
        (
            responds(lost("reset")),
            responds(Response(500, {"name": "acme", "displayName": "New"}, "no")),
            Expect(Status.FAILED, "reset; the result is unknown: the API responded with 500: no", PLAN),
        ),
        (
            responds(lost("reset")),
            responds(lost("reset too")),
            Expect(Status.FAILED, "reset; the result is unknown: reset too", PLAN),
        ),
    ],
)
def test_write_is_confirmed_by_its_response_or_a_read(put: Respond, read: Respond | None, expected: Expect) -> None:
    outcome, live = run({2: put} | ({3: read} if read else {}))
    assert outcome == expected
    confirmed = outcome.status is Status.DONE
    assert live.calls[:3] == [f"GET {PATH}", f"PUT {PATH}"] + ([f"GET {PATH}"] if read or confirmed else [])
    assert set(live.calls[3:]) == ({f"GET {PATH}"} if read and confirmed else set())


BEFORE, AFTER = [OPS, ALL], [OPS, ALL, {"groupName": "dev", "role": "viewer"}]


@pytest.mark.parametrize(
    ("responses", "expected"),
    [
        ({}, Expect(Status.DONE)),
        ({1: now(groupMappings=BEFORE[::-1])}, Expect(Status.DONE)),
        ({1: now(groupMappings=AFTER[::-1])}, Expect(Status.DONE, "is already in effect", found=True)),
        ({2: now(groupMappings=AFTER[::-1])}, Expect(Status.DONE)),
        ({2: responds(lost("reset")), 3: now(groupMappings=AFTER[::-1])}, Expect(Status.DONE)),
        (
            {2: responds(lost("reset")), 3: now(groupMappings=BEFORE[::-1])},
            Expect(Status.FAILED, "reset; nothing was changed", AGAIN),
        ),
    ],
)
def test_order_of_group_mappings_is_no_change(responses: dict[int, Respond], expected: Expect) -> None:
    outcome, _ = run(responses, BEFORE, AFTER, "groupMappings")
    assert outcome == expected


def test_next_setting_is_written_after_a_refusal() -> None:
    live = workspace({"displayName": "Old", "labels": {"a": "1"}})
    plan = planned(document(settings={"displayName": "New", "labels": {"b": "2"}}), live)
    respond_with(live, {2: responds(Response(422, None, "no"))})
    ends = [event for event in applied(plan, live) if isinstance(event, Ended)]
    assert [end.outcome.status.value for end in ends] == ["failed", "done"]


def test_every_planned_change_is_valid() -> None:
    live = workspace({"displayName": "Old", "labels": {"a": "1"}, "groupMappings": [OPS]})
    wanted = {"displayName": "New", "labels": {"b": "2"}, "groupMappings": [OPS, ALL]}
    changes = planned(document(settings=wanted), live).changes
    assert [change.name for change in changes if could_be_planned(change)] == [*wanted]
    (takes,) = planned(document(settings={"groupMappings": []}, guards={"maxRemovals": 9}), live).changes
    assert could_be_planned(takes)


NAMED = change_of({"displayName": "Old"}, {"displayName": "New"})
MAPPED = change_of({"groupMappings": [ALL]}, {"groupMappings": [ALL, OPS]})


@pytest.mark.parametrize(
    ("change", "forged"),
    [
        (NAMED, {"attribute": "name"}),
        (NAMED, {"attribute": "labels"}),
        (NAMED, {"action": Action.UPDATE}),
        (NAMED, {"key": "displayName"}),
        (NAMED, {"name": "labels"}),
        (NAMED, {"serial_group": ""}),
        (NAMED, {"stage": Stage.DEMOTE}),
        (NAMED, {"before": None}),
        (NAMED, {"after": None}),
        (NAMED, {"before": {"displayName": ["Old"]}}),
        (NAMED, {"after": {"displayName": ["New"]}}),
        (NAMED, {"after": {"displayName": "New", "labels": {"a": "1"}}}),
        (NAMED, {"after": {"labels": {"a": "1"}}}),
        (MAPPED, {"after": {"groupMappings": [ALL, {"groupName": "x", "role": "owner"}]}}),
        (MAPPED, {"after": {"groupMappings": [ALL, {"groupName": 7, "role": "admin"}]}}),
        (MAPPED, {"after": {"groupMappings": [ALL, {"groupName": "x"}]}}),
        (MAPPED, {"after": {"groupMappings": [ALL, "x"]}}),
        (MAPPED, {"after": {"groupMappings": [OPS]}}),
        (MAPPED, {"stage": Stage.DEMOTE}),
    ],
)
def test_change_that_is_never_planned_is_invalid(change: Change, forged: dict[str, Any]) -> None:
    assert not could_be_planned(replace(change, **forged))
