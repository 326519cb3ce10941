"""Deletes a workspace: checks that it is still what was shown, sends one request, and determines the result if the
response is lost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from threading import Event as StopSignal
from typing import Any, assert_never

from beamctl.destroy.estate import Unknown, WorkspaceContents, more_than_shown
from beamctl.destroy.survey import path_of, survey
from beamctl.errors import (
    ApiError,
    BeamctlError,
    ForbiddenError,
    InterruptedRunError,
    MissingError,
    StalePlanError,
    UnauthenticatedError,
)
from beamctl.model.api_call import NoResponse, Response
from beamctl.model.ports import PAUSES, Deleter, Pause, Reader

_FORBIDDEN = 403


class DeletionStatus(Enum):
    """How it is known that the workspace is gone."""

    DELETED = "deleted"
    """The API confirmed the deletion."""
    FOUND_GONE = "found gone"
    """The response was lost and the workspace is gone: most likely we deleted it."""
    GONE_AT_ANSWER = "gone at the answer"
    """The API refused and the workspace is gone: someone else deleted it, or our request arrived twice."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """A workspace that is gone.

    Attributes:
        status: How that is known.
        why: What happened to the response, as text; empty if it was clear.
    """

    status: DeletionStatus
    why: str = ""


class _Sight(Enum):
    """What a read shows."""

    THERE = auto()
    GONE = auto()


def delete(shown: WorkspaceContents, reader: Reader, deleter: Deleter, stop: StopSignal, pause: Pause) -> Deletion:
    """Delete the workspace that was shown.

    Args:
        shown: What the user agreed to delete.
        reader: To read before and after.
        deleter: To send the request, at most once.
        stop: Set from outside: then nothing is sent any more.
        pause: Waits between reads of a workspace that should be gone.

    Raises:
        StalePlanError: It changed since it was shown, or is gone. Nothing was deleted.
        ForbiddenError: Our role does not allow it. Nothing was deleted.
        ApiError: It was not deleted, or it is not known whether it was; the message says which.
        InterruptedRunError: `stop` was set in time. Nothing was deleted.
    """
    in_time = InterruptedRunError(f"interrupted, so {shown.workspace} was not deleted")
    try:
        _refuse_moved(shown, reader)
    except InterruptedRunError:
        raise in_time from None
    if stop.is_set():
        raise in_time
    answer = deleter.delete_workspace()
    if isinstance(answer, Response) and answer.status == _FORBIDDEN and not answer.limited:
        raise ForbiddenError(
            f"not permitted to delete {shown.workspace}: {answer.why}",
            "Only workspace admins can. Nothing was deleted.",
            status=answer.status,
        )
    sight = _look(shown, reader, certain=answer.certain)
    for seconds in PAUSES if answer.ok else ():
        if sight is not _Sight.THERE or not pause(seconds):
            break
        sight = _look(shown, reader, certain=answer.certain)
    return _found(shown.workspace, answer, sight)


def _refuse_moved(shown: WorkspaceContents, reader: Reader) -> None:
    try:
        why = more_than_shown(shown, survey(shown.workspace, reader))
    except MissingError as error:
        gone = f"{shown.workspace} is already gone, so nothing was sent"
        raise StalePlanError(gone, "Remove its document.") from error
    if why:
        raise StalePlanError(
            f"{shown.workspace} changed since it was shown, so nothing was deleted: {why}",
            f"Run `beamctl destroy {shown.workspace}` again to see the current state.",
        )


def _look(shown: WorkspaceContents, reader: Reader, *, certain: bool) -> _Sight | Unknown:
    """Whether it still exists. Being denied access proves nothing, unless the API just confirmed the deletion, which
    also ended our access."""
    try:
        now = reader.get(path_of(shown.workspace))
    except MissingError:
        return _Sight.GONE
    except (ForbiddenError, UnauthenticatedError) as error:
        return _Sight.GONE if certain else Unknown(error.message)
    except BeamctlError as error:
        return Unknown(error.message)
    if not isinstance(now, dict) or now.get("name") != shown.workspace:
        return Unknown("the API's response is not a workspace")
    return _Sight.GONE if _is_another(shown, now) else _Sight.THERE


def _is_another(shown: WorkspaceContents, now: dict[str, Any]) -> bool:
    """Whether it is a new workspace of that name, so that ours is gone. Compares only facts that are shown twice."""
    for was, current in ((shown.id, now.get("id")), (shown.created_at, now.get("createdAt"))):
        if was and current:
            return bool(was != current)
    return False


def _found(name: str, answer: Response | NoResponse, sight: _Sight | Unknown) -> Deletion:
    """What this response and this read mean together."""
    see = f"Check whether it exists:  beamctl show -w {name}"
    match sight:
        case _Sight.GONE:
            if answer.ok:
                return Deletion(DeletionStatus.DELETED)
            return Deletion(
                DeletionStatus.FOUND_GONE if isinstance(answer, NoResponse) else DeletionStatus.GONE_AT_ANSWER,
                str(answer.why),
            )
        case _Sight.THERE:
            refused = isinstance(answer, Response) and not answer.ok
            still = "" if refused else "The API may still be deleting it. Check again in a minute.\n"
            raise ApiError(f"{name} still exists: {answer.why}", still + see)
        case Unknown(why=why):
            raise ApiError(f"it is not known whether {name} was deleted: {answer.why}; then {why}", see)
        case _:
            assert_never(sight)
