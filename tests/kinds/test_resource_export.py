"""How policies, integration connections and environments are shown and exported."""

from typing import Any

import pytest
import yaml

from beamctl.document.load import SourceText
from beamctl.errors import GarbledError, MissingError
from beamctl.kinds.environment import EnvironmentKind
from beamctl.kinds.policy import SHAPE, PolicyKind
from beamctl.plan.across_kinds import read
from beamctl.workflow.documents import validate
from tests.fakes.resources import FakeResources, resource
from tests.fakes.runs import document, planned, shown
from tests.fakes.wording import counts
from tests.fakes.workspace import FakeWorkspace

META = {"hasMore": False, "nextCursor": ""}
P = resource("p", type="location")


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_every_page_is_read(size: int) -> None:
    names = [f"p{number}" for number in range(5)]
    kept = {"policies": {name: resource(name, type="location") for name in names}}
    live = FakeWorkspace(resources=FakeResources(kept, paged=size))
    plan = planned(document(policies={name: {"spec": {"type": "location"}} for name in names}), live)
    assert (plan.changes, counts(plan)) == ((), {"unchanged": 5})
    assert len(live.calls) == (-(-5 // size) if size else 1)


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        "x",
        {"data": [P]},
        {"data": "x", "meta": META},
        {"data": [P], "meta": {"hasMore": True}},
        {"data": [P], "meta": {"hasMore": True, "nextCursor": ""}},
        {"data": [P], "meta": {"hasMore": True, "nextCursor": "always the same"}},
        {"data": [], "meta": {"hasMore": True, "nextCursor": "\ud800"}},
        [P, P],
        [None],
        [{"metadata": {"name": ""}, "spec": {}}],
        [{"metadata": {"name": "x" * 2000}, "spec": {}}],
        [{"metadata": {"name": "\ud800"}, "spec": {}}],
        [resource("p", type=7)],
        [resource("p", type="location", locations="eu")],
        [resource("p", type="location", resourceTypes=[7])],
        [{"metadata": {"name": "p", "labels": {"a": 1}}, "spec": {}}],
    ],
    ids=lambda payload: ascii(payload)[:50],
)
def test_malformed_listing_is_rejected(payload: Any) -> None:
    with pytest.raises(GarbledError) as caught:
        shown(PolicyKind(), payload)
    assert len(caught.value.message) < 200


def test_flat_policies_of_early_apis_are_read() -> None:
    flat = {"name": "p", "display_name": "P", "type": "location", "resource_types": ["model"], "workspace": "acme"}
    (found,) = shown(PolicyKind(), [flat]).values()
    halves = resource("p", display="P", type="location", resourceTypes=["model"])
    assert [found] == list(shown(PolicyKind(), [halves]).values())


def test_missing_workspace_is_not_an_api_without_environments() -> None:
    with pytest.raises(MissingError):
        read(EnvironmentKind(), "acme", FakeWorkspace(deleted=True))


def test_rows_have_the_same_keys() -> None:
    rows = PolicyKind().listing(shown(PolicyKind(), [P, resource("a", {"x": "y"}, type="flavor")])).rows or ()
    assert [row["name"] for row in rows] == ["a", "p"]
    assert [list(row) for row in rows] == [["name", *SHAPE.forms]] * 2


LEAK = "sk-live-0123456789"
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"policies": {"Big": {"spec": {"type": "location"}}}}, "'Big' is not a valid name for a policy"),
    ({"policies": {"a--b": {"spec": {"type": "location"}}}}, "'a--b' is not a valid name for a policy"),
    ({"policies": {"p" * 50: {"spec": {"type": "location"}}}}, f"'{'p' * 50}' is not a valid name for a policy"),
    ({"environments": {"-x": {}}}, "'-x' is not a valid name for an environment"),
    ({"policies": {"p": {}}}, "'spec' is a required property of 'p'"),
    ({"policies": {"p": {"spec": {"type": "locaton"}}}}, "'locaton' is not one of ['location', 'flavor', 'maxToken']"),
    ({"policies": {"p": {"spec": {"type": "location", "location": []}}}}, "unknown key 'location'"),
    (
        {"integrations": {"c": {"integration": "x", "secret": {"k": LEAK}}}},
        "'k' contains a secret in plain text",
    ),
    ({"integrations": {"c": {"integration": "x", "secret": LEAK}}}, "'secret' must be a mapping, not a string"),
    ({"integrations": {"c": {"integration": "x", "secret": {"k": {"env": LEAK}}}}}, "not the name of a variable"),
    ({"integrations": {"c": {"integration": "x", "secret": {"k": {"value": LEAK}}}}}, "unknown key 'value'"),
    ({"integrations": {"c": {"integration": "x", "secret": {"k": {"command": []}}}}}, "'command' should be non-empty"),
    ({"integrations": {"c": {"integration": "x", "secret": {"version": 2}}}}, "the secret of 'c' has no source"),
    ({"integrations": {"c": {"integration": "x", "secret": {"k": {"env": "A", "file": "b"}}}}}, "exactly one of"),
    (
        {"integrations": {"c": {"integration": "x", "labels": {"beamctl-secret-version": "2"}}}},
        "the label 'beamctl-secret-version' is reserved for beamctl",
    ),
    (
        {"policies": {"eu-only": {"spec": {"type": "flavor"}}}, "environments": {"x": {"policies": ["eu-onyl"]}}},
        "'eu-onyl'",
    ),
    ({"manage": {"policies": "additiv"}}, "'additiv' is not one of ['authoritative', 'additive']"),
]


@pytest.mark.parametrize(("sections", "said"), WRONG, ids=[said for _, said in WRONG])
def test_problems_have_a_place_and_quote_no_secret(sections: dict[str, Any], said: str) -> None:
    text = yaml.safe_dump({"version": 1, "workspace": "acme", **sections}, sort_keys=False)
    problems = validate([SourceText("f.yaml", text.encode())]).problems
    assert any(said in problem.message for problem in problems), problems
    assert all(problem.place.line > 2 for problem in problems)
    assert LEAK not in str(problems)


def test_a_secret_in_plain_text_is_one_problem() -> None:
    text = f"version: 1\nworkspace: acme\nintegrations: {{c: {{integration: x, secret: {{k: {LEAK}}}}}}}\n"
    (problem,) = validate([SourceText("f.yaml", text.encode())]).problems
    assert (problem.code, problem.place.column) == ("plain-secret", text.splitlines()[2].index(LEAK) + 1)
    assert problem.line == ""
