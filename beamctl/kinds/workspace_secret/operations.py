"""Changes to a secret as API calls. The API has one call to create a secret and to replace its value, so the listing is
read first: the value of a secret that someone else has created or changed is not replaced."""

from __future__ import annotations

from beamctl.kinds.operations import NONE_AT_ALL, PLAN, accepted, delete, failed, look, not_made, refusal, unseen
from beamctl.kinds.secret_source import fetch
from beamctl.kinds.workspace_secret.live import (
    PATH,
    UPDATED_AT,
    VALUE,
    WorkspaceSecret,
    is_recent,
    workspace_secrets,
)
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, segment
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.plan.change import Action, Change
from beamctl.plan.kind import Operation, Outcome


def perform(change: Change) -> Operation[Outcome]:
    """Make a change to one secret. Its value is read before anything is sent."""
    if change.action is Action.DELETE:
        return (yield from delete(f"{PATH}/{segment(change.name)}", _left(change.name)))
    value = yield from fetch(change)
    if isinstance(value, Outcome):
        return value
    now = yield from _look_up(change.name)
    if why := _why_not(change, now):
        return why
    answer = yield ApiCall(Method.POST, PATH, {"name": change.name, VALUE: value[VALUE]})
    if isinstance(answer, Response):
        return accepted(answer) if answer.ok else refusal(answer)
    return (yield from _after_lost_response(change, answer))


def _why_not(change: Change, now: WorkspaceSecret | NoResponse | None) -> Outcome | None:
    """Why the value is not sent, if the secret is not as planned."""
    if isinstance(now, NoResponse):
        return unseen(NoResponse(fact=fact(Code.NOTHING_SENT)), now)
    if change.before is None:
        return failed(fact(Code.EXISTS_SECRET_UNKNOWN), fact(Code.SET_UPDATED_AFTER)) if now else None
    if now is None:
        return failed(fact(Code.NO_LONGER_EXISTS, name=change.name), PLAN)
    if now.data != change.before:
        return failed(fact(Code.CHANGED_MEANWHILE, names=(UPDATED_AT,)), fact(Code.RUN_PLAN_FOR_CHANGE))
    return None


def _after_lost_response(change: Change, answer: NoResponse) -> Operation[Outcome]:
    """The outcome if there was no response. A recent secret does not prove that the value is ours."""
    there = yield from _look_up(change.name)
    if isinstance(there, NoResponse):
        return unseen(answer, there)
    if there is None:  # the listing may be incomplete
        return unseen(answer, NoResponse(fact=fact(Code.NOT_SHOWN)))
    if there.data and there.data == change.before:
        return not_made(answer)
    return failed(fact(Code.EXISTS_SECRET_UNKNOWN), fact(Code.SET_UPDATED_AFTER))


def is_in_effect(secret: WorkspaceSecret, change: Change) -> bool:
    """Whether a secret is as a change leaves it. Its value cannot be compared."""
    return is_recent(secret, (change.after or {}).get(UPDATED_AT, ""))


def _look_up(name: str) -> Operation[WorkspaceSecret | NoResponse | None]:
    """The secret as it is now; None if the listing does not have it."""
    found = yield from look(PATH, workspace_secrets)
    return found if isinstance(found, NoResponse) else found.get(name)


def _left(name: str) -> Operation[WorkspaceSecret | NoResponse | None]:
    """The same after a deletion: an empty listing does not prove that the secret is gone."""
    found = yield from look(PATH, workspace_secrets)
    return found if isinstance(found, NoResponse) else found.get(name) if found else NONE_AT_ALL
