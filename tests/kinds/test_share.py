"""Shares of images and custom domains: which are hazards, what cannot be shared, and how they are made and ended."""

import re
from typing import Any

import pytest

from beamctl.apply.record import Ended
from beamctl.document.desired import Desired
from beamctl.document.load import SourceText
from beamctl.errors import GarbledError
from beamctl.kinds.share.kind import ShareKind
from beamctl.kinds.share.live import Shareable, read_shares, share_of, shares
from beamctl.model.api_call import Response
from beamctl.model.code import Code
from beamctl.plan.comparison import Situation, UnchangedReason
from beamctl.plan.hazard import Allowance, Risk, refused
from beamctl.plan.kind import Outcome
from beamctl.plan.plan import Plan
from beamctl.workflow.documents import validate
from beamctl.workflow.show import export
from tests.fakes.runs import API, NOW, TODAY, applied, desired, document, planned
from tests.fakes.secrets_and_shares import FakeShares
from tests.fakes.workspace import FakeWorkspace, person

IMAGE, DOMAIN = Shareable.IMAGE, Shareable.CUSTOM_DOMAIN


def workspace(images: dict[str, list[str]] | None = None, domains: dict[str, list[str]] | None = None) -> FakeWorkspace:
    live = FakeShares({IMAGE: images or {}, DOMAIN: domains or {}})
    return FakeWorkspace.of([person("root@x.io", "admin")], shares=live)


def want(images: Any = None, domains: Any = None, **guards: Any) -> Desired:
    found = {"images": images, "customDomains": domains}
    return document(
        shares={key: value for key, value in found.items() if value is not None}, guards={"maxRemovals": 9, **guards}
    )


def outcomes(plan: Plan, live: FakeWorkspace) -> list[Outcome]:
    return [each.outcome for each in applied(plan, live) if isinstance(each, Ended)]


def names(plan: Plan) -> list[tuple[str, str]]:
    return [(each.action.value, each.name) for each in plan.changes]


def test_shares_are_made_and_ended() -> None:
    live = workspace({"agent/bot": ["beta"], "job/other": ["beta"]}, {"a.example.com": []})
    plan = planned(want({"agent/bot": ["gamma"]}, {"a.example.com": ["account"]}), live)
    assert names(plan) == [
        ("create", "customDomains/a.example.com/account"),
        ("create", "images/agent/bot/gamma"),
        ("delete", "images/agent/bot/beta"),
        ("delete", "images/job/other/beta"),
    ]
    outcomes(plan, live)
    assert live.shares.kept == {
        IMAGE: {"agent/bot": ["gamma"], "job/other": []},
        DOMAIN: {"a.example.com": ["account"]},
    }


@pytest.mark.parametrize("allowed", [[], ["gamma"], ["beta"], ["beta", "account"]])
def test_new_share_outside_is_a_hazard(allowed: list[str]) -> None:
    live = workspace({"agent/bot": [], "agent/old": ["gamma"]}, {"a.example.com": []})
    guards = {"allowedWorkspaces": allowed} if allowed else {}
    images = {"agent/bot": ["beta"], "agent/old": ["gamma"]}  # an existing share is no hazard
    plan = planned(want(images, {"a.example.com": ["account"]}, **guards), live)
    expected = {"customDomains/a.example.com/account": "account", "images/agent/bot/beta": "beta"}
    outside = {each.value for each in plan.hazards if each.risk is Risk.SHARES_OUTSIDE}
    assert outside == {value for value, target in expected.items() if target not in allowed}
    one = [Allowance(Risk.SHARES_OUTSIDE, "images/agent/bot/beta")]
    assert {each.value for each in refused(plan.hazards, one, "acme")} == outside - {"images/agent/bot/beta"}


def test_what_is_not_ours_is_not_shared() -> None:
    live = workspace({"agent/bot": []})
    live.shares.foreign[IMAGE] = {"agent/theirs": "beta"}
    plan = planned(want({"agent/theirs": ["gamma"], "agent/none": ["gamma"]}), live)
    assert (plan.changes, plan.differs) == ((), True)
    assert [note.fact.code for note in plan.notes] == [Code.SHARED_BY_ANOTHER, Code.NOTHING_TO_SHARE]
    assert all(note.place and note.place.line for note in plan.notes)
    assert "GET /images/agent/theirs/share" not in live.calls


def test_pending_share_is_not_made_again() -> None:
    live = workspace({"agent/bot": ["beta"]})
    live.shares.pending = {"beta"}
    plan = planned(want({"agent/bot": ["beta"]}), live)
    assert plan.changes == ()
    assert plan.tally[UnchangedReason.PENDING] == 1


def test_share_that_someone_else_made_is_found() -> None:
    live = workspace({"agent/bot": []})
    plan = planned(want({"agent/bot": ["beta"]}), live)
    live.shares.kept[IMAGE]["agent/bot"] = ["beta"]
    (outcome,) = outcomes(plan, live)
    assert outcome.found


def test_refusal_of_the_api_is_reported() -> None:
    live = workspace({"agent/bot": []})
    (outcome,) = outcomes(planned(want({"agent/bot": ["elsewhere"]}), live), live)
    assert (outcome.status.value, outcome.refusal) == ("failed", 404)


def test_additive_section_keeps_others() -> None:
    live = workspace({"agent/bot": ["beta"]})
    assert planned(document(shares={}, manage={"shares": "additive"}), live).changes == ()


