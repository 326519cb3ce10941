"""Reads the live state of kinds through the API."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from beamctl.errors import ForbiddenError, MissingError
from beamctl.model.api_call import Reader, segment
from beamctl.plan.kind import Kind, MayDelete, ReadScope
from beamctl.plan.listing import Unreadable

L = TypeVar("L")


def deletes_nothing(_key: str) -> bool:
    """For reads before which nothing is deleted."""
    return False


def deletes_only(kind: Kind[Any], deleted: Collection[tuple[str, str]]) -> MayDelete:
    """For reads before which only these objects, given as kind and key, are deleted."""
    return lambda key: (kind.name, key) in deleted


def read(kind: Kind[L], workspace: str, reader: Reader, may_delete: MayDelete = deletes_nothing) -> L:
    """The live state of a kind, with more detail for objects that may be deleted.

    Raises:
        ApiError: It cannot be read, and the kind cannot continue without it.
    """
    reading = kind.read(ReadScope(workspace, may_delete))
    try:
        path = next(reading)
        while True:
            try:
                payload = reader.get(path)
            except (MissingError, ForbiddenError) as error:  # the kind decides whether it can continue without it
                path = reading.throw(error)
            else:
                path = reading.send(payload)
    except StopIteration as end:
        live: L = end.value
        return live


def see(kinds: Sequence[Kind[Any]], workspace: str, reader: Reader) -> Sequence[tuple[Kind[Any], Any]]:
    """The live state of each kind; `Unreadable` if the API does not show it.

    Raises:
        ApiError: The workspace does not exist, none of it can be read, or the API does not respond.
    """
    found = [(kind, _seen(kind, workspace, reader)) for kind in kinds]
    refused = [live.error for _, live in found if isinstance(live, Unreadable)]
    if len(refused) == len(found):
        raise refused[0]
    return found


def _seen(kind: Kind[L], workspace: str, reader: Reader) -> L | Unreadable:
    try:
        return read(kind, workspace, reader)
    except ForbiddenError as error:
        return Unreadable(error)
    except MissingError as error:
        with suppress(ForbiddenError):
            reader.get(f"/workspaces/{segment(workspace)}")  # the workspace exists, only the listing does not
        return Unreadable(error)
