"""A saved plan is read back unchanged, or refused with a reason."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from beamctl.errors import UsageError
from beamctl.plan.comparison import Note
from beamctl.plan.hazard import allowance
from beamctl.plan.plan_file import LARGEST, Saved, fingerprint, read_saved, refuse_untimely, saved_text
from beamctl.plan.plan_json import address
from beamctl.workflow.saved_plan import open_plan
from tests.fakes.runs import document, planned
from tests.fakes.saved_plans import by_hand, saved, saved_data, signed
from tests.fakes.wording import failure, words
from tests.fakes.workspace import FakeWorkspace, person

ROOT = person("root@x.io", "admin")
PLAN = planned(
    document(
        {"root@x.io": "admin", "new@x.io": "member", "up@x.io": "admin", "down@x.io": "viewer"},
        settings={"displayName": "New", "labels": {"b": "2", "a": "1"}},
        guards={"maxRemovals": 0},
    ),
    FakeWorkspace.of([ROOT, person("up@x.io", sub="s1"), person("down@x.io"), person("gone@x.io")]),
)
TEXT = saved_text(saved(PLAN))


def refusal(content: bytes) -> str:
    with pytest.raises(UsageError) as caught:
        open_plan(content, "p.json")
    assert "beamctl plan --out FILE" in caught.value.hint or caught.value.hint.startswith("It was created by hand")
    return caught.value.message


def test_saved_plan_is_read_back() -> None:
    flag = allowance("acme:mass-removal=2")
    written = saved(PLAN, allowed=(flag,))
    text = saved_text(written)
    found = open_plan(text.encode(), "p.json")
    assert found.digest == json.loads(text)["saved"]["digest"]
    assert found == replace(written, plans=(replace(PLAN, unchanged_keys={}),), digest=found.digest)
    assert saved_text(found) == text


def test_workspace_without_an_id() -> None:
    found = open_plan(saved_text(replace(saved(PLAN), workspace_ids={})).encode(), "p.json")
    assert found.workspace_ids == {"acme": ""}


def test_plans_with_and_without_changes() -> None:
    idle = replace(
        PLAN, workspace="labs", changes=(), hazards=(), quorums={}, prior_state={"settings": {}, "member": {}}
    )
    found = open_plan(saved_text(saved(PLAN, idle)).encode(), "p.json")
    assert [(plan.workspace, len(plan.changes)) for plan in found.plans] == [("acme", len(PLAN.changes)), ("labs", 0)]
    assert found.plans[1] == replace(idle, unchanged_keys={})


def test_declared_attributes_of_a_change_are_kept() -> None:
    entry = {"role": "member", "until": "2099-01-01", "reason": "R", "owner": "O"}
    plan = planned(document({"root@x.io": "admin", "new@x.io": entry}), FakeWorkspace.of([ROOT]))
    (found,) = open_plan(saved_text(saved(plan)).encode(), "p.json").plans
    assert found.changes[0].declared == {"until": "2099-01-01", "reason": "R", "owner": "O"}


def test_name_with_quotes_is_escaped_in_the_address() -> None:
    plan = planned(document({"root@x.io": "admin"}), FakeWorkspace.of([ROOT, person('a"b\\c@x.io')]))
    assert address("acme", plan.changes[0]) == 'acme.member["a\\"b\\\\c@x.io"]'


def test_file_is_ascii() -> None:
    plan = planned(document({"root@x.io": "admin", "zoë@x.io": "member"}), FakeWorkspace.of([ROOT]))
    text = saved_text(saved(plan))
    assert text.isascii()
    assert '\n  "saved": {\n    "created_at": "2026-11-24T12:00:00Z",\n' in text


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_times_are_written_in_utc() -> None:
    data = saved_data(PLAN)["saved"]
    assert (data["created_at"], data["expires_at"]) == ("2026-11-24T12:00:00Z", "2026-11-25T12:00:00Z")


def test_digest_does_not_depend_on_formatting() -> None:
    data = json.loads(TEXT)
    for other in (
        json.dumps(data, sort_keys=True, indent=7),
        json.dumps(dict(reversed(data.items())), separators=(",", ":"), ensure_ascii=False),
        json.dumps({key: dict(sorted(value.items())) if key == "saved" else value for key, value in data.items()}),
    ):
        assert other != TEXT
        assert open_plan(other.encode(), "p.json") == read_saved(TEXT.encode(), "p.json")


def test_every_plan_has_its_own_digest() -> None:
    one = saved(PLAN)
    others: list[Saved] = [
        one,
        replace(one, commit=""),
        replace(one, expires=one.created),
        replace(one, workspace_ids={}),
        saved(replace(PLAN, changes=PLAN.changes[1:])),
    ]
    assert len({json.loads(saved_text(each))["saved"]["digest"] for each in others}) == len(others)


NESTED = b"[" * 100_000 + b"]" * 100_000
NOT_BEAMCTLS = "p.json is not a beamctl plan"
NO_JSON = "p.json is not JSON, so it is not a beamctl plan"
TRUNCATED = "p.json is truncated"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", NO_JSON),
        (b"\0", NO_JSON),
        (b"version: 1\nworkspace: acme\n", NO_JSON),
        (TEXT.encode("utf-16"), NO_JSON),
        (b"[]", NOT_BEAMCTLS),
        (b"null", NOT_BEAMCTLS),
        (b'"text"', NOT_BEAMCTLS),
        (b"{}", NOT_BEAMCTLS),
        (b'{"format_version": "1.1", "planned_values": {}}', NOT_BEAMCTLS),
        (NESTED, NO_JSON),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, NO_JSON),
        (b'{"a":' * 101 + b"1" + b"}" * 101, NO_JSON),
        (b'{"saved": 1, "saved": 2}', NO_JSON),
        (b'{"saved": NaN}', NO_JSON),
        (b'{"saved": 1e999}', NO_JSON),
        (b'{"saved": ' + b"9" * 5000 + b"}", NO_JSON),
        (b'{"saved": "\\ud800"}', NO_JSON),
        (b'{"\\udfff": 1}', NO_JSON),
        (b'{"format_version": "1.1", ', TRUNCATED),
        (b" " * (LARGEST + 1), "p.json is larger than 64 MiB, which is too large for a plan"),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else "",
)
def test_content_that_is_not_a_plan_is_refused(content: bytes, said: str) -> None:
    assert refusal(content) == said


@pytest.mark.parametrize("keys", [("saved",), ("saved", "digest")])
def test_printed_plan_or_plan_without_a_digest_is_refused(keys: tuple[str, ...]) -> None:
    data = json.loads(TEXT)
    at = data
    for key in keys[:-1]:
        at = at[key]
    del at[keys[-1]]
    printed = "p.json is the output of `beamctl plan -o json`, not a saved plan"
    assert refusal(json.dumps(data).encode()) == (
        printed if keys == ("saved",) else "p.json was modified after it was saved"
    )


@pytest.mark.parametrize("odd", [None, 7, "x", []])
def test_malformed_precondition_is_refused(odd: object) -> None:
    content = json.dumps({**json.loads(TEXT), "saved": odd}).encode()
    assert refusal(content) == "p.json was modified after it was saved"


def test_notes_and_hazards_are_kept() -> None:
    (found,) = open_plan(
        saved_text(saved(replace(PLAN, notes=(Note(failure("N"), differs=True),)))).encode(), "p.json"
    ).plans
    assert [words(note.fact) for note in found.notes] == ["N"]


@pytest.mark.parametrize("version", ["0.9", "1.0", "2.0", 1, None])
def test_unsupported_format_is_refused(version: object) -> None:
    content = by_hand(TEXT, lambda data: data.update(format_version=version))
    assert refusal(content) == "p.json has a format that this version of beamctl cannot read (expected 1.2)"


def test_the_format_before_is_read() -> None:
    content = by_hand(TEXT, lambda data: data.update(format_version="1.1"))
    assert open_plan(content, "p.json").plans == open_plan(TEXT.encode(), "p.json").plans


def test_truncated_file_is_refused() -> None:
    whole = TEXT.rstrip().encode()
    for end in range(0, len(whole), 11):
        refusal(whole[:end])


def entry(data: dict[str, Any]) -> Any:
    return data["workspaces"][0]


def change(data: dict[str, Any], name: str) -> Any:
    return next(each for each in data["resource_changes"] if each["name"] == name)


def rest(data: dict[str, Any], key: str) -> Any:
    return next(each for each in entry(data)["prior_state"] if each["key"] == key)


def forge_fingerprint(data: dict[str, Any]) -> None:
    """Someone was promoted in the meantime, and the forged plan ignores it."""
    found = rest(data, "gone@x.io")
    found["was"]["role"] = "admin"
    found["fingerprint"] = fingerprint(found["was"])


def move(data: dict[str, Any]) -> None:
    data["resource_changes"].insert(0, data["resource_changes"].pop())


def twice(data: dict[str, Any]) -> None:
    data["workspaces"].append(entry(data))


def allow_the_last_admin(data: dict[str, Any]) -> None:
    hazard = {"hazard": "last-admin", "value": "none", "code": "no-admin-left", "fields": {}}
    entry(data)["hazards"].append(hazard | {"refused": False, "allow": "last-admin=none"})


Forgery = Callable[[dict[str, Any]], object]
FORGERIES: dict[str, tuple[Forgery, str]] = {
    "a key of another person": (
        lambda data: change(data, "gone@x.io").update(key="up@x.io"),
        "it has two different previous states of gone@x.io",
    ),
    "a name that is not its key": (
        lambda data: change(data, "gone@x.io").update(name="dave@x.io", address='acme.member["dave@x.io"]'),
        "has a change that beamctl would not plan: remove dave@x.io",
    ),
    "an address that is not its name": (
        lambda data: change(data, "gone@x.io").update(address='acme.member["x"]'),
        "contradicts itself",
    ),
    "another action for Terraform tools": (
        lambda data: change(data, "gone@x.io")["change"].update(actions=["create"]),
        "contradicts itself",
    ),
    "a change of another workspace": (
        lambda data: change(data, "gone@x.io").update(module_address="labs", address='labs.member["gone@x.io"]'),
        "contradicts itself",
    ),
    "another object in before and after": (
        lambda data: change(data, "new@x.io")["change"]["after"].update(email="evil@x.io"),
        "has a change that beamctl would not plan: invite new@x.io",
    ),
    "a demotion among the promotions": (
        lambda data: change(data, "down@x.io").update(stage="promote"),
        "out of order",
    ),
    "an unknown stage": (
        lambda data: change(data, "gone@x.io").update(stage="before all"),
        "would not plan: remove gone@x.io",
    ),
    "an unknown role": (
        lambda data: change(data, "new@x.io")["change"]["after"].update(role="owner"),
        "would not plan: invite new@x.io",
    ),
    "a removal in the first stage": (
        lambda data: change(data, "gone@x.io").update(stage="settings"),
        "would not plan: remove gone@x.io",
    ),
    "out of order": (move, "the changes of acme are out of order"),
    "a change of an unknown kind": (
        lambda data: change(data, "gone@x.io").update(type="policy", address='acme.policy["gone@x.io"]'),
        "would not plan: remove gone@x.io",
    ),
    "a precondition of an unknown kind": (
        lambda data: rest(data, "gone@x.io").update(type="policy"),
        "no section for policy",
    ),
    "reliance on an unknown kind": (
        lambda data: entry(data)["quorums"].update(policy={"keys": [], "at_least": 0}),
        "no section for policy",
    ),
    "no admin to rely on": (
        lambda data: entry(data).pop("quorums"),
        "contradicts itself",
    ),
    "no count of live objects": (
        lambda data: entry(data).pop("seen"),
        "contradicts itself",
    ),
    "no id of the workspace": (
        lambda data: entry(data).pop("workspace_id"),
        "contradicts itself",
    ),
    "an unknown section": (
        lambda data: entry(data)["sections"].update(gadget="gadgets"),
        "has changes of the kind gadget, which this version of beamctl does not support",
    ),
    "an unknown setting": (
        lambda data: change(data, "displayName").update(attribute="name"),
        "would not plan: set displayName",
    ),
    "an additional setting": (
        lambda data: change(data, "labels").pop("serial_group"),
        "would not plan: set labels",
    ),
    "a missing precondition": (
        lambda data: entry(data)["prior_state"].remove(rest(data, "gone@x.io")),
        "it does not record the live state of gone@x.io",
    ),
    "no preconditions": (
        lambda data: entry(data).pop("prior_state"),
        "it does not record the live state of",
    ),
    "a missing precondition about an admin": (
        lambda data: entry(data)["prior_state"].remove(rest(data, "root@x.io")),
        "it does not record the live state of root@x.io",
    ),
    "a wrong fingerprint": (
        lambda data: rest(data, "gone@x.io").update(fingerprint=fingerprint(None)),
        "contradicts itself",
    ),
    "a precondition that contradicts its change": (
        forge_fingerprint,
        "it has two different previous states of gone@x.io",
    ),
    "a precondition that says present and absent": (
        lambda data: change(data, "new@x.io")["change"].update(before={}),
        "would not plan: invite new@x.io",
    ),
    "a workspace twice": (twice, "contradicts itself"),
    "a path as the name of the workspace": (
        lambda data: entry(data).update(workspace="../../etc"),
        "$.workspaces[0].workspace is not a valid workspace name",
    ),
    "a hidden refusal": (
        lambda data: entry(data).update(refused=False),
        "contradicts itself",
    ),
    "last-admin allowed": (allow_the_last_admin, "contradicts itself"),
    "an unknown hazard": (
        lambda data: entry(data)["hazards"][0].update(hazard="bad-luck"),
        "unknown hazard 'bad-luck'",
    ),
    "a reason that does not match": (
        lambda data: change(data, "gone@x.io").update(action_reason="superseded"),
        "would not plan: remove gone@x.io",
    ),
    "an unknown serial group": (
        lambda data: change(data, "gone@x.io").update(serial_group="x"),
        "would not plan: remove gone@x.io",
    ),
    "another spelling of the e-mail": (
        lambda data: change(data, "new@x.io")["change"]["after"].update(email="NEW@x.io"),
        "would not plan: invite new@x.io",
    ),
    "an invalid date": (
        lambda data: data["saved"].update(expires_at="2026-13-01T00:00:00Z"),
        "month must be in 1..12",
    ),
    "an expiry that is too late": (
        lambda data: data["saved"].update(expires_at="2026-12-24T12:00:01Z"),
        "it would be valid for more than 30 days",
    ),
    "a time without a zone": (
        lambda data: data["saved"].update(expires_at="2999-01-01T00:00:00"),
        "$.saved.expires_at is not a valid time",
    ),
    "additional keys": (
        lambda data: data.update(terraform_version="1.9"),
        "$: Additional properties are not allowed ('terraform_version' was unexpected)",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_plan_is_refused(name: str) -> None:
    forge, said = FORGERIES[name]
    message = refusal(by_hand(TEXT, forge))
    assert message.startswith("p.json ")
    assert said in message


CREATED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "expires", "said"),
    [
        (CREATED_AT, CREATED_AT + timedelta(days=30), ""),
        (CREATED_AT - timedelta(minutes=5), CREATED_AT + timedelta(days=29), ""),
        (CREATED_AT - timedelta(minutes=5, seconds=1), CREATED_AT + timedelta(hours=1), "was created in the future"),
        (CREATED_AT - timedelta(minutes=4), CREATED_AT + timedelta(days=30), "more than 30 days from now"),
        (CREATED_AT + timedelta(days=9), CREATED_AT + timedelta(days=40), "more than 30 days from now"),
        (datetime.min.replace(tzinfo=UTC), CREATED_AT, "was created in the future"),
        (datetime.max.replace(tzinfo=UTC), CREATED_AT, ""),
    ],
)
def test_plan_with_impossible_times_is_refused(now: datetime, expires: datetime, said: str) -> None:
    found = replace(saved(PLAN), expires=expires)
    if said:
        with pytest.raises(UsageError, match=said) as caught:
            refuse_untimely(found, "p.json", now)
        assert "beamctl plan --out FILE" in caught.value.hint
    else:
        refuse_untimely(found, "p.json", now)


def test_description_with_a_marker_is_refused() -> None:
    account = {"ci": {"role": "member", "description": "CI", "secretTo": {"file": "f"}}}
    text = saved_text(saved(planned(document(serviceAccounts=account), FakeWorkspace.of([ROOT]))))
    content = by_hand(
        text,
        lambda data: data["resource_changes"][0]["change"]["after"].update(
            description="(beamctl: client secret not handed over yet)"
        ),
    )
    assert refusal(content) == "p.json has a change that beamctl would not plan: create ci"


def test_plan_can_be_valid_for_thirty_days() -> None:
    content = by_hand(TEXT, lambda data: data["saved"].update(expires_at="2026-12-24T12:00:00Z"))
    assert open_plan(content, "p.json").plans


def test_allowance_applies_to_one_workspace() -> None:
    labs = replace(PLAN, workspace="labs")
    data = saved_data(PLAN, labs)
    assert len(open_plan(signed(data), "p.json").plans) == 2
    data["workspaces"][0] |= {"refused": False}
    data["workspaces"][0]["hazards"][0] |= {"refused": False}
    assert open_plan(signed(data), "p.json").allowed == (allowance("acme:mass-removal=2"),)
