"""Reads what a kind asks for, through the port; or all that can be seen, whatever cannot. It must not know what a kind
makes of it, nor how a request travels."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, TypeVar

from beamctl.errors import ForbiddenError, MissingError
from beamctl.model.api_call import segment
from beamctl.model.ports import Reader
from beamctl.plan.kind import Goes, Kind
from beamctl.plan.listing import Unseen

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


def see(kinds: Sequence[Kind[Any]], workspace: str, reader: Reader) -> Sequence[tuple[Kind[Any], Any]]:
    """What the API shows of each kind; `Unseen` of one that it refuses to show, or does not have.

    Raises:
        ApiError: There is no such workspace, or nothing of it can be seen, or nobody answers.
    """
    found = [(kind, _seen(kind, workspace, reader)) for kind in kinds]
    refused = [live.error for _, live in found if isinstance(live, Unseen)]
    if len(refused) == len(found):
        raise refused[0]
    return found


def _seen(kind: Kind[L], workspace: str, reader: Reader) -> L | Unseen:
    try:
        return read(kind, workspace, reader)
    except ForbiddenError as error:
        return Unseen(error)
    except MissingError as error:
        with suppress(ForbiddenError):
            reader.get(f"/workspaces/{segment(workspace)}")  # the listing is not there, and the workspace is
        return Unseen(error)
