"""Guards about members. Their golden texts are in tests/cases."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from beamctl.document.desired import Desired
from beamctl.errors import UsageError
from beamctl.model.identity import Identity
from beamctl.plan.guards import NO_FLOORS, Bounds
from beamctl.plan.hazard import Allowance, Risk, allowance, refused, unused
from beamctl.plan.kind import Quorum
from beamctl.report.drift_text import drift_text
from tests.fakes.one_workspace import drift_json, recheck_plan
from tests.fakes.runs import applied, document, planned
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace, person


def hazards(want: Desired, live: FakeWorkspace, identity: Identity | None = None) -> dict[str, str]:
    return {hazard.risk.value: hazard.value for hazard in planned(want, live, identity=identity).hazards}


LOOSE = {"maxRemovals": 99}


def test_invited_admin_does_not_count() -> None:
    live = FakeWorkspace.of([person("a@x.io", "admin"), person("b@x.io", "admin", accepted=False)])
    want = document({"a@x.io": "member", "b@x.io": "admin"}, guards=LOOSE)
    assert hazards(want, live) == {"last-admin": "none", "removes-admin": "a@x.io"}
    live.accept_all()
    assert hazards(want, live) == {"removes-admin": "a@x.io"}


def test_promotion_counts_before_a_demotion() -> None:
    live = FakeWorkspace.of([person("a@x.io", "admin"), person("b@x.io", "member")])
    want = document({"a@x.io": "member", "b@x.io": "admin"}, guards=LOOSE)
    assert hazards(want, live) == {"removes-admin": "a@x.io"}


def test_too_few_admins_only_if_the_plan_removes_one() -> None:
    live = FakeWorkspace.of([person("a@x.io", "admin"), person("b@x.io", "member"), person("c@x.io", "member")])
    guards = LOOSE | {"minAdmins": 2}
    want = document({"a@x.io": "admin", "b@x.io": "member", "new@x.io": "admin"}, guards=guards)
    assert hazards(want, live) == {}
    live.users["b@x.io"]["role"] = "admin"
    found = hazards(want, live)
    assert found == {"too-few-admins": "1", "removes-admin": "b@x.io"}


def test_no_removals_if_the_listing_has_no_accepted_admin() -> None:
    live = FakeWorkspace.of([person("a@x.io", "admin", accepted=False), person("b@x.io")])
    found = hazards(document({"a@x.io": "admin"}, guards=LOOSE), live)
    assert found == {"too-few-admins": "0", "live-without-admins": "members"}


@pytest.mark.parametrize(
    "identity",
    [Identity(sub="sub-1"), Identity(email="ME@x.io"), Identity(sub="other", email="me@x.io")],
)
def test_credential_identifies_beamctl(identity: Identity) -> None:
    live = FakeWorkspace.of([person("me@x.io", "admin", sub="sub-1"), person("a@x.io", "admin")])
    found = hazards(document({"a@x.io": "admin"}, guards=LOOSE), live, identity)
    assert found == {"self-lockout": "me@x.io", "removes-admin": "me@x.io"}
    demoted = hazards(document({"a@x.io": "admin", "me@x.io": "viewer"}, guards=LOOSE), live, identity)
    assert demoted == found


def test_every_possible_identity_counts() -> None:
    live = FakeWorkspace.of([person("me@x.io", sub="s1"), person("boss@x.io"), person("a@x.io", "admin")])
    want = document({"a@x.io": "admin"}, guards=LOOSE | {"self": {"email": "boss@x.io"}})
    for identity in (Identity(email="me@x.io"), Identity(sub="s1")):
        found = [hazard.value for hazard in planned(want, live, identity=identity).hazards]
        assert found == ["boss@x.io", "me@x.io"]


def test_note_if_the_credential_matches_no_member() -> None:
    live = FakeWorkspace.of([person("me@x.io", "admin", sub="s1"), person("a@x.io", "admin")])
    plan = planned(document({"a@x.io": "admin"}, guards=LOOSE), live, identity=Identity(sub="s2"))
    assert [words(note.fact).partition(",")[0] for note in plan.notes] == [
        "beamctl does not know whose credential it uses"
    ]


def test_service_account_is_not_a_member() -> None:
    live = FakeWorkspace.of([person("me@x.io", "admin"), person("a@x.io", "admin")])
    plan = planned(document({"a@x.io": "admin"}, guards=LOOSE), live, identity=Identity(client_id="uuid"))
    assert [hazard.risk for hazard in plan.hazards] == [Risk.REMOVES_ADMIN]
    assert plan.notes == ()


def test_self_guard_is_suggested_if_it_matters() -> None:
    live = FakeWorkspace.of([person("me@x.io", "admin"), person("a@x.io", "admin"), person("b@x.io")])
    plan = planned(document({"a@x.io": "admin", "b@x.io": "member"}, guards=LOOSE), live)
    assert [words(note.fact) for note in plan.notes] == [
        "beamctl does not know whose credential it uses, so it cannot detect a self-lockout: set guards.self"
    ]
    assert planned(document({"a@x.io": "admin", "me@x.io": "admin"}, guards=LOOSE), live).notes == ()


def test_protected_person_can_be_promoted() -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin"), person("a@x.io")])
    guards = LOOSE | {"protected": ["A@x.io"]}
    assert hazards(document({"root@x.io": "admin", "a@x.io": "admin"}, guards=guards), live) == {}
    assert hazards(document({"root@x.io": "admin"}, guards=guards), live) == {"removes-protected": "a@x.io"}


def test_mass_removal_counts_removals_demotions_and_revocations() -> None:
    people = [
        person("root@x.io", "admin"),
        person("a@x.io", "admin"),
        person("b@x.io"),
        person("c@x.io", accepted=False),
    ]
    want = {"root@x.io": "admin", "a@x.io": "member"}
    an_admin = {"removes-admin": "a@x.io"}
    too_many = an_admin | {"mass-removal": "3"}
    assert hazards(document(want, guards={"maxRemovals": "50%"}), FakeWorkspace.of(people)) == too_many
    assert hazards(document(want, guards={"maxRemovals": 3}), FakeWorkspace.of(people)) == an_admin
    assert hazards(document(want, guards={"maxRemovals": 2}), FakeWorkspace.of(people)) == too_many


def test_directory_members_do_not_count_as_removable() -> None:
    directory = [person(f"d{n}@x.io", source="directory_sync") for n in range(96)]
    live = FakeWorkspace.of([person("root@x.io", "admin"), person("a@x.io"), person("b@x.io"), *directory])
    assert hazards(document({"root@x.io": "admin"}), live) == {"mass-removal": "2"}


def test_invitations_do_not_raise_the_removal_limit() -> None:
    waiting = {f"i{n}@x.io": person(f"i{n}@x.io", accepted=False, expired=n % 2 == 0) for n in range(24)}
    live = FakeWorkspace.of([person("root@x.io", "admin"), person("a@x.io"), person("b@x.io"), *waiting.values()])
    want = {"root@x.io": "admin", **dict.fromkeys(waiting, "member")}
    assert hazards(document(want), live) == {"mass-removal": "2"}


def invited(count: int) -> dict[str, dict[str, Any]]:
    return {f"i{n}@x.io": person(f"i{n}@x.io", accepted=False, expired=n % 2 == 0) for n in range(count)}


@pytest.mark.parametrize(
    ("people", "waiting", "stay", "wait", "value"),
    [
        # numbers of each, and how many of these are declared
        (1, 4, 1, 3, None),  # 1 of 5 is removed: invitations and invited members count
        (1, 4, 1, 2, None),
        (1, 4, 1, 1, "3"),
        (1, 30, 1, 0, "30"),
        (4, 8, 3, 6, None),  # 1 of 4, and 3 of 12
        (4, 8, 3, 5, "4"),
        (4, 8, 2, 8, "2"),  # 2 of 4
        (4, 0, 3, 0, None),
    ],
)
def test_revocations_are_limited_to_a_share(people: int, waiting: int, stay: int, wait: int, value: str | None) -> None:
    accepted = [person(f"p{n}@x.io", "member" if n else "admin") for n in range(people)]
    live = FakeWorkspace.of([*accepted, *invited(waiting).values()])
    want = {f"p{n}@x.io": "member" if n else "admin" for n in range(stay)} | dict.fromkeys(invited(wait), "member")
    assert hazards(document(want), live) == ({} if value is None else {"mass-removal": value})


def test_unmanaged_invitations_do_not_raise_the_revocation_limit() -> None:
    directory = [person(f"d{n}@x.io", accepted=False, source="directory_sync") for n in range(96)]
    live = FakeWorkspace.of([person("root@x.io", "admin"), *invited(4).values(), *directory])
    assert hazards(document({"root@x.io": "admin", "i0@x.io": "member"}), live) == {"mass-removal": "3"}
    skip = {f"i{n}@x.io": {"until": "2099-01-01", "reason": "T-1"} for n in range(2)}
    assert hazards(document({"root@x.io": "admin"}, manage={"skip": skip}), live) == {"mass-removal": "2"}


def test_unmanaged_members_do_not_raise_the_demotion_limit() -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin"), *(person(f"m{n}@x.io") for n in range(40))])
    want = {"root@x.io": "admin", "m0@x.io": "viewer", "m1@x.io": "viewer"}
    assert hazards(document(want, manage={"members": "additive"}), live) == {"mass-removal": "2"}


def test_default_limit_is_a_quarter_rounded_up() -> None:
    people = [person("root@x.io", "admin"), *(person(f"p{n}@x.io") for n in range(4))]
    keep = {"root@x.io": "admin", "p0@x.io": "member", "p1@x.io": "member"}
    assert hazards(document(keep), FakeWorkspace.of(people)) == {}
    del keep["p0@x.io"]
    assert hazards(document(keep), FakeWorkspace.of(people)) == {"mass-removal": "3"}


def test_allowance_lifts_exactly_one_hazard() -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin"), *(person(f"p{n}@x.io") for n in range(4))])
    plan = planned(document({"root@x.io": "admin"}), live)
    assert refused(plan.hazards, [allowance("mass-removal=4")], plan.workspace) == ()
    assert len(refused(plan.hazards, [allowance("mass-removal=5")], plan.workspace)) == 1
    assert [str(each) for each in unused(plan.hazards, [allowance("mass-removal=5")], plan.workspace)] == [
        "mass-removal=5"
    ]


def test_last_admin_hazard_cannot_be_allowed() -> None:
    live = FakeWorkspace.of([person("a@x.io", "admin"), person("b@x.io")])
    plan = planned(document({"a@x.io": "member", "b@x.io": "member"}, guards=LOOSE), live)
    granted = [Allowance(Risk.LAST_ADMIN, "none"), Allowance(Risk.REMOVES_ADMIN, "a@x.io")]
    assert [hazard.risk for hazard in refused(plan.hazards, granted, plan.workspace)] == [Risk.LAST_ADMIN]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mass-removals=4", "--allow: unknown hazard 'mass-removals'"),
        ("mass-removal", "--allow mass-removal needs a value"),
        ("last-admin=none", "--allow: last-admin cannot be allowed: no accepted admin would remain"),
    ],
)
def test_invalid_allowance_is_rejected(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        allowance(text)


def test_error_for_an_unknown_allowance_lists_the_hazards() -> None:
    with pytest.raises(UsageError) as caught:
        allowance("bad-luck=1")
    known = caught.value.hint.removeprefix("Known hazards: ").removesuffix(".").split(", ")
    assert known == [risk.value for risk in Risk if risk is not Risk.LAST_ADMIN]


@pytest.mark.parametrize(
    ("text", "hint"),
    [("mass-removal", "Use --allow mass-removal=VALUE"), ("last-admin=none", "Name another admin in the document")],
)
def test_invalid_allowance_has_a_hint(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        allowance(text)
    assert caught.value.hint.startswith(hint)


def test_empty_additive_section_removes_no_one() -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin"), person("a@x.io"), person("b@x.io")])
    ended = {"a@x.io": {"role": "member", "until": "2026-01-01"}}
    assert hazards(document(ended, guards=LOOSE, manage={"members": "additive"}), live) == {}
    keep = {"b@x.io": {"role": "member", "until": "2026-01-01"}}
    assert "empty-section" in hazards(document(ended | keep, guards=LOOSE), live)


def test_no_live_shrank_hazard_without_a_record() -> None:
    want = document({"new@x.io": "member"}, settings={"displayName": "Else"}, guards={"maxRemovals": 0})
    found = planned(want, FakeWorkspace.of([]), left={"settings": 1}).hazards
    assert [hazard.risk.value for hazard in found] == ["live-empty"]


def test_replacing_an_unknown_role_revokes_access() -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin"), person("a@x.io", "owner")])
    plan = planned(document({"root@x.io": "admin", "a@x.io": "member"}, guards={"maxRemovals": 0}), live)
    assert {hazard.risk.value for hazard in plan.hazards} == {"mass-removal"}


def test_unknown_role_becomes_admin_before_any_removal() -> None:
    live = FakeWorkspace.of([person("ada@x.io", "admin"), person("own@x.io", "owner"), person("old@x.io")])
    plan = planned(document({"ada@x.io": "member", "own@x.io": "admin"}, guards=LOOSE), live)
    assert [(change.key, change.stage.name) for change in plan.changes] == [
        ("own@x.io", "PROMOTE"),
        ("ada@x.io", "DEMOTE"),
        ("old@x.io", "REMOVE"),
    ]
    live.admins.clear()
    applied(plan, live)
    assert min(live.admins) >= 1
    assert planned(document({"ada@x.io": "member", "own@x.io": "admin"}, guards=LOOSE), live).changes == ()


def test_credential_counts_despite_the_self_guard() -> None:
    live = FakeWorkspace.of([person("me@x.io", "admin"), person("a@x.io", "admin")])
    want = document({"a@x.io": "admin"}, guards=LOOSE | {"self": {"serviceAccount": "none"}})
    assert hazards(want, live, Identity(email="me@x.io"))["self-lockout"] == "me@x.io"


def test_absent_self_is_noted() -> None:
    live = FakeWorkspace.of([person("a@x.io", "admin")])
    plan = planned(document({"a@x.io": "admin"}, guards={"self": {"email": "adda@x.io"}}), live)
    assert [words(note.fact) for note in plan.notes] == [
        "beamctl should run as adda@x.io, who is not in the workspace: check guards.self"
    ]
    assert plan.hazards == ()


def test_no_changes_if_the_listing_lacks_beamctls_identity() -> None:
    live = FakeWorkspace.of([person("a@x.io", "admin")])
    want = document({"a@x.io": "admin", "new@x.io": "viewer"}, guards={"self": {"email": "Adda@x.io"}})
    plan = planned(want, live)
    assert [(hazard.risk.value, hazard.value, words(hazard.fact)) for hazard in plan.hazards] == [
        (
            "live-without-us",
            "Adda@x.io",
            "beamctl should run as Adda@x.io, who is not in the workspace: check guards.self",
        )
    ]
    assert plan.notes == ()
    live.users["adda@x.io"] = person("adda@x.io", "admin", source="directory_sync")
    assert planned(want, live).hazards == ()


ADDITIVE = {"members": "additive"}
AMONG_TWO = "the API shows no accepted admin among 2 people"
WHO_IS_THERE = [
    ([person("a@x.io", "admin"), person("b@x.io")], False),
    ([person("a@x.io", "admin", source="directory_sync"), person("b@x.io")], False),
    ([person("a@x.io"), person("b@x.io")], True),
    ([person("a@x.io", "admin", accepted=False), person("b@x.io")], True),
    ([person("a@x.io", "admin", accepted=False), person("b@x.io", accepted=False)], True),
    ([person("a@x.io", "owner"), person("b@x.io")], True),
]
CHANGES = [
    {"members": {"b@x.io": "viewer"}},
    {"members": {"b@x.io": "admin"}},
    {"members": {"b@x.io": "member", "c@x.io": "member"}},
    {"members": {"b@x.io": "member"}, "settings": {"displayName": "Else"}},
]


@pytest.mark.parametrize(
    ("guards", "floors", "said"),
    [
        ({"minAdmins": 2}, NO_FLOORS, "1 accepted admin after this plan; guards.minAdmins is 2"),
        ({}, Bounds(min_admins=3), "1 accepted admin after this plan; --min-admins / BEAMCTL_MIN_ADMINS is 3"),
        ({"minAdmins": 1}, Bounds(min_admins=1), None),
    ],
)
@pytest.mark.parametrize("more", [{}, {"b@x.io": "viewer"}, {"c@x.io": "admin"}])
def test_unmet_min_admins_is_a_note(
    guards: dict[str, Any], floors: Bounds, said: str | None, more: dict[str, str]
) -> None:
    live = FakeWorkspace.of([person("a@x.io", "admin"), person("b@x.io")])
    plan = planned(document({"a@x.io": "admin", **more}, guards=guards, manage=ADDITIVE), live, floors=floors)
    assert [words(note.fact) for note in plan.notes if "accepted admin" in words(note.fact)] == ([said] if said else [])


@pytest.mark.parametrize(("people", "suspect"), WHO_IS_THERE)
@pytest.mark.parametrize("change", CHANGES)
def test_listing_without_an_accepted_admin_blocks_every_change(
    people: list[dict[str, Any]],
    suspect: bool,  # noqa: FBT001 - the table's
    change: dict[str, Any],
) -> None:
    live = FakeWorkspace.of(people)
    plan = planned(document(**change, manage=ADDITIVE), live)
    assert plan.changes
    found = [words(hazard.fact) for hazard in plan.hazards if hazard.risk is Risk.LIVE_WITHOUT_ADMINS]
    assert found == ([AMONG_TWO] if suspect else [])
    unchanged = planned(document({}, manage=ADDITIVE), live)
    assert [words(note.fact) for note in unchanged.notes if words(note.fact) == AMONG_TWO] == (
        [AMONG_TWO] if suspect else []
    )
    assert unchanged.hazards == ()
    for each in (plan, unchanged):
        assert (f"  ! {AMONG_TWO}\n" in drift_text(each), AMONG_TWO in drift_json(each)) == (suspect, suspect)


def test_saved_plan_is_stale_if_the_listing_loses_its_admins() -> None:
    live = FakeWorkspace.of([person("a@x.io", "admin"), person("b@x.io")])
    plan = planned(document({"b@x.io": "member", "c@x.io": "member"}, manage=ADDITIVE), live)
    assert plan.hazards == ()
    live.users["a@x.io"]["role"] = "member"
    assert {hazard.risk for hazard in recheck_plan(plan, live, None).plan.hazards} == {Risk.LIVE_WITHOUT_ADMINS}
    live.users.clear()
    empty = {hazard.risk for hazard in recheck_plan(replace(plan, unchanged_keys={}), live, None).plan.hazards}
    assert empty == {Risk.LIVE_EMPTY}


def test_settings_change_also_depends_on_the_listing() -> None:
    live = FakeWorkspace.of([person("a@x.io", "admin")])
    guards = {"self": {"email": "adda@x.io"}}
    want = document({"a@x.io": "admin"}, settings={"displayName": "Else"}, guards=guards)
    assert hazards(want, live) == {"live-without-us": "adda@x.io"}


@pytest.mark.parametrize(
    ("identity", "stranger"),
    [
        (Identity(email="me@x.io"), "me@x.io"),
        (Identity(sub="other", email="me@x.io"), "me@x.io"),
        (Identity(sub="sub-1", email="an.older.spelling@x.io"), ""),  # the API's own id identifies beamctl
        (Identity(sub="other"), ""),  # may be a service account
        (Identity(sub="other", client_id="uuid"), ""),
        (Identity(sub="other", email="ci@accounts.io", client_id="uuid"), ""),
        (None, ""),
    ],
)
def test_credential_tells_which_member_must_be_listed(identity: Identity | None, stranger: str) -> None:
    live = FakeWorkspace.of([person("a@x.io", "admin", sub="sub-1")])
    found = hazards(document({"a@x.io": "admin", "new@x.io": "viewer"}), live, identity)
    assert found == ({"live-without-us": stranger} if stranger else {})


def test_every_declared_self_must_be_listed() -> None:
    live = FakeWorkspace.of([person("a@x.io", "admin")])
    want = document({"a@x.io": "admin", "new@x.io": "viewer"}, guards={"self": {"email": "ME@x.io"}})
    found = [hazard.value for hazard in planned(want, live, identity=Identity(email="boss@x.io")).hazards]
    assert found == ["ME@x.io", "boss@x.io"]
    found = [hazard.value for hazard in planned(want, live, identity=Identity(email="me@x.io")).hazards]
    assert found == ["ME@x.io"]


def test_service_account_need_not_be_listed() -> None:
    live = FakeWorkspace.of([person("a@x.io", "admin")])
    want = document({"a@x.io": "admin", "new@x.io": "viewer"}, guards={"self": {"serviceAccount": "ci"}})
    assert hazards(want, live) == {}


def test_each_removed_or_demoted_admin_is_named() -> None:
    live = FakeWorkspace.of(
        [
            person("root@x.io", "admin"),
            person("Gone@x.io", "admin"),
            person("down@x.io", "admin"),
            person("over@x.io", "admin"),
            person("wait@x.io", "admin", accepted=False),
            person("plain@x.io"),
            person("sync@x.io", "admin", source="directory_sync"),
        ]
    )
    members = {"root@x.io": "admin", "DOWN@x.io": "viewer", "over@x.io": {"role": "admin", "until": "2026-01-01"}}
    plan = planned(document(members, guards=LOOSE), live)
    assert [(hazard.risk, hazard.value, words(hazard.fact)) for hazard in plan.hazards] == [
        (Risk.REMOVES_ADMIN, "Gone@x.io", "Gone@x.io is an admin"),
        (Risk.REMOVES_ADMIN, "down@x.io", "down@x.io is an admin and would be demoted"),
        (
            Risk.REMOVES_ADMIN,
            "over@x.io",
            "over@x.io is an admin, and no recorded run shows that `until: 2026-01-01` was declared before that day",
        ),
    ]
    one = [allowance("removes-admin=Gone@x.io")]
    assert [hazard.value for hazard in refused(plan.hazards, one, plan.workspace)] == ["down@x.io", "over@x.io"]


def test_protected_person_cannot_be_demoted() -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin"), person("a@x.io")])
    want = document({"root@x.io": "admin", "a@x.io": "viewer"}, guards=LOOSE | {"protected": ["a@x.io"]})
    assert hazards(want, live) == {"removes-protected": "a@x.io"}


def test_changes_to_beamctls_own_access_count() -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin"), person("me@x.io"), person("b@x.io")])
    want = document({"root@x.io": "admin"}, guards={"maxRemovals": 1, "self": {"email": "me@x.io"}})
    assert hazards(want, live) == {"self-lockout": "me@x.io", "mass-removal": "2"}


def test_removed_mappings_count_with_members() -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin"), person("a@x.io")])
    live.settings["groupMappings"] = [{"groupName": "ops", "role": "member"}]
    sections: dict[str, object] = {"settings": {"groupMappings": []}}
    ops = {"unmaps-group": "ops"}
    assert hazards(document({"root@x.io": "admin"}, guards={"maxRemovals": 1}, **sections), live) == {
        "mass-removal": "2",
        **ops,
    }
    assert hazards(document({"root@x.io": "admin"}, guards={"maxRemovals": 2}, **sections), live) == ops


ADA, DORA = person("ada@x.io", "admin"), person("dora@x.io", "admin", source="directory_sync")
EVE = person("eve@x.io")
KEEP_ADA = {"ada@x.io": "admin", "eve@x.io": "member"}
ADMIN_GROUPS = [
    # live admins   wanted                  mappings after         hazards beside those that name people and groups
    ([ADA, DORA],   {"eve@x.io": "member"}, {},                    {"last-admin": "none"}),
    ([ADA, DORA],   {"eve@x.io": "member"}, {"ops": "admin"},      {"last-admin": "none"}),
    ([ADA, DORA],   {"eve@x.io": "member"}, {"platform": "viewer"}, {"last-admin": "none"}),
    ([ADA, DORA],   {"eve@x.io": "member"}, {"platform": "admin", "ops": "admin"}, {}),
    ([ADA, DORA],   {"eve@x.io": "member"}, None,                  {}),
    ([ADA, DORA],   KEEP_ADA,               {},                    {}),
    ([DORA],        {"eve@x.io": "member"}, {},                    {"last-admin": "none"}),
    ([DORA],        {"eve@x.io": "member"}, {"ops": "admin"},      {}),
    ([DORA],        {},                     {"ops": "admin"},      {"empty-section": "members"}),
]  # fmt: skip


@pytest.mark.parametrize(("admins", "wanted", "after", "expected"), ADMIN_GROUPS)
def test_admin_through_a_removed_group_is_not_relied_on(
    admins: list[dict[str, object]], wanted: dict[str, str], after: dict[str, str] | None, expected: dict[str, str]
) -> None:
    live = FakeWorkspace.of([*admins, EVE])
    live.settings["groupMappings"] = [{"groupName": "platform", "role": "admin"}]
    mappings = [{"groupName": group, "role": role} for group, role in (after or {}).items()]
    sections = {} if after is None else {"settings": {"groupMappings": mappings}}
    found = hazards(document(wanted, guards=LOOSE, **sections), live)
    assert found.pop("removes-admin", "ada@x.io") == "ada@x.io"
    assert found.pop("unmaps-admins", "platform") == "platform"
    assert found == expected


def test_admin_who_may_lose_the_role_is_not_relied_on() -> None:
    live = FakeWorkspace.of([ADA, DORA, person("domain@x.io", "admin", source="domain_capture"), EVE])
    live.settings["groupMappings"] = [{"groupName": "platform", "role": "admin"}]
    want = KEEP_ADA | {"new@x.io": "admin"}
    plan = planned(document(want, guards=LOOSE | {"minAdmins": 2}, settings={"groupMappings": []}), live)
    assert [(each.risk.value, each.value) for each in plan.hazards] == [
        ("too-few-admins", "1"),
        ("unmaps-admins", "platform"),
    ]
    assert plan.quorums == {"member": Quorum(("ada@x.io",), 1)}


def test_changed_email_is_a_suspected_rename() -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin"), person("Eve@old.io"), person("kim@x.io", accepted=False)])
    want = document({"root@x.io": "admin", "eve@new.io": "member", "KIM@y.io": "viewer"}, guards=LOOSE)
    plan = planned(want, live)
    assert [(hazard.risk, hazard.value, words(hazard.fact)) for hazard in plan.hazards] == [
        (
            Risk.RENAME_SUSPECT,
            "Eve@old.io,eve@new.io",
            (
                "the e-mail may have changed: Eve@old.io would lose access until eve@new.io accepts; "
                "list both until then"
            ),
        ),
        (
            Risk.RENAME_SUSPECT,
            "kim@x.io,KIM@y.io",
            (
                "the e-mail may have changed: the invitation of kim@x.io would be revoked, "
                "and KIM@y.io would have to accept a new one"
            ),
        ),
    ]
    assert (
        refused(plan.hazards, [allowance(f"rename-suspect={each.value}") for each in plan.hazards], plan.workspace)
        == ()
    )


def renames(old: Callable[[int], str], new: Callable[[int], str], count: int, **invited: Any) -> dict[str, str]:
    names = [f"person{chr(97 + at // 26)}{chr(97 + at % 26)}" * 2 for at in range(count)]
    members = [person(f"{name}@{old(at)}", **invited) for at, name in enumerate(names)]
    want = document(
        {"root@x.io": "admin"} | {f"{name}@{new(at)}": "member" for at, name in enumerate(names)}, guards=LOOSE
    )
    found = planned(want, FakeWorkspace.of([person("root@x.io", "admin"), *members])).hazards
    assert {each.risk for each in found} <= {Risk.RENAME_SUSPECT}
    return {each.value: words(each.fact) for each in found}


@pytest.mark.parametrize("invited", [{}, {"accepted": False}, {"accepted": False, "expired": True}])
def test_domain_change_of_many_is_one_hazard(invited: dict[str, bool]) -> None:
    ((value, because),) = renames(lambda _: "Corp.example", lambda _: "corp.TEST", 40, **invited).items()
    assert value == "*@corp.example,*@corp.test"
    assert because.startswith("the domain may have changed: 40 people at corp.example would be removed")
    assert because.endswith("list both until then")


def test_each_pair_of_domains_is_one_hazard() -> None:
    assert len(renames(lambda _: "a.io", lambda _: "b.io", 3)) == 3
    assert set(renames(lambda _: "a.io", lambda _: "b.io", 4)) == {"*@a.io,*@b.io"}
    assert set(renames(lambda at: f"a{at % 2}.io", lambda _: "b.io", 20)) == {"*@a0.io,*@b.io", "*@a1.io,*@b.io"}
    assert len(renames(lambda at: f"a{at}.io", lambda _: "b.io", 20)) == 20
    assert len(renames(lambda at: f"a{at // 19}.io", lambda _: "b.io", 20)) == 2


def test_each_name_change_in_a_domain_is_one_hazard() -> None:
    names = [f"{first}.smith{last}" for first in ("ada", "eve") for last in "abc"]
    live = FakeWorkspace.of([person("root@x.io", "admin"), *(person(f"{name}@x.io") for name in names)])
    want = {"root@x.io": "admin"} | {f"{name.replace('.', '')}@x.io": "member" for name in names}
    assert len(planned(document(want, guards=LOOSE), live).hazards) == 6


def test_existing_or_remaining_member_is_not_a_suspected_rename() -> None:
    live = FakeWorkspace.of(
        [
            person("root@x.io", "admin"),
            person("eve@old.io"),
            person("eve@new.io"),
            person("eve@late.io", accepted=False, expired=True),
            person("kim@x.io"),
        ]
    )
    want = {
        "root@x.io": "admin",
        "eve@new.io": "viewer",
        "eve@late.io": "member",
        "kim@x.io": "viewer",
        "kim@y.io": "member",
    }
    assert hazards(document(want, guards=LOOSE), live) == {}


SHRUNK = [
    # guards.maxRemovals, left, seen, hazard
    ("25%", 8, 6, ""),
    ("25%", 8, 5, "3"),
    ("25%", 3, 2, ""),
    ("0%", 3, 2, "1"),
    (2, 8, 6, ""),
    (2, 8, 5, "3"),
    (0, 1, 1, ""),
    (0, 1, 5, ""),
    ("25%", 0, 5, ""),
]


@pytest.mark.parametrize(("limit", "left", "seen", "missing"), SHRUNK)
def test_shrunken_listing_blocks_every_change(limit: str | int, left: int, seen: int, missing: str) -> None:
    people = [person("root@x.io", "admin"), *(person(f"p{n}@x.io", accepted=n % 2 == 0) for n in range(seen - 1))]
    live = FakeWorkspace.of(people)
    as_it_is = {str(each["email"]): each["role"] for each in people}
    guards = {"maxRemovals": limit}
    assert planned(document(as_it_is, guards=guards), live, left={"member": left}).hazards == ()
    plan = planned(document({**as_it_is, "new@x.io": "viewer"}, guards=guards), live, left={"member": left})
    because = f"since the last recorded run, the API shows only {seen} of {left} members"
    expected = [(Risk.LIVE_SHRANK, missing, because)] if missing else []
    assert [(hazard.risk, hazard.value, words(hazard.fact)) for hazard in plan.hazards] == expected


def test_missing_objects_of_all_kinds_are_counted_together() -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin")])
    want = document({"root@x.io": "admin"}, settings={"displayName": "Else"})
    left = {"member": 9, "settings": 3, "another kind": 7}
    (hazard,) = planned(want, live, left=left).hazards
    assert (hazard.value, words(hazard.fact)) == (
        "10",
        "since the last recorded run, the API shows only 1 of 3 settings and 1 of 9 members",
    )


def test_group_mappings_do_not_raise_the_removal_limit() -> None:
    mappings = [{"groupName": f"g{n}", "role": "member"} for n in range(30)]
    live = FakeWorkspace.of([person("root@x.io", "admin"), *(person(f"p{n}@x.io") for n in range(9))])
    live.settings["groupMappings"] = mappings
    want = document({"root@x.io": "admin"}, settings={"groupMappings": mappings})
    assert hazards(want, live) == {"mass-removal": "9"}


def test_empty_allowed_domains_allows_no_one() -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin")])
    want = document({"root@x.io": "admin", "new@x.io": "viewer"}, guards={"allowedDomains": []})
    assert hazards(want, live) == {"grants-outside-domain": "new@x.io"}
    assert hazards(document({"root@x.io": "admin", "new@x.io": "viewer"}), live) == {}


def test_promotion_or_resend_outside_the_allowed_domains_is_a_hazard() -> None:
    live = FakeWorkspace.of(
        [person("root@x.io", "admin"), person("m@y.io"), person("e@y.io", accepted=False, expired=True)]
    )
    want = document({"root@x.io": "admin", "m@y.io": "admin", "e@y.io": "member"}, guards={"allowedDomains": ["x.io"]})
    found = [hazard.value for hazard in planned(want, live).hazards]
    assert found == ["e@y.io", "m@y.io"]
