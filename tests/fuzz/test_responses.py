"""Any JSON from the API gives a clear error, or plans and reports that are complete."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.api.clock import WaitBudget
from beamctl.api.messages import Failure, Reply, until_text
from beamctl.api.response_body import error_text, read
from beamctl.api.throttle import LONGEST_EFFORT, asks_for_wait, wait_before_repeat
from beamctl.api.token import claims, issued
from beamctl.errors import DocumentError, GarbledError
from beamctl.kinds.registry import all_kinds
from beamctl.model.strict_json import MOST_NESTED
from beamctl.plan.comparison import Situation
from beamctl.report.drift_text import drift_text
from beamctl.report.plan_text import plan_text
from beamctl.report.workspace_json import show_json
from beamctl.report.workspace_text import contents_text, show_text
from beamctl.workflow.destroy import contents_of
from tests.fakes.one_workspace import drift_json, plan, plan_json, show
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
MARKERS = ["(beamctl: client secret not handed over yet)", "x (beamctl: API key k not handed over yet; before it: k1)"]
ACCOUNT = st.fixed_dictionaries(
    {"client_id": st.sampled_from(["c1", "c2", "c3"]) | LEAVES, "name": st.sampled_from(["ci", "bot"]) | LEAVES},
    optional={"role": st.sampled_from(ROLES) | LEAVES, "description": st.sampled_from([*MARKERS, "CI"]) | LEAVES},
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
DESIRED = document(
    {"ada@example.com": "admin", "bob@example.com": "member"},
    serviceAccounts={
        "ci": {"role": "member", "apiKeys": {"k": {"expiresIn": "90d", "rotateBefore": "14d", "keepOld": "3d"}}}
    },
    settings={"displayName": "Acme", "labels": {"a": "b"}, "groupMappings": [{"groupName": "ops", "role": "member"}]},
)


class Answers:
    """An API that returns the given responses."""

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


@settings(max_examples=150, deadline=None)
@given(USERS, SETTINGS | JSON, ACCOUNTS, API_KEYS)
def test_any_response_gives_a_plan_or_an_error(users: Any, workspace: Any, accounts: Any, keys: Any) -> None:
    reader = Answers({"/users": users, "/workspaces/acme": workspace, "/service_accounts": accounts, "keys": keys})
    try:
        made = plan(DESIRED, reader, Situation(TODAY, API, None))
    except (GarbledError, DocumentError):  # the latter if several accounts have the same name
        return
    sections = show("acme", reader)
    check_text(plan_text(made), drift_text(made), show_text("acme", API, sections))
    check_json(plan_json(made), drift_json(made), show_json("acme", API, sections))
    assert made == plan(DESIRED, reader, Situation(TODAY, API, None))


@settings(max_examples=100, deadline=None)
@given(SETTINGS, USERS, JSON, JSON)
def test_any_response_gives_an_overview_for_destroy_or_an_error(
    workspace: Any, users: Any, page: Any, listing: Any
) -> None:
    others = {"/users": users, "/policies": page, "/service_accounts": listing, "/integrations/connections": listing}
    try:
        contents = contents_of("acme", Answers({"/workspaces/acme": workspace, **others}))
    except GarbledError:
        return
    check_text(contents_text(contents, API, ""))


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: str(kind.name))
@given(payload=JSON)
def test_every_kind_parses_any_json_or_refuses_it(kind: Any, payload: Any) -> None:
    try:
        live = shown(kind, payload)
    except GarbledError:
        return
    assert kind.digest(live) == kind.digest(shown(kind, payload))
    check_json(json.dumps(kind.listing(live).rows))


@settings(max_examples=120, deadline=None)
@given(st.sampled_from([200, 204, 302, 404, 503]), JSON, st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_any_json_is_a_valid_response_body(status: int, body: Any, encoding: str) -> None:
    found = read(status, {}, json.dumps(body).encode(encoding), "h")
    assert found == Reply(status, {}, body)
    assert error_text(found)


HEADER = st.sampled_from(["", "0", "9" * 500, "-1", "1.5.", "Fri, 31 Dec 9999 23:59:59 GMT", "1 Jan", ", : +", "٣"])
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "retry-after-ms", "x-should-retry"]), HEADER | st.text(max_size=30)
)


@settings(deadline=None)
@given(st.sampled_from([200, 409, 429, 503]), HEADERS)
def test_any_retry_after_is_limited(status: int, headers: dict[str, str]) -> None:
    reply = Reply(status, headers)
    wait = wait_before_repeat(reply, 1, 0.0, once=False, chance=0.5, wall=1.8e9)
    assert (
        wait is None
        or 0 <= wait <= LONGEST_EFFORT
        or (asks_for_wait(reply, 1.8e9) and not WaitBudget().grant(wait, 0.0))
    )
    assert isinstance(until_text(1.8e9, wait or 0.0), str)


@given(JSON, st.text() | st.binary().map(lambda payload: f"a.{b64encode(payload).decode()}.c"))
def test_any_response_to_a_token_request_is_a_token_or_an_error(body: Any, text: str) -> None:
    for answer in (body, {"access_token": "a.b.c", "expires_in": body, "refresh_token": body}):
        try:
            assert issued(Reply(200, {}, answer), 0.0, "").access
        except GarbledError:
            continue
    assert isinstance(claims(text), dict)
    assert isinstance(claims(f"a.{b64encode(json.dumps(body).encode()).decode()}.c"), dict)


@pytest.mark.parametrize("content", ["1e999", "-1e999", "NaN", "[Infinity]", '{"a": {"b": 1e400}}'])
def test_nan_and_infinity_are_not_json(content: str) -> None:
    assert isinstance(read(200, {}, content.encode(), "h"), Failure)


def test_nesting_is_limited() -> None:
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
def test_values_of_implausible_length_are_refused(odd: dict[str, str]) -> None:
    entry = {"email": "a@x.io", "role": "admin", "accepted": True, **odd}
    with pytest.raises(GarbledError) as caught:
        shown(all_kinds()[1], [entry])
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("name", ["role", "source", "sub"])
def test_a_lone_surrogate_causes_no_traceback(name: str) -> None:
    entry = {"email": "a@x.io", "role": "admin", "accepted": True, name: "\ud800"}
    reader = Answers({"/users": [entry], "/workspaces/acme": {"name": "acme", "displayName": "\ud800"}})
    made = plan(DESIRED, reader, Situation(TODAY, API, None))
    check_text(plan_text(made), show_text("acme", API, show("acme", reader)))


def test_a_huge_value_is_cut_and_marked_as_cut() -> None:
    reader = Answers({"/users": [], "/workspaces/acme": {"name": "acme", "displayName": "a" * 100_000}})
    text = plan_text(plan(DESIRED, reader, Situation(TODAY, API, None)))
    assert "… (90,002 more characters, sha256:" in text
    assert len(text) < 20_000


def test_duplicate_keys_and_duplicate_members() -> None:
    twice = b'[{"email": "a@x.io", "role": "viewer", "role": "admin", "accepted": true}]'
    found = read(200, {}, twice, "h")
    assert isinstance(found, Reply)
    (person,) = shown(all_kinds()[1], found.body * 10_000).values()
    assert person.is_admin
