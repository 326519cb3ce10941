"""Undo of changes to service accounts, including after later changes."""

import pytest

from beamctl.document.desired import Desired
from beamctl.document.document import Document
from beamctl.plan.comparison import Situation
from beamctl.plan.plan import Plan
from beamctl.workflow.undo import undo
from tests.fakes.runs import API, TODAY, applied, document, planned
from tests.fakes.service_accounts import FakeServiceAccounts, service_account
from tests.fakes.wording import counts, words
from tests.fakes.workspace import FakeWorkspace, person
from tests.kinds.test_undo import record_of

WANT = document(serviceAccounts={"ci": {"role": "member", "description": "CI"}})
ALONE = "ci changed since that run and is left alone"


def workspace() -> FakeWorkspace:
    kept = {"c1": service_account("c1", "ci", "viewer", "old")}
    return FakeWorkspace.of([person("root@x.io", "admin")], accounts=FakeServiceAccounts(kept))


def back(made: Plan, live: FakeWorkspace) -> Plan:
    return undo(record_of(made), Desired("acme", Document("run r1", {}, {}, {})), live, Situation(TODAY, API))


def test_role_and_description_are_restored() -> None:
    live = workspace()
    made = planned(WANT, live)
    applied(made, live)
    plan = back(made, live)
    assert [(change.name, change.action.value) for change in plan.changes] == [("ci", "set role")]
    applied(plan, live)
    assert (live.accounts.kept["c1"]["role"], live.accounts.kept["c1"]["description"]) == ("viewer", "old")


@pytest.mark.parametrize(
    ("role", "description", "notes", "tally"),
    [
        ("viewer", "old", [], {"already as before": 1}),
        ("admin", "old", [ALONE], {}),
        ("member", "of somebody else", [ALONE], {}),
        (None, "", [ALONE], {}),
    ],
)
def test_account_that_changed_since_the_run_is_left_alone(
    role: str | None, description: str, notes: list[str], tally: dict[str, int]
) -> None:
    live = workspace()
    made = planned(WANT, live)
    live.accounts.kept = {"c1": service_account("c1", "ci", role, description)} if role else {}
    plan = back(made, live)
    assert plan.changes == ()
    assert [words(note.fact) for note in plan.notes] == notes
    assert counts(plan) == tally
