"""What is read before a workspace is deleted, and what is unknown."""

from itertools import count
from typing import Any

import pytest

from beamctl.errors import (
    ApiError,
    ForbiddenError,
    GarbledError,
    MissingError,
    UnauthenticatedError,
    UnreachableError,
)
from beamctl.model.api_call import Response
from beamctl.model.code import Code
from beamctl.model.fact import error_fact, fact
from beamctl.plan.contents import Item, Unknown, WorkspaceContents
from beamctl.workflow.destroy import contents_of
from tests.fakes.resources import resource
from tests.fakes.wording import words
from tests.fakes.workspace import person
from tests.workflow.destroyable import (
    ACCOUNTS,
    CONNECTIONS,
    COUNTED,
    DOMAINS,
    ENVIRONMENTS,
    IMAGE_SHARES,
    IMAGES,
    KEYS,
    POLICIES,
    SECRETS,
    USERS,
    workspace,
)

LISTINGS = {
    USERS: ["members"],
    ACCOUNTS: ["serviceAccounts", "apiKeys"],
    POLICIES: ["policies"],
    CONNECTIONS: ["integrations"],
    ENVIRONMENTS: ["environments"],
    SECRETS: ["secrets"],
}


def parts(contents: WorkspaceContents) -> dict[str, tuple[Item, ...] | Unknown]:
    return {part.section: part.items for part in contents.parts}


def read(path: str, payload: Any) -> WorkspaceContents:
    live = workspace()
    live.answers[path] = payload if isinstance(payload, ApiError) else Response(200, payload)
    return contents_of("acme", live)


def test_everything_is_read_once() -> None:
    live = workspace()
    contents = contents_of("acme", live)
    shares = [IMAGES, IMAGE_SHARES, DOMAINS]
    assert live.calls == [
        COUNTED,
        USERS,
        ACCOUNTS,
        ACCOUNTS,
        KEYS,
        POLICIES,
        CONNECTIONS,
        ENVIRONMENTS,
        SECRETS,
        *shares,
    ]
    assert (contents.id, contents.created_at, contents.display_name) == ("w1", "2025-03-01T00:00:00Z", "Acme")
    assert parts(contents) == {
        "members": (
            Item(("admin", "accepted"), "ada@x.io", "ada@x.io"),
            Item(("member", "accepted"), "eve@x.io", "eve@x.io"),
            Item(("viewer", "invited"), "kim@x.io", "kim@x.io"),
        ),
        "serviceAccounts": (Item(("admin",), "ci", "c1"),),
        "apiKeys": (Item(("ci",), "deploy", "k1"),),
        "policies": (Item(("location",), "eu", "eu"),),
        "integrations": (Item(("openai",), "gpt", "gpt"),),
        "environments": (Item((), "development", "development"),),
        "secrets": (Item((), "STRIPE_KEY", "STRIPE_KEY"),),
        "shares": (Item(("beta",), "images/agent/bot/beta", "images/agent/bot/beta"),),
    }
    assert contents.counts == {"agents": 3, "jobs": 0}


def test_contents_have_no_secret() -> None:
    assert "canary" not in repr(contents_of("acme", workspace()))


@pytest.mark.parametrize("path", LISTINGS)
@pytest.mark.parametrize(
    "error", [ForbiddenError("no", status=403), MissingError("no", status=404), ApiError("no", status=500)]
)
def test_unreadable_section_is_unknown_and_not_empty(path: str, error: ApiError) -> None:
    found = parts(read(path, error))
    absent = isinstance(error, MissingError) and path in (ACCOUNTS, ENVIRONMENTS, SECRETS)
    why = "the API does not list them" if absent else "no"
    unknown = {name: words(held.why) for name, held in found.items() if isinstance(held, Unknown)}
    assert unknown == dict.fromkeys(LISTINGS[path], why)


@pytest.mark.parametrize("error", [ForbiddenError("no", status=403), MissingError("no", status=404)])
def test_keys_that_cannot_be_read_are_reported(error: ApiError) -> None:
    (keys,) = (part for part in read(KEYS, error).parts if part.section == "apiKeys")
    assert keys.items == ()
    assert words(keys.unread) == "those of ci cannot be read with this credential"


