"""How the API spells a change of a setting: a read, a merge and a write of the whole workspace. It must not know how a
call travels. Whether the API keeps a key that a `PUT` leaves out is not documented, so none is left out."""

from __future__ import annotations

from typing import Any

from beamctl.errors import GarbledError
from beamctl.kinds.operations import PLAN, Talk, accepted, done, failed, found, not_made, refusal, text_in, unseen
from beamctl.kinds.settings.live import normal, settings, with_setting
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response
from beamctl.plan.change import Change
from beamctl.plan.kind import Outcome

_READ_ONLY = frozenset(
    {"id", "status", "statusReason", "resourceCounts", "createdAt", "updatedAt", "createdBy", "updatedBy"}
)


def perform(change: Change, workspace: str, path: str) -> Talk:
    """Read the workspace, change one key, and write it back whole."""
    key = change.attribute
    asked, approved = (change.after or {})[key], (change.before or {})[key]
    read = yield ApiCall(Method.GET, path)
    if isinstance(read, NoResponse) or not read.certain or not isinstance(read.body, dict):
        return _failed(read)
    now = settings(read.body)[key]
    if read.body["name"] != workspace or normal(key, now) != normal(key, approved):
        is_so = read.body["name"] == workspace and normal(key, now) == normal(key, asked)
        return found("is so already") if is_so else _changed(key)
    kept = {name: value for name, value in read.body.items() if name not in _READ_ONLY}
    return (yield from _write(ApiCall(Method.PUT, path, with_setting(kept, key, asked)), workspace, change))


def _write(put: ApiCall, workspace: str, change: Change) -> Talk:
    """Write it, and look where the answer does not confirm it."""
    key = change.attribute
    answer = yield put
    if isinstance(answer, Response) and not answer.ok:
        return _failed(answer)
    told = _told(key, workspace, answer)
    if told is None:
        look = yield ApiCall(Method.GET, put.path)
        return _as_seen(_told(key, workspace, look), change, answer, look)
    if told != normal(key, (change.after or {})[key]):
        remark = f"the API accepted the change but returned another {key}"
        return failed(remark, "Run `beamctl show` to see what it made of it.")
    return done()


def _told(key: str, workspace: str, answer: Response | NoResponse) -> Any:  # noqa: ANN401 - any JSON
    """A setting of this workspace as an answer shows it; None if it does not."""
    if not isinstance(answer, Response) or text_in(answer, "name") != workspace:
        return None
    try:
        return normal(key, settings(answer.body)[key])
    except GarbledError:
        return None


def _as_seen(now: Any, change: Change, answer: Response | NoResponse, look: Response | NoResponse) -> Outcome:  # noqa: ANN401
    """The answer did not confirm the change, and this is how the setting is now; None where that cannot be seen."""
    key = change.attribute
    if now is None:
        return unseen(answer, look)
    if now == normal(key, (change.after or {})[key]):
        return done()
    if now == normal(key, (change.before or {})[key]):
        return accepted(answer) if answer.ok else not_made(answer)
    return _changed(key)


def _changed(key: str) -> Outcome:
    return failed(f"{key} was changed meanwhile", "Run `beamctl plan` to see it.")


def _failed(answer: Response | NoResponse) -> Outcome:
    mend = "Fix the value under settings, then run `beamctl apply` again."
    return failed(answer.why, PLAN) if isinstance(answer, NoResponse) else refusal(answer, mend)
