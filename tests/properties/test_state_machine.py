"""Documents, manual changes, invitations, time and applies with faults, in any order. An apply without faults then
makes the declared state, and no apply ever leaves the workspace without an admin."""

import threading
from collections.abc import Iterator
from contextlib import suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from beamctl.errors import UnauthenticatedError
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response
from beamctl.plan.hazard import Risk
from beamctl.plan.plan import Plan
from tests.fakes.runs import applied, apply, document, planned
from tests.fakes.wording import lost
from tests.fakes.workspace import FakeWorkspace, person

PEOPLE = [f"p{number}@x.io" for number in range(3)]
ROLES = ["admin", "member", "viewer"]
people, roles = st.sampled_from(PEOPLE), st.sampled_from(ROLES)
teams = st.tuples(*[st.sampled_from([None, *ROLES])] * len(PEOPLE))
FAULTS = ["fine", "fine", "lost before", "lost after", "refused", "silent", "short", "lie", "401", "killed"]


class KilledError(BaseException):
    """The process was killed."""


class FaultyApi:
    """The API of a workspace with a list of faults, one for each request. After the last one there are none."""

    def __init__(self, live: FakeWorkspace, fault: list[str]) -> None:
        self._live = live
        self._trouble: Iterator[str] = iter(fault)

    def get(self, path: str) -> object:
        return _shortened(self._live.get(path), next(self._trouble, "fine"))

    def send(self, call: ApiCall) -> Response | NoResponse:
        fault = next(self._trouble, "fine")
        if fault == "lost before":
            return lost("the connection was reset")
        if fault == "refused":
            return Response(403, None, "not now")
        if fault == "401":
            raise UnauthenticatedError("the API does not know the credential")
        if fault == "lie" and call.method is Method.PUT:
            return Response(200, {"role": (call.body or {})["role"]})
        answer = self._live.send(call)
        if fault == "killed":
            raise KilledError
        if fault == "lost after":
            return lost("the connection was reset")
        if isinstance(answer, Response) and call.method is Method.GET:
            return Response(answer.status, _shortened(answer.body, fault))
        return Response(200) if answer.ok and fault == "silent" else answer


def _shortened(listing: object, fault: str) -> object:
    return listing[: len(listing) // 2] if fault == "short" and isinstance(listing, list) else listing


class Workspace(RuleBasedStateMachine):
    @initialize(
        team=st.tuples(*[st.tuples(roles, st.sampled_from(["accepted", "invited", "expired"]))] * len(PEOPLE)),
        quirks=st.frozensets(st.sampled_from(["invite-ignores-role", "reinvite-conflicts"])),
    )
    def begin(self, team: tuple[tuple[str, str], ...], quirks: frozenset[str]) -> None:
        found = [
            person(email, role, accepted=standing == "accepted", expired=standing == "expired")
            for email, (role, standing) in zip(PEOPLE, team, strict=True)
        ]
        self.live = FakeWorkspace.of([*found, person("root@x.io", "admin")], quirks=quirks)
        self.want = document({"root@x.io": "admin"})

    @rule(email=people, role=roles, source=st.sampled_from(["", "directory_sync"]))
    def add(self, email: str, role: str, source: str) -> None:
        """An admin or the directory adds a person or changes a role."""
        if not self._is_last_admin(email) or role == "admin":
            self.live.users[email] = person(email, role, source=source)

    @rule(email=people)
    def remove(self, email: str) -> None:
        """A person is removed manually, leaves, or declines."""
        if not self._is_last_admin(email):
            self.live.users.pop(email, None)

    @rule(email=people)
    def accept(self, email: str) -> None:
        user = self.live.users.get(email, {})
        user["accepted"] = user.get("accepted", False) or not user.get("expired")

    @rule(email=people)
    def expire(self, email: str) -> None:
        user = self.live.users.get(email, {"accepted": True})
        user["expired"] = not user["accepted"]

    @rule(team=teams, root=roles, fault=st.lists(st.sampled_from(FAULTS), min_size=2, max_size=8))
    def apply_with_faults(self, team: tuple[str | None, ...], root: str, fault: list[str]) -> None:
        """The document is edited and applied."""
        self.want = document({"root@x.io": root, **{who: role for who, role in zip(PEOPLE, team, strict=True) if role}})
        api = FaultyApi(self.live, fault)
        plan = planned(self.want, api)
        if not self._is_refused(plan):
            with suppress(KilledError):
                list(apply(plan, api, api, parallelism=1, stop=threading.Event()))

    @rule()
    def apply_without_faults(self) -> None:
        plan = planned(self.want, self.live)
        if self._is_refused(plan):
            return
        applied(plan, self.live, parallelism=1)
        assert planned(self.want, self.live).changes == ()

    @invariant()
    def there_is_an_admin(self) -> None:
        assert min(self.live.admins, default=1) >= 1

    def teardown(self) -> None:
        self.apply_without_faults()

    def _is_last_admin(self, email: str) -> bool:
        admins = [key for key, user in self.live.users.items() if user["accepted"] and user["role"] == "admin"]
        return admins == [email]

    @staticmethod
    def _is_refused(plan: Plan) -> bool:
        return any(hazard.risk in (Risk.LAST_ADMIN, Risk.LIVE_EMPTY) for hazard in plan.hazards)


TestWorkspace = Workspace.TestCase
TestWorkspace.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
