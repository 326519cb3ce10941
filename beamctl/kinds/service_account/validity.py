"""What the schema cannot say about a change to a service account that was read from a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beamctl.kinds.create_with_secret import says_where
from beamctl.kinds.creation_key import is_creation_key
from beamctl.kinds.service_account.decide import ATTRIBUTES, lowers, stage_of_orphan
from beamctl.kinds.service_account.desired import is_name
from beamctl.kinds.service_account.pending_marker import Description, description
from beamctl.plan.change import Change, Reason, Stage


def is_valid(change: Change) -> bool:
    """Whether its values belong together."""
    before, after = change.before, change.after
    if before is None or after is None:
        return _is_creation(change, after) if after is not None else _is_deletion(change, before or {})
    if change.key != before["clientId"] or any(before[key] != after[key] for key in ("clientId", "unfinished")):
        return False
    differing = [key for key in ATTRIBUTES if before[key] != after[key]]
    if differing[:1] != [change.attribute] or change.name != after["name"]:
        return False
    if "description" in differing and not _has_no_marker(after["description"]):
        return False
    return change.attribute != "role" or lowers(before["role"], after["role"]) is (change.stage is not Stage.PROMOTE)


def _is_creation(change: Change, after: Mapping[str, Any]) -> bool:
    name = after["name"]
    named = change.name == name and is_name(name) and is_creation_key(change.key, name)
    return named and _has_no_marker(after["description"]) and says_where(change.secrets)


def _has_no_marker(text: str) -> bool:
    """Whether a description has no marker, which would say that the account may be deleted."""
    return description(text) == Description(text)


def _is_deletion(change: Change, before: Mapping[str, Any]) -> bool:
    names = (before["name"], f"{before['name']} ({before['clientId']})")
    stages = (stage_of_orphan(before), Stage.DELETE, Stage.OURSELVES)
    in_time = change.reason is not Reason.NOT_HANDED_OVER or change.stage in stages
    return change.key == before["clientId"] and change.name in names and in_time
