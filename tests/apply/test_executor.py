"""What an apply does if requests fail."""

import threading
from collections import Counter
from typing import Any

import pytest

from beamctl.apply.executor import is_not_permitted
from beamctl.apply.record import Ended, NotAttempted, Unconfirmed
from beamctl.errors import InterruptedRunError, UnauthenticatedError, UnreachableError
from beamctl.kinds.member.kind import MemberKind
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response
from beamctl.plan.change import Action
from beamctl.plan.kind import Status
from beamctl.plan.plan import Plan
from tests.fakes.resources import resource
from tests.fakes.runs import all_done, applied, apply, apply_through, document, outcomes, planned
from tests.fakes.wording import Expect, lost, words
from tests.fakes.workspace import After, FakeWorkspace, person, raises

ROOT = person("root@x.io", "admin")


def test_refused_change_does_not_stop_the_others() -> None:
    live = FakeWorkspace.of([ROOT], refuses=frozenset({"POST /users"}))
    live.users["b@x.io"] = person("b@x.io")
    want = document({"root@x.io": "admin", "a@x.io": "member", "b@x.io": "admin"})
    assert outcomes(applied(planned(want, live), live)) == {"a@x.io": "failed", "b@x.io": "done"}


def test_refused_invitation_does_not_stop_a_removal() -> None:
    live = FakeWorkspace.of([ROOT, person("old@x.io")], refuses=frozenset({"POST /users"}))
    want = document({"root@x.io": "admin", "a@x.io": "member"})
    assert outcomes(applied(planned(want, live), live)) == {"a@x.io": "failed", "old@x.io": "done"}


def test_suspected_rename_is_removed_only_after_the_new_email_is_invited() -> None:
    live = FakeWorkspace.of([ROOT, person("ann@old.io"), person("bob@x.io")], refuses=frozenset({"POST /users"}))
    want = document({"root@x.io": "admin", "ann@new.io": "member"})
    events = applied(planned(want, live), live)
    assert outcomes(events) == {"ann@new.io": "failed", "ann@old.io": "not attempted", "bob@x.io": "done"}
    (skipped,) = [event for event in events if isinstance(event, NotAttempted)]
    assert words(skipped.why) == "it depends on ann@new.io, which was not done"
    live.refuses = frozenset()
    assert set(outcomes(applied(planned(want, live), live)).values()) == {"done"}


ONE_OF_TWO = "it depends on 1 of 2 changes, and a@x.io, b@x.io were not done"


@pytest.mark.parametrize(
    ("min_admins", "kept"),
    [(1, set()), (2, {"eve@x.io"}), (3, {"eve@x.io", "max@x.io"})],
)
def test_failed_promotion_keeps_only_as_many_admins_as_needed(min_admins: int, kept: set[str]) -> None:
    """Removals come before demotions. Members without the admin role are removed in any case."""
    people = [ROOT, person("eve@x.io", "admin"), person("max@x.io", "admin"), person("a@x.io"), person("b@x.io")]
    live = FakeWorkspace.of(
        [*people, person("old@x.io")], refuses=frozenset({"PUT /users/a@x.io", "PUT /users/b@x.io"})
    )
    members = {"root@x.io": "admin", "a@x.io": "admin", "b@x.io": "admin", "eve@x.io": "member"}
    plan = planned(document(members, guards={"minAdmins": min_admins, "maxRemovals": 9}), live)
    events = applied(plan, live)
    left = {event.change.name: words(event.why) for event in events if isinstance(event, NotAttempted)}
    assert left.keys() == kept
    whys = {"it depends on a@x.io, b@x.io, which were not done", ONE_OF_TWO}
    assert set(left.values()) <= whys
    assert min_admins != 2 or set(left.values()) == {ONE_OF_TWO}
    assert {key for key in ("eve@x.io", "max@x.io") if live.users.get(key, {}).get("role") == "admin"} == kept
    assert "old@x.io" not in live.users


