"""What people gain and lose, in words; and the table of permissions, which is the emulator's."""

from typing import Any

import pytest

from beamctl.emulator.permission import BY_CALLER_TYPE, BY_ROLE, Permission
from beamctl.model.identity import Role
from beamctl.plan.change import Action, Change, Reason, Stage
from beamctl.report.permissions import ABILITIES, abilities, effect_text, excess_text
from beamctl.report.plan_text import plan_text
from tests.fakes.runs import document, planned
from tests.fakes.workspace import FakeWorkspace, person

WORK = "deploy and query models and agents"
SEE = "see the workspace"
MANAGE = (
    "invite users, remove users, edit policies, delete the workspace, change roles and settings, "
    "manage service accounts, manage API keys, edit integrations, edit environments, "
    "see who uses multi-factor authentication"
)


def test_every_permission_of_the_emulator_is_in_the_table_and_no_other() -> None:
    scopes = {scope for ability in ABILITIES for scope in ability.scopes}
    assert scopes == {permission.value for permission in BY_ROLE}
    assert {permission for permission in Permission if permission.value not in scopes} <= BY_CALLER_TYPE.keys()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", BY_ROLE, ids=lambda permission: permission.value)
def test_each_role_may_do_what_the_emulator_allows(role: Role, permission: Permission) -> None:
    allowed = {each.value for each in BY_ROLE[permission]}
    rows = [ability for ability in ABILITIES if permission.value in ability.scopes]
    assert rows
    assert all((role in ability.roles) is (role.value in allowed) for ability in rows)


def test_the_rows_differ() -> None:
    texts = [ability.text for ability in ABILITIES]
    assert len(set(texts)) == len(texts)
    assert ", ".join(abilities(Role.ADMIN)) == f"{MANAGE}, {WORK}, {SEE}"


def change(before: str | None, after: str | None, standing: str = "accepted", now: str | None = None) -> Change:
    def side(role: str | None, standing: str) -> dict[str, Any] | None:
        return None if role is None else {"email": "a@x.io", "role": role, "standing": standing}

    sides = side(before, standing), side(after, now or standing)
    return Change("member", "a", "a", Action.SET_ROLE, Stage.PROMOTE, "role", *sides, Reason.ROLE_DIFFERS)


UNKNOWN = "may lose permissions that beamctl does not know"
MAY_HAVE = "may have permissions that beamctl does not know"


@pytest.mark.parametrize(
    ("made", "text", "excess"),
    [
        (change("admin", None), f"can no longer {MANAGE}, {WORK}, {SEE}", f"can {MANAGE}, {WORK}, {SEE}"),
        (change("member", None), f"can no longer {WORK}, {SEE}", f"can {WORK}, {SEE}"),
        (change("admin", "member"), f"can no longer {MANAGE}", f"can {MANAGE}"),
        (change("member", "viewer"), f"can no longer {WORK}", f"can {WORK}"),
        (change("member", "admin"), f"can also {MANAGE}", f"cannot {MANAGE}"),
        (change(None, "viewer", now="invited"), f"after accepting, can {SEE}", ""),
        (change(None, "member"), f"can {WORK}, {SEE}", ""),
        (change("member", "member"), "", ""),
        (
            change("admin", "viewer", "invited"),
            f"after accepting, cannot {MANAGE}, {WORK}",
            "no access yet, because the invitation was not accepted",
        ),
        (
            change("member", None, "invited"),
            "no access yet, because the invitation was not accepted",
            "no access yet, because the invitation was not accepted",
        ),
        (
            change("member", "member", "expired", now="invited"),
            f"after accepting, can {WORK}, {SEE}",
            "no access yet, because the invitation was not accepted",
        ),
        (change("owner", None), UNKNOWN, MAY_HAVE),
        (change("owner", "viewer"), f"{UNKNOWN}; can {SEE}", MAY_HAVE),
        (change("", "viewer"), f"{UNKNOWN}; can {SEE}", MAY_HAVE),
        (change("viewer", "owner"), "may gain or lose permissions that beamctl does not know", ""),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_what_a_change_means(made: Change, text: str, excess: str) -> None:
    assert effect_text(made) == text
    assert excess_text(made) == excess


def test_explain_adds_one_line_below_a_change() -> None:
    live = FakeWorkspace.of(
        [person("root@x.io", "admin"), person("eve@x.io")], settings={"name": "acme", "displayName": "A"}
    )
    plan = planned(document({"root@x.io": "admin", "new@x.io": "viewer"}, settings={"displayName": "B"}), live)
    plain, explained = plan_text(plan).splitlines(), plan_text(plan, explain=True).splitlines()
    added = [line for line in explained if line not in plain]
    assert added == [f"      after accepting, can {SEE}", f"      can no longer {WORK}, {SEE}"]
    assert [line for line in explained if line not in added] == plain
    assert explained[explained.index(added[1]) - 1].startswith("  - remove  eve@x.io")
