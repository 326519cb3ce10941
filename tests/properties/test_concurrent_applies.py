"""Two concurrent applies of one document, interleaved request by request, end like a single one and without an
error."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from beamctl.api.config import LOCAL
from beamctl.api.workspace import Options, open_workspace
from beamctl.document.desired import Desired
from beamctl.emulator import BehaviorFlag, as_operator
from beamctl.model.code import Code
from beamctl.plan.change import Action, Change
from beamctl.plan.hazard import Risk
from beamctl.secrets.redaction import Redactor
from tests.fakes.interleaving import Run, plan_and_apply, run_at_once
from tests.fakes.runs import document, planned
from tests.fakes.wording import codes
from tests.fakes.workspace import FakeWorkspace, person
from tests.faults.scenarios import SCENARIOS

SENT = {Action.INVITE, Action.RESEND}
GONE = {Action.REMOVE, Action.REVOKE}

ROLES = ("admin", "member", "viewer")
STATES = [None, *((role, standing) for role in ROLES for standing in ("accepted", "invited", "expired", "directory"))]
WANTED = [None, *ROLES]
SHOWN: list[dict[str, Any]] = [
    {"displayName": "A", "labels": {"a": "1"}, "groupMappings": [{"groupName": "g", "role": "admin"}]},
    {"displayName": "B", "labels": {}, "groupMappings": [{"groupName": "g", "role": "member"}]},
]
QUIRKS = ["invite-ignores-role", "reinvite-conflicts", "no-invited-role", "no-role-on-pending", "put-replaces"]


@dataclass(frozen=True)
class Scenario:
    """A workspace, a document, and the order of requests.

    Attributes:
        people: The live and the declared state of each person, in addition to an admin.
        remains: The declared role of that admin.
        declared: The declared settings; if empty, there is no such section.
        quirks: The quirks of the API.
        order: The run of each request.
    """

    people: list[tuple[tuple[str, str] | None, str | None]]
    remains: str
    declared: frozenset[str]
    quirks: frozenset[str]
    order: list[int]

    @property
    def live(self) -> FakeWorkspace:
        found = [person("root@x.io", "admin")]
        for number, (state, _) in enumerate(self.people):
            if state is not None:
                role, standing = state
                more = {"source": "directory_sync"} if standing == "directory" else {}
                accepted, expired = standing in ("accepted", "directory"), standing == "expired"
                found.append(person(f"p{number}@x.io", role, accepted=accepted, expired=expired, **more))
        return FakeWorkspace.of(found, settings={"name": "acme", **SHOWN[0]}, quirks=self.quirks)

    @property
    def want(self) -> Desired:
        members = {f"p{number}@x.io": role for number, (_, role) in enumerate(self.people) if role is not None}
        asked = {key: value for key, value in SHOWN[1].items() if key in self.declared}
        return document({"root@x.io": self.remains, **members}, **({"settings": asked} if asked else {}))


cases = st.builds(
    Scenario,
    people=st.lists(st.tuples(st.sampled_from(STATES), st.sampled_from(WANTED)), min_size=1, max_size=4),
    remains=st.sampled_from(["admin", "admin", "member"]),
    declared=st.frozensets(st.sampled_from(list(SHOWN[1])), max_size=3),
    quirks=st.frozensets(st.sampled_from(QUIRKS), max_size=3),
    order=st.lists(st.integers(0, 1), min_size=2, max_size=40),
)


def remaining_changes(want: Desired, live: FakeWorkspace) -> list[tuple[str, Action]]:
    return [(change.key, change.action) for change in planned(want, live).changes]


ALREADY = {Code.ALREADY_IN_EFFECT, Code.ALREADY_GONE, Code.ALREADY_INVITED, Code.ALREADY_MEMBER, Code.ALREADY_MEMBER_AS}


def check_remarks(runs: Sequence[Run], invited: Mapping[str, int]) -> None:
    """If both runs made the same change, the second one reports that it was already in effect."""
    changes = [{change.key: change for change in run.plan.changes} for run in runs]
    for key in changes[0].keys() & changes[1].keys():
        actions = {each[key].action for each in changes}
        remarks = [codes(run.outcomes[key].remark) for run in runs if key in run.outcomes and key not in run.undone]
        if len(remarks) < 2:
            continue
        late = sum(bool(remark & ALREADY) for remark in remarks)
        if actions <= SENT:
            assert late == 2 - invited[key], remarks
        elif actions <= GONE:
            assert sum(Code.ALREADY_GONE in remark for remark in remarks) == 1


def can_collide(change: Change, quirks: frozenset[str]) -> bool:
    """Whether two runs cannot make the change without overwriting each other: settings are written as a whole, and an
    invitation whose role cannot be changed is revoked and sent again."""
    pending = change.before is not None and change.before.get("standing") == "invited"
    return change.kind == "settings" or ("no-role-on-pending" in quirks and (pending or change.action in SENT))


@given(cases)
@settings(max_examples=150, deadline=None)
def test_two_concurrent_applies_end_as_one(case: Scenario) -> None:
    want, live, alone = case.want, case.live, case.live
    reference = plan_and_apply(want, alone, alone)
    if any(hazard.risk is Risk.LAST_ADMIN for hazard in reference.plan.hazards):
        return
    expired = {key for key, user in live.users.items() if user.get("expired")}
    runs = run_at_once(want, case.order, [(live, live)] * 2)
    event(f"both had changes: {all(run.plan.changes for run in runs)}")
    applies = 2
    if not reference.undone:  # the API may also refuse the changes of a single run
        undone = runs[0].undone | runs[1].undone
        if undone:
            applies = 3
            assert undone <= {change.key for change in reference.plan.changes if can_collide(change, case.quirks)}
            plan_and_apply(want, live, live)
        assert remaining_changes(want, live) == remaining_changes(want, alone)
        assert (live.users, live.settings) == (alone.users, alone.settings)
    assert min(live.admins) >= 1
    invited = Counter(live.invited)
    for key, count in invited.items():  # the API has no conditional DELETE, which must come before the POST
        again = "no-role-on-pending" in live.quirks or ("reinvite-conflicts" in live.quirks and key in expired)
        assert count <= (applies if again else 1)  # each apply sends at most one
    check_remarks(runs, invited)


SCHEDULES = (
    [0] * 99,  # one after the other
    [0, 1] * 50,  # alternating
    [0, 1] + [0] * 99,  # both plan, then one after the other
    [0, 0, 1, 1] * 25,  # alternating in pairs
    [0] * 4 + [1] * 99,  # one run is paused in the middle
    [0, 1] + [0] * 3 + [1] * 99,  # the same, with an older plan
)
TAKES_TWO = {BehaviorFlag.REINVITE_CONFLICTS}


@pytest.mark.parametrize("name", [name for name, scenario in SCENARIOS.items() if not scenario.passed])
def test_two_concurrent_applies_end_as_one_with_the_emulator(name: str, tmp_path: Path) -> None:
    scenario = SCENARIOS[name]
    with (
        closing(scenario.emulated(tmp_path)) as emulated,
        ExitStack() as stack,
    ):
        clients = [
            stack.enter_context(
                open_workspace(LOCAL, "acme", Options(redactor=Redactor()), wsgi_app=as_operator(emulated.app))
            )
            for _ in range(2)
        ]
        emulated.set_start()
        for order in SCHEDULES:
            emulated.reset()
            runs = run_at_once(
                scenario.want,
                order,
                [(each.reader(), each.sender()) for each in clients],
                emulated.vault,
                emulated.journal,
            )
            ports = (clients[0].reader(), clients[0].sender())
            sends = bool({"integrations", "secrets"} & scenario.sections.keys())
            if scenario.places or sends:  # if two runs create a secret, its owner is unknown
                assert emulated.invalid_secrets() == set()
                made = [{each.key for each in run.plan.changes if each.secrets} - run.undone for run in runs]
                assert not made[0] & made[1] or sends  # never both
                plan_and_apply(scenario.want, *ports, emulated.vault, emulated.journal)
            else:
                assert [run.undone for run in runs] == [set(), set()]
                check_remarks(runs, Counter(emulated.emails))
            assert plan_and_apply(scenario.want, *ports, journal=emulated.journal).plan.changes == ()
            assert max(Counter(emulated.emails).values(), default=0) <= (2 if scenario.quirk in TAKES_TWO else 1)
            assert scenario.places <= emulated.vault.holds.keys()
            assert emulated.invalid_secrets() == set()
            assert emulated.admins() >= 1