def test_long_list_of_dependencies_is_shortened() -> None:
    names = [f"a{number}@x.io" for number in range(7)]
    live = FakeWorkspace.of([ROOT, *map(person, names)], refuses=frozenset(f"PUT /users/{name}" for name in names))
    events = applied(planned(document(dict.fromkeys(names, "admin")), live), live)
    (left,) = [words(event.why) for event in events if isinstance(event, NotAttempted)]
    assert left == f"it depends on 1 of 7 changes, and {', '.join(names[:5])} and 2 more were not done"


@pytest.mark.parametrize("refused", ["a@x.io", "b@x.io"])
def test_any_one_promotion_suffices(refused: str) -> None:
    live = FakeWorkspace.of([ROOT, person("a@x.io"), person("b@x.io")], refuses=frozenset({f"PUT /users/{refused}"}))
    events = applied(planned(document({"a@x.io": "admin", "b@x.io": "admin"}), live), live)
    assert outcomes(events)["root@x.io"] == "done"
    assert min(live.admins) >= 1


def group(name: str, role: str) -> dict[str, str]:
    return {"groupName": name, "role": role}


@pytest.mark.parametrize(
    ("setting", "before", "value", "kept"),
    [
        ("displayName", "A", "B", False),
        ("labels", {}, {"a": "b"}, False),
        ("groupMappings", [], [group("g", "member")], True),
        ("groupMappings", [group("g", "viewer")], [group("g", "member")], True),
        ("groupMappings", [group("old", "member")], [group("g", "member")], True),
        ("groupMappings", [group("old", "admin"), group("g", "viewer")], [group("g", "member")], True),
        ("groupMappings", [group("old", "member"), group("g", "member")], [group("g", "member")], False),
        ("groupMappings", [group("g", "member")], [group("g", "viewer")], False),
        ("groupMappings", [group("g", "another")], [group("g", "member")], False),
    ],
)
def test_only_a_refused_group_mapping_that_grants_access_stops_removals(
    setting: str, before: object, value: object, *, kept: bool
) -> None:
    live = FakeWorkspace.of(
        [ROOT, person("old@x.io"), person("ann@x.io", "member")], refuses=frozenset({"PUT /workspaces/acme"})
    )
    live.settings[setting] = before
    want = document({"root@x.io": "admin", "ann@x.io": "viewer"}, settings={setting: value})
    plan = planned(want, live)
    loss = "not attempted" if kept else "done"
    assert outcomes(applied(plan, live)) == {setting: "failed", "old@x.io": loss, "ann@x.io": loss}
    live.refuses = frozenset()
    assert all_done(applied(planned(want, live), live))


@pytest.mark.parametrize("status", [402, 403, 409, 422])
@pytest.mark.parametrize("action", ["invite", "promote"])
def test_refused_change_is_retried_after_a_removal(action: str, status: int) -> None:
    def need_a_seat(call: ApiCall) -> Response | None:
        full = len(live.users) > 2 and call.method in (Method.POST, Method.PUT)
        return Response(status, None, "no seat is free") if full else None

    there = person("new@x.io") if action == "promote" else person("more@x.io")
    live = FakeWorkspace.of([ROOT, there, person("old@x.io")], before=need_a_seat)
    want = document({"root@x.io": "admin", "new@x.io": "admin"})
    events = applied(planned(want, live), live)
    assert set(outcomes(events).values()) == {"done"}
    assert len([event for event in events if isinstance(event, Ended | NotAttempted)]) == len(outcomes(events))
    assert live.users["new@x.io"]["role"] == "admin"


def test_refused_change_is_retried_once_and_only_after_a_removal() -> None:
    for others, times in (([], 1), ([person("old@x.io")], 2)):
        live = FakeWorkspace.of([ROOT, *others], refuses=frozenset({"POST /users"}))
        events = applied(planned(document({"root@x.io": "admin", "a@x.io": "member"}), live), live)
        assert outcomes(events)["a@x.io"] == "failed"
        assert live.calls.count("POST /users") == times


