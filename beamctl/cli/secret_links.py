"""Symbolic links that lead a secret's source out of the folders where `plan.sources` allows it."""

from __future__ import annotations

from dataclasses import replace
from os.path import realpath

from beamctl.model.text import printable
from beamctl.plan.hazard import Hazard, Risk
from beamctl.plan.plan import Plan
from beamctl.plan.sources import exact, files_of, folders_of


def with_links_followed(plan: Plan) -> Plan:
    """The plan with a hazard for each source that is allowed as it is written, but leads elsewhere. No file is read."""
    known = {hazard.value for hazard in plan.hazards if hazard.risk is Risk.SECRET_SOURCE}
    found = []
    for change in plan.changes:
        folders = [realpath(folder) for folder in folders_of(change) if "\0" not in folder]
        for part, path in files_of(change):
            if "\0" in path:  # no file has this name
                continue
            value, real = exact(path), realpath(path)
            if value in known or any(real == each or real.startswith(each.rstrip("/") + "/") for each in folders):
                continue
            known.add(value)
            because = f"{part} of {change.name} would be read from {path}, which leads to {real}"
            found.append(Hazard(Risk.SECRET_SOURCE, value, printable(because)))
    return replace(plan, hazards=(*plan.hazards, *found)) if found else plan
