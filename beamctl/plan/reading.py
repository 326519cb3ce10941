"""Reads what a kind asks for, through the port. It must not know what is read, nor how a request travels."""

from __future__ import annotations

from typing import TypeVar

from beamctl.errors import ForbiddenError, MissingError
from beamctl.model.ports import Reader
from beamctl.plan.kind import Goes, Kind

L = TypeVar("L")


def nothing_goes(_key: str) -> bool:
    """Nothing is about to go."""
    return False


def read(kind: Kind[L], workspace: str, reader: Reader, goes: Goes = nothing_goes) -> L:
    """What the API shows of a kind, and more of what may be about to go.

    Raises:
        ApiError: It cannot be read, and the kind does not know how to go on without.
    """
    reading = kind.read(workspace, goes)
    try:
        path = next(reading)
        while True:
            try:
                payload = reader.get(path)
            except (MissingError, ForbiddenError) as error:  # the kind knows whether it can go on without
                path = reading.throw(error)
            else:
                path = reading.send(payload)
    except StopIteration as end:
        live: L = end.value
        return live
