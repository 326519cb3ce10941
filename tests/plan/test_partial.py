"""Partial plans: what comes along, which hazards stay, and what their records keep."""

from collections.abc import Mapping

import pytest

from beamctl.kinds.registry import all_kinds
from beamctl.plan.address import Address, address_of
from beamctl.plan.comparison import Situation
from beamctl.plan.hazard import Risk
from beamctl.plan.plan import Plan
from tests.fakes.one_workspace import plan
from tests.fakes.runs import API, TODAY, document
from tests.fakes.workspace import FakeWorkspace, person

LIVE = (person("root@x.io", "admin"), person("jane.doe@x.io"), person("eve@x.io"))
MEMBERS = {"root@x.io": "admin", "j.doe@x.io": "member"}


def part(members: Mapping[str, object], *names: str, **sections: object) -> Plan:
    addresses = [Address("member", name) for name in names]
    return plan(document(members, **sections), FakeWorkspace.of(LIVE), Situation(TODAY, API), addresses)


def test_the_new_address_of_a_suspected_rename_comes_along() -> None:
    found = part(MEMBERS, "jane.doe@x.io")
    assert [change.name for change in found.changes] == ["j.doe@x.io", "jane.doe@x.io"]
    assert found.partial
    assert found.partial.needed == {("member", "j.doe@x.io"): (("member", "jane.doe@x.io"),)}
    assert [hazard.risk for hazard in found.hazards] == [Risk.RENAME_SUSPECT]
    assert part(MEMBERS, "j.doe@x.io").hazards == ()


def test_hazards_of_the_number_of_changes_are_those_of_the_part() -> None:
    guards = {"maxRemovals": 1}
    assert [each.risk for each in part(MEMBERS, "*", guards=guards).hazards] == [
        Risk.MASS_REMOVAL,
        Risk.RENAME_SUSPECT,
    ]
    assert part(MEMBERS, "eve@x.io", guards=guards).hazards == ()


def test_an_emptied_section_stays_a_hazard() -> None:
    assert Risk.EMPTY_SECTION in [each.risk for each in part({}, "eve@x.io").hazards]


def test_only_the_ends_of_chosen_people_are_recorded() -> None:
    ends = {name: {"role": "admin", "until": "2027-01-31"} for name in ("new@x.io", "other@x.io")}
    found = part({**MEMBERS, **ends}, "new@x.io", guards={"minAdmins": 1})
    assert found.declared
    assert found.declared.ends == {"member": {"new@x.io": "2027-01-31"}}


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("member:Eve@x.io", Address("member", "Eve@x.io")),
        ("member:a:b", Address("member", "a:b")),
        ("apiKey:ci/hub", Address("api_key", "ci/hub")),
        ("service_account:*", Address("service_account", "*")),
        ("settings", Address("settings", "")),
        ("settings:labels", Address("settings", "labels")),
        ("settings:", None),
        ("member", None),
        ("Member:x", None),
        ("", None),
        (":", None),
    ],
)
def test_addresses_are_parsed(text: str, parsed: Address | None) -> None:
    assert address_of(text, all_kinds()) == parsed
