"""Deletes a workspace: looks whether it is still what was shown, asks once, and finds out what came of it where the
answer does not tell. It must not know how a call travels, nor whether anybody should do this."""

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
    """How it came that the workspace is gone."""

    DELETED = "deleted"
    """The API said that it deleted it."""
    FOUND_GONE = "found gone"
    """The answer was lost, and then the workspace was not there: it was deleted, most likely by us."""
    GONE_AT_ANSWER = "gone at the answer"
    """The API refused, and then the workspace was not there: somebody else deleted it, or our own request did, where
    the network delivered it twice."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """A workspace that is gone.

    Attributes:
        ending: How that came.
        why: What happened to the answer, in words; empty where it was plain.
    """

    ending: DeletionStatus
    why: str = ""


class _Sight(Enum):
    """What is where the workspace was."""

    THERE = auto()
    GONE = auto()


def delete(shown: WorkspaceContents, reader: Reader, deleter: Deleter, stop: StopSignal, pause: Pause) -> Deletion:
    """Delete the workspace that was shown.

    Args:
        shown: What somebody agreed to lose.
        reader: To look before and after.
        deleter: To ask; once at most.
        stop: Set from outside: then it is not asked any more.
        pause: Waits between two looks at a workspace that should be gone.

    Raises:
        StalePlanError: It is not what was shown any more, or gone. Nothing was deleted.
        ForbiddenError: Our role does not allow it. Nothing was deleted.
        ApiError: It was not deleted, or whether it was is not known; its message says which.
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
            f"we may not delete {shown.workspace}: {answer.why}",
            "Only an admin of a workspace may. Nothing was deleted.",
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
        gone = f"{shown.workspace} is gone: somebody else deleted it meanwhile, so nothing was sent"
        raise StalePlanError(gone, "Remove its document.") from error
    if why:
        raise StalePlanError(
            f"{shown.workspace} is not what was shown, so nothing was deleted: {why}",
            f"Run `beamctl destroy {shown.workspace}` again to see it as it is now.",
        )


def _look(shown: WorkspaceContents, reader: Reader, *, certain: bool) -> _Sight | Unknown:
    """Whether it is still there. Being refused access proves nothing, unless the API just said that it deleted it: our
    access went with it."""
    try:
        now = reader.get(path_of(shown.workspace))
    except MissingError:
        return _Sight.GONE
    except (ForbiddenError, UnauthenticatedError) as error:
        return _Sight.GONE if certain else Unknown(error.message)
    except BeamctlError as error:
        return Unknown(error.message)
    if not isinstance(now, dict) or now.get("name") != shown.workspace:
        return Unknown("the API's answer is not a workspace")
    return _Sight.GONE if _is_another(shown, now) else _Sight.THERE


def _is_another(shown: WorkspaceContents, now: dict[str, Any]) -> bool:
    """Whether somebody made another one of that name, so that ours is gone. What is not told twice proves nothing."""
    for was, told in ((shown.id, now.get("id")), (shown.created_at, now.get("createdAt"))):
        if was and told:
            return bool(was != told)
    return False


def _found(name: str, answer: Response | NoResponse, sight: _Sight | Unknown) -> Deletion:
    """What it means that the workspace is there or not after this answer."""
    see = f"See whether it is there:  beamctl show -w {name}"
    match sight:
        case _Sight.GONE:
            if answer.ok:
                return Deletion(DeletionStatus.DELETED)
            return Deletion(
                DeletionStatus.FOUND_GONE if isinstance(answer, NoResponse) else DeletionStatus.GONE_AT_ANSWER,
                answer.why,
            )
        case _Sight.THERE:
            refused = isinstance(answer, Response) and not answer.ok
            still = "" if refused else "The API may still be deleting it: look again in a minute.\n"
            raise ApiError(f"{name} is still there: {answer.why}", still + see)
        case Unknown(why=why):
            raise ApiError(f"whether {name} was deleted is not known: {answer.why}; and then {why}", see)
        case _:
            assert_never(sight)
