"""Which responses of the API are accepted, and which are rejected."""

from typing import Any

import pytest

from beamctl.errors import GarbledError
from beamctl.kinds.member.live import LONGEST_TEXT, people
from beamctl.kinds.registry import all_kinds
from beamctl.kinds.settings.kind import SettingsKind
from beamctl.report.drift_text import drift_text
from beamctl.report.plan_text import plan_text
from tests.fakes.one_workspace import show
from tests.fakes.runs import document, planned, shown
from tests.fakes.wording import counts, words
from tests.fakes.workspace import FakeWorkspace, person

GARBLED_USERS: list[Any] = [
    {},
    None,
    "users",
    [None],
    [{"role": "admin", "accepted": True}],
    [{"email": "", "role": "admin", "accepted": True}],
    [{"email": 7, "role": "admin", "accepted": True}],
    [{"email": "a@x.io", "role": ["admin"], "accepted": True}],
    [{"email": "a@x.io", "role": "admin", "accepted": "true"}],
    [{"email": "a@x.io", "role": "admin", "accepted": True, "source": 3}],
    [{"email": "a@x.io", "role": "admin", "accepted": False, "expired": "yes"}],
    [{"email": "a@x.io", "role": "admin", "accepted": True, "sub": {"a": 1}}],
]


@pytest.mark.parametrize("payload", GARBLED_USERS, ids=str)
def test_malformed_listing_is_rejected(payload: Any) -> None:
    with pytest.raises(GarbledError, match="list of users"):
        people(payload)


ACCOUNT = {"sub": "c1", "role": "admin", "accepted": True}


@pytest.mark.parametrize("name", [{}, {"email": None}, {"email": ""}, {"email": "ci"}, {"role": None}], ids=str)
def test_service_account_in_the_user_list_is_not_a_member(name: dict[str, Any]) -> None:
    root = person("root@x.io", "admin", sub="u1")
    live = FakeWorkspace.of([root, person("c1", "admin", sub="c1")])
    live.users["c1"] = {**ACCOUNT, **name}
    assert set(people(live.get("/users"))) == {"root@x.io"}
    for wanted in ({"root@x.io": "admin"}, {"root@x.io": "admin", "a@x.io": "viewer"}):
        plan = planned(document(wanted), live)
        assert [change.name for change in plan.changes] == sorted(set(wanted) - {"root@x.io"})
        assert plan.hazards == ()
    assert counts(planned(document({"root@x.io": "admin"}), live)) == {"unchanged": 1}


def test_service_account_does_not_count_as_a_remaining_admin() -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin", sub="u1")])
    live.users["c1"] = ACCOUNT
    hazards = planned(document({"root@x.io": "member"}), live).hazards
    assert "last-admin" in {hazard.risk.value for hazard in hazards}


@pytest.mark.parametrize(
    "more",
    [
        {"given_name": "Ada"},
        {"family_name": "L"},
        {"email_verified": True},
        {"source": "invitation"},
        {"mfa_enabled": True},
        {"accepted": False},
        {"sub": ""},
        {"email": 7},
    ],
    ids=str,
)
def test_person_without_an_email_is_not_a_service_account(more: dict[str, Any]) -> None:
    with pytest.raises(GarbledError, match="list of users"):
        people([person("root@x.io", "admin"), {**ACCOUNT, **more}])


@pytest.mark.parametrize("odd", [0xD800, 0xDFFF])
def test_lone_surrogate_is_rejected(odd: int) -> None:
    with pytest.raises(GarbledError, match="list of users"):
        people([person(f"a{chr(odd)}@x.io")])
    assert list(people([person("a\ud7ff@x.io"), person("a\ue000@x.io")])) == ["a\ud7ff@x.io", "a\ue000@x.io"]


@pytest.mark.parametrize("name", ["email", "role", "source", "sub"])
def test_text_that_is_too_long_is_rejected(name: str) -> None:
    entry = person("a@x.io") | {name: "a" * (LONGEST_TEXT - 5) + "@x.io"}
    assert len(people([entry])) == 1
    with pytest.raises(GarbledError, match="list of users"):
        people([entry | {name: "a" + entry[name]}])


@pytest.mark.parametrize("payload", [None, [None], [{"email": "a@x.io", "accepted": True}]])
def test_unreadable_listing_has_a_hint(payload: Any) -> None:
    with pytest.raises(GarbledError) as caught:
        people(payload)
    assert "again later" in caught.value.hint


@pytest.mark.parametrize("payload", [None, {"name": "a", "labels": 1}, {"name": "a", "groupMappings": [1]}])
def test_unreadable_workspace_has_a_hint(payload: Any) -> None:
    with pytest.raises(GarbledError) as caught:
        shown(SettingsKind(), payload)
    assert "again later" in caught.value.hint


def test_member_without_a_role() -> None:
    with pytest.raises(GarbledError, match=r"the member 'a@x\.io' without a role"):
        people([{"email": "a@x.io", "accepted": True}])


