"""Whatever JSON the API answers with: a clear error, or plans and reports that stand. Never anything else."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.api.auth import claims, issued
from beamctl.api.clock import WaitBudget
from beamctl.api.messages import Failure, Reply, until_text
from beamctl.api.response_body import error_text, read
from beamctl.api.retry import LONGEST_EFFORT, asks_for_wait, wait_before_repeat
from beamctl.errors import DocumentError, GarbledError
from beamctl.kinds.registry import all_kinds
from beamctl.model.strict_json import MOST_NESTED
from beamctl.plan.comparison import Situation
from beamctl.report.json_report import drift_json, plans_json, show_json
from beamctl.report.text.destroy import contents_text
from beamctl.report.text.drift import drift_text
from beamctl.report.text.plan import plan_text
from beamctl.report.text.show import show_text
from beamctl.workflow.destroy import contents_of
from beamctl.workflow.plan import plan
from beamctl.workflow.show import show
from tests.fakes.runs import API, TODAY, document, shown

USER_NAMES = ["email", "role", "accepted", "expired", "source", "sub"]
WORKSPACE_NAMES = ["name", "id", "displayName", "labels", "groupMappings", "groupName", "createdAt", "resourceCounts"]
OTHER_NAMES = ["data", "meta", "hasMore", "nextCursor", "metadata", "spec", "type", "client_id", "error", "message"]
NAMES = [*USER_NAMES, *WORKSPACE_NAMES, *OTHER_NAMES]
ROLES = ["admin", "member", "viewer", "owner"]
WORDS = [*ROLES, "true", "local", "directory_sync", "acme", "ada@example.com", "ADA@example.com", "__class__"]
HOSTILE = ["", "\n", "a\nb@x.io", "\x1b[2J@x.io", "\u202eada@x.io", "\ud800", "\ud800@x.io", "\u0430da@x.io", "\0"]
LEAVES = st.sampled_from([None, True, False, 0, 7, -1, 10**30, 1.5, 1e300, *WORDS, *HOSTILE]) | st.text(max_size=5)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.sampled_from(HOSTILE), inner, max_size=6)
    ),
    max_leaves=30,
)
USER = st.fixed_dictionaries(
    {"email": st.sampled_from([*WORDS, *HOSTILE]) | LEAVES},
    optional={
        name: st.sampled_from([*WORDS, True, False]) | LEAVES
        for name in ("role", "accepted", "expired", "source", "sub")
    },
)
MAPPING = st.fixed_dictionaries({"groupName": LEAVES, "role": LEAVES}, optional={"x": JSON})
SETTINGS = st.fixed_dictionaries(
    {"name": st.just("acme") | LEAVES},
    optional={
        "displayName": LEAVES,
        "labels": st.dictionaries(LEAVES.filter(lambda leaf: isinstance(leaf, str)), JSON, max_size=3) | JSON,
        "groupMappings": st.lists(MAPPING | st.just({"groupName": "ops", "role": "admin"}), max_size=4) | JSON,
        "resourceCounts": st.dictionaries(st.sampled_from(NAMES), LEAVES, max_size=2),
    },
)
USERS = st.lists(USER, max_size=6) | JSON
MARKS = ["(beamctl: client secret not handed over yet)", "x (beamctl: API key k not handed over yet; before it: k1)"]
ACCOUNT = st.fixed_dictionaries(
    {"client_id": st.sampled_from(["c1", "c2", "c3"]) | LEAVES, "name": st.sampled_from(["ci", "bot"]) | LEAVES},
    optional={"role": st.sampled_from(ROLES) | LEAVES, "description": st.sampled_from([*MARKS, "CI"]) | LEAVES},
)
ACCOUNTS = st.lists(ACCOUNT, max_size=4) | JSON
API_KEY = st.fixed_dictionaries(
    {"id": st.sampled_from(["k1", "k2", "k3"]) | LEAVES},
    optional={
        "name": st.sampled_from(["k", "other"]) | LEAVES,
        "createdAt": st.sampled_from(["2026-11-01T00:00:00.000Z", "9999-12-31T23:59:59Z", "0001-01-01"]) | LEAVES,
        "expires_in": st.sampled_from(["90d", "1w", "7776000", "999999w"]) | LEAVES,
    },
)
API_KEYS = st.lists(API_KEY, max_size=4) | JSON
WANTED = document(
    {"ada@example.com": "admin", "bob@example.com": "member"},
    serviceAccounts={
        "ci": {"role": "member", "apiKeys": {"k": {"expiresIn": "90d", "rotateBefore": "14d", "keepOld": "3d"}}}
    },
    settings={"displayName": "Acme", "labels": {"a": "b"}, "groupMappings": [{"groupName": "ops", "role": "member"}]},
)


class Answers:
    """An API that answers with what it was given."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = answers

    def get(self, path: str) -> Any:
        asked = path.partition("?")[0]
        return self._answers.get("keys" if asked.endswith("/api_keys") else asked, [])


def refuse(constant: str) -> NoReturn:
    raise AssertionError(f"{constant} is no JSON")


def check_text(*texts: str) -> None:
    for text in texts:
        assert all(line.isprintable() for line in text.split("\n"))


def check_json(*texts: str) -> None:
    for text in texts:
        assert text.isascii()
        json.loads(text, parse_constant=refuse)


