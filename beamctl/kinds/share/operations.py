"""Changes to a share as API calls.

A module of its own: planning does not import it."""

from __future__ import annotations

from beamctl.kinds.operations import accepted, delete, done, found, look, refusal, unseen
from beamctl.kinds.share.live import Share, shares
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, segment
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.plan.change import Action, Change
from beamctl.plan.kind import Operation, Outcome

_CONFLICT = 409


def perform(change: Change, share: Share) -> Operation[Outcome]:
    """Make a change to one share."""
    path = share.what.shares_of(share.name)
    if change.action is Action.DELETE:
        return (yield from delete(f"{path}/{segment(share.workspace)}", _look_up(share)))
    answer = yield ApiCall(Method.POST, path, {"targetWorkspace": share.workspace})
    if isinstance(answer, Response) and answer.status != _CONFLICT:
        return accepted(answer) if answer.ok else refusal(answer)
    there = yield from _look_up(share)
    if isinstance(there, NoResponse):
        return unseen(answer, there)
    if isinstance(answer, Response):  # shared already, or the other workspace has one with the same name
        return found() if there is not None else refusal(answer)
    return done() if there is not None else unseen(answer, NoResponse(fact=fact(Code.NOT_SHOWN)))


def _look_up(share: Share) -> Operation[Share | NoResponse | None]:
    """The share as it is now; None if the object is not shared with that workspace."""
    listed = yield from look(
        share.what.shares_of(share.name), lambda payload: list(shares(share.what, share.name, payload))
    )
    if isinstance(listed, NoResponse):
        return listed
    return next((each for each in listed if each.workspace == share.workspace), None)
