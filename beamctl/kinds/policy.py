"""The kind `policy`: where things may run, on what hardware, and with how many tokens. What uses a policy is read
before it may be deleted, so that none in use is deleted unnoticed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from beamctl.errors import MissingError
from beamctl.kinds.operations import APPLY, failed
from beamctl.kinds.resource import operations
from beamctl.kinds.resource.kind import ResourceKind
from beamctl.kinds.resource.live import Resources, listing
from beamctl.kinds.resource.shape import USED_BY, Form, Shape
from beamctl.model.api_call import ApiCall, Method, Response, cause
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.model.text import printable
from beamctl.plan.change import Action, Change
from beamctl.plan.hazard import Hazard, Risk
from beamctl.plan.kind import Operation, Outcome, Reading, ReadScope

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
    grouped_by=("type",),
)
MOST_LOOKED_INTO = 100
"""Maximum number of policies whose usages are read, with one request each."""
_MISSING = 404


class PolicyKind(ResourceKind):
    """Policies, by name."""

    def __init__(self) -> None:
        super().__init__(SHAPE)

    def read(self, scope: ReadScope) -> Reading[Resources]:
        """The complete listing, and the usages of policies that may be deleted."""
        found = dict((yield from listing(SHAPE)))
        for name in [name for name in sorted(found) if scope.may_delete(name)][:MOST_LOOKED_INTO]:
            try:
                payload = yield _usages(name)
            except MissingError:  # an API without usages, or the policy is gone
                continue
            found[name] = replace(found[name], used_by=_users(payload))
        return found

    def risks(self, changes: Sequence[Change]) -> Iterable[Hazard]:
        """Policies in use that would be deleted."""
        for change in changes:
            users = (change.before or {}).get(USED_BY) if change.action is Action.DELETE else None
            if users:
                name = printable(change.name)
                yield Hazard(Risk.DELETES_POLICY_IN_USE, name, fact(Code.IN_USE, name=name, users=tuple(users)))

    def perform(self, change: Change, _workspace: str) -> Operation[Outcome]:
        """Make a change to one policy. A policy that came into use since the plan is not deleted."""
        if change.action is Action.DELETE:
            answer = yield ApiCall(Method.GET, _usages(change.name))
            known = (change.before or {}).get(USED_BY, ())
            users = _users(answer.body) if isinstance(answer, Response) and answer.certain else None
            if new := [user for user in users or () if user not in known]:
                return failed(fact(Code.NOW_IN_USE, users=tuple(new)), fact(Code.RUN_PLAN_TO_ALLOW))
            if users is None and not (isinstance(answer, Response) and answer.status == _MISSING):
                return failed(fact(Code.USAGES_UNREADABLE, detail=cause(answer)), APPLY)
        return (yield from operations.perform(SHAPE, change))


def _usages(name: str) -> str:
    return f"{operations.path_of(SHAPE, name)}/usages"


def _users(payload: Any) -> tuple[str, ...] | None:  # noqa: ANN401 - any JSON
    """What uses a policy, as `model/NAME`; None if the payload does not show it."""
    if not isinstance(payload, dict):
        return None
    return tuple(sorted(_listed(payload)))


def _listed(payload: dict[str, Any]) -> Iterator[str]:
    for kind, users in payload.items():
        for user in users if isinstance(users, list) else ():
            metadata = user.get("metadata", user) if isinstance(user, dict) else {}
            name = metadata.get("name") if isinstance(metadata, dict) else None
            yield f"{kind.removesuffix('es' if kind.endswith('xes') else 's')}/{name if isinstance(name, str) else '?'}"
