"""A listing with more pages is followed where the API documents pages, and refused otherwise, for every kind and every
sign of more. No plan is made from a partial listing."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.api.completeness import sign_of_more
from beamctl.errors import GarbledError
from beamctl.kinds.registry import all_kinds
from beamctl.model.api_call import ApiCall, Method, NoResponse
from beamctl.plan.across_kinds import read
from tests.api.fakes import opened
from tests.fakes.resources import SHAPES

ADA = {"email": "ada@example.com", "role": "admin", "accepted": True, "sub": "u1"}
CI = {"client_id": "c1", "name": "ci", "role": "member"}
KEY = {"id": "k1", "name": "k"}
RESOURCE = {"metadata": {"name": "t"}, "spec": {}}
LISTINGS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "member": ("/users", ADA),
    "service_account": ("/service_accounts", CI),
    "api_key": ("/service_accounts/c1/api_keys", KEY),
    **{name: (shape.path, RESOURCE) for name, shape in SHAPES.items()},
    "secret": ("/secrets", {"name": "A", "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"}),
    "share": ("/images/agent/bot/share", {"workspace": "beta", "status": "active", "accountId": "a"}),
}
BEFORE = {
    "/service_accounts": CI,
    "/images": {"metadata": {"name": "bot", "resourceType": "agent"}, "spec": {"tags": []}},
}
"""Listings that are read before others, each with one row."""

HEADERS = [
    ("Link", '<https://api.example.com/v0/users?page=2>; rel="next"'),
    ("link", "</users?page=2>; rel=next"),
    ("LINK", "</a>; rel=prev, </b>;title=x ; REL='Next'"),
    ("Link", '</b>; rel="last next"'),
    ("X-Total-Count", "2"),
    ("Total-Count", "300"),
    ("x-total", "2"),
    ("X-Pagination-Total-Count", "2"),
    ("X-Total-Pages", "2"),
    ("X-Last-Page", "2"),
    ("X-Next-Page", "2"),
    ("X-Next-Cursor", "abc"),
    ("X-Has-More", "true"),
    ("Content-Range", "items 0-0/2"),
    ("Content-Range", "users 1-1/*"),
    ("Content-Range", "0-0/2"),
]
NO_SIGNS = [
    ("Link", '</users?page=1>; rel="prev", <https://next.example/;rel=next>; rel="first"'),
    ("Link", "</users>; rel=self; title=next"),
    ("X-Total-Count", "1"),
    ("X-Total-Count", "many"),
    ("X-Total-Count", "9" * 5000),
    ("X-Total-Pages", "1"),
    ("X-Next-Page", ""),
    ("X-Has-More", "false"),
    ("Content-Range", "items 0-0/1"),
    ("Content-Range", "items 0-0/*"),
    ("Content-Range", "nonsense"),
]
BODIES: list[dict[str, Any]] = [
    {"hasMore": True},
    {"has_more": "true"},
    {"nextCursor": "abc"},
    {"next_page_token": "abc"},
    {"next": "/users?page=2"},
    {"total": 2},
    {"count": 2},
    {"totalCount": 2},
    {"totalPages": 3},
    {"@odata.nextLink": "x"},
    {"isTruncated": True},
    {"meta": {"hasMore": True}},
    {"meta": {"nextCursor": "abc"}},
    {"meta": {"hasMore": False, "nextCursor": "abc"}},
    {"meta": {"hasMore": False, "total": 2}},
    {"meta": {"hasMore": False}, "next": "x"},
    {"pagination": {"total": 2}},
    {"pageInfo": {"hasNextPage": True}},
    {"_links": {"next": {"href": "/users?page=2"}}},
    {"links": [{"rel": "next", "href": "/users?page=2"}]},
    {"metadata": {"continue": "abc"}},
    {"totalRecords": 2},
    {"last_page": 2},
    {"pagination": {"page": 1, "pages": 2}},
    {"links": {"pages": {"next": "/users?page=2"}}},
    {"meta": {"pagination": {"total": 2}}},
]


def api_with(kind: str, body: object, headers: Mapping[str, str] | None = None) -> Any:
    path, _ = LISTINGS[kind]

    def answer(request: httpx.Request) -> httpx.Response:
        asked = request.url.path.removeprefix("/v0")
        if asked == path:
            return httpx.Response(200, content=json.dumps(body), headers=headers)
        rows = [BEFORE[asked]] if asked in BEFORE else None
        return httpx.Response(200, json=rows) if rows else httpx.Response(404, json={"error": "none"})

    return answer


def listed(kind: str, body: object, headers: Mapping[str, str] | None = None) -> Any:
    (known,) = (each for each in all_kinds() if each.name == kind)
    with opened(api_with(kind, body, headers)) as api:
        return known.listing(read(known, "acme", api.reader())).rows


def test_every_kind_with_a_listing_is_here() -> None:
    assert set(LISTINGS) == {kind.name for kind in all_kinds()} - {"settings"}


@pytest.mark.usefixtures("made_up_requests")
@pytest.mark.parametrize("kind", LISTINGS)
def test_a_listing_with_a_sign_of_more_pages_is_refused(kind: str) -> None:
    path, row = LISTINGS[kind]
    assert len(listed(kind, [row])) == 1
    for name, value in HEADERS:
        with pytest.raises(GarbledError, match="is not complete") as caught:
            listed(kind, [row], {name: value})
        assert f"GET {path}" in caught.value.message
        with opened(api_with(kind, [row], {name: value})) as api:  # as an apply looks up objects
            assert isinstance(api.sender().send(ApiCall(Method.GET, path)), NoResponse)
    for around in BODIES:
        with pytest.raises(GarbledError):
            listed(kind, {"data": [row], **around})


@pytest.mark.usefixtures("made_up_requests")
@pytest.mark.parametrize("kind", LISTINGS)
def test_a_listing_without_a_sign_of_more_pages_is_read(kind: str) -> None:
    for name, value in NO_SIGNS:
        assert len(listed(kind, [LISTINGS[kind][1]], {name: value})) == 1


@pytest.mark.parametrize("body", BODIES, ids=str)
@pytest.mark.parametrize("name", ["data", "items", "users"])
def test_signs_of_more_pages_next_to_the_rows(body: dict[str, Any], name: str) -> None:
    assert sign_of_more({}, {name: [ADA], **body})


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"name": "acme", "labels": {"next": "x", "total": "9"}, "groupMappings": []},
        {"agents": [1], "models": [2], "total": 2},
        {"data": [ADA], "next": None, "hasMore": False, "total": 1, "nextCursor": "", "meta": {"page": 1}},
        {"data": [ADA], "links": [{"rel": "self"}], "_links": {"next": None}},
        {"data": [ADA], "meta": {"hasMore": True, "nextCursor": "abc", "total": 7}},
        "text",
        None,
    ],
    ids=str,
)
def test_bodies_without_a_sign_of_more_pages(body: object) -> None:
    assert sign_of_more({}, body) == ""


PAGES = [
    ({}, {"hasMore": False, "nextCursor": "", "total": 3}, 3),
    ({"link": "</p>; rel=next"}, {"hasMore": False, "nextCursor": "", "total": 3}, None),
    ({}, {"hasMore": False, "nextCursor": "", "total": 4}, None),
    ({}, {"hasMore": False, "nextCursor": "more"}, None),
    ({"x-total-count": "3"}, {"hasMore": False}, 3),
]


@pytest.mark.parametrize(("headers", "last", "count"), PAGES)
def test_pages_are_followed_and_counted(headers: dict[str, str], last: dict[str, Any], count: int | None) -> None:
    (policies,) = (each for each in all_kinds() if each.name == "policy")

    def answer(request: httpx.Request) -> httpx.Response:
        at = int(request.url.params.get("cursor", "0"))
        rows = [{"metadata": {"name": f"p{at}"}, "spec": {}}]
        if at < 2:
            return httpx.Response(200, json={"data": rows, "meta": {"hasMore": True, "nextCursor": str(at + 1)}})
        return httpx.Response(200, json={"data": rows, "meta": last}, headers=headers)

    with opened(answer) as api:
        if count is not None:
            assert len(policies.listing(read(policies, "acme", api.reader())).rows or ()) == count
            return
        with pytest.raises(GarbledError):
            read(policies, "acme", api.reader())


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=10)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=10), inner), max_leaves=10)


@given(st.dictionaries(st.sampled_from(["link", "content-range", "x-total-count"]), st.text(max_size=40)), JSON)
def test_any_response_is_accepted_or_refused(headers: dict[str, str], body: Any) -> None:
    assert isinstance(sign_of_more(headers, body), str)