def test_rows_shown_for_a_workspace() -> None:
    live = FakeWorkspace.of([person("b@x.io", accepted=False), person("A@x.io", "admin", sub="s1")])
    sections = show("acme", live)
    assert {section: each.rows for section, each in sections.items()} == {
        **{kind.section: [] for kind in all_kinds()},
        "settings": [{"displayName": "Acme", "labels": {}, "groupMappings": [], "sandbox": {}}],
        "members": [
            {"email": "A@x.io", "role": "admin", "standing": "accepted", "source": "local"},
            {"email": "b@x.io", "role": "member", "standing": "invited", "source": "invitation"},
        ],
    }
    assert not any(each.unread for each in sections.values())


def test_fields_that_the_api_omits() -> None:
    found = people([{"email": "a@x.io"}])["a@x.io"]
    assert (found.standing.value, found.source, str(found.role), found.sub) == ("invited", "invitation", "", "")


def test_duplicate_entry_with_more_access_wins() -> None:
    entries = [
        person("A@x.io", "viewer", accepted=False),
        person("a@x.io", "admin"),
        person("a@X.io", accepted=False, expired=True),
    ]
    assert str(people(entries)["a@x.io"].role) == "admin"
    assert people(entries) == people(entries[::-1])


@pytest.mark.parametrize(
    "other",
    [
        person("Mal@x.io", "member"),
        person("mal@x.io", "viewer", accepted=False, source="weird"),
        person("MAL@x.io", "viewer", source="directory_sync"),
    ],
)
def test_duplicate_entry_does_not_hide_an_admin(other: dict[str, Any]) -> None:
    admin = person("mal@x.io", "admin")
    for entries in ([admin, other], [other, admin]):
        found = people(entries)["mal@x.io"]
        assert found.is_admin
        assert found.standing.value == "accepted"


@pytest.mark.parametrize("accepted", [True, False])
def test_unknown_role_ranks_above_all_others(accepted: bool) -> None:  # noqa: FBT001 - a case
    both = [person("mal@x.io", "owner", accepted=accepted), person("mal@x.io", "admin", accepted=accepted)]
    for entries in (both, both[::-1]):
        assert str(people(entries)["mal@x.io"].role) == "owner"


def test_member_with_an_unknown_source_is_not_changed() -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin"), person("a@x.io", source="scim")])
    plan = planned(document({"root@x.io": "admin"}), live)
    assert plan.changes == ()
    assert counts(plan) == {"managed by another source": 1, "unchanged": 1}


@pytest.mark.parametrize("payload", [None, [], "x", {}, {"name": 3}])
def test_payload_that_is_not_a_workspace_is_rejected(payload: Any) -> None:
    with pytest.raises(GarbledError, match="not a workspace"):
        shown(SettingsKind(), payload)


@pytest.mark.parametrize("odd", [{"labels": []}, {"displayName": {"a": 1}}, {"groupMappings": {"a": 1}, "labels": {}}])
def test_setting_of_the_wrong_type_is_rejected(odd: dict[str, Any]) -> None:
    if odd == {"labels": []}:
        assert shown(SettingsKind(), {"name": "acme", **odd})["labels"] == {}
        return
    with pytest.raises(GarbledError, match="in an unknown format"):
        shown(SettingsKind(), {"name": "acme", **odd})


@pytest.mark.parametrize(
    "odd",
    ["x", {}, {"groupName": "g"}, {"role": "admin"}, {"groupName": 1, "role": "admin"}, {"groupName": "g", "role": 1}],
    ids=str,
)
def test_malformed_group_mapping_is_rejected(odd: Any) -> None:
    fine = {"groupName": "g", "role": "admin"}
    assert shown(SettingsKind(), {"name": "acme", "groupMappings": [fine]})["groupMappings"] == [fine]
    with pytest.raises(GarbledError, match="a group mapping in an unknown format"):
        shown(SettingsKind(), {"name": "acme", "groupMappings": [fine, odd]})


@pytest.mark.parametrize("source", ["", "local", "Local", "invitation"])
def test_members_with_a_local_source_are_managed(source: str) -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin"), person("a@x.io", source=source)])
    assert [change.action.value for change in planned(document({"root@x.io": "admin"}), live).changes] == ["remove"]


def test_every_removed_group_is_listed() -> None:
    before = [{"groupName": f"g{number}", "role": "member"} for number in range(8)]
    live = FakeWorkspace(settings={"name": "acme", "groupMappings": before})
    text = plan_text(planned(document(settings={"groupMappings": []}), live))
    assert [line.strip() for line in text.splitlines() if "      - " in line] == [
        f'- g{number}: {{"role": "member"}}' for number in range(8)
    ]


