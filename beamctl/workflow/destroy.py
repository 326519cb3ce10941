"""Deletes a workspace: checks whether its document allows it, shows what would be deleted, sends one request, and
checks the result."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from threading import Event as StopSignal
from typing import Any, assert_never

from beamctl.document.desired import Desired
from beamctl.errors import (
    ApiError,
    BeamctlError,
    ForbiddenError,
    GarbledError,
    InterruptedRunError,
    MissingError,
    RefusedError,
    StalePlanError,
    UnauthenticatedError,
    UnreachableError,
)
from beamctl.kinds.registry import all_kinds
from beamctl.model.api_call import PAUSES, Deleter, NoResponse, Pause, Reader, Response, cause, segment
from beamctl.model.code import Code
from beamctl.model.fact import error_fact, fact
from beamctl.plan.across_kinds import read_all, reading_of
from beamctl.plan.contents import (
    Deletion,
    DeletionStatus,
    Part,
    Unknown,
    WorkspaceContents,
    more_than_shown,
    part_of,
)
from beamctl.plan.kind import Kind, Reading
from beamctl.report.wording import words

_FORBIDDEN = 403


def document_that_allows(documents: Sequence[Desired], workspace: str) -> Desired:
    """The document that allows deleting the workspace.

    Raises:
        RefusedError: No document declares the workspace, or its document does not set `preventDestroy: false`.
    """
    for desired in documents:
        if desired.workspace == workspace:
            if desired.guards.prevent_destroy:
                raise _guarded(desired)
            return desired
    raise RefusedError(
        f"no document declares {workspace}, and guards.preventDestroy defaults to true, so nothing was deleted",
        "To allow it, write this document, have it reviewed, and pass it with -f:\n"
        f"  version: 1\n  workspace: {json.dumps(workspace)}\n  guards: {{preventDestroy: false}}",
    )


def _guarded(desired: Desired) -> RefusedError:
    place = desired.document.place("guards", "preventDestroy")
    is_set = "preventDestroy" in desired.document.data.get("guards", {})
    how = "is true" if is_set else "defaults to true"
    return RefusedError(
        f"guards.preventDestroy {how} ({place.source}:{place.line}), so {desired.workspace} was not deleted",
        f"To allow it, set guards: {{preventDestroy: false}} in {desired.document.source}, have it reviewed, "
        f"and run `beamctl destroy {desired.workspace}` again.",
    )


def contents_of(workspace: str, reader: Reader) -> WorkspaceContents:
    """Read a workspace and its contents.

    Raises:
        ApiError: The workspace cannot be read, the API does not respond, or the credential is not accepted.
    """
    payload = reader.get(f"{_path(workspace)}?countResources=true")
    if not isinstance(payload, dict) or payload.get("name") != workspace:
        hint = "Check --api-url and try again later. --debug shows the response."
        raise GarbledError(f"the API's response is not the workspace {workspace}", hint)
    facts = (payload.get(name) for name in ("id", "createdAt", "displayName"))
    identifier, created_at, display_name = (fact if isinstance(fact, str) else "" for fact in facts)
    parts = read_all({kind.name: _part(kind, workspace) for kind in all_kinds() if kind.named_by}, reader)
    return WorkspaceContents(workspace, identifier, created_at, display_name, tuple(parts.values()), _counts(payload))


def _part(kind: Kind[Any], workspace: str) -> Reading[Part]:
    """The objects of one kind. Network and authentication errors stop the run; other errors count as unknown."""
    try:
        return part_of(kind, (yield from reading_of(kind, workspace)))
    except (UnauthenticatedError, UnreachableError):
        raise
    except ApiError as error:
        return Part(kind.section, kind.grouped_by, Unknown(error_fact(error)))


def _counts(payload: Mapping[str, Any]) -> Mapping[str, int] | Unknown:
    counts = payload.get("resourceCounts")
    if not isinstance(counts, dict) or any(type(number) is not int for number in counts.values()):
        return Unknown(fact(Code.NOT_LISTED))
    return counts


def _path(workspace: str) -> str:
    return f"/workspaces/{segment(workspace)}"


class _Presence(Enum):
    """What a read shows."""

    THERE = auto()
    GONE = auto()


def destroy(
    shown: WorkspaceContents,
    reader: Reader,
    deleter: Deleter,
    *,
    stop: StopSignal,
    pause: Pause = lambda _: True,
    credential: str = "",
) -> Deletion:
    """Delete the workspace that was shown and confirmed by name, if it is still the same.

    Args:
        shown: What the user agreed to delete.
        reader: To read before and after.
        deleter: To send the request, at most once.
        stop: Set from outside: then nothing is sent any more.
        pause: Waits between reads of a workspace that should be gone.
        credential: Which credential is used and where it was found.

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
            f"not permitted to delete {shown.workspace}: {words(cause(answer))}",
            f"Only workspace admins can. Nothing was deleted. {credential}".rstrip(),
            status=answer.status,
        )
    presence = _look(shown, reader, certain=answer.certain)
    for seconds in PAUSES if answer.ok else ():
        if presence is not _Presence.THERE or not pause(seconds):
            break
        presence = _look(shown, reader, certain=answer.certain)
    return _found(shown.workspace, answer, presence)


