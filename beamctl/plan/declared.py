"""What run records and saved plans keep of a document: its guards, and when the access of admins ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from beamctl.document.document import Guards
from beamctl.document.rules import guards_of

Ends = Mapping[str, Mapping[str, str]]
"""By kind and key, the day on which the access of an admin ends."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a document declared when a plan was made.

    Attributes:
        guards: Its guards.
        ends: The days on which the access of admins ends, each one declared before it came.
    """

    guards: Guards
    ends: Ends


def is_recorded(recorded: Mapping[str, str], key: str, day: str) -> bool:
    """Whether a record shows that the access ends on this day, or ended earlier."""
    return key in recorded and recorded[key] <= day


def declared_in_time(ends: Mapping[str, str], recorded: Mapping[str, str], today: date) -> Mapping[str, str]:
    """The ends of one kind that were declared before they came: they lie ahead, or a record shows them."""
    now = today.isoformat()
    return {key: day for key, day in ends.items() if now < day or is_recorded(recorded, key, day)}


def declared_data(declared: Declared | None) -> dict[str, Any]:
    """As plain data, in the words of the document; empty if nothing is known."""
    if declared is None:
        return {}
    guards, limit = declared.guards, declared.guards.max_removals
    said: dict[str, Any] = {
        "minAdmins": guards.min_admins,
        "maxRemovals": str(limit) if limit.percent else limit.number,
        "protected": list(guards.protected),
        "preventDestroy": guards.prevent_destroy,
    }
    if guards.secret_sources:
        said["secretSources"] = list(guards.secret_sources)
    if guards.runs_as is not None:
        who = guards.runs_as
        said["self"] = {"email": who.email} if who.email else {"serviceAccount": who.service_account}
    if guards.allowed_domains is not None:
        said["allowedDomains"] = list(guards.allowed_domains)
    return {"guards": said, "ends": {kind: dict(days) for kind, days in declared.ends.items() if days}}


def declared_of(data: Mapping[str, Any]) -> Declared | None:
    """`declared_data` the other way round."""
    return Declared(guards_of(data["guards"]), data.get("ends", {})) if "guards" in data else None
