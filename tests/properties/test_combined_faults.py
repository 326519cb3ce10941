"""Documents, workspaces, refused requests and API quirks in combination. The first apply makes exactly the changes that
do not depend on a failed one; after the third, only deferred changes are left."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.api.config import LOCAL_URL
from beamctl.apply.history import History
from beamctl.apply.record import Ended, Event, NotAttempted, Unconfirmed, last_line
from beamctl.document.desired import Desired
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response
from beamctl.plan.change import Action
from beamctl.plan.hazard import Risk
from beamctl.plan.kind import Quorum, Status
from beamctl.plan.plan import Plan
from tests.fakes.journal import LONG_AGO, Journal
from tests.fakes.runs import applied, document, planned
from tests.fakes.wording import lost, words
from tests.fakes.workspace import FakeWorkspace, person

PEOPLE = [f"p{number}@x.io" for number in range(6)]
NEW_NAME = "ann@new.io"
OLD_NAME = "ann@old.io"
ROLES = ["admin", "member", "viewer"]
REFUSALS: dict[str, Response | NoResponse] = {
    **{str(status): Response(status, None, "no") for status in (402, 403, 404, 405, 409, 422)},
    "429 for an hour": Response(429, None, "rate limited until 09:52 UTC", limited=True),
    "lost before": lost("the connection was reset"),
    "lost after": lost("the connection was reset"),
}
IGNORES, REFUSES = "invite-ignores-role", "no-role-on-pending"
APIS = [frozenset[str](), frozenset({IGNORES}), frozenset({REFUSES}), frozenset({IGNORES, REFUSES})]

standings = st.sampled_from(["absent", "accepted", "accepted", "invited", "expired"])
lives = st.tuples(*[st.tuples(st.sampled_from(ROLES), standings)] * len(PEOPLE))
wanted = st.tuples(*[st.sampled_from([None, None, *ROLES])] * len(PEOPLE))
calls = st.sampled_from([f"{method} {who}" for method in ("POST", "PUT", "DELETE") for who in (*PEOPLE, NEW_NAME)])
faults = st.dictionaries(calls, st.sampled_from(sorted(REFUSALS)), max_size=4)


class RefusingWorkspace(FakeWorkspace):
    """Refuses or loses requests, as often as they are made.

    Attributes:
        refusals: By method and person.
        revoked: How often an open invitation was revoked, by person.
    """

    def __init__(self, people: list[dict[str, Any]], quirks: frozenset[str], refusals: Mapping[str, str]) -> None:
        super().__init__({each["email"]: each for each in people}, quirks=quirks)
        self.refusals = dict(refusals)
        self.revoked: Counter[str] = Counter()

    def send(self, call: ApiCall) -> Response | NoResponse:
        who = (call.body or {}).get("email") or unquote(call.path.rpartition("/")[2])
        fault = self.refusals.get(f"{call.method} {who}")
        if fault is not None and fault != "lost after":
            return REFUSALS[fault]
        if call.method is Method.DELETE and not self.users.get(who, {"accepted": True})["accepted"]:
            self.revoked[who] += 1
        answer = super().send(call)
        return answer if fault is None else REFUSALS[fault]


def run(plan: Plan, live: RefusingWorkspace, journal: Journal) -> list[Event]:
    number = journal.begin(plan, LONG_AGO)
    events = applied(plan, live, parallelism=1)
    for event in events:
        journal.listener(number, plan)(event)
    journal.end(number)
    return events


def plan_of(want: Desired, live: RefusingWorkspace, journal: Journal) -> Plan:
    history = History("acme", LOCAL_URL)
    for content in journal.contents:
        history.add(content.encode())
    return planned(want, live, deferred=history.deferred, withdrawn=history.withdrawn)


def blocked(plan: Plan) -> bool:
    """Whether the command line would not apply it."""
    return any(hazard.risk in (Risk.LAST_ADMIN, Risk.TOO_FEW_ADMINS) for hazard in plan.hazards)


@given(lives, wanted, st.booleans(), st.integers(1, 3), faults, st.sampled_from(APIS))
@settings(max_examples=250, deadline=None)
def test_three_applies_suffice(
    people: tuple[tuple[str, str], ...],
    roles: tuple[str | None, ...],
    renamed: bool,  # noqa: FBT001
    min_admins: int,
    refusals: dict[str, str],
    quirks: frozenset[str],
) -> None:
    found = [
        person(email, role, accepted=standing == "accepted", expired=standing == "expired")
        for email, (role, standing) in zip(PEOPLE, people, strict=True)
        if standing != "absent"
    ]
    members = {"root@x.io": "admin", **{who: role for who, role in zip(PEOPLE, roles, strict=True) if role}}
    members |= {NEW_NAME: "member"} if renamed else {}
    min_admins = min(min_admins, list(members.values()).count("admin"))
    live = RefusingWorkspace([person("root@x.io", "admin"), person(OLD_NAME), *found], quirks, refusals)
    want = document(members, guards={"minAdmins": min_admins, "maxRemovals": 99})
    journal = Journal()
    plan = plan_of(want, live, journal)
    if blocked(plan):
        return
    events = run(plan, live, journal)
    check_first(plan, events, live, min_admins)
    live.refusals = {}
    for _ in range(2):
        plan = plan_of(want, live, journal)
        if plan.changes and not blocked(plan):
            check_invitations(run(plan, live, journal), live)
    last = plan_of(want, live, journal)
    left = [(each.action, (each.after or {}).get("role")) for each in last.changes]
    assert not left or blocked(last) or (quirks == {IGNORES, REFUSES} and set(left) == {(Action.INVITE, "viewer")})
    assert min(live.admins, default=1) >= 1
    invitations = Counter(live.invited)
    assert all(invitations[who] <= 1 + live.revoked[who] for who in invitations)


def check_first(plan: Plan, events: list[Event], live: RefusingWorkspace, min_admins: int) -> None:
    """Exactly the changes that depend on a failed one were not attempted."""
    made = {event.change.id for event in events if isinstance(event, Ended) and event.outcome.status is Status.DONE}
    made -= {event.change.id for event in events if isinstance(event, Unconfirmed)}
    left = [event.change for event in events if isinstance(event, NotAttempted)]
    ended = {event.change.id for event in events if isinstance(event, Ended)}
    assert len(left) + len(ended) == len(plan.changes)
    losses = [each for each in plan.changes if each.revokes_access and (each.before or {})["role"] == "admin"]
    losses = [each for each in losses if (each.before or {})["standing"] == "accepted"]
    for change in left:
        if change in losses:
            continue
        assert change.key == OLD_NAME, change  # no one else depends on anything
        assert ("member", NEW_NAME) not in made
    invited = [change for change in plan.changes if change.key == NEW_NAME]
    assert not invited or invited[0].id in made or OLD_NAME in live.users
    for change in plan.changes:
        if change.action in (Action.REMOVE, Action.REVOKE) and change not in left:
            fault = live.refusals.get(f"DELETE {change.key}")
            assert change.key not in live.users or fault not in (None, "lost after"), change
    admins = [key for key, user in live.users.items() if user["accepted"] and user["role"] == "admin"]
    floor = min(min_admins, len(plan.quorums.get("member", Quorum()).keys) or 1)
    assert len(admins) >= min(floor, live.admins[0])
    if any(change in losses for change in left):  # no more admins were kept than needed
        assert len(admins) <= floor + sum(change.id in ended and change.id not in made for change in losses)
    check_invitations(events, live)
    if "lost" not in str(live.refusals.values()):  # if too many are counted, the next plan is blocked by live-shrank
        counted = json.loads(last_line(plan, events, "", interrupted=False))["left"]["member"]
        assert counted <= len(live.users)


def check_invitations(events: list[Event], live: RefusingWorkspace) -> None:
    """No one keeps an invitation that grants more than the document declares."""
    for change in (event.change for event in events if isinstance(event, Ended)):
        user = live.users.get(change.key)
        if change.action not in (Action.INVITE, Action.RESEND, Action.SET_ROLE) or user is None or user["accepted"]:
            continue
        if not user.get("expired") and f"DELETE {change.key}" not in live.refusals:
            assert ROLES.index(user["role"]) >= ROLES.index((change.after or {})["role"]), change


def test_invitations_that_always_grant_too_much_are_limited() -> None:
    live, journal = RefusingWorkspace([person("root@x.io", "admin")], APIS[3], {}), Journal()
    want = document({"root@x.io": "admin", PEOPLE[0]: "viewer"}, guards={"maxReinvites": 2})
    for _ in range(6):
        run(plan_of(want, live, journal), live, journal)
    last = plan_of(want, live, journal)
    assert (last.changes, last.differs, len(live.invited)) == ((), True, 3)
    assert "was invited 3 times, and each invitation was revoked because it granted more than viewer" in words(
        last.notes[0].fact
    )
    other = document({"root@x.io": "admin", PEOPLE[0]: "member"}, guards={"maxReinvites": 2})
    assert [change.action for change in plan_of(other, live, journal).changes] == [Action.INVITE]
