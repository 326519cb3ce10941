"""Digests by which a report, a notification or an issue shows that a later one is about something else.

A module of its own: reports and notifications must agree on it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from beamctl.model.fact import fact_data
from beamctl.plan.change import ALL_ATTRIBUTES, Change, key_data
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import digest_of
from beamctl.plan.plan_json import plans_data
from beamctl.report.data import CommandName, ReportData


def report_digest(data: ReportData) -> str:
    """Of a drift, the differences only: neither other people in a workspace nor the lines of a document change it. Of
    plans, everything that is reviewed. Of both, which workspaces failed, and how."""
    failed = [["failure", each.workspace, each.code] for each in data.failures]
    if data.command is CommandName.DRIFT:
        found = [each for plan in data.plans for each in differences(plan)]
        return "sha256:" + (entries_digest([*found, *failed]) or entries_digest([[]]))
    plans = plans_data(data.plans, data.allowed)
    return digest_of(plans | {"failures": failed} if failed else plans)


def differences(plan: Plan) -> list[list[Any]]:
    """What identifies each difference of a workspace."""
    changes = [[plan.workspace, *difference(change)] for change in plan.changes]
    return changes + [[plan.workspace, fact_data(note.fact)] for note in plan.notes if note.differs]


def difference(change: Change) -> list[Any]:
    """What identifies a difference: kind, subject, attribute, side, and the live value."""
    live = change.before
    shown = live if live is None or change.attribute == ALL_ATTRIBUTES else live.get(change.attribute)
    side = "live" if change.after is None else "document" if live is None else "both"
    standing = (live or {}).get("standing")
    return [change.kind, key_data(change.key), change.attribute, side, shown, standing]


def entries_digest(entries: Iterable[Sequence[Any]]) -> str:
    """The digest of what was found; empty if nothing was. It does not depend on the order."""
    lines = sorted(json.dumps(each, sort_keys=True, default=str) for each in entries)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""