def test_dependency_within_a_stage_is_applied_first() -> None:
    live = FakeWorkspace.of([ROOT])
    live.resources.kept["environments"]["staging"] = resource("staging", policies=["eu"])
    live.resources.kept["policies"]["eu"] = resource("eu", type="location")
    want = document(environments={"production": {"policies": []}}, policies={}, guards={"maxRemovals": 9})
    live.resources.kept["environments"]["production"] = resource("production")
    plan = planned(want, live)
    assert all_done(applied(plan, live))
    deletions = [call for call in live.calls if call.startswith("DELETE")]
    assert deletions == ["DELETE /environments/staging", "DELETE /policies/eu"]
    live.resources.kept["environments"]["staging"] = resource("staging", policies=["eu"])
    live.resources.kept["policies"]["eu"] = resource("eu", type="location")
    live.refuses = frozenset({"DELETE /environments/staging"})
    assert outcomes(applied(plan, live)) == {"staging": "failed", "eu": "not attempted"}
    live.refuses = frozenset()
    live.resources.kept["policies"]["eu"] = resource("eu", type="flavor")  # resources are read again, too
    assert outcomes(applied(plan, live)) == {"staging": "done", "eu": "not attempted"}


def test_dependents_are_applied_after_a_successful_retry() -> None:
    def need_room(call: ApiCall) -> Response | None:
        full = len(live.resources.kept["policies"]) > 1 and call.method is Method.POST
        return Response(402, None, "no more policies") if full else None

    live = FakeWorkspace.of([ROOT], before=need_room)
    live.resources.kept["policies"] = {name: resource(name, type="location") for name in ("old", "unused")}
    live.resources.kept["environments"]["production"] = resource("production", policies=["old"])
    policies = {"new": {"spec": {"type": "location", "locations": []}}}
    want = document(environments={"production": {"policies": ["new"]}}, policies=policies, guards={"maxRemovals": 9})
    events = applied(planned(want, live), live)
    assert outcomes(events) == dict.fromkeys(["unused", "new", "production", "old"], "done")
    assert live.calls.index("PUT /environments/production") < live.calls.index("DELETE /policies/old")


def test_admins_are_read_again_before_own_access_is_removed() -> None:
    def demote_bob(call: ApiCall) -> Response | None:
        """Refuse promotions until old@x.io has left. Then someone else demotes bob@x.io."""
        if call.method is Method.PUT and "old@x.io" in live.users:
            return Response(402, None, "no seat is free")
        if call.method is Method.PUT:
            live.users["bob@x.io"]["role"] = "member"
        return None

    people = [ROOT, person("bob@x.io", "admin"), person("ann@x.io"), person("old@x.io")]
    live = FakeWorkspace.of(people, before=demote_bob)
    guards = {"minAdmins": 2, "maxRemovals": 9, "self": {"email": "root@x.io"}}
    events = applied(planned(document({"bob@x.io": "admin", "ann@x.io": "admin"}, guards=guards), live), live)
    assert outcomes(events) == {"ann@x.io": "done", "old@x.io": "done", "root@x.io": "not attempted"}
    assert min(live.admins) >= 2


@pytest.mark.parametrize("refused_before", [True, False])
def test_refusal_is_reported_if_the_retry_is_interrupted(*, refused_before: bool) -> None:
    stop = threading.Event()
    live = FakeWorkspace.of([ROOT, person("old@x.io")], refuses=frozenset({"POST /users"}))

    def interrupt(call: ApiCall) -> None:
        if call.method is Method.DELETE and refused_before:
            stop.set()
        if call.method is Method.POST and "old@x.io" not in live.users:
            stop.set()
            raise InterruptedRunError("interrupted")

    plan = planned(document({"root@x.io": "admin", "new@x.io": "member"}), live)
    events = list(apply(plan, live, live.with_faults(before=interrupt), parallelism=1, stop=stop))
    (refused,) = [event.outcome for event in events if isinstance(event, Ended) and event.change.key == "new@x.io"]
    assert (refused.status, refused.refusal) == (Status.FAILED, 422)
    assert len([event for event in events if isinstance(event, Ended | NotAttempted)]) == len(plan.changes)


