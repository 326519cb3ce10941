"""Drift is adopted: documents say what is live, whatever the kind, and what they cannot say is listed with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beamctl.document.data_edit import Put
from beamctl.document.desired import Desired
from beamctl.document.load import SourceText
from beamctl.errors import UsageError
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.adoption import AdoptedDrift, Adoption
from beamctl.plan.change import Action, Change, Reason, Stage
from beamctl.plan.comparison import Situation
from beamctl.plan.plan import Plan
from beamctl.workflow.adopt import adopt
from beamctl.workflow.adoption_check import AdoptionCheck, Refused, largest
from beamctl.workflow.attribution import Seen
from tests.fakes.one_workspace import look
from tests.fakes.resources import FakeResources, resource
from tests.fakes.runs import API, TODAY, desired
from tests.fakes.service_accounts import FakeServiceAccounts, api_key, service_account
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace, person
from tests.properties.samples import SAMPLES, Sections

NAME = "access.yaml"
EXPECTED = {
    Code.ADOPT_ACCESS_ENDED,
    Code.NOT_EXPRESSIBLE,
    Code.ADOPT_DOUBTFUL,
    Code.ADOPT_DUE,
    Code.ADOPT_INVITATION_EXPIRED,
    Code.HAS_UNKNOWN_ROLE,
    Code.KEYS_NOT_EXPRESSIBLE,
    Code.NEVER_HANDED_OVER,
    Code.ADOPT_SECRET_VERSION,
    Code.EDIT_BEHIND_ANCHOR,
}


def seen_in(want: Desired, live: FakeWorkspace) -> Seen:
    return look(want, live, lambda: Situation(TODAY, API))


def adopted(text: str, live: FakeWorkspace) -> tuple[Plan, AdoptedDrift, str]:
    """The plan before, the result, and the edited text."""
    seen = seen_in(desired(text, NAME), live)
    found = adopt([SourceText(NAME, text.encode())], [seen])
    return seen.plan, found, found.files[0].after.decode() if found.files else text


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_afterwards_a_plan_has_only_what_is_listed(kind: str) -> None:
    sample = SAMPLES[kind]

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(sample.sections, sample.live, st.sampled_from(["mixed", "block", "flow"]))
    def check(sections: Sections, live: FakeWorkspace, style: str) -> None:
        data = {"version": 1, "workspace": "acme", **sections}
        text = yaml.dump(
            data,
            Dumper=yaml.CSafeDumper,
            allow_unicode=True,
            sort_keys=False,
            default_flow_style={"mixed": None, "block": False, "flow": True}[style],
        )
        plan, found, after = adopted(text, live)
        listed = [(each.section, each.name) for each in found.left if each.section]
        again = seen_in(desired(after, NAME), live).plan
        assert {(again.sections[each.kind], each.name) for each in again.changes} <= set(listed)
        assert found.adopted + len(dict.fromkeys(listed)) == len(plan.changes)
        assert {each.why.code for each in found.left if each.section} <= EXPECTED

    check()


HEAD = "version: 1\nworkspace: acme\n"
ADA, ROOT = person("ada@x.io", "admin"), person("root@x.io", "admin")


@dataclass(frozen=True)
class Row:
    """A document below its head, the workspace, what stays, and the document afterwards."""

    name: str
    before: str
    live: FakeWorkspace
    left: dict[str, str]
    after: str


def people(*listed: dict[str, Any]) -> FakeWorkspace:
    return FakeWorkspace.of([ADA, *listed])


def with_accounts(*accounts: dict[str, Any], **keys: list[dict[str, Any]]) -> FakeWorkspace:
    kept = {each["client_id"]: each for each in accounts}
    return FakeWorkspace.of([ADA], accounts=FakeServiceAccounts(kept, {each: keys.get(each, []) for each in kept}))


def with_resources(section: str, *listed: dict[str, Any]) -> FakeWorkspace:
    fake = FakeResources()
    fake.kept[section] = {each["metadata"]["name"]: each for each in listed}
    return FakeWorkspace.of([ADA], resources=fake)


ROWS = [
    Row(
        "people",
        "members:\n  ada@x.io: admin\n  bob@x.io: admin  # b\n  Eve@X.io: {role: member, reason: T-1}\n",
        people(person("eve@x.io", "viewer"), person("kim@x.io", "member", accepted=False)),
        {},
        "members:\n  ada@x.io: admin\n  Eve@X.io: {role: viewer, reason: T-1}\n  kim@x.io: member\n",
    ),
    Row(
        "long entries only",
        "members:\n  ada@x.io: {role: admin}\n",
        people(person("bob@x.io", "member")),
        {},
        "members:\n  ada@x.io: {role: admin}\n  bob@x.io: {role: member}\n",
    ),
    Row(
        "what a document cannot say about people",
        "members:\n  ada@x.io: admin\n  dan@x.io: member\n  eve@x.io: member\n  gone@x.io: member\n"
        "  old@x.io: {role: member, until: 2020-01-01}\n  exp@x.io: member\n",
        people(
            person("dan@x.io", "admin", source="directory_sync"),
            person("eve@x.io", "owner"),
            person("new@x.io", "owner"),
            person("old@x.io", "member"),
            person("exp@x.io", "member", accepted=False, expired=True),
        ),
        {
            "": "dan@x.io is admin through directory sync",
            "eve@x.io": "has the unknown role 'owner'",
            "old@x.io": "access ended on 2020-01-01",
            "exp@x.io": "the invitation has expired",
        },
        "members:\n  ada@x.io: admin\n  dan@x.io: member\n  eve@x.io: member\n"
        "  old@x.io: {role: member, until: 2020-01-01}\n  exp@x.io: member\n",
    ),
    Row(
        "anchors and aliases",
        "members:\n  ada@x.io: admin\n  bob@x.io: &role member\n  eve@x.io: *role\n  kim@x.io: member\n",
        people(person("bob@x.io", "admin"), person("eve@x.io", "admin"), person("kim@x.io", "admin")),
        {"bob@x.io": "line 5 uses the anchor or alias &role", "eve@x.io": "line 6 uses the anchor or alias *role"},
        "members:\n  ada@x.io: admin\n  bob@x.io: &role member\n  eve@x.io: *role\n  kim@x.io: admin\n",
    ),
    Row(
        "a section behind an anchor",
        "members: &all\n  ada@x.io: admin\n",
        people(person("bob@x.io", "admin")),
        {"bob@x.io": "line 3 uses the anchor or alias &all"},
        "members: &all\n  ada@x.io: admin\n",
    ),
    Row(
        "too few admins for the guard of the document",
        "members: {ada@x.io: admin, bob@x.io: admin, eve@x.io: member}\nguards: {minAdmins: 2}\n",
        people(person("bob@x.io", "member"), person("kim@x.io", "member")),
        {"bob@x.io": "the document would be invalid: "},
        "members: {ada@x.io: admin, bob@x.io: admin, kim@x.io: member}\nguards: {minAdmins: 2}\n",
    ),
    Row(
        "an address that looks like another",
        "members: {ada@x.io: admin}\n",
        people(person("\u0430da@x.io", "admin"), person("é@x.io", "member")),
        {"\u0430da@x.io": "the document would be invalid: '\u0430da@x.io' looks like 'ada@x.io'"},
        "members: {ada@x.io: admin, é@x.io: member}\n",
    ),
    Row(
        "settings",
        "settings:\n  displayName: 'Acme' # name\n  labels: {a: b,  c: d}\n"
        "  groupMappings: [{groupName: g, role: admin}]\n",
        FakeWorkspace.of(
            [ADA],
            settings={
                "name": "acme",
                "displayName": "it's: #1",
                "labels": {"c": "x"},
                "groupMappings": [{"groupName": "g", "role": "owner"}],
            },
        ),
        {"groupMappings": "has the unknown role 'owner'"},
        "settings:\n  displayName: 'it''s: #1' # name\n  labels: {c: x}\n"
        "  groupMappings: [{groupName: g, role: admin}]\n",
    ),
    Row(
        "service accounts and keys",
        "serviceAccounts:\n  ci:\n    role: member\n    description: old\n    secretTo: {file: ci.json}\n    apiKeys:\n"
        "      # the hub\n      hub: {expiresIn: 90d, secretTo: {file: hub}}\n"
        "  gone:\n    role: member\n    secretTo: {file: g}\n",
        with_accounts(
            service_account("c1", "ci", "admin", ""),
            service_account("c2", "ops", "member", "by hand"),
            service_account("c3", "twin"),
            service_account("c4", "twin"),
            c1=[api_key("k1", "lab", "2099-01-01T00:00:00Z")],
        ),
        {
            "twin (c3)": "shares its name with another account",
            "twin (c4)": "shares its name with another account",
        },
        "serviceAccounts:\n  ci:\n    role: admin\n    secretTo: {file: ci.json}\n    apiKeys:\n"
        "      lab: {}\n  ops:\n    role: member\n    description: by hand\n",
    ),
    Row(
        "a service account that was renamed",
        "serviceAccounts:\n  ci: {clientId: c1, role: member, secretTo: {file: x}}\n",
        with_accounts(service_account("c1", "build", "admin")),
        {},
        "serviceAccounts:\n  build: {clientId: c1, role: admin, secretTo: {file: x}}\n",
    ),
    Row(
        "policies",
        "policies:\n  eu:\n    spec:\n      type: location  # by place\n      locations:\n        # Europe\n"
        "        - {type: continent, name: eu}\n      maxTokens: {input: 5, total: 6}\n",
        with_resources(
            "policies",
            resource(
                "eu",
                type="location",
                locations=[{"type": "continent", "name": "us"}],
                resourceTypes=["model"],
                maxTokens={"input": 7, "output": 8},
            ),
            resource("new", {"a": "b"}, type="location", locations=[{"type": "country", "name": "fr"}]),
        ),
        {},
        "policies:\n  eu:\n    spec:\n      type: location  # by place\n      locations:\n        # Europe\n"
        "        - {type: continent, name: us}\n      maxTokens: {input: 7}\n      resourceTypes:\n        - model\n"
        "  new:\n    labels: {a: b}\n    spec:\n      type: location\n      locations:\n"
        "        - {name: fr, type: country}\n",
    ),
    Row(
        "secrets of connections",
        "integrations:\n  ai: {integration: openai, config: {org: a}, secret: {apiKey: {env: KEY}, version: 3}}\n",
        with_resources("integrations", resource("ai", {"beamctl-secret-version": "2"}, integration="openai")),
        {"ai": "the version of its secret is 2, and the document says 3"},
        "integrations:\n  ai: {integration: openai, config: {}, secret: {apiKey: {env: KEY}, version: 3}}\n",
    ),
    Row(
        "a listing in doubt",
        "members: {ada@x.io: admin, bob@x.io: member}\n",
        FakeWorkspace.of([person("bob@x.io", "viewer")]),
        {"ada@x.io": "the response of the API may be wrong: ", "bob@x.io": "the response of the API may be wrong: "},
        "members: {ada@x.io: admin, bob@x.io: member}\n",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_document_says_what_is_live(row: Row) -> None:
    _, found, after = adopted(HEAD + row.before, row.live)
    assert after == HEAD + row.after
    left = {each.name: words(each.why) for each in found.left if each.section or "directory" in words(each.why)}
    assert left.keys() == row.left.keys()
    assert [(name, why) for name, why in left.items() if not why.startswith(row.left[name])] == []


def test_a_document_that_changed_in_the_meantime_is_not_edited() -> None:
    seen = seen_in(desired(f"{HEAD}members: {{ada@x.io: member}}\n", NAME), people())
    with pytest.raises(UsageError, match="was changed while it was read"):
        adopt([SourceText(NAME, f"{HEAD}members: {{ada@x.io: viewer}}\n".encode())], [seen])


def test_differences_that_are_not_in_the_plan_stay() -> None:
    """Known drift, and what only one of several looks showed."""
    text = f"{HEAD}members:\n  ada@x.io: admin\n  bob@x.io: member\n"
    seen = seen_in(desired(text, NAME), people(person("bob@x.io", "admin"), person("eve@x.io")))
    of_bob = tuple(change for change in seen.plan.changes if change.name == "bob@x.io")
    found = adopt([SourceText(NAME, text.encode())], [replace(seen, plan=replace(seen.plan, changes=of_bob))])
    assert (found.adopted, found.left) == (1, ())
    assert found.files[0].after.decode() == text.replace("bob@x.io: member", "bob@x.io: admin")


class FakeCheck(AdoptionCheck):
    """Refuses some changes by name."""

    def __init__(self, *refused: int, checks: int) -> None:
        self.refused = {str(number) for number in refused}
        self.checks_left = checks
        self.asked = 0

    def why_not(self, adoptions: Sequence[Adoption]) -> Fact | None:
        self.checks_left -= 1
        self.asked += 1
        return fact(Code.ADOPT_STILL_DIFFERS) if any(each.change.name in self.refused for each in adoptions) else None

    def screened(self, possible: Sequence[Adoption]) -> tuple[list[Adoption], list[Refused]]:
        return list(possible), []


def adoptions(count: int) -> list[Adoption]:
    found = []
    for number in map(str, range(count)):
        change = Change("k", number, number, Action.SET, Stage.UPDATE, "", {}, {}, Reason.VALUE_DIFFERS)
        found.append(Adoption(change, (Put((number,), 1),)))
    return found


def test_as_many_as_possible_are_adopted_together() -> None:
    check = FakeCheck(3, 40, checks=100)
    accepted, refused = largest(adoptions(64), check)
    assert [change.name for change, _ in refused] == ["3", "40"]
    assert len(accepted) == 62
    assert check.asked < 30


def test_a_run_ends_soon_even_if_much_cannot_be_adopted() -> None:
    check = FakeCheck(*range(0, 1000, 3), checks=50)
    accepted, refused = largest(adoptions(1000), check)
    names = {each.change.name for each in accepted}
    assert names
    assert not names & check.refused
    assert len(accepted) + len(refused) == 1000
    assert check.asked < 70
