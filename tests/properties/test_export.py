"""An exported document needs no changes, for any workspace, until a key expires."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.document.desired import Mode
from beamctl.errors import GarbledError
from beamctl.model.email import fault
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.comparison import Situation
from beamctl.plan.hazard import Risk
from beamctl.workflow.show import export
from tests.fakes.one_workspace import plan
from tests.fakes.resources import MASK, FakeResources, resource
from tests.fakes.runs import API, NOW, desired, planned
from tests.fakes.service_accounts import FakeServiceAccounts, service_account
from tests.fakes.workspace import FakeWorkspace, person

EMAILS = [
    *(f"p{number}@x.io" for number in range(5)),
    "Ann.Other@X.io",
    "\u0430da@x.io",
    "ada@x.io",
    "no@x.io",
    "12@x.io",
    "'q'@x.io",
    "no address",
    "line\nbreak@x.io",
    "#c@x.io",
    "日本@x.io",
    "\u201cq\u201d@x.io",
    "a@127.0.0.1",
    "o\u02bcb@x.io",
    "ob@x.io",
    "j\xf6rg@m\xfcller.example",
    "jorg@xn--mller-kva.example",
    "a" * 200 + "@x.io",
]
texts = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["on", "1", "null", "~", "a: b", "- x", "#"]
)
people = st.builds(
    lambda email, role, accepted, expired, source: person(
        email, role, accepted=accepted, expired=expired and not accepted, **({"source": source} if source else {})
    ),
    st.sampled_from(EMAILS),
    st.sampled_from(["admin", "member", "viewer", "owner"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "", "invitation", "directory_sync"]),
)
shown_settings = st.fixed_dictionaries(
    {"name": st.just("acme")},
    optional={
        "displayName": texts | st.just("d" * 70),
        "labels": st.dictionaries(texts, texts | st.just(1), max_size=3),
        "groupMappings": st.lists(
            st.fixed_dictionaries({"groupName": texts, "role": st.sampled_from(["admin", "member", "owner"])}),
            max_size=3,
        ),
        "runtime": st.sampled_from(
            [{}, {"generation": "mk3"}, {"sandbox": {"disableProcessLogging": True}}, {"sandbox": {"other": 1}}]
        ),
    },
)


@given(st.lists(people, max_size=9, unique_by=lambda each: str(each["email"]).lower()), shown_settings)
@settings(max_examples=120, deadline=None)
def test_export_then_plan_is_empty(people: list[dict[str, Any]], settings_shown: dict[str, Any]) -> None:
    live = FakeWorkspace.of(people, settings=settings_shown)
    try:
        text = export("acme", live, NOW).text
    except GarbledError:
        return
    assert all(char.isprintable() or char == "\n" for char in text)
    want = desired(text)
    plan = planned(want, live)
    assert plan.changes == ()
    assert [note for note in plan.notes if note.differs] == []
    assert not plan.differs
    assert {hazard.risk for hazard in plan.hazards} <= {Risk.LIVE_EMPTY}
    assert export("acme", live, NOW).text == text
    strange = any(fault(str(each["email"])) for each in people)
    directory = all(each.get("source") == "directory_sync" for each in people if fault(str(each["email"])))
    assert (want.mode("members") is Mode.ADDITIVE) <= (strange or not directory)


OWN = "own@x.io: {until: '2026-12-24', reason: exported with an unknown role}"


def test_export_says_what_it_leaves_out() -> None:
    live = FakeWorkspace.of(
        [
            person("root@x.io", "admin"),
            person("own@x.io", "owner"),
            person("sync@x.io", source="directory_sync"),
            person("late@x.io", accepted=False, expired=True),
            person("wait@x.io", "viewer", accepted=False),
        ],
        settings={"name": "acme", "displayName": "Acme", "labels": {"a": 1}},
    )
    assert (
        export("acme", live, NOW).text
        == """\
version: 1
workspace: acme

settings:
  displayName: Acme
  # left out: labels has a value that is not a string

members:
  root@x.io: admin
  # invited
  wait@x.io: viewer
  # left out: own@x.io has the unknown role 'owner'
  # left out: sync@x.io is member through directory sync, which manages them

manage:
  skip: {late@x.io: {until: '2026-12-24', reason: 'exported with an expired invitation: list or revoke'}, OWN}
