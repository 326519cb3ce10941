"""Settings as a document section whose plan is empty."""

from __future__ import annotations

from typing import Any

from beamctl.kinds.settings.groups import can_be_given
from beamctl.kinds.settings.live import GROUPS, SANDBOX, Settings
from beamctl.model.text import unseen
from beamctl.plan.export import Exported

_LONGEST_NAME = 63
"""Maximum length of a display name, as in the schema."""
_UNSEEN = "has a name with an invisible character"


def export(live: Settings) -> Exported:
    """Every setting that is not empty."""
    whys = {name: _why_not(name, value) for name, value in live.items() if value}
    return Exported(
        entries={name: live[name] for name, why in whys.items() if not why},
        left_out=tuple(f"{name} {why}" for name, why in whys.items() if why),
    )


def _why_not(name: str, value: Any) -> str:  # noqa: ANN401 - a setting
    """Why a document cannot express it, to follow the name; empty if it can."""
    match name:
        case "displayName":
            return "is longer than a document allows" if len(value) > _LONGEST_NAME else ""
        case "labels":
            if any(map(unseen, value)):
                return _UNSEEN
            return "" if all(isinstance(text, str) for text in value.values()) else "has a value that is not a string"
        case str() if name == GROUPS:
            return _groups(value)
        case str() if name == SANDBOX:
            known = value.keys() == {"disableProcessLogging"} and isinstance(value["disableProcessLogging"], bool)
            return "" if known else "has an unknown setting"
        case _:
            raise AssertionError(f"there is no setting {name}")


def _groups(mappings: list[Any]) -> str:
    if not can_be_given(GROUPS, mappings):
        return "has an unknown role"
    names = [each["groupName"] for each in mappings]
    if any(map(unseen, names)):
        return _UNSEEN
    whole = all(each.keys() == {"groupName", "role"} and each["groupName"] for each in mappings)
    return "" if whole and len(set(names)) == len(names) else "has a mapping that a document cannot express"
