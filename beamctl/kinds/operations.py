"""Operations that all kinds share: reading, deleting, and building outcomes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any, TypeGuard, TypeVar

from beamctl.errors import GarbledError
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, cause, segment
from beamctl.model.code import Code
from beamctl.model.fact import Fact, error_fact, fact
from beamctl.model.text import is_whole
from beamctl.plan.change import Change
from beamctl.plan.kind import Operation, Outcome, Reading, Status

FORBIDDEN = 403
MISSING = 404
PLAN = fact(Code.RUN_PLAN)
APPLY = fact(Code.RUN_APPLY)
FIX_ENTRY = fact(Code.FIX_ENTRY)
_IN_EFFECT = fact(Code.ALREADY_IN_EFFECT)

NONE_AT_ALL = NoResponse(fact=fact(Code.NONE_SHOWN))
"""The result of an empty listing. It does not prove that something is gone, unless the API confirms it."""

LATER = "Check --api-url and try again later. --debug shows the response."
MOST_PAGES = 500
"""Maximum number of pages of a listing."""

_LONGEST_NAME = 1_000

T = TypeVar("T")


def whole_listing(path: str, words: str, *, paged: bool = True) -> Reading[list[Any]]:
    """Read a listing, and its further pages if it may have several.

    Raises:
        GarbledError: It is not a complete list.
    """
    page = yield path
    if isinstance(page, list):
        return page
    found: list[Any] = []
    cursors: set[str] = set()
    while len(cursors) < MOST_PAGES:
        match page:
            case {"data": list(data), "meta": {"hasMore": False} as meta}:
                found += data
                total = meta.get("total")
                if isinstance(total, int) and total > len(found):
                    raise GarbledError(f"the API shows {len(found)} of {total} {words}", LATER)
                return found
            case {"data": list(data), "meta": {"hasMore": True, "nextCursor": str(cursor)}} if paged:
                if not cursor or cursor in cursors:
                    break
                found += data
                cursors.add(cursor)
                page = yield f"{path}{'&' if '?' in path else '?'}cursor={_query(cursor)}"
            case _:
                break
    raise GarbledError(f"the API's list of {words} is not a complete list", LATER)


def _query(cursor: str) -> str:
    """The cursor, encoded for a query.

    Raises:
        GarbledError: It is not valid text.
    """
    try:
        return segment(cursor)
    except UnicodeEncodeError:
        raise GarbledError("the API's cursor for the next page is not valid text", LATER) from None


def is_valid_name(value: object) -> TypeGuard[str]:
    """Whether a name in a response is valid."""
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and is_whole(value)


def look(path: str, read: Callable[[Any], T]) -> Operation[T | NoResponse]:
    """Read the current live state.

    Args:
        path: Where to read.
        read: Parses the JSON; raises `GarbledError` if it cannot.
    """
    answer = yield ApiCall(Method.GET, path)
    if not answer.certain:
        return NoResponse(fact=cause(answer))
    try:
        return read(answer.body if isinstance(answer, Response) else None)
    except GarbledError as error:
        return NoResponse(fact=error_fact(error))


def refusal(answer: Response, hint: Fact = FIX_ENTRY) -> Outcome:
    """The API refused the change, permanently or for now."""
    if answer.limited:
        hint = fact(Code.RUN_APPLY_LATER)
    elif answer.status == FORBIDDEN:
        hint = fact(Code.CHECK_PERMISSIONS)
    return refused(failed(cause(answer), hint), answer)


def refused(outcome: Outcome, answer: Response | NoResponse) -> Outcome:
    """The outcome, with the status with which the API refused it."""
    return replace(outcome, refusal=answer.status) if isinstance(answer, Response) and answer.refused else outcome


def _not_deleted(answer: Response) -> Outcome:
    """The API refused the deletion. There is no document entry to fix."""
    return refusal(answer, fact(Code.FIX_REPORTED_PROBLEM))


def delete(
    path: str, left: Operation[object], kept: Callable[[Response], Outcome] = _not_deleted
) -> Operation[Outcome]:
    """Delete an object. If the deletion is not confirmed, check whether it is gone.

    Args:
        path: Of the object.
        left: Reads the object: None if it is gone, `NoResponse` if that cannot be read, `NONE_AT_ALL` if a listing that
            may be empty is empty.
        kept: The outcome of a refusal.
    """
    deletion = ApiCall(Method.DELETE, path)
    answer = yield deletion
    if answer.ok:
        return accepted(answer)
    if isinstance(answer, Response) and answer.status != MISSING:
        return refused(kept(answer), answer)
    there = yield from left  # after a 404: is it gone, or was the path wrong?
    if there is None or there is NONE_AT_ALL:
        return (
            done(fact(Code.ALREADY_GONE))
            if isinstance(answer, Response)
            else (yield from _delete_again(deletion, kept))
        )
    if isinstance(there, NoResponse):
        return unseen(answer, there)
    return refused(kept(answer), answer) if isinstance(answer, Response) else not_made(answer)


def _delete_again(deletion: ApiCall, kept: Callable[[Response], Outcome]) -> Operation[Outcome]:
    """The response was lost and the listing does not show the object. The listing may be incomplete, so the API must
    confirm."""
    answer = yield deletion
    if is_gone(answer):
        return done()
    if answer.ok:
        return accepted(answer)
    unsaid = NoResponse(fact=fact(Code.DELETION_NOT_CONFIRMED))
    return refused(kept(answer), answer) if isinstance(answer, Response) else unseen(answer, unsaid)


def is_gone(answer: Response | NoResponse) -> bool:
    """Whether the object no longer exists after this deletion."""
    return isinstance(answer, Response) and (answer.certain or answer.status == MISSING)


def text_in(answer: Response | NoResponse, name: str) -> str:
    """A string in the body of a clear success; otherwise empty."""
    body: Any = answer.body if isinstance(answer, Response) and answer.certain else None
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, str) else ""


def unchanged_keys(kind: str, live: Iterable[str], changes: Iterable[Change]) -> tuple[str, ...]:
    """The keys of all live objects of a kind that are not changed."""
    return tuple(sorted({*live} - {change.key for change in changes if change.kind == kind}))


def missing(section: str, live: Collection[str], unchanged: Iterable[str]) -> Fact | None:
    """That objects are missing which should be unchanged, if there are any."""
    names = tuple(key for key in unchanged if key not in live)
    return fact(Code.RESOURCES_MISSING, names=names, section=section) if names else None


def done(remark: Fact | None = None) -> Outcome:
    """The change is in effect."""
    return Outcome(Status.DONE, remark)


def accepted(answer: Response | NoResponse) -> Outcome:
    """The API accepted the change. Whether it is in effect is checked later, as for every change."""
    return Outcome(Status.DONE, None if answer.certain else cause(answer), certain=answer.certain)


def found(remark: Fact = _IN_EFFECT) -> Outcome:
    """The change was already in effect, made by someone else."""
    return Outcome(Status.DONE, remark, found=True)


def failed(remark: Fact, hint: Fact = FIX_ENTRY) -> Outcome:
    """The change is not in effect."""
    return Outcome(Status.FAILED, remark, hint)


def unseen(answer: Response | NoResponse, seen: Response | NoResponse) -> Outcome:
    """Neither the response nor a read shows the result."""
    return failed(fact(Code.RESULT_UNREADABLE, why=cause(answer), detail=cause(seen)), PLAN)


def not_made(answer: Response | NoResponse, shown_role: str = "") -> Outcome:
    """A read shows that nothing changed."""
    return failed(fact(Code.NOT_CHANGED, why=cause(answer), role=shown_role), APPLY)
