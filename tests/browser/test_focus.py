"""Tab on every page: what it reaches, in which order, and whether that can be seen."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_accessibility import SIGNED_IN

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

REACHABLE = "a[href], button:not([hidden]), input:not([type=hidden]), select, textarea, summary"
RECORD = """reachable => {
  const every = [...document.querySelectorAll(reachable)]
  window.reached = []
  addEventListener("focusin", ({target}) => {
    if (!every.includes(target)) return
    const box = target.getClientRects()[0], style = getComputedStyle(target)
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
    const seen = box.width > 0 && y > 0 && y < innerHeight && target.contains(document.elementFromPoint(x, y))
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
    const place = (target.closest(".columns > *") || target).getClientRects()[0]  // columns are read one by one
    reached.push({number: every.indexOf(target), text: target.textContent.trim() || target.id, seen, outlined,
      top: place.top + scrollY, bottom: place.bottom + scrollY, left: place.left, right: place.right})
  })
  return every.length
}"""


@pytest.mark.parametrize("url", ["/sign-in", *SIGNED_IN])
def test_focus_is_visible_and_in_reading_order(reading: Page, url: str) -> None:
    reading.set_viewport_size({"width": 1280, "height": 800})
    reading.goto(url)
    reading.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    number = reading.evaluate(RECORD, REACHABLE)
    for _ in range(number + 1):  # one of them may leave the page
        reading.keyboard.press("Tab")
    reached: list[dict[str, Any]] = reading.evaluate("reached")[:number]
    first = reached[0]["number"]  # an error is focused already, and Tab continues after it
    assert [one["number"] for one in reached] == [*range(first, number), *range(first)]
    assert not [one["text"] for one in reached if not one["seen"] or not one["outlined"]]
    shown = sorted(reached, key=lambda one: int(one["number"]))[1:]  # the first one is only shown while focused
    for one, following in pairwise(shown):
        is_right = following["left"] >= one["right"] and following["bottom"] > one["top"]
        assert is_right or following["top"] >= one["top"], f"{following['text']} comes before {one['text']}"
