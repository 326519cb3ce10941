"""Which member changes in a file are ones that beamctl could have planned."""

from dataclasses import replace
from typing import Any

import pytest

from beamctl.plan.change import REASONS, Action, Change, Reason, Stage
from beamctl.workflow.saved_plan import could_be_planned
from tests.fakes.runs import document, planned
from tests.fakes.workspace import FakeWorkspace, person

PLAN = planned(
    document(
        {
            "root@x.io": "admin",
            "new@x.io": "viewer",
            "again@x.io": "member",
            "up@x.io": "member",
            "own@x.io": "admin",
            "down@x.io": "viewer",
        },
        guards={"maxRemovals": 9, "self": {"email": "me@x.io"}},
    ),
    FakeWorkspace.of(
        [
            person("root@x.io", "admin"),
            person("again@x.io", accepted=False, expired=True),
            person("up@x.io", "viewer"),
            person("own@x.io", "owner"),
            person("down@x.io", "admin"),
            person("gone@x.io"),
            person("wait@x.io", accepted=False),
            person("me@x.io"),
            person("\u201cq\u201d@x_y.io"),
            person("no address", accepted=False),
        ]
    ),
)
CHANGES = {change.key.partition("@")[0]: change for change in PLAN.changes}


def is_valid(change: Change) -> bool:
    return could_be_planned(change)


def test_every_planned_change_is_valid() -> None:
    assert {(change.action.value, change.stage.name) for change in PLAN.changes} == {
        ("invite", "INVITE"),
        ("resend", "INVITE"),
        ("set role", "PROMOTE"),
        ("set role", "DEMOTE"),
        ("remove", "REMOVE"),
        ("revoke", "REVOKE"),
        ("remove", "OURSELVES"),
    }
    assert [change.name for change in PLAN.changes if not is_valid(change)] == []


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_reason_does_not_hide_a_removal(name: str) -> None:
    assert REASONS[CHANGES[name].action].isdisjoint({Reason.EXPIRES, Reason.NOT_HANDED_OVER, Reason.SUPERSEDED})


def side(name: str, **more: Any) -> dict[str, Any]:
    return {"email": f"{name}@x.io", "role": "member", "standing": "accepted", "source": "local", **more}


FORGED: list[tuple[str, dict[str, Any]]] = [
    ("new", {"attribute": "email"}),
    ("new", {"stage": Stage.PROMOTE}),
    ("new", {"action": Action.SET}),
    ("new", {"action": Action.RESEND}),
    ("new", {"before": side("new")}),
    ("new", {"after": None}),
    ("new", {"after": side("evil")}),
    ("new", {"after": side("new", role="owner")}),
    ("new", {"after": side("new", standing="directory")}),
    ("new", {"after": {"email": "new@x.io", "role": "admin"}}),
    ("new", {"after": side("new", email=7)}),
    ("new", {"name": "other@x.io"}),
    ("new", {"name": "new", "key": "new", "after": side("new", email="new")}),
    (
        "new",
        {"name": "new@\xfc.io", "key": "new@\xfc.io", "after": side("new", email="new@\xfc.io", standing="invited")},
    ),
    ("again", {"before": None}),
    ("up", {"stage": Stage.DEMOTE}),
    ("up", {"action": Action.REMOVE}),
    ("own", {"stage": Stage.DEMOTE}),
    ("down", {"stage": Stage.PROMOTE}),
    ("down", {"stage": Stage.REMOVE}),
    ("gone", {"stage": Stage.REVOKE}),
    ("gone", {"after": side("gone")}),
    ("gone", {"before": None}),
    ("gone", {"before": side("root")}),
    ("gone", {"name": "..", "key": "..", "before": side("gone", email="..")}),
    ("gone", {"name": "\ud800@x.io", "key": "\ud800@x.io", "before": side("gone", email="\ud800@x.io")}),
    ("gone", {"name": "a" * 1001, "key": "a" * 1001, "before": side("gone", email="a" * 1001)}),
    ("gone", {"before": {"email": "gone@x.io"}}),
    ("wait", {"stage": Stage.INVITE}),
]


@pytest.mark.parametrize(("name", "forged"), FORGED)
def test_change_that_is_never_planned_is_invalid(name: str, forged: dict[str, Any]) -> None:
    assert not is_valid(replace(CHANGES[name], **forged))
