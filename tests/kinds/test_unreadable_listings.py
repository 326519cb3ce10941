"""A workspace of which only a part can be read: the rest is shown and exported, and unread is never empty."""

from collections.abc import Mapping
from typing import Any

import pytest

from beamctl.errors import ApiError, ForbiddenError, MissingError, UnauthenticatedError, UnreachableError
from beamctl.kinds.registry import all_kinds
from beamctl.workflow.show import export, show
from tests.fakes.runs import NOW, desired, planned
from tests.fakes.things import FakeThings, thing
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace, person

LISTINGS = {
    "settings": "/workspaces/acme",
    "members": "/users",
    "serviceAccounts": "/service_accounts",
    "policies": "/policies?limit=200",
    "integrations": "/integrations/connections",
    "environments": "/environments",
}


class Partly:
    """A workspace with something of every kind, parts of which are not shown.

    Attributes:
        hidden: By path, what is raised there.
    """

    def __init__(self, hidden: Mapping[str, ApiError]) -> None:
        self.hidden = hidden
        things = FakeThings()
        things.kept["policies"]["eu"] = thing("eu", type="location", locations=[{"type": "continent", "name": "eu"}])
        things.kept["integrations"]["c"] = thing("c", integration="openai")
        things.kept["environments"]["production"] = thing("production", policies=["eu"])
        self._rest = FakeWorkspace.of([person("ada@x.io", "admin")], things=things)
        self._shown = {
            "/service_accounts": [{"client_id": "c1", "name": "ci", "role": "member"}],
            "/service_accounts/c1/api_keys": [],
        }

    def get(self, path: str) -> Any:
        if path in self.hidden:
            raise self.hidden[path]
        return self._shown[path] if path in self._shown else self._rest.get(path)


REFUSED = ForbiddenError("the API does not allow it", status=403)
ABSENT = MissingError("the API does not have it", status=404)


@pytest.mark.parametrize("section", LISTINGS)
def test_a_section_that_is_refused_is_not_known_and_the_rest_is_shown(section: str) -> None:
    live = Partly({LISTINGS[section]: REFUSED})
    sections = show("acme", live)
    why = "cannot be read with this credential: the API does not allow it"
    both = {section, "apiKeys"} if section == "serviceAccounts" else {section}
    assert {name: each.rows for name, each in sections.items() if each.unread} == dict.fromkeys(both)
    assert {words(each.unread) for each in sections.values() if each.unread} == {why}
    assert all(each.rows for name, each in sections.items() if name not in {*both, "apiKeys"})
    exported = export("acme", live, NOW)
    assert section in exported.unseen
    assert f"\n# left out: {section} {why}\n" in exported.text
    assert f"\n{section}:" not in exported.text
    plan = planned(desired(exported.text), live)
    assert (plan.changes, plan.differs) == ((), False)


@pytest.mark.parametrize("section", ["members", "policies", "integrations"])
def test_a_listing_that_is_not_there_is_no_workspace_that_is_not_there(section: str) -> None:
    sections = show("acme", Partly({LISTINGS[section]: ABSENT}))
    assert [name for name, each in sections.items() if each.rows is None] == [section]
    assert words(sections[section].unread) == "cannot be read: the API does not have it"
    hidden_too = {LISTINGS[section]: ABSENT, LISTINGS["settings"]: REFUSED}
    assert [name for name, each in show("acme", Partly(hidden_too)).items() if each.unread] == ["settings", section]


@pytest.mark.parametrize("section", ["serviceAccounts", "environments"])
def test_what_an_api_does_not_have_is_nothing_that_is_hidden(section: str) -> None:
    live = Partly({LISTINGS[section]: ABSENT})
    assert not any(each.unread for each in show("acme", live).values())
    assert export("acme", live, NOW).unseen == ()


def test_keys_that_are_refused_are_said_by_whose_they_are() -> None:
    live = Partly({"/service_accounts/c1/api_keys": REFUSED})
    found = show("acme", live)["apiKeys"]
    assert (found.rows, words(found.unread)) == ([], "those of ci cannot be read with this credential")
    exported = export("acme", live, NOW)
    assert exported.unseen == ("apiKeys",)
    assert "# its API keys cannot be read with this credential and are not changed\n  ci: {role" in exported.text
    assert planned(desired(exported.text), live).changes == ()


@pytest.mark.parametrize("error", [REFUSED, ABSENT])
def test_where_nothing_is_seen_there_is_nothing_to_show(error: ApiError) -> None:
    for use in (lambda live: show("acme", live), lambda live: export("acme", live, NOW)):
        with pytest.raises(type(error)):
            use(Partly(dict.fromkeys(LISTINGS.values(), error)))


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: str(kind.name))
@pytest.mark.parametrize("error", [UnauthenticatedError, UnreachableError])
def test_an_api_that_does_not_answer_us_is_another_matter(kind: Any, error: type[ApiError]) -> None:
    section = "serviceAccounts" if kind.section == "apiKeys" else kind.section
    with pytest.raises(error):
        show("acme", Partly({LISTINGS[section]: error("no")}))
