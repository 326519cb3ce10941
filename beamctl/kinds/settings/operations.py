"""Changes to a setting as API calls: read, merge and write the whole workspace object. It is not documented whether the
API keeps keys that a `PUT` omits, so all are sent."""

from __future__ import annotations

from typing import Any

from beamctl.errors import GarbledError
from beamctl.kinds.operations import PLAN, accepted, done, failed, found, not_made, refusal, text_in, unseen
from beamctl.kinds.settings.live import normal, settings, with_setting
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, cause
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.plan.change import Change
from beamctl.plan.kind import Operation, Outcome

_READ_ONLY = frozenset(
    {"id", "status", "statusReason", "resourceCounts", "createdAt", "updatedAt", "createdBy", "updatedBy"}
)


def perform(change: Change, workspace: str, path: str) -> Operation[Outcome]:
    """Read the workspace, change one key, and write it back."""
    key = change.attribute
    desired, approved = (change.after or {})[key], (change.before or {})[key]
    read = yield ApiCall(Method.GET, path)
    if isinstance(read, NoResponse) or not read.certain or not isinstance(read.body, dict):
        return _failed(read)
    now = settings(read.body)[key]
    if read.body["name"] != workspace or normal(key, now) != normal(key, approved):
        is_so = read.body["name"] == workspace and normal(key, now) == normal(key, desired)
        return found() if is_so else _changed(key)
    kept = {name: value for name, value in read.body.items() if name not in _READ_ONLY}
    return (yield from _write(ApiCall(Method.PUT, path, with_setting(kept, key, desired)), workspace, change))


def _write(put: ApiCall, workspace: str, change: Change) -> Operation[Outcome]:
    """Write it. If the response does not confirm the change, read it."""
    key = change.attribute
    answer = yield put
    if isinstance(answer, Response) and not answer.ok:
        return _failed(answer)
    shown = _shown_in(key, workspace, answer)
    if shown is None:
        look = yield ApiCall(Method.GET, put.path)
        return _as_seen(_shown_in(key, workspace, look), change, answer, look)
    if shown != normal(key, (change.after or {})[key]):
        return failed(fact(Code.RETURNED_DIFFERENT, names=(key,)), fact(Code.RUN_SHOW))
    return done()


def _shown_in(key: str, workspace: str, answer: Response | NoResponse) -> Any:  # noqa: ANN401 - any JSON
    """The setting as this response shows it; None if it does not."""
    if not isinstance(answer, Response) or text_in(answer, "name") != workspace:
        return None
    try:
        return normal(key, settings(answer.body)[key])
    except GarbledError:
        return None


def _as_seen(now: Any, change: Change, answer: Response | NoResponse, look: Response | NoResponse) -> Outcome:  # noqa: ANN401
    """The outcome after a read, if the response did not confirm the change. `now` is None if unreadable."""
    key = change.attribute
    if now is None:
        return unseen(answer, look)
    if now == normal(key, (change.after or {})[key]):
        return done()
    if now == normal(key, (change.before or {})[key]):
        return accepted(answer) if answer.ok else not_made(answer)
    return _changed(key)


def _changed(key: str) -> Outcome:
    return failed(fact(Code.CHANGED_MEANWHILE, names=(key,)), fact(Code.RUN_PLAN_FOR_CHANGE))


def _failed(answer: Response | NoResponse) -> Outcome:
    if isinstance(answer, NoResponse):
        return failed(cause(answer), PLAN)
    return refusal(answer, fact(Code.FIX_SETTING))
