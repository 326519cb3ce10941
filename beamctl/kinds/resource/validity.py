"""What the schema cannot say about a change to a resource that was read from a file."""

from __future__ import annotations

from beamctl.kinds.resource.desired import is_name
from beamctl.kinds.resource.shape import VERSION, Shape
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
from beamctl.plan.change import Action, Change
from beamctl.plan.hazard import files_of


def is_valid(shape: Shape, change: Change) -> bool:
    """Whether its values belong together."""
    before, after = change.before or {}, change.after or {}
    if change.key != change.name or not change.name:
        return False
    if change.action is Action.UPDATE and before.keys() != after.keys():
        return False
    if change.action is not Action.UPDATE and change.name in shape.built_in:
        return False
    if change.action is Action.CREATE and not is_name(change.name):  # others may have any name
        return False
    versions = (side.get(VERSION, 1) for side in (before, after))
    return all(type(version) is int for version in versions) and _secrets_are_valid(change)


def _secrets_are_valid(change: Change) -> bool:
    if not change.secrets:
        return VERSION not in (change.after or {})
    if SOURCES_ALLOWED in change.secrets and not any(files_of(change)):
        return False
    return all(_is_source(place_of(source)) for source in change.secrets[SECRETS_FROM].values())


def _is_source(place: SecretDestination | SecretSource | None) -> bool:
    return isinstance(place, File | Command) or (isinstance(place, Variable) and not is_own_variable(place.name))
