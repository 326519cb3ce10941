"""The text report of any command.

A module of its own: the reports of the single commands do not know each other."""

from __future__ import annotations

from typing import assert_never

from beamctl.report.apply_text import end_text, event_text
from beamctl.report.data import CommandName, ReportData
from beamctl.report.drift_text import drifts_text
from beamctl.report.fleet_text import ending_text, failures_text
from beamctl.report.plan_text import plans_text


def report(data: ReportData) -> str:
    """What the command prints in a terminal, without colors."""
    failures = [failures_text(data.failures)] if data.failures else []
    match data.command:
        case CommandName.DRIFT:
            return "\n".join([*failures, drifts_text(data)])
        case CommandName.PLAN:
            return "\n".join([*failures, plans_text(data)])
        case CommandName.APPLY:
            plans = plans_text(data)
        case _:
            assert_never(data.command)
    ends = [
        "\n".join(
            [*filter(None, map(event_text, events)), "", end_text(plan.workspace, events, saved=bool(data.saved))]
        )
        for plan, events in data.results
    ]
    ending = ending_text(data)
    return "\n".join([*failures, *filter(None, [plans]), *ends, *([ending] if ending else [])])
