"""Symbolic links that lead a secret's source out of the folders where `plan.sources` allows it."""

from __future__ import annotations

from dataclasses import replace
from os.path import realpath

from beamctl.model.text import printable
from beamctl.plan.hazard import Hazard, Risk, merged
from beamctl.plan.plan import Plan
from beamctl.plan.sources import exact, files_of, folders_of


def with_links_followed(plan: Plan) -> Plan:
    """The plan with a hazard for each source that is allowed as it is written, but leads elsewhere. No file is read."""
    found = []
    for change in plan.changes:
        folders = [realpath(folder) for folder in folders_of(change) if "\0" not in folder]
        for part, path in files_of(change):
            if "\0" in path:  # no file has this name
                continue
            real = realpath(path)
            if any(real == each or real.startswith(each.rstrip("/") + "/") for each in folders):
                continue
            because = f"{part} of {change.name} would be read from {path}, which leads to {real}"
            found.append(Hazard(Risk.SECRET_SOURCE, exact(path), printable(because)))
    return replace(plan, hazards=merged(plan.hazards, found))
