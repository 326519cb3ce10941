"""Creations whose response is lost: what is reported, and what the next apply does."""

import pytest

from beamctl.apply.record import Ended
from tests.fakes.journal import interrupted_runs
from tests.fakes.runs import all_done, applied, document, planned
from tests.fakes.service_accounts import FakeServiceAccounts, service_account
from tests.fakes.vault import FakeVault
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace, person

KEY = {"secretTo": {"file": "hub"}}
WANT = {
    "POST /service_accounts": document(serviceAccounts={"ci": {"role": "member", "secretTo": {"file": "ci"}}}),
    "POST /service_accounts/c1/api_keys": document(serviceAccounts={"ci": {"role": "member", "apiKeys": {"hub": KEY}}}),
}
SAID = {
    "POST /service_accounts": "it was created (made-1), but its secret is lost: the next apply replaces it",
    "POST /service_accounts/c1/api_keys": "it was created (key-1), but its secret is lost: the next apply replaces it",
}


@pytest.mark.parametrize("call", WANT)
def test_object_whose_creation_response_was_lost_is_found_and_replaced(call: str) -> None:
    there = {"c1": service_account("c1", "ci")} if "c1" in call else {}
    live = FakeWorkspace.of(
        [person("root@x.io", "admin")], accounts=FakeServiceAccounts(there), loses=frozenset({call})
    )
    (_, end) = applied(planned(WANT[call], live), live, vault=FakeVault())
    assert isinstance(end, Ended)
    assert words(end.outcome.remark) == f"the connection was reset; {SAID[call]}"
    again = planned(WANT[call], live, interrupted=interrupted_runs("ci", "ci/hub"))
    assert [change.action.value for change in again.changes] == ["create", "delete"]
    vault = FakeVault()
    assert all_done(applied(again, live, vault=vault))
    assert list(vault.holds) == ["the file hub" if "c1" in call else "the file ci"]
    assert planned(WANT[call], live).changes == ()
