"""What becomes of a secret in a spec: it is masked before it is kept, unless a quirk wants it echoed, and it is not
shown, or masked. It must not know which kind has secrets."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from beamctl.emulator.behavior import Quirk

MASK = "********"


def kept_secret(given: dict[str, str], before: dict[str, str], quirks: Collection[Quirk]) -> dict[str, str]:
    """The secret as it is kept: a mask for each value, so that none is in the file.

    A mask that comes back, because a client writes what it read, stands for the value that is there.
    """
    if Quirk.ECHOED_SECRETS not in quirks:
        return dict.fromkeys(given, MASK)
    return {key: before.get(key, MASK) if value == MASK else value for key, value in given.items()}


def shown_spec(spec: dict[str, Any], hidden: str, quirks: Collection[Quirk]) -> dict[str, Any]:
    """The spec as it is shown, where the values in the field `hidden` are secret."""
    if hidden not in spec or Quirk.ECHOED_SECRETS in quirks:
        return spec
    rest = {key: value for key, value in spec.items() if key != hidden}
    return {**rest, hidden: dict.fromkeys(spec[hidden], MASK)} if Quirk.MASKED_SECRETS in quirks else rest