def test_bug_while_revoking_an_invitation_is_reported() -> None:
    path = "/users/a@x.io"
    answers = {f"DELETE {path}": RuntimeError(), f"PUT {path}": Response(200, {"role": "viewer"})}
    live = FakeWorkspace.of([ROOT], quirks=frozenset({"invite-ignores-role"}), answers=answers)
    events = applied(planned(document({"root@x.io": "admin", "a@x.io": "viewer"}), live), live)
    (unconfirmed,) = [event for event in events if isinstance(event, Unconfirmed)]
    assert words(unconfirmed.why).startswith("beamctl has a bug: RuntimeError")


def crowd(*allowed: Method) -> tuple[FakeWorkspace, Plan]:
    """Six people to remove and twelve to invite, with a credential that may make only changes with these methods."""
    live = FakeWorkspace.of([ROOT, *(person(f"old{n}@x.io") for n in range(6))])
    forbidden = Response(403, None, "Forbidden")
    live.before = lambda call: None if call.method in (Method.GET, *allowed) else forbidden
    members = {"root@x.io": "admin", **{f"new{n}@x.io": "member" for n in range(12)}}
    return live, planned(document(members, guards={"maxRemovals": 9}), live)


def test_credential_without_permission_stops_the_apply() -> None:
    live, plan = crowd()
    events = applied(plan, live, parallelism=8)
    assert is_not_permitted(events)
    assert sorted(Counter(outcomes(events).values()).items()) == [("failed", 6), ("not attempted", 12)]
    assert [call for call in live.calls if not call.startswith("GET")] == [
        *(["POST /users"] * 3),
        *(f"DELETE /users/old{n}@x.io" for n in range(3)),
    ]


@pytest.mark.parametrize("allowed", [Method.POST, Method.DELETE])
def test_403_next_to_successes_does_not_stop_the_apply(allowed: Method) -> None:
    live, plan = crowd(allowed)
    events = applied(plan, live, parallelism=8)
    assert not is_not_permitted(events)
    by_action: dict[Action, Counter[str]] = {action: Counter() for action in (Action.INVITE, Action.REMOVE)}
    found = outcomes(events)
    for change in plan.changes:
        by_action[change.action][found[change.name]] += 1
    done, failed = (Action.INVITE, Action.REMOVE) if allowed is Method.POST else (Action.REMOVE, Action.INVITE)
    assert by_action[done] == {"done": {Action.INVITE: 12, Action.REMOVE: 6}[done]}
    assert by_action[failed] == {"failed": {Action.INVITE: 12, Action.REMOVE: 6}[failed]}


def test_403_for_one_person_does_not_stop_the_apply() -> None:
    def forbid_one(call: ApiCall) -> Response | None:
        forbidden = call.method is Method.POST and (call.body or {})["email"] == "a@x.io"
        return Response(403, None, "outside of the plan") if forbidden else None

    live = FakeWorkspace.of([ROOT, person("old@x.io")], before=forbid_one)
    plan = planned(document({"root@x.io": "admin", "a@x.io": "member", "b@x.io": "member"}), live)
    events = applied(plan, live)
    assert outcomes(events) == {"a@x.io": "failed", "b@x.io": "done", "old@x.io": "done"}
    assert not is_not_permitted(events)


def test_failed_removal_does_not_stop_its_stage() -> None:
    live = FakeWorkspace.of(
        [ROOT, *(person(f"{name}@x.io") for name in "abc")], refuses=frozenset({"DELETE /users/a@x.io"})
    )
    events = applied(planned(document({"root@x.io": "admin"}), live), live, parallelism=1)
    assert outcomes(events) == {"a@x.io": "failed", "b@x.io": "done", "c@x.io": "done"}


def test_unknown_outcome_does_not_stop_a_removal() -> None:
    live = FakeWorkspace.of([ROOT, person("old@x.io")])
    plan = planned(document({"root@x.io": "admin", "a@x.io": "member"}), live)
    down = dict.fromkeys(["POST /users", "GET /users"], lost("no answer"))
    events = apply_through(plan, live, live.with_faults(answers=down), parallelism=1)
    assert outcomes(events) == {"a@x.io": "failed", "old@x.io": "done"}


