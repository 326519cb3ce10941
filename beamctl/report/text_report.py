"""The text report of any command.

A module of its own: the reports of the single commands do not know each other."""

from __future__ import annotations

from typing import assert_never

from beamctl.report.apply_text import end_text, event_text
from beamctl.report.data import CommandName, ReportData
from beamctl.report.drift_text import drifts_text
from beamctl.report.plan_text import plans_text
from beamctl.report.shard_text import shard_line


def report(data: ReportData) -> str:
    """What the command prints in a terminal, without colors."""
    match data.command:
        case CommandName.DRIFT:
            return shard_line(data.scope) + drifts_text(data.plans, data.details)
        case CommandName.PLAN | CommandName.APPLY:
            plans = plans_text(data.plans, data.allowed, command=data.apply_command, saved=data.saved)
        case _:
            assert_never(data.command)
    ends = [
        "\n".join(
            [*filter(None, map(event_text, events)), "", end_text(plan.workspace, events, saved=bool(data.saved))]
        )
        for plan, events in data.results
    ]
    return shard_line(data.scope) + "\n".join([plans, *ends])
