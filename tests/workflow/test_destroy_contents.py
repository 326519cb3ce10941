"""What is read before a workspace is deleted, and what becomes of what the API does not tell."""

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
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.plan.contents import Item, Unknown, WorkspaceContents
from beamctl.workflow.destroy import contents_of
from tests.fakes.doomed import ACCOUNTS, CONNECTIONS, COUNTED, ENVIRONMENTS, KEYS, POLICIES, USERS, Doomed
from tests.fakes.wording import saying, words
from tests.fakes.workspace import person

LISTINGS = {
    USERS: ["members"],
    ACCOUNTS: ["serviceAccounts", "apiKeys"],
    POLICIES: ["policies"],
    CONNECTIONS: ["integrations"],
    ENVIRONMENTS: ["environments"],
}


def parts(contents: WorkspaceContents) -> dict[str, tuple[Item, ...] | Unknown]:
    return {part.section: part.items for part in contents.parts}


def read(path: str, payload: Any) -> WorkspaceContents:
    doomed = Doomed()
    doomed.payloads[path] = payload
    return contents_of("acme", doomed)


def test_everything_is_read_once() -> None:
    doomed = Doomed()
    contents = contents_of("acme", doomed)
    assert doomed.asked == [COUNTED, USERS, ACCOUNTS, ACCOUNTS, KEYS, POLICIES, CONNECTIONS, ENVIRONMENTS]
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
    }
    assert contents.counts == {"agents": 3, "jobs": 0}


def test_no_secret_is_kept() -> None:
    assert "canary" not in repr(contents_of("acme", Doomed()))


@pytest.mark.parametrize("path", LISTINGS)
@pytest.mark.parametrize(
    "error", [ForbiddenError("no", status=403), MissingError("no", status=404), ApiError("no", status=500)]
)
def test_what_the_api_does_not_answer_is_not_known_and_never_nothing(path: str, error: ApiError) -> None:
    found = parts(read(path, error))
    absent = isinstance(error, MissingError) and path in (ACCOUNTS, ENVIRONMENTS)
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
def test_nobody_there_or_nobody_who_knows_us_is_the_end(path: str, error: ApiError) -> None:
    with pytest.raises(type(error)):
        read(path, error)


@pytest.mark.parametrize("error", [ForbiddenError("no"), MissingError("no"), ApiError("no", status=500)])
def test_without_the_workspace_itself_there_is_nothing_to_show(error: ApiError) -> None:
    with pytest.raises(type(error)):
        read(COUNTED, error)


@pytest.mark.parametrize("payload", [None, [], {}, {"name": "other"}, {"name": None}, "acme"])
def test_another_answer_is_not_the_workspace(payload: Any) -> None:
    with pytest.raises(GarbledError, match="not the workspace acme"):
        read(COUNTED, payload)


@pytest.mark.parametrize("counts", [None, [], "3", {"agents": "3"}, {"agents": True}, {"agents": None}])
def test_counts_that_are_none_are_not_known(counts: Any) -> None:
    assert read(COUNTED, {"name": "acme", "resourceCounts": counts}).counts == Unknown(fact(Code.NOT_LISTED))


def test_a_workspace_that_tells_nothing_of_itself() -> None:
    contents = read(COUNTED, {"name": "acme", "id": None, "displayName": 7})
    assert (contents.id, contents.created_at, contents.display_name) == ("", "", "")
    assert isinstance(contents.counts, Unknown)


@pytest.mark.parametrize("path", LISTINGS)
@pytest.mark.parametrize("payload", [None, {}, "x", {"data": []}, [None], ["x"], [{}], [{"name": 1, "metadata": []}]])
def test_a_listing_of_another_shape_is_not_known(path: str, payload: Any) -> None:
    holds = parts(read(path, payload))[LISTINGS[path][0]]
    assert isinstance(holds, Unknown)
    assert words(holds.why)


@pytest.mark.parametrize(
    "users", [[], [person("eve@x.io")], [person("ada@x.io", "admin", accepted=False), person("eve@x.io", "owner")]]
)
def test_a_listing_without_an_admin_is_not_believed(users: list[dict[str, Any]]) -> None:
    found = parts(read(USERS, users))
    count = f"{len(users)} {'people' if len(users) > 1 else 'person'}"
    why = f"the API shows no accepted admin among {count}" if users else "the API shows no members"
    assert isinstance(found["members"], Unknown)
    assert words(found["members"].why) == why


def test_policies_come_in_pages() -> None:
    doomed = Doomed()
    doomed.payloads[POLICIES] = {
        "data": [{"metadata": {"name": "b"}, "spec": {"type": "flavor"}}],
        "meta": {"hasMore": True, "nextCursor": "a/b&c"},
    }
    doomed.payloads[POLICIES + "&cursor=a%2Fb%26c"] = {
        "data": [{"metadata": {"name": "a"}, "spec": {"type": "flavor"}}],
        "meta": {"hasMore": False, "nextCursor": ""},
    }
    assert parts(contents_of("acme", doomed))["policies"] == (Item(("flavor",), "a", "a"), Item(("flavor",), "b", "b"))


@pytest.mark.parametrize("meta", [None, {}, {"hasMore": True}, {"hasMore": True, "nextCursor": ""}])
def test_pages_that_do_not_say_how_to_go_on_are_not_known(meta: Any) -> None:
    assert isinstance(parts(read(POLICIES, {"data": [], "meta": meta}))["policies"], Unknown)


def test_pages_without_an_end_do_end() -> None:
    class Endless(Doomed):
        def get(self, path: str) -> Any:
            self.asked.append(path)
            if path.startswith("/policies"):
                return {"data": [], "meta": {"hasMore": True, "nextCursor": str(len(self.asked))}}
            return self.payloads[path]

    doomed = Endless()
    assert parts(contents_of("acme", doomed))["policies"] == Unknown(
        saying("the API's list of policies is not a complete list")
    )
    assert len(doomed.asked) < 600


def test_policies_of_the_first_days_are_flat() -> None:
    found = parts(read(POLICIES, [{"name": "eu", "type": "location"}, {"name": "us"}]))["policies"]
    assert found == (Item(("",), "us", "us"), Item(("location",), "eu", "eu"))


def test_service_accounts_may_share_a_name_or_have_no_role() -> None:
    entries = [{"client_id": "c2", "name": "ci"}, {"client_id": "c1", "name": "ci"}]
    found = parts(read(ACCOUNTS, entries))["serviceAccounts"]
    assert found == (Item(("",), "ci", "c1"), Item(("",), "ci", "c2"))
