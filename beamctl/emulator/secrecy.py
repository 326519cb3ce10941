"""Masking of secrets in a spec: when it is stored (unless a quirk echoes it) and when it is returned."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from beamctl.emulator.behavior import Quirk

MASK = "********"


def kept_secret(given: dict[str, str], before: dict[str, str], quirks: Collection[Quirk]) -> dict[str, str]:
    """The secret as it is stored: a mask for each value, so the file contains none.

    A client that writes what it read sends a mask back; it stands for the stored value.
    """
    if Quirk.ECHOED_SECRETS not in quirks:
        return dict.fromkeys(given, MASK)
    return {key: before.get(key, MASK) if value == MASK else value for key, value in given.items()}


def shown_spec(spec: dict[str, Any], hidden: str, quirks: Collection[Quirk]) -> dict[str, Any]:
    """The spec as returned, if the values in the field `hidden` are secret."""
    if hidden not in spec or Quirk.ECHOED_SECRETS in quirks:
        return spec
    rest = {key: value for key, value in spec.items() if key != hidden}
    return {**rest, hidden: dict.fromkeys(spec[hidden], MASK)} if Quirk.MASKED_SECRETS in quirks else rest
