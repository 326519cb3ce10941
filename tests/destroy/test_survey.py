"""What is read before a workspace is deleted, and what becomes of what the API does not tell."""

from typing import Any

import pytest

from beamctl.destroy.estate import Item, Unknown, WorkspaceContents
from beamctl.errors import (
    ApiError,
    ForbiddenError,
    GarbledError,
    MissingError,
    UnauthenticatedError,
    UnreachableError,
)
from beamctl.workflow.destroy import survey
from tests.fakes.doomed import ACCOUNTS, CONNECTIONS, COUNTED, POLICIES, USERS, Doomed
from tests.fakes.workspace import person

LISTINGS = {
    USERS: ["members", "pending invitations"],
    ACCOUNTS: ["service accounts"],
    POLICIES: ["policies"],
    CONNECTIONS: ["integration connections"],
}


def parts(estate: WorkspaceContents) -> dict[str, tuple[Item, ...] | Unknown]:
    return {part.title: part.holds for part in estate.parts}


def read(path: str, payload: Any) -> WorkspaceContents:
    doomed = Doomed()
    doomed.payloads[path] = payload
    return survey("acme", doomed)


def test_everything_is_read_once() -> None:
    doomed = Doomed()
    estate = survey("acme", doomed)
    assert doomed.asked == [COUNTED, USERS, ACCOUNTS, POLICIES, CONNECTIONS]
    assert (estate.id, estate.created_at, estate.display_name) == ("w1", "2025-03-01T00:00:00Z", "Acme")
    assert parts(estate) == {
        "members": (Item("admin", "ada@x.io", "ada@x.io"), Item("member", "eve@x.io", "eve@x.io")),
        "pending invitations": (Item("viewer", "kim@x.io", "kim@x.io"),),
        "service accounts": (Item("admin", "ci", "c1"),),
        "policies": (Item("location", "eu", "eu"),),
        "integration connections": (Item("openai", "gpt", "gpt"),),
    }
    assert estate.counts == {"agents": 3, "jobs": 0}


def test_no_secret_is_kept() -> None:
    assert "canary" not in repr(survey("acme", Doomed()))


@pytest.mark.parametrize("path", LISTINGS)
@pytest.mark.parametrize(
    "error", [ForbiddenError("no", status=403), MissingError("no", status=404), ApiError("no", status=500)]
)
def test_what_the_api_does_not_answer_is_not_known_and_never_nothing(path: str, error: ApiError) -> None:
    found = parts(read(path, error))
    assert {title for title, holds in found.items() if holds == Unknown("no")} == set(LISTINGS[path])


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
    assert read(COUNTED, {"name": "acme", "resourceCounts": counts}).counts == Unknown(
        "the API does not show resource counts"
    )


def test_a_workspace_that_tells_nothing_of_itself() -> None:
    estate = read(COUNTED, {"name": "acme", "id": None, "displayName": 7})
    assert (estate.id, estate.created_at, estate.display_name) == ("", "", "")
    assert isinstance(estate.counts, Unknown)


@pytest.mark.parametrize("path", LISTINGS)
@pytest.mark.parametrize("payload", [None, {}, "x", {"data": []}, [None], ["x"], [{}], [{"name": 1, "metadata": []}]])
def test_a_listing_of_another_shape_is_not_known(path: str, payload: Any) -> None:
    holds = parts(read(path, payload))[LISTINGS[path][0]]
    assert isinstance(holds, Unknown)
    assert holds.why


@pytest.mark.parametrize(
    "users", [[], [person("eve@x.io")], [person("ada@x.io", "admin", accepted=False), person("eve@x.io", "owner")]]
)
def test_a_listing_without_an_admin_is_not_believed(users: list[dict[str, Any]]) -> None:
    found = parts(read(USERS, users))
    for title in LISTINGS[USERS]:
        assert found[title] == Unknown("the API's list of users has no admin, so it cannot be complete")


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
    assert parts(survey("acme", doomed))["policies"] == (Item("flavor", "a", "a"), Item("flavor", "b", "b"))


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
    assert parts(survey("acme", doomed))["policies"] == Unknown(
        "the API's response to GET /policies is not a complete list"
    )
    assert len(doomed.asked) < 600


def test_policies_of_the_first_days_are_flat() -> None:
    found = parts(read(POLICIES, [{"name": "eu", "type": "location"}, {"name": "us"}]))["policies"]
    assert found == (Item("", "us", "us"), Item("location", "eu", "eu"))


def test_service_accounts_may_share_a_name_or_have_no_role() -> None:
    entries = [{"client_id": "c2", "name": "ci"}, {"client_id": "c1", "name": "ci"}]
    assert parts(read(ACCOUNTS, entries))["service accounts"] == (Item("", "ci", "c1"), Item("", "ci", "c2"))
