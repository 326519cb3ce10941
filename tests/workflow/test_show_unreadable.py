"""A workspace that can be read only in part: the rest is shown and exported, and unread sections are never empty."""

from collections.abc import Mapping
from typing import Any

import pytest

from beamctl.errors import ApiError, ForbiddenError, MissingError, UnauthenticatedError, UnreachableError
from beamctl.kinds.registry import all_kinds
from beamctl.kinds.share.live import Shareable
from beamctl.workflow.show import export
from tests.fakes.one_workspace import show
from tests.fakes.resources import PATHS, SHAPES, FakeResources, resource
from tests.fakes.runs import NOW, desired, planned
from tests.fakes.secrets_and_shares import PAST, FakeSecrets, FakeShares
from tests.fakes.service_accounts import FakeServiceAccounts, service_account
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace, person

LISTINGS = {
    "settings": "/workspaces/acme",
    "members": "/users",
    "serviceAccounts": "/service_accounts",
    **{shape.section: shape.path + "?limit=200" * shape.paged for shape in SHAPES.values()},
    "secrets": "/secrets",
    "shares": "/images",
}
SPECS: Mapping[str, Mapping[str, Any]] = {
    "policies": {"type": "location", "locations": [{"type": "continent", "name": "eu"}]},
    "integrations": {"integration": "openai"},
    "environments": {"policies": ["production"]},
}


def workspace(hidden: Mapping[str, ApiError]) -> FakeWorkspace:
    """A workspace with something of every kind, some paths of which raise an error."""
    resources = FakeResources({s: {"production": resource("production", **SPECS.get(s, {}))} for s in PATHS})
    return FakeWorkspace.of(
        [person("ada@x.io", "admin")],
        resources=resources,
        accounts=FakeServiceAccounts({"c1": service_account("c1", "ci")}),
        secrets=FakeSecrets({"STRIPE_KEY": "x"}, {"STRIPE_KEY": PAST}),
        shares=FakeShares({Shareable.IMAGE: {"agent/bot": ["beta"]}, Shareable.CUSTOM_DOMAIN: {}}),
        answers={f"GET {path}": error for path, error in hidden.items()},
    )


REFUSED = ForbiddenError("the API does not allow it", status=403)
ABSENT = MissingError("the API does not have it", status=404)


@pytest.mark.parametrize("section", LISTINGS)
def test_forbidden_section_is_unread_and_the_rest_is_shown(section: str) -> None:
    live = workspace({LISTINGS[section]: REFUSED})
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
def test_missing_listing_is_not_a_missing_workspace(section: str) -> None:
    sections = show("acme", workspace({LISTINGS[section]: ABSENT}))
    assert [name for name, each in sections.items() if each.rows is None] == [section]
    assert words(sections[section].unread) == "cannot be read: the API does not have it"
    hidden_too = {LISTINGS[section]: ABSENT, LISTINGS["settings"]: REFUSED}
    assert [name for name, each in show("acme", workspace(hidden_too)).items() if each.unread] == ["settings", section]


@pytest.mark.parametrize("section", ["serviceAccounts", "environments"])
def test_listing_that_the_api_lacks_is_empty(section: str) -> None:
    live = workspace({LISTINGS[section]: ABSENT})
    assert not any(each.unread for each in show("acme", live).values())
    assert export("acme", live, NOW).unseen == ()


def test_forbidden_keys_are_reported_with_their_account() -> None:
    live = workspace({"/service_accounts/c1/api_keys": REFUSED})
    found = show("acme", live)["apiKeys"]
    assert (found.rows, words(found.unread)) == ([], "those of ci cannot be read with this credential")
    exported = export("acme", live, NOW)
    assert exported.unseen == ("apiKeys",)
    assert "# the API keys of ci cannot be read with this credential and are not changed\n  ci: {role" in exported.text
    assert planned(desired(exported.text), live).changes == ()


@pytest.mark.parametrize("error", [REFUSED, ABSENT])
def test_error_if_nothing_can_be_read(error: ApiError) -> None:
    for use in (lambda live: show("acme", live), lambda live: export("acme", live, NOW)):
        with pytest.raises(type(error)):
            use(workspace(dict.fromkeys(LISTINGS.values(), error)))


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: str(kind.name))
@pytest.mark.parametrize("error", [UnauthenticatedError, UnreachableError])
def test_connection_errors_are_not_unread_sections(kind: Any, error: type[ApiError]) -> None:
    section = "serviceAccounts" if kind.section == "apiKeys" else kind.section
    with pytest.raises(error):
        show("acme", workspace({LISTINGS[section]: error("no")}))
