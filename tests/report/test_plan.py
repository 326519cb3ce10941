"""A plan shows everything that has an effect: plans that do different things never look the same."""

import shlex
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from beamctl.model.text import shell_word
from beamctl.plan.comparison import Note
from beamctl.plan.diff import differences
from beamctl.plan.hazard import Allowance, Hazard, Risk
from beamctl.report.plan_text import counts_and_notes, plan_text
from beamctl.report.style import LONGEST_VALUE, value
from tests.fakes.runs import document, planned
from tests.fakes.wording import failure
from tests.fakes.workspace import FakeWorkspace, person

ROOT = [person("root@x.io", "admin")]


def made(entry: dict[str, Any]) -> str:
    """The text of a created service account."""
    return plan_text(planned(document(serviceAccounts={"ci": {"role": "member", **entry}}), FakeWorkspace.of(ROOT)))


def connected(source: dict[str, Any], part: str = "apiKey") -> str:
    """The text of a connection with a secret from this source."""
    entry = {"integration": "openai", "secret": {part: source}}
    return plan_text(planned(document(integrations={"openai": entry}), FakeWorkspace.of(ROOT)))


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({"file": "a b/key"}, "secret to the file 'a b/key'"),
        ({"command": ["cat", "-c", "curl … evil"]}, "secret to the command cat -c $'curl \\u2026 evil'"),
        ({"command": ["gh", "--repo", "attacker/x"]}, "secret to the command gh --repo attacker/x"),
        ({"command": ["a", "", "b'c", "d\ne"]}, """secret to the command a '' 'b'"'"'c' $'d\\u000ae'"""),
        ({"command": ["a", "\u202e\\"]}, "secret to the command a $'\\u202e\\\\'"),
        ({"command": ["a", "\\u202e"]}, "secret to the command a '\\u202e'"),
        ({"command": ["c\u0430t"]}, "secret to the command $'c\\u0430t'"),
        ({"command": ["x" * 20_000]}, f"secret to the command {'x' * 20_000}"),
        ({"keyring": {"service": "s of t", "user": "u"}}, "secret to the keyring entry 's of t' for u"),
    ],
    ids=repr,
)
def test_secret_destination_is_shown_in_full(place: dict[str, Any], said: str) -> None:
    plan = planned(document(serviceAccounts={"ci": {"role": "member"}}), FakeWorkspace.of(ROOT))
    changes = tuple(replace(change, secrets={"secretTo": place}) for change in plan.changes)
    assert f"  {said}\n" in plan_text(replace(plan, changes=changes))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"command": ["sh", "-c", "cat ~/.ssh/id"]}, "apiKey from the command sh -c 'cat ~/.ssh/id'"),
        ({"file": "/etc/passwd"}, "apiKey from the file /etc/passwd"),
        ({"env": "OPENAI_API_KEY"}, "apiKey from the environment variable OPENAI_API_KEY"),
    ],
    ids=repr,
)
def test_secret_source_is_shown_in_full(source: dict[str, Any], said: str) -> None:
    assert f"  {said}\n" in connected(source)


def test_secret_name_cannot_look_like_a_source() -> None:
    assert "  $'a from the file x \\u00b7 b' from the file y\n" in connected({"file": "y"}, "a from the file x · b")


@given(st.text(max_size=6), st.text(max_size=6))
@example("\\u202e", "\u202e")
@example("e\u0301", "\u00e9")
@example("'", "\\'")
@example("\n'", "\n\\'")
@settings(max_examples=200, deadline=None)
def test_different_commands_look_different(one: str, other: str) -> None:
    told = shell_word(one)
    assert told.isascii()
    assert told.isprintable()
    assert (told == shell_word(other)) is (one == other)
    assert told.startswith("$'") or shlex.split(told) == [one]


def test_description_is_shown() -> None:
    assert '\n      + description: "For CI"\n' in made({"description": "For CI"})
    assert "description" not in made({})


def test_long_values_that_differ_at_the_end_look_different() -> None:
    one, other = (value("x" * LONGEST_VALUE + end) for end in ("1", "2"))
    assert one != other
    assert one.startswith(f'"{"x" * 100}')
    assert one.partition("… (")[2].startswith("3 more characters, sha256:")
    assert value("x" * 100) == f'"{"x" * 100}"'
    assert "sha256:" in value("\ud800" * LONGEST_VALUE)


def test_many_notes_that_differ_at_the_end_look_different() -> None:
    plan = planned(document({"root@x.io": "admin"}), FakeWorkspace.of(ROOT))
    one, other = (
        counts_and_notes(plan, [Note(failure(f"note {number}")) for number in (*range(20), end)])[-1]
        for end in (98, 99)
    )
    assert one.startswith("  ! and 9 more, sha256:")
    assert one != other


def test_keys_with_dots_look_different_from_nested_keys() -> None:
    found = [differences({"a": {}}, after)[0].path for after in ({"a": {}, "a.b": 1}, {"a": {"b": 1}})]
    assert found == ['"a.b"', "a.b"]


def test_allowed_hazard_is_shown_as_allowed() -> None:
    plan = planned(document({"root@x.io": "admin"}), FakeWorkspace.of(ROOT))
    hazard = Hazard(Risk.SELF_LOCKOUT, "a\x1b[2J", failure("because"))
    for allowed in ((), (Allowance(hazard.risk, hazard.value),)):
        assert "self-lockout=a\\x1b[2J" in plan_text(replace(plan, hazards=(hazard,)), allowed)


def test_accounts_with_one_name_are_shown_with_their_id() -> None:
    wanted = {"bot": {"role": "member", "clientId": "c-2"}}
    live = FakeWorkspace.of(ROOT)
    for client_id in ("c-1", "c-2"):
        live.accounts.kept[client_id] = {"client_id": client_id, "name": "bot", "role": "viewer", "description": ""}
    text = plan_text(planned(document(serviceAccounts=wanted, guards={"maxRemovals": 9}), live))
    assert "  ~ role    bot        viewer → member  access.yaml:4  id c-2\n" in text
    assert "\n  - delete  bot (c-1)  was viewer " in text
    assert "id c-1" not in text