@pytest.mark.parametrize("path", [COUNTED, *LISTINGS])
@pytest.mark.parametrize("error", [UnauthenticatedError("no", status=401), UnreachableError("no")])
def test_connection_and_authentication_errors_are_raised(path: str, error: ApiError) -> None:
    with pytest.raises(type(error)):
        read(path, error)


@pytest.mark.parametrize("error", [ForbiddenError("no"), MissingError("no"), ApiError("no", status=500)])
def test_unreadable_workspace_is_an_error(error: ApiError) -> None:
    with pytest.raises(type(error)):
        read(COUNTED, error)


@pytest.mark.parametrize("payload", [None, [], {}, {"name": "other"}, {"name": None}, "acme"])
def test_response_that_is_not_the_workspace_is_rejected(payload: Any) -> None:
    with pytest.raises(GarbledError, match="not the workspace acme"):
        read(COUNTED, payload)


@pytest.mark.parametrize("counts", [None, [], "3", {"agents": "3"}, {"agents": True}, {"agents": None}])
def test_malformed_counts_are_unknown(counts: Any) -> None:
    assert read(COUNTED, {"name": "acme", "resourceCounts": counts}).counts == Unknown(fact(Code.NOT_LISTED))


def test_workspace_without_details() -> None:
    contents = read(COUNTED, {"name": "acme", "id": None, "displayName": 7})
    assert (contents.id, contents.created_at, contents.display_name) == ("", "", "")
    assert isinstance(contents.counts, Unknown)


@pytest.mark.parametrize("path", LISTINGS)
@pytest.mark.parametrize("payload", [None, {}, "x", {"data": []}, [None], ["x"], [{}], [{"name": 1, "metadata": []}]])
def test_malformed_listing_is_unknown(path: str, payload: Any) -> None:
    holds = parts(read(path, payload))[LISTINGS[path][0]]
    assert isinstance(holds, Unknown)
    assert words(holds.why)


@pytest.mark.parametrize(
    "users", [[], [person("eve@x.io")], [person("ada@x.io", "admin", accepted=False), person("eve@x.io", "owner")]]
)
def test_listing_without_an_admin_is_unknown(users: list[dict[str, Any]]) -> None:
    found = parts(read(USERS, users))
    number = f"{len(users)} {'people' if len(users) > 1 else 'person'}"
    why = f"the API shows no accepted admin among {number}" if users else "the API shows no members"
    assert isinstance(found["members"], Unknown)
    assert words(found["members"].why) == why


def test_policies_are_paged() -> None:
    live = workspace()
    live.answers[POLICIES] = page("b", "a/b&c")
    live.answers[POLICIES + "&cursor=a%2Fb%26c"] = page("a")
    assert parts(contents_of("acme", live))["policies"] == (Item(("flavor",), "a", "a"), Item(("flavor",), "b", "b"))


def page(name: str, cursor: str = "") -> Response:
    return Response(
        200, {"data": [resource(name, type="flavor")], "meta": {"hasMore": bool(cursor), "nextCursor": cursor}}
    )


@pytest.mark.parametrize("meta", [None, {}, {"hasMore": True}, {"hasMore": True, "nextCursor": ""}])
def test_pages_without_a_cursor_are_unknown(meta: Any) -> None:
    assert isinstance(parts(read(POLICIES, {"data": [], "meta": meta}))["policies"], Unknown)


def test_endless_pages_are_cut_off() -> None:
    live = workspace()
    pages = (Response(200, {"data": [], "meta": {"hasMore": True, "nextCursor": str(n)}}) for n in count(1))
    live.before = lambda call: next(pages) if call.path.startswith("/policies") else None
    assert parts(contents_of("acme", live))["policies"] == Unknown(
        error_fact(GarbledError("the API's list of policies is not a complete list"))
    )
    assert len(live.calls) < 600


def test_flat_policies_of_early_apis() -> None:
    found = parts(read(POLICIES, [{"name": "eu", "type": "location"}, {"name": "us"}]))["policies"]
    assert found == (Item(("",), "us", "us"), Item(("location",), "eu", "eu"))


def test_service_accounts_with_one_name_or_without_a_role() -> None:
    entries = [{"client_id": "c2", "name": "ci"}, {"client_id": "c1", "name": "ci"}]
    found = parts(read(ACCOUNTS, entries))["serviceAccounts"]
    assert found == (Item(("",), "ci", "c1"), Item(("",), "ci", "c2"))