@pytest.mark.parametrize("missing", [["/images"], ["/images/agent/bot/share", "/images/agent/old/share"]])
def test_api_without_images_or_their_shares(missing: list[str]) -> None:
    live = workspace({"agent/bot": ["beta"], "agent/old": ["beta"]}, {"a.example.com": []})
    live.answers |= {f"GET {path}": Response(404, None, "none") for path in missing}
    plan = planned(want({"agent/bot": ["beta", "gamma"]}, {"a.example.com": ["beta"]}), live)
    assert names(plan) == [("create", "customDomains/a.example.com/beta")]
    (note,) = plan.notes
    assert (note.fact.code, note.fact.fields["section"], note.differs) == (Code.SHARES_NOT_IN_API, "images", False)


def test_image_that_was_deleted_since_the_listing_is_not_shared() -> None:
    live = workspace({"agent/bot": [], "agent/gone": ["beta"]})
    live.answers["GET /images/agent/gone/share"] = Response(404, None, "none")
    plan = planned(want({"agent/bot": ["beta"], "agent/gone": ["beta"]}), live)
    assert names(plan) == [("create", "images/agent/bot/beta")]
    assert [note.fact.code for note in plan.notes] == [Code.NOTHING_TO_SHARE]


def test_undo_restores_shares() -> None:
    live = workspace({"agent/bot": ["beta"], "agent/gone": ["beta"]})
    plan = planned(want({"agent/bot": ["gamma"]}), live)
    outcomes(plan, live)
    del live.shares.kept[IMAGE]["agent/gone"]
    found = ShareKind().undo(plan.changes, want(), read(live), Situation(TODAY, API))
    assert sorted((each.action.value, each.name) for each in found.changes) == [
        ("create", "images/agent/bot/beta"),
        ("delete", "images/agent/bot/gamma"),
    ]
    assert [hazard.risk for hazard in found.hazards] == [Risk.SHARES_OUTSIDE]
    assert [note.fact.code for note in found.notes] == [Code.NOTHING_TO_SHARE]


def read(live: FakeWorkspace) -> Any:
    reading, answer = read_shares(), None
    while True:
        try:
            answer = live.get(reading.send(answer))
        except StopIteration as end:
            return end.value


def test_export_needs_no_change() -> None:
    live = workspace({"agent/bot": ["gamma", "beta"], "agent/own": []}, {"a.example.com": ["account"]})
    text = export("acme", live, NOW).text
    assert "customDomains: {a.example.com: [account]}" in text
    assert planned(desired(text), live).changes == ()


def test_keys_are_unambiguous() -> None:
    for key in ("images/agent/bot/beta", "images/agent/a/b/beta", "customDomains/a.example.com/account"):
        assert share_of(key).key == key
    for key in (
        "images",
        "images/agent/beta",
        "images/agent//beta",
        "domains/a/b",
        "customDomains//b",
        "images/a/b/",
    ):
        with pytest.raises(ValueError, match=re.escape(key)):
            share_of(key)


@pytest.mark.parametrize(
    "payload", [{}, None, [{}], [{"workspace": ""}], [{"workspace": "a/b"}], [{"workspace": "a"}, {"workspace": "a"}]]
)
def test_malformed_shares_are_refused(payload: Any) -> None:
    with pytest.raises(GarbledError):
        list(shares(IMAGE, "agent/bot", payload))


BAD_TYPE = [{"metadata": {"name": "b", "resourceType": "a/b"}}]
BAD_OWNER = [{"metadata": {"name": "b", "resourceType": "agent", "sourceWorkspace": 5}}]


@pytest.mark.parametrize(
    "payload",
    [{}, "x", {"data": [], "meta": {"hasMore": True}}, [{}], [{"metadata": {"name": "b"}}], BAD_TYPE, BAD_OWNER],
)
def test_malformed_images_are_refused(payload: Any) -> None:
    live = workspace()
    live.answers["GET /images"] = Response(200, payload)
    with pytest.raises(GarbledError):
        read(live)


def test_page_of_summaries_is_read() -> None:
    live = workspace({"agent/bot": ["beta"]})
    entry = {"metadata": {"name": "bot", "resourceType": "agent"}, "spec": {"tagCount": 1}}
    live.answers["GET /images"] = Response(
        200, {"data": [entry], "meta": {"hasMore": False, "nextCursor": "", "total": 1}}
    )
    assert list(read(live).by_key) == ["images/agent/bot/beta"]


def test_every_page_of_images_is_read() -> None:
    live = workspace({"agent/bot": ["beta"], "agent/more": ["gamma"]})
    first, second = ([{"metadata": {"name": name, "resourceType": "agent"}}] for name in ("bot", "more"))
    live.answers["GET /images"] = Response(200, {"data": first, "meta": {"hasMore": True, "nextCursor": "a/b"}})
    live.answers["GET /images?cursor=a%2Fb"] = Response(200, {"data": second, "meta": {"hasMore": False}})
    assert list(read(live).by_key) == ["images/agent/bot/beta", "images/agent/more/gamma"]


@pytest.mark.parametrize(
    ("section", "message", "line"),
    [
        ("images: {agent/bot: [acme]}", "'acme' is the workspace of this document", 4),
        ("images: {agent/bot: [beta, beta]}", "'beta' is already listed on line 4", 4),
        ("images: {bot: [beta]}", "'bot' is not a name of an image", 4),
        ("images: {agent/bot: beta}", "'agent/bot' must be a list, not a string", 4),
        ("images: {agent/bot: [a/b]}", "'a/b' is not a workspace name", 4),
        ("domains: {}", "unknown key 'domains'", 4),
    ],
)
def test_problems(section: str, message: str, line: int) -> None:
    found = validate([SourceText("f.yaml", f"version: 1\nworkspace: acme\nshares:\n  {section}\n".encode())]).problems
    assert [(each.place.line, message in each.message) for each in found] == [(line, True)], found
