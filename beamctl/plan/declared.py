"""The part of a document that run records and saved plans keep: its guards, and when admins' access ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from beamctl.document.document import Guards, guards_of

Ends = Mapping[str, Mapping[str, str]]
"""By kind and key, the date on which an admin's access ends."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a document declared when a plan was made.

    Attributes:
        ends: Dates on which admins' access ends, each declared before that date.
    """

    guards: Guards
    ends: Ends


def is_recorded(recorded: Mapping[str, str], key: str, day: str) -> bool:
    """Whether a record shows that access ends on this day or earlier."""
    return key in recorded and recorded[key] <= day


def declared_in_time(ends: Mapping[str, str], recorded: Mapping[str, str], today: date) -> Mapping[str, str]:
    """The end dates of one kind that are in the future or already on record."""
    now = today.isoformat()
    return {key: day for key, day in ends.items() if now < day or is_recorded(recorded, key, day)}


def declared_data(declared: Declared | None) -> dict[str, Any]:
    """Plain data with the document's key names; empty if nothing is known."""
    if declared is None:
        return {}
    guards, limit = declared.guards, declared.guards.max_removals
    data_guards: dict[str, Any] = {
        "minAdmins": guards.min_admins,
        "maxRemovals": str(limit) if limit.percent else limit.number,
        "protected": list(guards.protected),
        "preventDestroy": guards.prevent_destroy,
    }
    if guards.secret_sources:
        data_guards["secretSources"] = list(guards.secret_sources)
    if guards.runs_as is not None:
        who = guards.runs_as
        data_guards["self"] = {"email": who.email} if who.email else {"serviceAccount": who.service_account}
    if guards.allowed_domains is not None:
        data_guards["allowedDomains"] = list(guards.allowed_domains)
    return {"guards": data_guards, "ends": {kind: dict(days) for kind, days in declared.ends.items() if days}}


def declared_of(data: Mapping[str, Any]) -> Declared | None:
    """The inverse of `declared_data`."""
    return Declared(guards_of(data["guards"]), data.get("ends", {})) if "guards" in data else None