def test_refused_demotion_does_not_stop_a_removal() -> None:
    live = FakeWorkspace.of(
        [ROOT, person("a@x.io", "admin"), person("old@x.io")], refuses=frozenset({"PUT /users/a@x.io"})
    )
    want = document({"root@x.io": "admin", "a@x.io": "member"})
    assert outcomes(applied(planned(want, live), live)) == {"a@x.io": "failed", "old@x.io": "done"}


@pytest.mark.parametrize("becomes", [person("eve@x.io", "admin"), person("old@x.io", "admin")])
def test_no_one_loses_more_access_than_planned(becomes: dict[str, Any]) -> None:
    live = FakeWorkspace.of([ROOT, person("eve@x.io"), person("old@x.io", "admin", accepted=False), person("bob@x.io")])
    plan = planned(document({"root@x.io": "admin"}), live)
    live.users[becomes["email"]] = becomes  # promoted by hand, or the invitation was accepted
    events = applied(plan, live)
    assert outcomes(events)[becomes["email"]] == "not attempted"
    assert list(outcomes(events).values()).count("done") == 2
    assert live.users[becomes["email"]] == becomes
    (skipped,) = [event for event in events if isinstance(event, NotAttempted)]
    assert words(skipped.why).startswith("it changed since the plan was made: ")
    assert "and is now admin" in words(skipped.why) or "and is now accepted" in words(skipped.why)


def test_admins_are_read_again_before_any_removal() -> None:
    live = FakeWorkspace.of([ROOT, person("ann@x.io", "admin"), person("old@x.io")])
    want = document({"root@x.io": "admin", "ann@x.io": "member"})
    plan = planned(want, live)
    live.users["root@x.io"]["role"] = "member"  # someone else changed it after the plan
    events = applied(plan, live)
    assert outcomes(events) == {"ann@x.io": "not attempted", "old@x.io": "done"}
    why = next(words(event.why) for event in events if isinstance(event, NotAttempted))
    assert why == "root@x.io should be an admin but is not yet: too few would remain"


def test_listing_without_an_admin_stops_removals() -> None:
    live = FakeWorkspace.of([ROOT, person("bob@x.io"), person("old@x.io")])
    plan = planned(document({"root@x.io": "admin", "bob@x.io": "member"}), live)
    live.users["root@x.io"]["role"] = "member"
    events = applied(plan, live)
    assert outcomes(events) == {"old@x.io": "not attempted"}
    why = next(words(event.why) for event in events if isinstance(event, NotAttempted))
    assert why == "the API shows no admin, but root@x.io should be one: the listing may be incomplete"


def test_last_admin_is_removed_only_after_the_new_one_is_confirmed() -> None:
    lie = {"PUT /users/ann@x.io": Response(200, {"role": "admin"})}
    live = FakeWorkspace.of([ROOT, person("ann@x.io")], answers=lie)
    events = applied(planned(document({"ann@x.io": "admin"}), live), live)
    assert outcomes(events) == {"ann@x.io": "not confirmed", "root@x.io": "not attempted"}
    assert live.users["root@x.io"]["role"] == "admin"


def test_promotion_without_a_role_in_the_response_is_looked_up() -> None:
    vague = {"PUT /users/ann@x.io": Response(200, "done")}
    live = FakeWorkspace.of([ROOT, person("ann@x.io")], answers=vague)
    events = applied(planned(document({"ann@x.io": "admin"}), live), live)
    assert outcomes(events) == {"ann@x.io": "not confirmed", "root@x.io": "not attempted"}


def listing_only(emails: set[str]) -> After:
    """A fault: listings show only these people."""
    return lambda _, listing: Response(200, [user for user in listing.body if user["email"] in emails])