""".replace("OWN", OWN)
    )


def workspace(
    accounts: Iterable[Mapping[str, Any]],
    keys: Mapping[str, list[dict[str, Any]]],
    resources: FakeResources,
    quirks: str,
) -> FakeWorkspace:
    kept = {each["client_id"]: dict(each) for each in accounts}
    quirk = frozenset(quirks.split())
    return FakeWorkspace.of([], accounts=FakeServiceAccounts(kept, dict(keys)), resources=resources, quirks=quirk)


def changes(live: FakeWorkspace, text: str, now: datetime) -> tuple[Change, ...]:
    found = plan(desired(text), live, Situation(now.date(), API, None, {}, now=now))
    assert found.differs is bool(found.changes), found.notes
    return found.changes


KEY_NAMES = ["hub", "lab", "a b", "null", "1", "k\u200b", "(k)", "x:y"]
MOMENTS = [
    "2026-11-24T11:59:59.5Z",
    "2026-11-01T00:00:00Z",
    "2026-08-26T12:00:00",
    "2027-01-01T00:00:00+02:00",
    "?",
    "",
]
LIVES = ["", "30d", "24h", "1w", "90m", "2592000", "3600", "61", "0", "30 days", "4000d", "999999w", "90d"]
MARKS = ["", "(beamctl: API key hub not handed over yet)", "(beamctl: API key hub not handed over yet; before it: k0)"]
names = st.sampled_from(["ci", "bot", "ci", "a b", "null", "z\u200b", "1"])
some_accounts = st.fixed_dictionaries(
    {"name": names, "description": st.one_of(texts, st.sampled_from([*MARKS, "Deploys  it", "d" * 501]))},
    optional={"role": st.sampled_from(["admin", "member", "viewer", "owner"])},
)
some_keys = st.fixed_dictionaries(
    {"name": st.sampled_from(KEY_NAMES), "createdAt": st.sampled_from(MOMENTS), "expires_in": st.sampled_from(LIVES)}
)


@st.composite
def workspaces(draw: st.DrawFn) -> FakeWorkspace:
    accounts = [{**each, "client_id": f"c{at}"} for at, each in enumerate(draw(st.lists(some_accounts, max_size=4)))]
    keys = {
        each["client_id"]: [{**key, "id": f"k{at}"} for at, key in enumerate(draw(st.lists(some_keys, max_size=3)))]
        for each in accounts
    }
    parts = st.dictionaries(st.sampled_from(["apiKey", "api_key", "version", "<<", "a b", ""]), st.just(SECRET))
    labels = st.sampled_from([{}, {"a": "b"}, {"beamctl-secret-version": "3"}])
    resources = FakeResources()
    for name in draw(st.lists(st.sampled_from(["openai", "open-ai", "Open"]), unique=True)):
        resources.kept["integrations"][name] = resource(name, draw(labels), integration="openai", secret=draw(parts))
    return workspace(accounts, keys, resources, draw(st.sampled_from(["", "masked-secrets", "echoed-secrets"])))


SECRET = "sk-canary-0123456789abcdef"
LATER = [timedelta(), timedelta(hours=23), timedelta(days=20), timedelta(days=100), timedelta(days=4000)]


@given(workspaces())
@settings(max_examples=100, deadline=None)
def test_exported_service_accounts_need_no_change_until_a_key_expires(live: FakeWorkspace) -> None:
    text = export("acme", live, NOW).text
    assert SECRET not in text
    assert MASK not in text
    assert all(char.isprintable() or char == "\n" for char in text)
    assert changes(live, text, NOW) == ()
    for moment in (NOW + each for each in LATER):
        for change in changes(live, text, moment):  # a declared key that has expired is renewed
            what = (change.kind, change.action, change.reason)
            assert what in (
                ("api_key", Action.CREATE, Reason.EXPIRES),
                ("api_key", Action.DELETE, Reason.SUPERSEDED),
            )
            attributes = change.after or change.before or {}
            (key,) = [each for each in live.accounts.keys[attributes["clientId"]] if each["name"] == attributes["name"]]
            assert ended(key) <= moment


def ended(key: Mapping[str, str]) -> datetime:
    """When a key expires, computed in seconds, unlike in the code."""
    units = {"h": 3600, "d": 86400, "w": 604800, "m": 60}
    text = key["expires_in"]
    seconds = int(text) if text.isdigit() else int(text[:-1]) * units[text[-1]]
    begun = datetime.fromisoformat(key["createdAt"])
    return (begun if begun.tzinfo else begun.replace(tzinfo=UTC)) + timedelta(seconds=seconds)


def key(name: str, expires_in: str = "", created: str = "2026-11-01T00:00:00Z") -> dict[str, str]:
    return {"name": name, "createdAt": created, "expires_in": expires_in}


def test_unknown_role_is_exported_as_a_guess() -> None:
    kept = {"c1": service_account("c1", "known"), "c2": {**service_account("c2", "unknown"), "role": None}}
    live = FakeWorkspace.of([person("root@x.io", "admin")], accounts=FakeServiceAccounts(kept))
    lines = export("acme", live, NOW).text.splitlines()
    guess = "  # the API does not show its role, so admin is a guess: set the role that it should have"
    assert [number for number, line in enumerate(lines) if line == guess] == [
        lines.index("  unknown: {role: admin}") - 1
    ]


def test_export_of_service_accounts_and_their_secrets() -> None:
    accounts = [
        {"client_id": f"c{at}", "name": name, "role": "member"}
        for at, name in enumerate(["all", "few", "idle", "old", "twice", "twin", "twin"])
    ]
    accounts[2]["description"] = "(beamctl: API key k not handed over yet)"
    listed = {
        "c0": [
            key("b", "2592000"),
            key("a", "90d"),
            key("c"),
            key("d", "7000061"),
            key("e", "1w", ""),
            key("f", "36h", "?"),
        ],
        "c2": [key("k")],
        "c3": [key("fine"), key("gone", "24h"), *(key(f"({number})") for number in range(5))],
        "c4": [key("k"), key("k", "90d")],
        "c5": [key("k")],
    }
    keys = {
        each["client_id"]: [{**one, "id": f"k{at}"} for at, one in enumerate(listed.get(each["client_id"], []))]
        for each in accounts
    }
    resources = FakeResources()
    for name, parts in {
        "open-ai": ["apiKey", "org_id"],
        "open": ["ai_api_key"],
        "plain": [],
        "odd": ["version"],
    }.items():
        labels = {"beamctl-secret-version": "4"} if name == "open" else {}
        resources.kept["integrations"][name] = resource(
            name, labels, integration="x", secret=dict.fromkeys(parts, SECRET)
        )
    live = workspace(accounts, keys, resources, "masked-secrets")
    text = export("acme", live, NOW).text
    assert (
        text[text.index("serviceAccounts") :]
        == """\