def _refuse_moved(shown: WorkspaceContents, reader: Reader) -> None:
    try:
        why = more_than_shown(shown, contents_of(shown.workspace, reader))
    except MissingError as error:
        gone = f"{shown.workspace} is already gone, so nothing was sent"
        raise StalePlanError(gone, "Remove its document.") from error
    if why:
        raise StalePlanError(
            f"{shown.workspace} changed since it was shown, so nothing was deleted: {words(why)}",
            f"Run `beamctl destroy {shown.workspace}` again to see the current state.",
        )


def _look(shown: WorkspaceContents, reader: Reader, *, certain: bool) -> _Presence | Unknown:
    """Whether it still exists. Being denied access proves nothing, unless the API just confirmed the deletion, which
    also ended our access."""
    try:
        now = reader.get(_path(shown.workspace))
    except MissingError:
        return _Presence.GONE
    except (ForbiddenError, UnauthenticatedError) as error:
        return _Presence.GONE if certain else Unknown(error_fact(error))
    except BeamctlError as error:
        return Unknown(error_fact(error))
    if not isinstance(now, dict) or now.get("name") != shown.workspace:
        return Unknown(fact(Code.NOT_A_WORKSPACE))
    return _Presence.GONE if _is_another(shown, now) else _Presence.THERE


def _is_another(shown: WorkspaceContents, now: dict[str, Any]) -> bool:
    """Whether it is a new workspace of that name, so that ours is gone. Compares only facts that are shown twice."""
    for was, current in ((shown.id, now.get("id")), (shown.created_at, now.get("createdAt"))):
        if was and current:
            return bool(was != current)
    return False


def _found(name: str, answer: Response | NoResponse, presence: _Presence | Unknown) -> Deletion:
    """What this response and this read mean together."""
    see = f"Check whether it exists:  beamctl show -w {name}"
    match presence:
        case _Presence.GONE:
            if answer.ok:
                return Deletion(DeletionStatus.DELETED)
            return Deletion(
                DeletionStatus.FOUND_GONE if isinstance(answer, NoResponse) else DeletionStatus.GONE_AT_ANSWER,
                cause(answer),
            )
        case _Presence.THERE:
            refused = isinstance(answer, Response) and not answer.ok
            still = "" if refused else "The API may still be deleting it. Check again in a minute.\n"
            raise ApiError(f"{name} still exists: {words(cause(answer))}", still + see)
        case Unknown(why=why):
            raise ApiError(
                f"it is not known whether {name} was deleted: {words(cause(answer))}; then {words(why)}", see
            )
        case _:
            assert_never(presence)
