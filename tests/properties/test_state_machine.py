"""Documents, hands, invitees, time and applies with trouble, in any order: an apply without trouble then makes the
workspace what the document says, and no apply ever leaves it without an admin."""

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
from beamctl.workflow.apply import apply
from tests.fakes.runs import applied, document, planned
from tests.fakes.workspace import FakeWorkspace, person

PEOPLE = [f"p{number}@x.io" for number in range(3)]
ROLES = ["admin", "member", "viewer"]
people, roles = st.sampled_from(PEOPLE), st.sampled_from(ROLES)
teams = st.tuples(*[st.sampled_from([None, *ROLES])] * len(PEOPLE))
TROUBLE = ["fine", "fine", "lost before", "lost after", "refused", "silent", "short", "lie", "401", "killed"]


class KilledError(BaseException):
    """The process is no more."""


class Troubled:
    """The API of a workspace, with trouble that comes call by call; without any once it is used up."""

    def __init__(self, live: FakeWorkspace, trouble: list[str]) -> None:
        self._live = live
        self._trouble: Iterator[str] = iter(trouble)

    def get(self, path: str) -> object:
        return _bent(self._live.get(path), next(self._trouble, "fine"))

    def send(self, call: ApiCall) -> Response | NoResponse:
        trouble = next(self._trouble, "fine")
        if trouble == "lost before":
            return NoResponse("the connection was reset")
        if trouble == "refused":
            return Response(403, None, "not now")
        if trouble == "401":
            raise UnauthenticatedError("the API does not know the credential")
        if trouble == "lie" and call.method is Method.PUT:
            return Response(200, {"role": (call.body or {})["role"]})
        answer = self._live.send(call)
        if trouble == "killed":
            raise KilledError
        if trouble == "lost after":
            return NoResponse("the connection was reset")
        if isinstance(answer, Response) and call.method is Method.GET:
            return Response(answer.status, _bent(answer.body, trouble))
        return Response(200) if answer.ok and trouble == "silent" else answer


def _bent(listing: object, trouble: str) -> object:
    return listing[: len(listing) // 2] if trouble == "short" and isinstance(listing, list) else listing


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
    def let_in(self, email: str, role: str, source: str) -> None:
        """Somebody, or the directory, lets a person in, or gives them another role."""
        if not self._is_last_admin(email) or role == "admin":
            self.live.users[email] = person(email, role, source=source)

    @rule(email=people)
    def throw_out(self, email: str) -> None:
        """A person is removed by hand, leaves, or declines."""
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

    @rule(team=teams, root=roles, trouble=st.lists(st.sampled_from(TROUBLE), min_size=2, max_size=8))
    def apply_with_trouble(self, team: tuple[str | None, ...], root: str, trouble: list[str]) -> None:
        """Somebody edits the document and applies it."""
        self.want = document({"root@x.io": root, **{who: role for who, role in zip(PEOPLE, team, strict=True) if role}})
        troubled = Troubled(self.live, trouble)
        plan = planned(self.want, troubled)
        if not self._is_refused(plan):
            with suppress(KilledError):
                list(apply(plan, troubled, troubled, parallelism=1, stop=threading.Event()))

    @rule()
    def apply_without(self) -> None:
        plan = planned(self.want, self.live)
        if self._is_refused(plan):
            return
        applied(plan, self.live, parallelism=1)
        assert planned(self.want, self.live).changes == ()

    @invariant()
    def there_is_an_admin(self) -> None:
        assert min(self.live.admins, default=1) >= 1

    def teardown(self) -> None:
        self.apply_without()

    def _is_last_admin(self, email: str) -> bool:
        admins = [key for key, user in self.live.users.items() if user["accepted"] and user["role"] == "admin"]
        return admins == [email]

    @staticmethod
    def _is_refused(plan: Plan) -> bool:
        return any(hazard.risk in (Risk.LAST_ADMIN, Risk.LIVE_EMPTY) for hazard in plan.hazards)


TestWorkspace = Workspace.TestCase
TestWorkspace.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