@pytest.mark.parametrize("before", [person("old@x.io"), person("old@x.io", accepted=False)])
def test_no_removal_if_a_member_is_missing_from_the_listing(before: dict[str, Any]) -> None:
    live = FakeWorkspace.of([ROOT, person("bob@x.io"), person("amy@x.io", accepted=False), before])
    want = document({"root@x.io": "admin", "bob@x.io": "member", "amy@x.io": "member", "new@x.io": "member"})
    plan = planned(want, live)
    for shown, done in (({"root@x.io", "old@x.io"}, False), ({"root@x.io", "bob@x.io"}, True)):
        now = live.copied()
        events = apply_through(plan, now.with_faults(after=listing_only(shown)), now)
        assert outcomes(events) == {"new@x.io": "not confirmed", "old@x.io": "done" if done else "not attempted"}
        assert now.calls.index("POST /users") < now.calls.index("GET /users")
        why = [words(event.why) for event in events if isinstance(event, NotAttempted)]
        said = "bob@x.io should be unchanged but is no longer shown as a member: the listing may be incomplete"
        assert why == ([] if done else [said])


def test_long_list_of_missing_members_is_shortened() -> None:
    staying = [person(f"p{number}@x.io") for number in range(9)]
    live = FakeWorkspace.of([ROOT, *staying, person("old@x.io")])
    plan = planned(document({"root@x.io": "admin", **{each["email"]: "member" for each in staying}}), live)
    live.users = {key: user for key, user in live.users.items() if key in ("root@x.io", "old@x.io")}
    (skipped,) = [event for event in applied(plan, live) if isinstance(event, NotAttempted)]
    assert words(skipped.why).startswith("p0@x.io, p1@x.io, p2@x.io, p3@x.io, p4@x.io and 4 more should be unchanged")


@pytest.mark.parametrize(("count", "more"), [(5, ""), (6, " and 1 more"), (7, " and 2 more")])
def test_up_to_five_members_are_named(count: int, more: str) -> None:
    names = [f"p{number}@x.io" for number in range(count)]
    assert f" {', '.join(names[:5])}{more} should be one" in words(MemberKind().why_incomplete({}, names, ()))


def test_settings_change_does_not_stop_a_removal() -> None:
    live = FakeWorkspace.of([ROOT, person("old@x.io")])
    plan = planned(document({"root@x.io": "admin"}, settings={"displayName": "New"}), live)
    assert set(plan.unchanged_keys) == {"settings", "member"}
    assert outcomes(applied(plan, live)) == {"displayName": "done", "old@x.io": "done"}


def test_no_removal_if_members_cannot_be_read_again() -> None:
    live = FakeWorkspace.of([ROOT, person("old@x.io")])
    plan = planned(document({"root@x.io": "admin"}), live)
    unreachable = live.with_faults(before=raises(UnreachableError("no answer from api.example.test")))
    events = apply_through(plan, unreachable, live, parallelism=1)
    assert outcomes(events) == {"old@x.io": "not attempted"}
    assert "could not be read again: no answer" in next(words(e.why) for e in events if isinstance(e, NotAttempted))


def test_expired_credential_stops_the_apply() -> None:
    live = FakeWorkspace.of([ROOT])
    plan = planned(document({"root@x.io": "admin", "a@x.io": "member", "b@x.io": "member"}), live)
    expired = raises(UnauthenticatedError("the API does not know the credential", "Run bl login."))
    events = apply_through(plan, live, live.with_faults(before=expired), parallelism=1)
    assert outcomes(events) == {"a@x.io": "failed", "b@x.io": "not attempted"}
    assert [words(event.outcome.remark) for event in events if isinstance(event, Ended)] == [
        "the API does not know the credential"
    ]


def test_credential_that_expires_within_a_change_leaves_it_unknown() -> None:
    live = FakeWorkspace.of([ROOT], quirks=frozenset({"invite-ignores-role"}))
    plan = planned(document({"root@x.io": "admin", "a@x.io": "viewer"}), live)
    live.answers = {"PUT /users/a@x.io": UnauthenticatedError("the API does not know the credential")}
    (end,) = [event for event in applied(plan, live) if isinstance(event, Ended)]
    assert words(end.outcome.remark) == "the API does not know the credential; it is not known whether it was made"
    assert "a@x.io" in live.users