@settings(max_examples=250, deadline=None)
@given(USERS, SETTINGS | JSON, ACCOUNTS, API_KEYS)
def test_any_answer_is_planned_and_shown_or_refused(users: Any, workspace: Any, accounts: Any, keys: Any) -> None:
    reader = Answers({"/users": users, "/workspaces/acme": workspace, "/service_accounts": accounts, "keys": keys})
    try:
        made = plan(WANTED, reader, Situation(TODAY, API, None))
    except (GarbledError, DocumentError):  # the latter where several accounts have one name
        return
    sections = show("acme", reader)
    check_text(plan_text(made), drift_text(made), show_text("acme", API, sections))
    check_json(plans_json([made], ()), drift_json([made]), show_json("acme", API, sections))
    assert made == plan(WANTED, reader, Situation(TODAY, API, None))


@settings(max_examples=100, deadline=None)
@given(SETTINGS, USERS, JSON, JSON)
def test_any_answer_is_surveyed_or_refused(workspace: Any, users: Any, page: Any, listing: Any) -> None:
    others = {"/users": users, "/policies": page, "/service_accounts": listing, "/integrations/connections": listing}
    try:
        contents = contents_of("acme", Answers({"/workspaces/acme": workspace, **others}))
    except GarbledError:
        return
    check_text(contents_text(contents, API, ""))


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: str(kind.name))
@given(payload=JSON)
def test_a_kind_reads_any_json_or_refuses_it(kind: Any, payload: Any) -> None:
    try:
        live = shown(kind, payload)
    except GarbledError:
        return
    assert kind.digest(live) == kind.digest(shown(kind, payload))
    check_json(json.dumps(kind.listing(live).rows))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([200, 204, 302, 404, 503]), JSON, st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_any_json_is_a_reply(status: int, body: Any, encoding: str) -> None:
    found = read(status, {}, json.dumps(body).encode(encoding), "h")
    assert found == Reply(status, {}, body)
    assert error_text(found)


HEADER = st.sampled_from(["", "0", "9" * 500, "-1", "1.5.", "Fri, 31 Dec 9999 23:59:59 GMT", "1 Jan", ", : +", "٣"])
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "retry-after-ms", "x-should-retry"]), HEADER | st.text(max_size=30)
)


@settings(deadline=None)
@given(st.sampled_from([200, 409, 429, 503]), HEADERS)
def test_any_wish_to_wait_is_granted_within_bounds(status: int, headers: dict[str, str]) -> None:
    reply = Reply(status, headers)
    wait = wait_before_repeat(reply, 1, 0.0, once=False, chance=0.5, wall=1.8e9)
    assert (
        wait is None
        or 0 <= wait <= LONGEST_EFFORT
        or (asks_for_wait(reply, 1.8e9) and not WaitBudget().grant(wait, 0.0))
    )
    assert isinstance(until_text(1.8e9, wait or 0.0), str)


@given(JSON, st.text() | st.binary().map(lambda payload: f"a.{b64encode(payload).decode()}.c"))
def test_any_answer_to_a_request_for_a_token_is_one_or_refused(body: Any, text: str) -> None:
    for answer in (body, {"access_token": "a.b.c", "expires_in": body, "refresh_token": body}):
        try:
            assert issued(Reply(200, {}, answer), 0.0, "").access
        except GarbledError:
            continue
    assert isinstance(claims(text), dict)
    assert isinstance(claims(f"a.{b64encode(json.dumps(body).encode()).decode()}.c"), dict)


@pytest.mark.parametrize("content", ["1e999", "-1e999", "NaN", "[Infinity]", '{"a": {"b": 1e400}}'])
def test_a_number_that_is_none_is_no_json(content: str) -> None:
    assert isinstance(read(200, {}, content.encode(), "h"), Failure)


def test_nesting_is_bounded() -> None:
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        inner = "1" if opening != "[" else ""
        fine, deep = (opening * depth + inner + closing * depth for depth in (MOST_NESTED, MOST_NESTED + 1))
        assert isinstance(read(200, {}, fine.encode(), "h"), Reply)
        found = read(200, {}, deep.encode(), "h")
        assert isinstance(found, Failure)
        assert found.why == "the response of h is nested too deeply"


@pytest.mark.parametrize(
    "odd", [{"email": "a" * 2000}, {"role": "a" * 2000}, {"sub": "a" * 2000}, {"source": "a" * 2000}]
)
def test_what_is_longer_than_any_is_not_believed(odd: dict[str, str]) -> None:
    entry = {"email": "a@x.io", "role": "admin", "accepted": True, **odd}
    with pytest.raises(GarbledError) as caught:
        shown(all_kinds()[1], [entry])
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("name", ["role", "source", "sub"])
def test_half_a_character_is_no_reason_to_break_down(name: str) -> None:
    entry = {"email": "a@x.io", "role": "admin", "accepted": True, name: "\ud800"}
    reader = Answers({"/users": [entry], "/workspaces/acme": {"name": "acme", "displayName": "\ud800"}})
    made = plan(WANTED, reader, Situation(TODAY, API, None))
    check_text(plan_text(made), show_text("acme", API, show("acme", reader)))


def test_a_value_without_end_is_cut_and_that_is_said() -> None:
    reader = Answers({"/users": [], "/workspaces/acme": {"name": "acme", "displayName": "a" * 100_000}})
    text = plan_text(plan(WANTED, reader, Situation(TODAY, API, None)))
    assert "… (90,002 more characters, sha256:" in text
    assert len(text) < 20_000


def test_the_last_of_two_equal_keys_counts_and_the_same_person_ten_thousand_times_is_one() -> None:
    twice = b'[{"email": "a@x.io", "role": "viewer", "role": "admin", "accepted": true}]'
    found = read(200, {}, twice, "h")
    assert isinstance(found, Reply)
    (person,) = shown(all_kinds()[1], found.body * 10_000).values()
    assert person.is_admin
