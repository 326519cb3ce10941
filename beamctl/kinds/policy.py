"""The kind `policy`: where things may run, on what, and with how many tokens. Who uses one is read of those that may
go, and again right before: none that is in use is deleted without being asked. It must not know how a call travels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from beamctl.errors import MissingError
from beamctl.kinds.resource import ResourceKind, operations
from beamctl.kinds.resource.live import Resources, listing
from beamctl.kinds.resource.shape import USED_BY, Form, Shape
from beamctl.model.api_call import ApiCall, Method, Response
from beamctl.model.text import printable
from beamctl.plan.change import Action, Change
from beamctl.plan.hazard import Hazard, Risk
from beamctl.plan.kind import Conversation, Goes, Outcome, Reading, Status

SHAPE = Shape(
    name="policy",
    section="policies",
    path="/policies",
    word="policy",
    spec={
        "type": Form.TEXT,
        "resourceTypes": Form.SET,
        "locations": Form.SET,
        "flavors": Form.SET,
        "maxTokens": Form.NUMBERS,
    },
    paged=True,
    nested=True,
)
MOST_LOOKED_INTO = 100
"""Policies of which it is asked who uses them: a request each."""
_SHOWN = 3
_MISSING = 404
_AGAIN = "Run `beamctl apply` again."


class PolicyKind(ResourceKind):
    """Implements `beamctl.plan.kind.Kind` for policies."""

    def __init__(self) -> None:
        super().__init__(SHAPE)

    def read(self, workspace: str, goes: Goes) -> Reading[Resources]:  # noqa: ARG002 - a header tells the workspace
        """The listing, all pages of it; and of those that may go, who uses them."""
        found = dict((yield from listing(SHAPE)))
        for name in [name for name in sorted(found) if goes(name)][:MOST_LOOKED_INTO]:
            try:
                payload = yield _usages(name)
            except MissingError:  # an API without it, or the policy went meanwhile
                continue
            found[name] = replace(found[name], used_by=_users(payload))
        return found

    def risks(self, changes: Sequence[Change]) -> Iterable[Hazard]:
        """Policies that would be deleted though something uses them."""
        for change in changes:
            users = (change.before or {}).get(USED_BY) if change.action is Action.DELETE else None
            if users:
                name = printable(change.name)
                yield Hazard(Risk.DELETES_POLICY_IN_USE, name, f"{name} is in use by {_some(users)}")

    def perform(self, change: Change, workspace: str) -> Conversation:  # noqa: ARG002 - a header tells the workspace
        """Make a change to one policy; none is deleted that came into use meanwhile."""
        if change.action is Action.DELETE:
            answer = yield ApiCall(Method.GET, _usages(change.name))
            known = (change.before or {}).get(USED_BY, ())
            users = _users(answer.body) if isinstance(answer, Response) and answer.certain else None
            if new := [user for user in users or () if user not in known]:
                hint = "Run `beamctl plan` to see it, and to allow it where it is meant."
                remark = f"is in use by {_some(new)}, which the plan does not say; it was not deleted"
                return Outcome(Status.FAILED, remark, hint)
            if users is None and not (isinstance(answer, Response) and answer.status == _MISSING):
                return Outcome(Status.FAILED, f"who uses it cannot be seen: {answer.why}; it was not deleted", _AGAIN)
        return (yield from operations.perform(SHAPE, change))


def _usages(name: str) -> str:
    return f"{operations.path_of(SHAPE, name)}/usages"


def _users(payload: Any) -> tuple[str, ...] | None:  # noqa: ANN401 - any JSON
    """Everything that uses a policy, as `model/NAME`; None where the payload does not tell."""
    if not isinstance(payload, dict):
        return None
    return tuple(sorted(_listed(payload)))


def _listed(payload: dict[str, Any]) -> Iterator[str]:
    for kind, users in payload.items():
        for user in users if isinstance(users, list) else ():
            metadata = user.get("metadata", user) if isinstance(user, dict) else {}
            name = metadata.get("name") if isinstance(metadata, dict) else None
            yield f"{kind.removesuffix('es' if kind.endswith('xes') else 's')}/{name if isinstance(name, str) else '?'}"


def _some(users: Sequence[str]) -> str:
    more = f" and {len(users) - _SHOWN} more" if len(users) > _SHOWN else ""
    return ", ".join(users[:_SHOWN]) + more