def test_bug_in_one_change_does_not_stop_the_others() -> None:
    def fail(call: ApiCall) -> None:
        if "a@x.io" in str(call.body):
            raise KeyError("secret")

    live = FakeWorkspace.of([ROOT, person("old@x.io")], before=fail)
    plan = planned(document({"root@x.io": "admin", "a@x.io": "member", "b@x.io": "member"}), live)
    events = applied(plan, live)
    assert outcomes(events) == {"a@x.io": "failed", "b@x.io": "done", "old@x.io": "done"}
    said = next(words(e.outcome.remark) for e in events if isinstance(e, Ended) and e.change.name == "a@x.io")
    assert said == "beamctl has a bug: KeyError; it is not known whether it was made"


@pytest.mark.parametrize(("after", "ending"), [(0, "not attempted"), (1, "failed")])
def test_interrupt_between_the_calls_of_a_change(after: int, ending: str) -> None:
    live = FakeWorkspace.of([ROOT], quirks=frozenset({"invite-ignores-role"}))
    plan = planned(document({"root@x.io": "admin", "a@x.io": "viewer"}), live)
    sent = iter(range(9))

    def interrupt(_: ApiCall) -> None:
        if next(sent) >= after:
            raise InterruptedRunError("interrupted")

    events = apply_through(plan, live, live.with_faults(before=interrupt), parallelism=1)
    assert outcomes(events) == {"a@x.io": ending}
    remarks = [words(event.outcome.remark) for event in events if isinstance(event, Ended)]
    assert remarks == ["interrupted between API calls; it is not known whether it was made"] * after


def test_interrupt_finishes_calls_in_flight_and_starts_no_more() -> None:
    live = FakeWorkspace.of([ROOT])
    plan = planned(document({"root@x.io": "admin", **{f"p{n}@x.io": "member" for n in range(20)}}), live)
    stop = threading.Event()
    events = []
    for event in apply(plan, live, live, parallelism=1, stop=stop):
        events.append(event)
        if isinstance(event, Ended):
            stop.set()
    skipped = [event for event in events if isinstance(event, NotAttempted)]
    done = [event for event in events if isinstance(event, Ended)]
    assert len(skipped) + len(done) == 20
    assert {words(event.why) for event in skipped} <= {"interrupted"}
    invited = {key for key, user in live.users.items() if not user["accepted"]}
    assert invited == {event.change.key for event in done}


def test_every_change_ends_in_exactly_one_event() -> None:
    live = FakeWorkspace.of([ROOT, *(person(f"old{n}@x.io") for n in range(9))])
    plan = planned(document({"root@x.io": "admin", **{f"p{n}@x.io": "viewer" for n in range(30)}}), live)
    ends = [e.change.key for e in applied(plan, live, parallelism=8) if isinstance(e, Ended | NotAttempted)]
    assert sorted(ends) == sorted(change.key for change in plan.changes)


def test_own_identity_comes_last() -> None:
    live = FakeWorkspace.of([ROOT, person("me@x.io", "admin"), person("z@x.io")])
    want = document({"root@x.io": "admin"}, guards={"self": {"email": "ME@x.io"}})
    applied(planned(want, live), live, parallelism=8)
    assert [call for call in live.calls if call.startswith("DELETE")] == [
        "DELETE /users/z@x.io",
        "DELETE /users/me@x.io",
    ]


@pytest.mark.parametrize("quirk", ["", "put-replaces"])
def test_settings_are_serial_and_keep_undeclared_values(quirk: str) -> None:
    begun = {"name": "acme", "displayName": "A", "labels": {"a": "1"}, "region": "eu"}
    live = FakeWorkspace.of([], settings=begun, quirks=frozenset({quirk}))
    want = document(settings={"displayName": "B", "labels": {"b": "2"}})
    assert {change.serial_group for change in planned(want, live).changes} == {"settings"}
    assert outcomes(applied(planned(want, live), live, parallelism=8)) == {"displayName": "done", "labels": "done"}
    assert live.settings == {"name": "acme", "displayName": "B", "labels": {"b": "2"}, "region": "eu"}
    assert live.calls[-5:-1] == ["GET /workspaces/acme", "PUT /workspaces/acme"] * 2


