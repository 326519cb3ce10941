"""API calls of changes to members: refusals, conflicts, lost responses, other roles."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from beamctl.apply.record import Confirmed, Ended, Unconfirmed, last_line
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, cause
from beamctl.plan.kind import Outcome, Status
from tests.fakes.runs import applied, document, outcomes, planned
from tests.fakes.wording import Expect, lost, words
from tests.fakes.workspace import Before, FakeWorkspace, person

ROOT = person("root@x.io", "admin")
P = "p@x.io"
IGNORES = frozenset({"invite-ignores-role"})
RESET = lost("the connection was reset")
PENDING = "; the first apply after the invitation is accepted sets the role {}"


def run(live: FakeWorkspace, role: str | None) -> Outcome:
    members = {"root@x.io": "admin"} | ({P: role} if role else {})
    plan = planned(document(members), live)
    live.calls.clear()
    (end,) = [event for event in applied(plan, live) if isinstance(event, Ended)]
    return end.outcome


Script = Mapping[Method, Response | NoResponse]


def scripted(live: FakeWorkspace, role: str | None, script: Script, **then: dict[str, Any] | None) -> Outcome:
    """The outcome if, after the plan was made, requests with these methods get these responses. With each of them,
    `then` someone else changes the person; None removes them."""
    members = {"root@x.io": "admin"} | ({P: role} if role else {})
    plan = planned(document(members, guards={"maxRemovals": 9}), live)
    live.before = follow(live, script, **then)
    (end,) = [event for event in applied(plan, live) if isinstance(event, Ended)]
    return end.outcome


def follow(live: FakeWorkspace, script: Script, **then: dict[str, Any] | None) -> Before:
    def answer(call: ApiCall) -> Response | NoResponse | None:
        if call.method in script and "then" in then:
            live.users.pop(P, None)
            live.users |= {P: then["then"]} if then["then"] else {}
        return script.get(call.method)

    return answer


def writes(live: FakeWorkspace) -> list[str]:
    return [call for call in live.calls if not call.startswith("GET")]


def test_invitation_is_one_call() -> None:
    live = FakeWorkspace.of([ROOT])
    assert run(live, "viewer").status.value == "done"
    assert writes(live) == ["POST /users"]
    assert live.users[P]["role"] == "viewer"


def test_role_that_the_invitation_ignored_is_set() -> None:
    live = FakeWorkspace.of([ROOT], quirks=frozenset({"invite-ignores-role"}))
    assert run(live, "admin") == Outcome(run(FakeWorkspace.of([ROOT]), "admin").status)
    assert writes(live) == ["POST /users", f"PUT /users/{P}"]
    assert live.users[P]["role"] == "admin"


def test_remark_if_a_pending_role_cannot_be_set() -> None:
    live = FakeWorkspace.of([ROOT], quirks=frozenset({"invite-ignores-role", "no-role-on-pending"}))
    outcome = run(live, "admin")
    assert outcome == Expect(Status.DEFERRED, f"invited as member{PENDING.format('admin')}")
    assert live.invited == [P]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 422, 200])
@pytest.mark.parametrize(
    ("offered", "role", "quirk", "outcome", "then"),
    [
        ("admin", "member", "", Expect(Status.DONE, "revoked and invited again, which sent another e-mail"), "member"),
        ("member", "admin", "", Expect(Status.DONE, "revoked and invited again, which sent another e-mail"), "admin"),
        ("viewer", "admin", "invite-ignores-role", PENDING, "member"),
        ("admin", "viewer", "invite-ignores-role", "the invitation grants member instead of viewer", None),
    ],
)
def test_invitation_with_an_unchangeable_role_is_resent_once(
    status: int, offered: str, role: str, quirk: str, outcome: Expect | str, then: str | None
) -> None:
    def keep_role(call: ApiCall) -> Response | None:
        if call.method is not Method.PUT:
            return None
        same = {"email": P, "role": live.users[P]["role"]}
        return Response(200, same) if status == 200 else Response(status, None, f"not {call.body}")

    people = [ROOT, person(P, offered, accepted=False)]
    live = FakeWorkspace.of(people, quirks=frozenset({quirk}), before=keep_role)
    found = run(live, role)
    assert found == outcome if isinstance(outcome, Expect) else outcome.format(role) in words(found.remark)
    assert live.invited == [P]
    assert live.users.get(P, {}).get("role") == then


@pytest.mark.parametrize("sent", [Response(402, None, "no seat"), Response(403, None, "no"), lost("reset")])
def test_failed_resend_is_reported(sent: Response | NoResponse) -> None:
    live = FakeWorkspace.of([ROOT, person(P, "admin", accepted=False)], quirks=frozenset({"no-role-on-pending"}))
    outcome = scripted(live, "member", {Method.POST: sent})
    assert outcome.status is Status.FAILED
    assert words(cause(sent)) in words(outcome.remark)
    assert live.calls.count("POST /users") == 1


@pytest.mark.parametrize("revoked", [Response(403, None, "no"), lost("reset")])
def test_invitation_that_cannot_be_revoked_is_not_resent(revoked: Response | NoResponse) -> None:
    live = FakeWorkspace.of([ROOT, person(P, "admin", accepted=False)], quirks=frozenset({"no-role-on-pending"}))
    outcome = scripted(live, "member", {Method.DELETE: revoked})
    assert (outcome.status, live.invited) == (Status.FAILED, [])
    assert words(outcome.remark).startswith(
        "the invitation still grants admin instead of member: the API responded with 404"
    )


@pytest.mark.parametrize("put", [lost("reset"), Response(429, None, "until 09:52 UTC", limited=True)])
@pytest.mark.parametrize(("offered", "role", "again"), [("admin", "viewer", True), ("viewer", "admin", False)])
def test_invitation_that_grants_too_much_is_replaced(
    put: Response | NoResponse, offered: str, role: str, *, again: bool
) -> None:
    live = FakeWorkspace.of([ROOT, person(P, offered, accepted=False)])
    outcome = scripted(live, role, {Method.PUT: put})
    assert (outcome.status is Status.DONE, live.invited) == (again, [P] if again else [])
    assert live.users[P]["role"] == (role if again else offered)


@pytest.mark.parametrize("standing", ["invited", "expired"])
@pytest.mark.parametrize("posted", [None, Response(402, None, "no seat")])
def test_revoked_invitation_does_not_count_as_left(standing: str, posted: Response | None) -> None:
    quirks = frozenset({"invite-ignores-role", "no-role-on-pending", "reinvite-conflicts"})
    live = FakeWorkspace.of([ROOT, person(P, accepted=False, expired=standing == "expired")], quirks=quirks)
    live.before = lambda call: posted if call.method is Method.POST and P not in live.users else None
    plan = planned(document({"root@x.io": "admin", P: "viewer"}), live)
    events = applied(plan, live)
    assert outcomes(events) == {P: "failed"}
    assert P not in live.users
    assert json.loads(last_line(plan, events, "", interrupted=False))["left"] == {"member": 1}


@pytest.mark.parametrize("told", [True, False])
def test_new_invitation_that_grants_too_much_is_revoked(*, told: bool) -> None:
    """Whether the API shows the role in its response or only in its listing."""

    def invite_as_admin(call: ApiCall) -> Response | None:
        if call.method is not Method.POST:
            return None
        live.users[P] = person(P, "admin", accepted=False)
        return Response(200, {"email": P, "role": "admin" if told else "member"})

    live = FakeWorkspace.of([ROOT], quirks=frozenset({"no-role-on-pending"}), before=invite_as_admin)
    events = applied(planned(document({"root@x.io": "admin", P: "member"}), live), live)
    assert outcomes(events) == {P: "failed" if told else "not confirmed"}
    assert P not in live.users
    said = "the invitation grants admin instead of member, and the API does not change it; it was revoked"
    remarks = [words(event.outcome.remark) for event in events if isinstance(event, Ended)]
    assert said in [*remarks, *(words(event.why) for event in events if isinstance(event, Unconfirmed))]


def test_role_missing_from_the_response_is_set() -> None:
    live = FakeWorkspace.of([ROOT], quirks=frozenset({"no-invited-role"}))
    assert run(live, "viewer").status.value == "done"
    assert writes(live) == ["POST /users", f"PUT /users/{P}"]
    both = FakeWorkspace.of([ROOT], quirks=frozenset({"no-invited-role", "no-role-on-pending"}))
    assert words(run(both, "viewer").remark).startswith(
        "invited, with a role that the API does not show; the first apply"
    )


@pytest.mark.parametrize("quirk", ["", "reinvite-conflicts"])
def test_expired_invitation_is_resent(quirk: str) -> None:
    live = FakeWorkspace.of([ROOT, person(P, accepted=False, expired=True)], quirks=frozenset({quirk}))
    assert run(live, "viewer").status.value == "done"
    assert writes(live) == ["POST /users"] + (["DELETE /users/p@x.io", "POST /users"] if quirk else [])
    assert not live.users[P].get("expired")


def test_lost_invitation_response_is_looked_up_and_not_resent() -> None:
    live = FakeWorkspace.of([ROOT], loses=frozenset({"POST /users"}))
    assert run(live, "viewer").status.value == "done"
    assert live.calls == ["POST /users", "GET /users", "GET /users"]  # the last one confirms it


def test_conflict_means_that_the_person_was_already_invited() -> None:
    live = FakeWorkspace.of([ROOT])
    plan = planned(document({"root@x.io": "admin", P: "viewer"}), live)
    live.users[P] = person(P, "member", accepted=False)
    (end,) = [event for event in applied(plan, live) if isinstance(event, Ended)]
    assert end.outcome == Expect(Status.DONE, "is already invited")
    assert live.users[P]["role"] == "viewer"


@pytest.mark.parametrize(
    ("role", "ending", "remark"),
    [("viewer", "done", "is already a member"), ("admin", "failed", "is already a member, with the role admin")],
)
def test_person_who_joined_in_the_meantime_is_not_demoted(role: str, ending: str, remark: str) -> None:
    live = FakeWorkspace.of([ROOT])
    plan = planned(document({"root@x.io": "admin", P: "viewer"}), live)
    live.users[P] = person(P, role)
    (end,) = [event for event in applied(plan, live) if isinstance(event, Ended)]
    assert (end.outcome.status.value, words(end.outcome.remark)) == (ending, remark)
    assert live.users[P]["role"] == role


PLAN = "Run `beamctl plan` to see the current state."
AGAIN = "Run `beamctl apply` again."
LOST_CHANGES = [
    ("admin", f"PUT /users/{P}", "the connection was reset; nothing was changed: the role is member"),
    (None, f"DELETE /users/{P}", "the connection was reset; nothing was changed"),
]


@pytest.mark.parametrize(("role", "call", "_not_made"), LOST_CHANGES)
def test_change_with_a_lost_response_is_looked_up(role: str | None, call: str, _not_made: str) -> None:
    live = FakeWorkspace.of([ROOT, person(P)], loses=frozenset({call}))
    assert run(live, role) == Expect(Status.DONE)
    again = [call] if role is None else []  # a listing may be incomplete, so a second DELETE confirms the removal
    assert writes(live) == [call, *again]


@pytest.mark.parametrize(("role", "call", "not_made"), LOST_CHANGES)
def test_change_that_was_not_carried_out_is_reported_as_failed(role: str | None, call: str, not_made: str) -> None:
    live = FakeWorkspace.of([ROOT, person(P)], answers={call: RESET})
    assert run(live, role) == Expect(Status.FAILED, not_made, AGAIN)
    assert writes(live) == [call]


@pytest.mark.parametrize(("role", "call", "_not_made"), LOST_CHANGES)
@pytest.mark.parametrize("listing", [None, [], [{"nobody": 1}]])
def test_lost_change_that_cannot_be_looked_up_is_unknown(
    role: str | None, call: str, _not_made: str, listing: object
) -> None:
    unreadable = Response(422, None, "no") if listing is None else Response(200, listing)
    live = FakeWorkspace.of([ROOT, person(P)], loses=frozenset({call}))
    live.before = lambda each: unreadable if each.method is Method.GET and writes(live) else None
    outcome = run(live, role)
    assert (outcome.status, words(outcome.hint)) == (Status.FAILED, PLAN)
    assert words(outcome.remark).startswith("the connection was reset; the result is unknown: ")


def test_person_who_left_while_their_role_was_set() -> None:
    outcome = scripted(FakeWorkspace.of([ROOT, person(P)]), "admin", {Method.PUT: Response(200)}, then=None)
    assert outcome == Expect(Status.FAILED, "the API no longer shows p@x.io", PLAN)


def test_lost_response_to_setting_an_invited_role_is_looked_up() -> None:
    quirks, put = frozenset({"invite-ignores-role"}), f"PUT /users/{P}"
    live = FakeWorkspace.of([ROOT], quirks=quirks, loses=frozenset({put}))
    assert run(live, "admin") == Expect(Status.DONE)
    for role, ending in (("admin", "deferred"), ("viewer", "failed")):
        outcome = run(FakeWorkspace.of([ROOT], quirks=quirks, answers={put: RESET}), role)
        assert outcome.status.value == ending
        assert words(outcome.remark).startswith(
            ("invited as member; the first apply", "the invitation grants member instead of viewer")
        )


def test_invited_role_that_is_not_shown_is_unknown() -> None:
    live = FakeWorkspace.of([ROOT, person(P, accepted=False)], loses=frozenset({f"PUT /users/{P}"}))
    plan = planned(document({"root@x.io": "admin", P: "admin"}), live)
    live.quirks = frozenset({"no-invited-role"})
    (end,) = [event for event in applied(plan, live) if isinstance(event, Ended)]
    assert end.outcome == Expect(
        Status.FAILED,
        "the connection was reset; the result is unknown: the API does not show the role",
        PLAN,
    )


def test_invitation_is_looked_up_after_each_lost_request() -> None:
    live = FakeWorkspace.of([ROOT], answers={"POST /users": RESET})
    assert run(live, "viewer") == Expect(Status.FAILED, "the connection was reset; nothing was changed", AGAIN)
    assert live.calls == ["POST /users", "GET /users"] * 3


def test_lost_invitation_that_cannot_be_looked_up() -> None:
    live = FakeWorkspace.of([ROOT], loses=frozenset({"POST /users"}))
    plan = planned(document({"root@x.io": "admin", P: "viewer"}), live)
    live.refuses = frozenset({"GET /users"})
    (end,) = [event for event in applied(plan, live) if isinstance(event, Ended)]
    assert words(end.outcome.remark) == (
        "the connection was reset; the result is unknown: the API responded with 422: refused on purpose"
    )


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (402, "Fix or remove the entry"),
        (403, "Check the entry and the credential's permissions"),
        (404, "Fix or remove the entry"),
        (409, "Fix or remove the entry"),
        (422, "Fix or remove the entry"),
    ],
)
def test_refusal_has_the_apis_message_and_a_hint(status: int, hint: str) -> None:
    outcome = scripted(FakeWorkspace.of([ROOT]), "viewer", {Method.POST: Response(status, None, "no")})
    assert words(outcome.remark).startswith(f"the API responded with {status}: no")
    assert (outcome.refusal, words(outcome.hint)[: len(hint)]) == (status, hint)


@pytest.mark.parametrize(
    ("shown", "ends"),
    [
        (person(P, "viewer", accepted=False), [Confirmed]),
        (person(P, "admin", accepted=False), [Unconfirmed]),
        (None, [Unconfirmed]),
    ],
)
def test_conflict_after_a_lost_response_is_checked_at_the_end(shown: dict[str, Any] | None, ends: list[type]) -> None:
    """The invitation whose response was lost may exist, and the listing may be late."""

    def lose_then_refuse(call: ApiCall) -> Response | NoResponse | None:
        if call.method is not Method.POST:
            return None
        return Response(409, None, "is invited") if live.calls.count("POST /users") > 1 else lost("reset")

    def show_late(_call: ApiCall, _answer: object) -> None:
        if shown and live.calls[-2:] == ["POST /users", "GET /users"] and live.calls.count("POST /users") > 2:
            live.users[P] = shown

    live = FakeWorkspace.of([ROOT], before=lose_then_refuse, after=show_late)
    events = applied(planned(document({"root@x.io": "admin", P: "viewer"}), live), live)
    (end,) = [event for event in events if isinstance(event, Ended)]
    assert (end.outcome.status, end.outcome.certain, end.outcome.refusal) == (Status.DONE, False, 0)
    assert [type(event) for event in events if isinstance(event, Confirmed | Unconfirmed)] == ends
    assert live.users.get(P, {}).get("role") in (None, "viewer")


def test_person_who_is_already_gone() -> None:
    live = FakeWorkspace.of([ROOT, person(P)])
    plan = planned(document({"root@x.io": "admin"}), live)
    del live.users[P]
    (end,) = [event for event in applied(plan, live) if isinstance(event, Ended)]
    assert (end.outcome.status.value, words(end.outcome.remark)) == ("done", "was already gone")
    live.users[P] = person(P)
    plan = planned(document({"root@x.io": "admin", P: "viewer"}), live)
    del live.users[P]
    (end,) = [event for event in applied(plan, live) if isinstance(event, Ended)]
    assert (end.outcome.status.value, words(end.outcome.remark)) == ("failed", "the API no longer shows p@x.io")


def test_email_is_one_segment_of_the_path() -> None:
    live = FakeWorkspace.of([ROOT, person("a+b/c?d#e@x.io")])
    applied(planned(document({"root@x.io": "admin"}), live), live)
    assert live.calls[-2:] == ["DELETE /users/a+b/c?d#e@x.io", "GET /users"]
    assert list(live.users) == ["root@x.io"]


def test_404_for_a_person_who_is_still_listed_is_a_failure() -> None:
    live = FakeWorkspace.of([ROOT, person(P)])
    plan = planned(document({"root@x.io": "admin"}), live)
    live.answers = {f"DELETE /users/{P}": Response(404, None, "Not found")}
    (end,) = [event for event in applied(plan, live) if isinstance(event, Ended)]
    assert (end.outcome.status.value, words(end.outcome.remark)) == ("failed", "the API responded with 404: Not found")


def test_role_that_the_api_confirms_but_does_not_set() -> None:
    answers = {f"PUT /users/{P}": Response(200, {"email": P, "role": "member"})}
    for users, remark in (
        ([ROOT], "the invitation grants member instead of viewer, and the API does not change it; it was revoked"),
        ([ROOT, person(P, "member")], "the API returned the role 'member' instead of 'viewer'"),
    ):
        outcome = run(FakeWorkspace.of(users, quirks=IGNORES, answers=answers), "viewer")
        assert (outcome.status, words(outcome.remark)) == (Status.FAILED, remark)


def test_success_that_grants_too_much_is_looked_up() -> None:
    live = FakeWorkspace.of([ROOT])
    joined = Response(200, {"email": P, "role": "admin"})
    outcome = scripted(live, "viewer", {Method.POST: joined}, then=person(P, "admin"))
    assert (outcome.status.value, words(outcome.remark)) == ("failed", "is already a member, with the role admin")
    assert live.users[P]["role"] == "admin"


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        (person(P, "viewer"), Expect(Status.DONE, "is already a member")),
        (person(P, "admin"), Expect(Status.FAILED, "is already a member, with the role admin", PLAN)),
        (person(P, "member", accepted=False), Expect(Status.DEFERRED, f"invited as member{PENDING.format('admin')}")),
        (None, Expect(Status.FAILED, "the API no longer shows p@x.io", PLAN)),
    ],
)
def test_lost_role_change_reports_the_persons_current_standing(then: dict[str, Any] | None, expected: Expect) -> None:
    role = "admin" if "invited as" in expected.remark else "viewer"
    assert scripted(FakeWorkspace.of([ROOT], quirks=IGNORES), role, {Method.PUT: RESET}, then=then) == expected


@pytest.mark.parametrize(
    ("listing", "why"),
    [
        (RESET, "the connection was reset"),
        (Response(200, []), "the API shows no members"),
        (Response(200, {}), "the API's list of users is not a list"),
    ],
)
def test_error_says_why_a_role_cannot_be_looked_up(listing: Response | NoResponse, why: str) -> None:
    expected = Expect(Status.FAILED, f"the connection was reset; the result is unknown: {why}", PLAN)
    for live in (FakeWorkspace.of([ROOT], quirks=IGNORES), FakeWorkspace.of([ROOT, person(P)])):
        assert scripted(live, "admin", {Method.PUT: RESET, Method.GET: listing}) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ({}, Expect(Status.DONE, "is already invited")),
        (
            {Method.PUT: Response(404, None, "no")},
            Expect(Status.DEFERRED, f"is already invited as member{PENDING.format('admin')}"),
        ),
        ({Method.PUT: RESET}, Expect(Status.DONE, "is already invited")),
    ],
)
def test_already_invited_person_gets_the_role(script: dict[Method, Response | NoResponse], expected: Expect) -> None:
    live = FakeWorkspace.of([ROOT])
    plan = planned(document({"root@x.io": "admin", P: "admin"}), live)
    live.users[P] = person(P, accepted=False)
    then: dict[str, Any] = {"then": person(P, "admin", accepted=False)} if RESET in script.values() else {}
    live.before = follow(live, script, **then)
    (end,) = [event for event in applied(plan, live) if isinstance(event, Ended)]
    assert end.outcome == expected


def test_already_invited_person_with_that_role_is_unchanged() -> None:
    live = FakeWorkspace.of([ROOT])
    plan = planned(document({"root@x.io": "admin", P: "admin"}), live)
    live.users[P] = person(P, "admin", accepted=False)
    (end,) = [event for event in applied(plan, live) if isinstance(event, Ended)]
    assert end.outcome == Expect(Status.DONE, "is already invited")
    assert writes(live) == ["POST /users"]


def test_invitation_found_after_a_lost_response_is_done() -> None:
    assert run(FakeWorkspace.of([ROOT], loses=frozenset({"POST /users"})), "viewer") == Expect(Status.DONE)


def test_role_corrected_by_someone_else_is_done() -> None:
    sent = Response(200, {"email": P, "role": "admin"})
    assert scripted(FakeWorkspace.of([ROOT]), "viewer", {Method.POST: sent}, then=person(P, "viewer")) == Expect(
        Status.DONE, "is already a member"
    )


@pytest.mark.parametrize(
    ("revoked", "remark"),
    [
        (Response(422, None, "no"), "the API responded with 422: no"),
        (Response(404, None, "gone"), "the API responded with 409: already in the workspace"),
    ],
)
def test_expired_invitation_that_cannot_be_revoked(revoked: Response, remark: str) -> None:
    live = FakeWorkspace.of([ROOT, person(P, accepted=False, expired=True)], quirks=frozenset({"reinvite-conflicts"}))
    outcome = scripted(live, "viewer", {Method.DELETE: revoked})
    assert outcome.status is Status.FAILED
    assert words(outcome.remark).startswith(remark)
    assert live.calls.count("POST /users") == (1 if revoked.status == 422 else 3)


@pytest.mark.parametrize(("status", "looks"), [(400, 1), (404, 1), (422, 0)])
def test_refused_role_change(status: int, looks: int) -> None:
    live = FakeWorkspace.of([ROOT, person(P)])
    outcome = scripted(live, "admin", {Method.PUT: Response(status, None, "no")})
    assert live.calls[2:] == ["GET /users"] * looks
    assert (outcome.status, words(outcome.remark), outcome.refusal) == (
        Status.FAILED,
        f"the API responded with {status}: no",
        status,
    )


def test_invited_role_need_not_be_in_the_response() -> None:
    live = FakeWorkspace.of([ROOT, person(P, accepted=False)])
    outcome = scripted(live, "admin", {Method.PUT: Response(200), Method.GET: Response(200, [])})
    assert outcome == Expect(Status.DONE)
    member = FakeWorkspace.of([ROOT, person(P)])
    assert scripted(member, "admin", {Method.PUT: Response(200)}, then=person(P, "admin")) == Expect(Status.DONE)
    assert member.calls[2:] == ["GET /users", "GET /users"]  # the last one confirms it


def test_response_with_another_role_has_a_hint() -> None:
    outcome = scripted(FakeWorkspace.of([ROOT, person(P)]), "admin", {Method.PUT: Response(200, {"role": "viewer"})})
    assert outcome == Expect(Status.FAILED, "the API returned the role 'viewer' instead of 'admin'", PLAN)
