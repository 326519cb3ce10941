"""Pagination, search and filters of listings."""

import base64
from typing import Any

import pytest

from tests.emulator.world import World, body_of

VERSION = {"Blaxel-Version": "2026-04-28"}
NAMES = ["delta", "alpha", "echo", "bravo", "charlie"]


@pytest.fixture
def listed(world: World) -> World:
    """Five policies, each an hour newer than the one before, except that the last two are from the same moment."""
    for number, name in enumerate(NAMES):
        world.clock.forward(hours=number < 4)
        body = body_of("/policies", name)
        body["metadata"] |= {"displayName": f"{name.title()} Ähre", "labels": {"team": f"t-{name}"}, "externalId": name}
        assert world.call("ada", "POST", "/policies", body).status_code == 200
    return world


def page(world: World, query: str = "", **headers: str) -> dict[str, Any]:
    answer = world.call("max", "GET", f"/policies?{query}", headers={**VERSION, **headers})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()
    return found


def names(found: dict[str, Any]) -> list[str]:
    return [policy["metadata"]["name"] for policy in found["data"]]


def walk(world: World, query: str) -> list[str]:
    seen: list[str] = []
    cursor = ""
    while True:
        found = page(world, f"{query}&cursor={cursor}")
        seen += names(found)
        assert found["meta"]["hasMore"] == bool(found["meta"]["nextCursor"])
        if not found["meta"]["hasMore"]:
            return seen
        cursor = found["meta"]["nextCursor"]


@pytest.mark.parametrize("version", [None, "2026-04-16", "2026-04-16.preview"])
def test_older_api_versions_return_a_bare_list(listed: World, version: str | None) -> None:
    headers = {"Blaxel-Version": version} if version else {}
    answer = listed.call("max", "GET", "/policies?limit=1&sort=nonsense", headers=headers).get_json()
    assert [policy["metadata"]["name"] for policy in answer] == NAMES[::-1]


@pytest.mark.parametrize("version", ["2026-04-28", "2026-04-28.preview", "2026-09-22"])
@pytest.mark.parametrize("path", ["/policies", "/agents", "/models", "/functions", "/jobs", "/sandboxes"])
def test_newer_api_versions_return_pages(world: World, path: str, version: str) -> None:
    answer = world.call("max", "GET", path, headers={"Blaxel-Version": version})
    assert answer.get_json() == {"data": [], "meta": {"hasMore": False, "nextCursor": "", "total": 0}}


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", NAMES[::-1]),
        ("createdAt:desc", NAMES[::-1]),
        ("createdAt:asc", NAMES),
        ("name:asc", sorted(NAMES)),
        ("name:desc", sorted(NAMES)[::-1]),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 4, 5, 200])
def test_all_pages_together_are_the_complete_listing(listed: World, sort: str, expected: list[str], limit: int) -> None:
    assert walk(listed, f"sort={sort}&limit={limit}") == expected


def test_changes_during_pagination_neither_repeat_nor_hide_other_rows(listed: World) -> None:
    first = page(listed, "sort=createdAt:asc&limit=2")
    listed.call("ada", "DELETE", "/policies/delta")
    listed.call("ada", "POST", "/policies", body_of("/policies", "fresh"))
    second = page(listed, f"sort=createdAt:asc&limit=9&cursor={first['meta']['nextCursor']}")
    assert names(first) + names(second) == [*NAMES, "fresh"]


@pytest.mark.parametrize(("limit", "size"), [("", 50), ("0", 1), ("-5", 1), ("1", 1), ("999", 55), ("9" * 40, 55)])
def test_the_limit_is_clamped(world: World, limit: str, size: int) -> None:
    for number in range(55):
        world.call("ada", "POST", "/policies", body_of("/policies", f"p{number}"))
    assert len(page(world, f"limit={limit}")["data"]) == size


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("ALPH", ["alpha"]),
        ("t-echo", ["echo"]),
        ("team", NAMES[::-1]),
        ("ähre", NAMES[::-1]),
        ("nothing", []),
        ("x", NAMES[::-1]),
        ("%25", NAMES[::-1]),
        ("%25%25", []),
    ],
)
def test_q_searches_names_and_labels(listed: World, q: str, expected: list[str]) -> None:
    found = page(listed, f"q={q}")
    assert names(found) == expected
    assert found["meta"]["total"] == 5


def test_external_id_filters(listed: World) -> None:
    assert names(page(listed, "externalId=echo")) == ["echo"]


def test_pages_from_the_end(listed: World) -> None:
    found = page(listed, "anchor=end&limit=2")
    assert names(found) == ["alpha", "delta"]
    assert found["meta"] == {"hasMore": False, "nextCursor": "", "total": 5}
    assert names(page(listed, "anchor=end&limit=2&sort=createdAt:asc")) == ["bravo", "charlie"]


@pytest.mark.parametrize(
    "query",
    [
        "sort=createdAt",
        "sort=size:asc",
        "limit=ten",
        "limit=1.5",
        "limit=-",
        "q=" + "x" * 201,
        "anchor=start",
        "anchor=end&sort=name:asc",
        "cursor=nonsense",
        "cursor=%C3%A9.x",
        "cursor=" + base64.urlsafe_b64encode(b'["a", 1, "b", 9999999999]').decode() + ".signature",
    ],
)
def test_an_invalid_query_is_400(listed: World, query: str) -> None:
    assert listed.call("ada", "GET", f"/policies?{query}", headers=VERSION).status_code == 400


def test_a_cursor_is_valid_for_its_own_listing_and_for_one_day(listed: World) -> None:
    cursor = page(listed, "limit=2&q=team")["meta"]["nextCursor"]
    assert len(page(listed, f"limit=1&q=team&cursor={cursor}")["data"]) == 1
    for query in ("", "q=other", "q=team&sort=name:asc", "q=team&externalId=x"):
        assert listed.call("ada", "GET", f"/policies?{query}&cursor={cursor}", headers=VERSION).status_code == 400
    other = {**VERSION, "X-Blaxel-Workspace": "other"}
    assert listed.call("alan", "GET", f"/policies?q=team&cursor={cursor}", headers=other).status_code == 400
    assert listed.call("ada", "GET", f"/models?q=team&cursor={cursor}", headers=VERSION).status_code == 400
    listed.clock.forward(hours=24, seconds=-1)
    assert page(listed, f"q=team&cursor={cursor}")
    listed.clock.forward(seconds=1)
    late = listed.call("ada", "GET", f"/policies?q=team&cursor={cursor}", headers=VERSION)
    assert listed.error(late) == "400 invalid cursor: it has expired"


def test_a_changed_cursor_is_refused(listed: World) -> None:
    cursor = page(listed, "limit=2")["meta"]["nextCursor"]
    text, _, signature = cursor.rpartition(".")
    other = ("B" if signature[0] == "A" else "A") + signature[1:]
    for changed in (f"{text}x.{signature}", f"x{text}.{signature}", f"{text}.{other}", text, f".{signature}"):
        assert listed.call("ada", "GET", f"/policies?cursor={changed}", headers=VERSION).status_code == 400
