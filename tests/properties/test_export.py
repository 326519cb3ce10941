"""Export, then plan: nothing to change, whatever the workspace looks like."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.document.document import Mode
from beamctl.errors import GarbledError
from beamctl.plan.hazard import Risk
from beamctl.usecases import export
from tests.fakes.runs import TODAY, desired, planned
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
@settings(max_examples=400, deadline=None)
def test_export_then_plan_is_empty(everybody: list[dict[str, Any]], itself: dict[str, Any]) -> None:
    live = FakeWorkspace.of(everybody, settings=itself)
    try:
        text = export("acme", live, TODAY).text
    except GarbledError:
        return
    assert all(char.isprintable() or char == "\n" for char in text)
    want = desired(text)
    plan = planned(want, live)
    assert plan.changes == ()
    assert {hazard.risk for hazard in plan.hazards} <= {Risk.LIVE_EMPTY}
    assert export("acme", live, TODAY).text == text
    strange = any(" " in str(each["email"]) or "\n" in str(each["email"]) for each in everybody)
    directory = all(each.get("source") == "directory_sync" for each in everybody if " " in str(each["email"]))
    assert (want.mode("members") is Mode.ADDITIVE) <= (strange or not directory)


def test_it_says_what_it_leaves_out() -> None:
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
        export("acme", live, TODAY).text
        == """\
version: 1
workspace: acme

settings:
  displayName: Acme
  # left out: labels has a value that is no text

members:
  root@x.io: admin
  # invited
  wait@x.io: viewer
  # left out: own@x.io has the role 'owner', which beamctl does not know
  # left out: sync@x.io is member through directory sync, which decides

manage:
  skip: {late@x.io: {until: '2026-12-24', reason: 'exported with an expired invitation: list or revoke'}}
"""
    )
