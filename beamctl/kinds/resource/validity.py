"""Whether a change to a resource that was read from a file is one that beamctl would plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beamctl.kinds.resource.desired import is_name
from beamctl.kinds.resource.shape import USED_BY, VERSION, Shape
from beamctl.model.secret import (
    SECRETS_FROM,
    SOURCES_ALLOWED,
    Command,
    File,
    SecretDestination,
    SecretSource,
    Variable,
    is_own_variable,
    place_of,
)
from beamctl.plan.change import ALL_ATTRIBUTES, Action, Change, Reason, Stage
from beamctl.plan.sources import files_of

_SIDES = {Action.CREATE: (False, True), Action.UPDATE: (True, True), Action.DELETE: (True, False)}
"""Whether the resource exists before, and after."""
_STAGES = {Action.UPDATE: Stage.UPDATE, Action.DELETE: Stage.DELETE}


def is_valid(shape: Shape, change: Change) -> bool:
    """Whether beamctl itself could have planned this."""
    before, after = change.before, change.after
    if _SIDES.get(change.action) != (before is not None, after is not None):
        return False
    creating = Stage.CREATE_WITHIN if shape.needs_others else Stage.CREATE
    if (change.stage, change.attribute, change.serial_group) != (
        _STAGES.get(change.action, creating),
        ALL_ATTRIBUTES,
        "",
    ):
        return False
    if change.key != change.name or change.declared or not _is_nameable(shape, change):
        return False
    if change.reason in (Reason.NOT_HANDED_OVER, Reason.SUPERSEDED, Reason.EXPIRES):
        return False
    if change.action is Action.UPDATE and (not after or (before or {}).keys() != after.keys()):
        return False
    sides = [side for side in (before, after) if side is not None]
    return all(_is_side(shape, side, deleted=after is None) for side in sides) and _secrets_are_sound(shape, change)


def _is_nameable(shape: Shape, change: Change) -> bool:
    """Whether the name is allowed. A created resource needs a name that the API accepts; others may have any."""
    if change.action is Action.UPDATE:
        return bool(change.name)
    made = change.action is not Action.CREATE or is_name(change.name)
    return made and change.name not in shape.built_in


def _is_side(shape: Shape, side: Mapping[str, Any], *, deleted: bool) -> bool:
    used_by = side.get(USED_BY, [])
    if not isinstance(used_by, list) or not all(isinstance(user, str) for user in used_by):
        return False
    known = {field: value for field, value in side.items() if field != USED_BY or not deleted}
    return all(field in shape.forms and shape.forms[field].fits(value) for field, value in known.items())


def _secrets_are_sound(shape: Shape, change: Change) -> bool:
    secrets = change.secrets
    if not secrets:
        return VERSION not in (change.after or {})
    sources = secrets.get(SECRETS_FROM)
    if not shape.version_label or change.after is None or not isinstance(sources, dict):
        return False
    if secrets.keys() != {SECRETS_FROM} and not _allows_files(change):
        return False
    return all(isinstance(source, dict) and _is_source(place_of(source)) for source in sources.values())


def _allows_files(change: Change) -> bool:
    allowed = change.secrets.get(SOURCES_ALLOWED)
    listed = isinstance(allowed, list) and bool(allowed) and all(isinstance(each, str) and each for each in allowed)
    return listed and change.secrets.keys() == {SECRETS_FROM, SOURCES_ALLOWED} and any(files_of(change))


def _is_source(place: SecretDestination | SecretSource | None) -> bool:
    return isinstance(place, File | Command) or (isinstance(place, Variable) and not is_own_variable(place.name))
