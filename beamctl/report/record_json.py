"""A past run as JSON.

A module of its own: only `runs` needs it."""

from __future__ import annotations

from typing import Any

from beamctl.apply.record import Record
from beamctl.model.fact import fact_data
from beamctl.plan.plan_json import address
from beamctl.report.wording import words


def run_data(name: str, found: Record | str) -> dict[str, Any]:
    """A past run with every change, or why it cannot be read."""
    if isinstance(found, str):
        return {"run": name, "code": "unreadable-record", "error": found}
    run = found.run
    changes = [
        {
            "address": address(found.workspace, change),
            "action": change.action.value,
            "before": change.before,
            "after": change.after,
            "outcome": found.state(change).value,
            "remark": fact_data(remark) | {"text": words(remark)} if (remark := found.remark(change)) else None,
        }
        for change in found.changes
    ]
    return {
        "run": name,
        "workspace": found.workspace,
        "api_url": found.api,
        "runs_as": found.runs_as,
        "actor": run.actor,
        "commit": run.commit,
        "plan_digest": run.plan_digest,
        "began": run.at,
        "ended": found.ended or None,
        "interrupted": found.interrupted,
        "changes": changes,
    }
