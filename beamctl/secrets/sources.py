"""Hazards of the files that secrets are read from.

A module of its own: every plan needs it, and none needs the programs and keyrings of `vault`."""

from __future__ import annotations

from dataclasses import replace
from os.path import abspath

from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.change import Change
from beamctl.plan.hazard import STANDARD_INPUT, Hazard, Risk, exact, files_of, folders_of, merged
from beamctl.plan.plan import Plan
from beamctl.system.files import is_within, real_path


def with_source_hazards(plan: Plan) -> Plan:
    """The plan with a hazard for each secret file outside its permitted folders. No file is read."""
    found = []
    for change in plan.changes:
        folders = folders_of(change)
        for part, path in files_of(change):
            if not any(is_within(path, folder) for folder in folders):
                found.append(Hazard(Risk.SECRET_SOURCE, exact(path), _why(change, part, path)))
    return replace(plan, hazards=merged(plan.hazards, found))


def _why(change: Change, part: str, path: str) -> Fact:
    source = change.place.source if change.place and change.place.source != STANDARD_INPUT else ""
    real = real_path(path)
    leads_to = "" if real == abspath(path) else real  # noqa: PTH100 - `resolve` follows links
    return fact(Code.SECRET_FROM_OUTSIDE, part=part, name=change.name, path=path, leads_to=leads_to, source=source)