def test_order_of_group_mappings_does_not_matter() -> None:
    mappings = [{"groupName": "a", "role": "admin"}, {"groupName": "b", "role": "member"}]
    live = FakeWorkspace(settings={"name": "acme", "groupMappings": mappings[::-1]})
    assert planned(document(settings={"groupMappings": mappings}), live).changes == ()


@pytest.mark.parametrize(
    ("before", "after", "stage"),
    [
        ({}, {"a": "admin"}, "SETTINGS"),
        ({"a": "member"}, {"a": "admin", "b": "viewer"}, "SETTINGS"),
        ({"a": "admin"}, {"a": "member"}, "DEMOTE"),
        ({"a": "admin", "b": "viewer"}, {"a": "admin"}, "DEMOTE"),
        ({"a": "owner"}, {"a": "admin"}, "DEMOTE"),
    ],
)
def test_reducing_a_groups_role_revokes_access(before: dict[str, str], after: dict[str, str], stage: str) -> None:
    sides = [[{"groupName": group, "role": role} for group, role in side.items()] for side in (before, after)]
    live = FakeWorkspace(settings={"name": "acme", "groupMappings": sides[0]})
    (change,) = planned(document(settings={"groupMappings": sides[1]}, guards={"maxRemovals": 1}), live).changes
    assert change.stage.name == stage


def test_plan_reads_each_kind_once() -> None:
    live = FakeWorkspace.of([person(f"p{number}@x.io", "admin") for number in range(300)])
    planned(document({f"q{number}@x.io": "member" for number in range(300)}, settings={"displayName": "B"}), live)
    assert live.calls == ["GET /workspaces/acme", "GET /users"]


def test_undeclared_settings_are_not_compared() -> None:
    live = FakeWorkspace(settings={"name": "acme", "displayName": "Z", "labels": {"x": "y"}})
    assert planned(document(settings={"displayName": "Z"}), live).changes == ()
    assert planned(document({}), FakeWorkspace.of([])).sections == {"member": "members"}


def test_unmapping_an_admin_group_is_a_hazard() -> None:
    mappings = [{"groupName": "ops", "role": "admin"}, {"groupName": "all", "role": "member"}]
    live = FakeWorkspace(settings={"name": "acme", "groupMappings": mappings})
    for after in ([], [{"groupName": "ops", "role": "member"}]):
        plan = planned(document(settings={"groupMappings": after}, guards={"maxRemovals": 9}), live)
        assert [(hazard.risk.value, hazard.value) for hazard in plan.hazards] == [
            ("unmaps-admins", "ops"),
            ("unmaps-group", "all"),
        ]
    plan = planned(document(settings={"groupMappings": mappings}, guards={"maxRemovals": 9}), live)
    assert plan.hazards == ()


@pytest.mark.parametrize(
    ("before", "after", "because"),
    [
        ([("all", "member")], {}, ["all is mapped to member now"]),
        ([("all", "member")], {"all": "viewer"}, ["all is mapped to member now"]),
        ([("all", "member")], {"all": "admin"}, []),
        ([("all", "owner")], {"all": "admin"}, ["all is mapped to owner now"]),
        ([("b", "viewer"), ("a", "viewer")], {}, ["a is mapped to viewer now", "b is mapped to viewer now"]),
    ],
)
def test_hazard_names_the_group_whose_role_is_reduced(
    before: list[tuple[str, str]], after: dict[str, str], because: list[str]
) -> None:
    mappings = [{"groupName": group, "role": role} for group, role in before]
    live = FakeWorkspace(settings={"name": "acme", "groupMappings": mappings})
    wanted = [{"groupName": group, "role": role} for group, role in after.items()]
    plan = planned(document(settings={"groupMappings": wanted}), live)
    assert {hazard.risk.value for hazard in plan.hazards} <= {"unmaps-group"}
    assert [words(hazard.fact) for hazard in plan.hazards] == because


def test_duplicate_mapping_counts_as_admin() -> None:
    mappings = [{"groupName": "ops", "role": role} for role in ("viewer", "admin", "member")]
    live = FakeWorkspace(settings={"name": "acme", "groupMappings": mappings})
    (hazard,) = planned(document(settings={"groupMappings": []}), live).hazards
    assert (hazard.risk.value, words(hazard.fact)) == ("unmaps-admins", "ops is mapped to admin now")


def test_difference_that_is_left_alone_is_drift() -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin"), person("lin@x.io", "admin", source="directory_sync")])
    plan = planned(document({"root@x.io": "admin", "lin@x.io": "viewer"}), live)
    assert (plan.changes, plan.differs) == ((), True)
    assert plan_text(plan).endswith(
        "No changes to make: the differences between acme and access.yaml are left alone.\n"
    )
    text = drift_text(plan)
    assert "! lin@x.io is admin through directory sync; the document says viewer: change it in the directory" in text
    assert text.endswith("Drift: acme does not match access.yaml, as noted above.\n")
    assert planned(document({"root@x.io": "admin"}), live).differs is False