def test_setting_changed_in_the_meantime_is_not_overwritten() -> None:
    live = FakeWorkspace.of([], settings={"name": "acme", "displayName": "A"})
    plan = planned(document(settings={"displayName": "B"}), live)
    live.settings["displayName"] = "C"
    (end,) = [event for event in applied(plan, live) if isinstance(event, Ended)]
    assert (end.outcome.status.value, words(end.outcome.remark)) == ("failed", "displayName changed in the meantime")
    assert live.settings["displayName"] == "C"


def test_setting_already_in_effect_is_done() -> None:
    live = FakeWorkspace.of([], settings={"name": "acme", "displayName": "A"})
    plan = planned(document(settings={"displayName": "B"}), live)
    live.settings["displayName"] = "B"
    (end,) = [event for event in applied(plan, live) if isinstance(event, Ended)]
    assert end.outcome == Expect(Status.DONE, "is already in effect", found=True)
    assert not [call for call in live.calls if call.startswith("PUT")]


NOT_MADE = "the connection was reset; nothing was changed"
UNSEEN = "the connection was reset; the result is unknown: the connection was reset"


@pytest.mark.parametrize(
    ("made", "seen", "ending", "remark"),
    [
        ({"displayName": "B"}, "seen", "done", ""),
        ({}, "seen", "failed", NOT_MADE),
        ({"displayName": "C"}, "seen", "failed", "displayName changed in the meantime"),
        ({}, "", "failed", UNSEEN),
    ],
)
def test_setting_with_a_lost_response_is_looked_up(
    made: dict[str, str],
    seen: str,
    ending: str,
    remark: str,
) -> None:
    put = "PUT /workspaces/acme"

    def lose(call: ApiCall) -> NoResponse | None:
        if call.method is Method.PUT:
            live.settings |= made
        is_lost = call.method is Method.PUT or (not seen and put in live.calls)
        return lost("the connection was reset") if is_lost else None

    live = FakeWorkspace(settings={"name": "acme", "displayName": "A"}, before=lose)
    (end,) = [e for e in applied(planned(document(settings={"displayName": "B"}), live), live) if isinstance(e, Ended)]
    assert (end.outcome.status.value, words(end.outcome.remark)) == (ending, remark)
    assert live.calls.count(put) == 1


def test_setting_with_an_empty_response_is_looked_up() -> None:
    vague = {"PUT /workspaces/acme": Response(200, "fine")}
    live = FakeWorkspace(settings={"name": "acme", "displayName": "A"}, answers=vague)
    events = applied(planned(document(settings={"displayName": "B"}), live), live)
    assert outcomes(events) == {"displayName": "not confirmed"}


def test_bug_while_reading_again_stops_removals() -> None:
    live = FakeWorkspace.of([ROOT, person("old@x.io")])
    plan = planned(document({"root@x.io": "admin", "a@x.io": "member"}), live)
    events = apply_through(plan, live.with_faults(before=raises(KeyError("x"))), live, parallelism=1)
    assert outcomes(events) == {"a@x.io": "not confirmed", "old@x.io": "not attempted"}


@pytest.mark.parametrize("quirk", ["", "put-replaces"])
def test_sandbox_setting_keeps_other_runtime_settings(quirk: str) -> None:
    begun = {"name": "acme", "runtime": {"generation": "mk3", "sandbox": {"disableProcessLogging": False}}}
    live = FakeWorkspace.of([], settings=begun, quirks=frozenset({quirk}))
    want = document(settings={"sandbox": {"disableProcessLogging": True}})
    assert outcomes(applied(planned(want, live), live)) == {"sandbox": "done"}
    assert live.settings["runtime"] == {"generation": "mk3", "sandbox": {"disableProcessLogging": True}}
    assert planned(want, live).changes == ()


def test_sandbox_setting_creates_the_runtime() -> None:
    live = FakeWorkspace.of([], settings={"name": "acme"})
    want = document(settings={"sandbox": {"disableProcessLogging": True}})
    assert outcomes(applied(planned(want, live), live)) == {"sandbox": "done"}
    assert live.settings["runtime"] == {"sandbox": {"disableProcessLogging": True}}
