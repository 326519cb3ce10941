"""Notifications fit into the limits of chat services: details are left out before names, and that is said."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.report.notification import NotifiedItem, Urgency, WorkspaceNotice, body, title


def notices(workspaces: int, items: int) -> list[WorkspaceNotice]:
    named = tuple(NotifiedItem(f"+ p{number}@example.com", "is admin; not in access.yaml") for number in range(items))
    return [WorkspaceNotice(Urgency.WARNING, f"w{n}", f"w{n} differs.", "drift", named) for n in range(workspaces)]


def test_everything_is_shown_if_there_is_room() -> None:
    assert body(notices(1, 2), "", 1000) == (
        "w0 differs.\n+ p0@example.com  is admin; not in access.yaml\n+ p1@example.com  is admin; not in access.yaml"
    )


def test_details_are_left_out_before_names() -> None:
    text = body(notices(1, 30), "https://ci.example/1", 1000)
    assert text.splitlines() == [
        "w0 differs.",
        *(f"+ p{number}@example.com" for number in range(30)),
        "See: https://ci.example/1",
    ]


def test_missing_names_are_counted_at_the_top_and_the_bottom() -> None:
    lines = body(notices(1, 100), "https://ci.example/1", 1000).splitlines()
    shown = len(lines) - 3
    assert 30 < shown < 60
    assert lines[0] == lines[-2] == f"({shown} of 101 lines shown)"
    assert lines[-1] == "See: https://ci.example/1"


@settings(max_examples=30)
@given(st.integers(1, 5), st.integers(0, 40), st.integers(200, 3000), st.text(max_size=30))
def test_the_limit_is_kept(workspaces: int, items: int, limit: int, name: str) -> None:
    found = notices(workspaces, items)
    odd = WorkspaceNotice(Urgency.WARNING, "w", f"{name} differs.", "drift", (NotifiedItem(name, name),))
    assert len(body([*found, odd], "https://ci.example/1", limit).encode()) <= limit
    assert len(title([odd, *found], 60).encode()) <= 60


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ada@example.com", "ada@example.com"),
        ("@everyone", "@\u200beveryone"),
        ("x @here", "x @\u200bhere"),
        ("<@U123>", "<\u200b@\u200bU123>"),
        ("<!subteam^S1>", "<\u200b!subteam^S1>"),
        ("javascript://x", "javascript:\u200b//x"),
    ],
)
def test_mentions_and_links_are_broken_up(name: str, shown: str) -> None:
    notice = WorkspaceNotice(Urgency.WARNING, "acme", "differs.", "drift", (NotifiedItem(name),))
    assert body([notice], "", 1000) == f"differs.\n{shown}"
