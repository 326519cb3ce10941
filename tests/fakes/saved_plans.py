"""Create saved plans in one line, and edit their files with a matching digest."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from beamctl.plan.hazard import Allowance
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import Saved, digest_of, saved_text

CREATED = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def saved(*plans: Plan, allowed: tuple[Allowance, ...] = ()) -> Saved:
    ids = {plan.workspace: "w1" for plan in plans}
    return Saved(plans, allowed, ids, "c0ffee-dirty", CREATED, CREATED + timedelta(hours=24))


def saved_data(*plans: Plan) -> dict[str, Any]:
    found = json.loads(saved_text(saved(*plans)))
    assert isinstance(found, dict)
    return found


def signed(data: dict[str, Any]) -> bytes:
    """The data with its digest."""
    if isinstance(data.get("saved"), dict):
        data["saved"]["digest"] = digest_of(data)
    return json.dumps(data).encode()


def by_hand(content: str | bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """A saved plan after an edit by someone who knows the digest."""
    data = json.loads(content)
    change(data)
    return signed(data)