serviceAccounts:
  # secretTo: {file: PATH} sets the destination of a new client secret
  all:
    role: member
    apiKeys:
      # expires on 2027-01-30; add rotateBefore: TIME and secretTo: {file: PATH} to renew it in time
      a: {expiresIn: 90d}
      # expires on 2026-12-01; add rotateBefore: TIME and secretTo: {file: PATH} to renew it in time
      b: {expiresIn: 30d}
      # secretTo: {file: PATH} sets the destination of a new one
      c: {}
      # expires on 2027-01-21; expiresIn cannot express '7000061', so a new one would not expire
      d: {}
      # expires on a date that the API does not show; secretTo: {file: PATH} sets the destination of a new one
      e: {expiresIn: 1w}
      # expires on a date that the API does not show; secretTo: {file: PATH} sets the destination of a new one
      f: {expiresIn: 36h}
  # secretTo: {file: PATH} sets the destination of a new client secret
  few: {role: member}
  # secretTo: {file: PATH} sets the destination of a new client secret
  # its API keys are not managed, because a document cannot express all of them: 'k' was created but never handed over
  idle: {role: member}
  # secretTo: {file: PATH} sets the destination of a new client secret
  # its API keys are not managed, because a document cannot express all of them: 'gone' expired on 2026-11-02, REST
  old: {role: member}
  # secretTo: {file: PATH} sets the destination of a new client secret
  # its API keys are not managed, because a document cannot express all of them: there are 2 named 'k'
  twice: {role: member}
  # left out: twin (c5) shares its name with another account
  # left out: twin (c6) shares its name with another account

integrations:
  # set the source of its secret: secret: {apiKey: {env: NAME}, version: 1}
  odd: {integration: x}
  # the secret is sent with every change: set the variable, or use another source
  open: {integration: x, secret: {ai_api_key: {env: CONNECTION_OPEN_AI_API_KEY}, version: 4}}
  # the secret is sent with every change: set the variable, or use another source
  open-ai: {integration: x, secret: TWO}
  # set the source of its secret: secret: {apiKey: {env: NAME}, version: 1}
  plain: {integration: x}

manage:
  serviceAccounts: additive
""".replace("TWO", TWO).replace("REST", REST)
    )


REST = ", ".join(f"'({number})' is not a valid name" for number in range(4)) + " and 1 more"
TWO = "{apiKey: {env: CONNECTION_OPEN_AI_API_KEY_}, org_id: {env: CONNECTION_OPEN_AI_ORG_ID}, version: 1}"
