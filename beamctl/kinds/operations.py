"""What the conversations of all kinds share: looking, deleting, and the words for how a change ended. It must not know
any kind, nor how a call travels."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any, TypeVar

from beamctl.errors import GarbledError
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response
from beamctl.model.secret import ReadSecret, StoreSecret
from beamctl.plan.kind import Outcome, Status

FORBIDDEN = 403
MISSING = 404
PLAN = "Run `beamctl plan` to see how it stands."
APPLY = "Run `beamctl apply` again."
APPLY_LATER = "Run `beamctl apply` again later, or allow a longer wait with --max-wait."
MEND = "Fix or remove the entry, or ask the API's operator. Then run `beamctl apply` again."
RESOLVE = "Fix the problem that the API reports. Then run `beamctl apply` again."
CHECK_RIGHTS = "Check the entry, and whether the credential may make this change. Then run `beamctl apply` again."

NONE_AT_ALL = NoResponse("the API shows none at all")
"""What a listing without an entry tells: too little to believe that something is gone, unless the API says so too."""

T = TypeVar("T")
Asking = Generator[ApiCall | StoreSecret | ReadSecret, Response | NoResponse, T]
"""A part of a conversation, which finds something out."""
Talk = Asking[Outcome]


def look(path: str, read: Callable[[Any], T]) -> Asking[T | NoResponse]:
    """What the API shows now.

    Args:
        path: Where.
        read: Makes of the JSON there what it means; `GarbledError` where it means nothing.
    """
    answer = yield ApiCall(Method.GET, path)
    if not answer.certain:
        return NoResponse(answer.why)
    try:
        return read(answer.body if isinstance(answer, Response) else None)
    except GarbledError as error:
        return NoResponse(error.message)


def refusal(answer: Response, hint: str = MEND) -> Outcome:
    """The API will not do it, or not now."""
    if answer.limited:
        hint = APPLY_LATER
    elif answer.status == FORBIDDEN:
        hint = CHECK_RIGHTS
    return refused(failed(answer.why, hint), answer)


def refused(outcome: Outcome, answer: Response | NoResponse) -> Outcome:
    """An outcome that this answer led to, with how the API refused it."""
    return replace(outcome, refusal=answer.status) if isinstance(answer, Response) and answer.refused else outcome


def not_deleted(answer: Response, hint: str = RESOLVE) -> Outcome:
    """The API will not delete it, or not now. The document has no entry that could be fixed."""
    return refusal(answer, hint)


def delete(path: str, left: Asking[object], kept: Callable[[Response], Outcome] = not_deleted) -> Talk:
    """Delete what is there; where that is not confirmed, look whether it is gone.

    Args:
        path: Of one thing.
        left: Looks for it: None if it is gone, `NoResponse` if that cannot be seen, `NONE_AT_ALL` if a listing that may
            be empty is empty.
        kept: What is said of a refusal.
    """
    deletion = ApiCall(Method.DELETE, path)
    answer = yield deletion
    if answer.ok:
        return accepted(answer)
    if isinstance(answer, Response) and answer.status != MISSING:
        return refused(kept(answer), answer)
    there = yield from left  # after a 404: gone, or a path that reached nothing?
    if there is None or there is NONE_AT_ALL:
        return done("was gone already") if isinstance(answer, Response) else (yield from _delete_again(deletion, kept))
    if isinstance(there, NoResponse):
        return unseen(answer, there)
    return refused(kept(answer), answer) if isinstance(answer, Response) else not_made(answer)


def _delete_again(deletion: ApiCall, kept: Callable[[Response], Outcome]) -> Talk:
    """The answer was lost, and a listing does not show it: that may be short, so the API is to say it."""
    answer = yield deletion
    if is_gone(answer):
        return done()
    if answer.ok:
        return accepted(answer)
    unsaid = NoResponse("it is not shown, nor said to be gone")
    return refused(kept(answer), answer) if isinstance(answer, Response) else unseen(answer, unsaid)


def is_gone(answer: Response | NoResponse) -> bool:
    """Whether a deletion left nothing there."""
    return isinstance(answer, Response) and (answer.certain or answer.status == MISSING)


def text_in(answer: Response | NoResponse, name: str) -> str:
    """A text in the body of an answer; empty if it has none or if the answer is not a plain success."""
    body: Any = answer.body if isinstance(answer, Response) and answer.certain else None
    told = body.get(name) if isinstance(body, dict) else None
    return told if isinstance(told, str) else ""


def done(remark: str = "") -> Outcome:
    """It is as it should be."""
    return Outcome(Status.DONE, remark)


def accepted(answer: Response | NoResponse) -> Outcome:
    """The API accepted the change. Whether it is in effect is checked once the stages are over, as for every change."""
    return Outcome(Status.DONE, "" if answer.certain else answer.why, certain=answer.certain)


def found(remark: str) -> Outcome:
    """It is as it should be, and somebody else made it so."""
    return Outcome(Status.DONE, remark, found=True)


def failed(remark: str, hint: str = MEND) -> Outcome:
    """It is not."""
    return Outcome(Status.FAILED, remark, hint)


def unseen(answer: Response | NoResponse, seen: Response | NoResponse) -> Outcome:
    """Nothing is known: neither from the answer nor from looking."""
    return failed(f"{answer.why}, and it cannot be looked up: {seen.why}", PLAN)


def not_made(answer: Response | NoResponse, seen: str = "") -> Outcome:
    """It was looked up, and everything is as before."""
    return failed(f"{answer.why}; nothing was changed{seen}", APPLY)
