"""Every cell of the decision table, once directly and once through a plan."""

import pytest

from beamctl.kinds.member.table import DESIRED_ROLES, ROWS, Decision, Leaving, RoleLabel, Standing, verdict
from beamctl.model.identity import Role, UnknownRole
from tests.fakes.runs import document, left, planned
from tests.fakes.workspace import FakeWorkspace, person

ROLE_NAMES = {
    RoleLabel.ADMIN: "admin",
    RoleLabel.MEMBER: "member",
    RoleLabel.VIEWER: "viewer",
    RoleLabel.UNKNOWN: "owner",
    RoleLabel.NOT_SHOWN: "",
}
CELLS = [
    (live, wanted, cell) for live, cells in ROWS.items() for wanted, cell in zip(DESIRED_ROLES, cells, strict=True)
]

EXPECTED = """
none                  -        invite  invite  invite -
invited admin         revoke   wait    role    role   revoke
invited member        revoke   role    wait    role   revoke
invited viewer        revoke   role    role    wait   revoke
invited owner         leave    role    role    role   revoke
invited ?             revoke   wait    wait    wait   revoke
expired admin         revoke   resend  resend  resend revoke
expired member        revoke   resend  resend  resend revoke
expired viewer        revoke   resend  resend  resend revoke
expired owner         leave    resend  resend  resend revoke
expired ?             revoke   resend  resend  resend revoke
accepted admin        remove   -       role    role   remove
accepted member       remove   role    -       role   remove
accepted viewer       remove   role    role    -      remove
accepted owner        leave    role    role    role   remove
directory admin       leave    -       say     say    say
directory member      leave    say     -       say    say
directory viewer      leave    say     say     -      say
directory owner       leave    say     say     say    say
directory ?           leave    say     say     say    say
"""
"""Written by hand rather than derived from the table, so that mistakes in the table are found."""

WORDS = {
    Decision.NOTHING: "-",
    Decision.WAIT: "wait",
    Decision.INVITE: "invite",
    Decision.RESEND: "resend",
    Decision.SET_ROLE: "role",
    Decision.REMOVE: "remove",
    Decision.REVOKE: "revoke",
    Decision.LEAVE: "leave",
    Decision.LEAVE_AND_REPORT: "say",
}


def spelled(live: tuple[Standing, RoleLabel] | None) -> str:
    return "none" if live is None else f"{live[0].value} {ROLE_NAMES[live[1]] or '?'}"


def test_decision_table_is_the_expected_one() -> None:
    expected = {line[:20].strip(): line[20:].split() for line in EXPECTED.strip().splitlines()}
    assert {spelled(live): [WORDS[cell] for cell in cells] for live, cells in ROWS.items()} == expected


@pytest.mark.parametrize(("live", "wanted", "cell"), CELLS, ids=str)
def test_plan_does_what_each_cell_says(
    live: tuple[Standing, RoleLabel] | None, wanted: Role | Leaving | None, cell: Decision
) -> None:
    workspace = FakeWorkspace.of([person("root@x.io", "admin")])
    if live is not None:
        standing, column = live
        workspace.users["p@x.io"] = person(
            "p@x.io",
            ROLE_NAMES[column],
            accepted=standing in (Standing.ACCEPTED, Standing.DIRECTORY) and column is not RoleLabel.NOT_SHOWN,
            expired=standing is Standing.EXPIRED,
            source="directory_sync" if standing is Standing.DIRECTORY else "invitation",
        )
    members: dict[str, object] = {"root@x.io": "admin"}
    guards = {"self": {"serviceAccount": "ci"}}
    if isinstance(wanted, Role) or wanted is Leaving.LEFT:
        members["p@x.io"] = wanted.value if isinstance(wanted, Role) else "admin"
    plan = planned(left(document(members, guards=guards), *(["p@x.io"] if wanted is Leaving.LEFT else [])), workspace)
    verbs = [change.action.value for change in plan.changes]
    does = cell in (Decision.INVITE, Decision.RESEND, Decision.SET_ROLE, Decision.REMOVE, Decision.REVOKE)
    assert verbs == ([cell.value] if does else [])
    says = cell is Decision.LEAVE_AND_REPORT or (
        cell is Decision.LEAVE and live is not None and live[0] is not Standing.DIRECTORY
    )
    assert bool(plan.notes) is says


def test_unknown_role_has_its_own_row() -> None:
    assert verdict(None, Standing.ACCEPTED, UnknownRole("owner")) is Decision.LEAVE
    assert verdict(Role.ADMIN, Standing.ACCEPTED, UnknownRole("owner")) is Decision.SET_ROLE
