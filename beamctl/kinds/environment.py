"""The kind `environment` of the Beamlit era: which policies apply where. Built-in environments are updated, never
created or deleted. If the API has no environments, the section is skipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from beamctl.document.desired import Mode
from beamctl.document.document import Document
from beamctl.document.problem import Problem, ProblemCode, closest, quoted
from beamctl.errors import MissingError
from beamctl.kinds.policy import SHAPE as POLICY_SHAPE
from beamctl.kinds.resource.kind import ResourceKind
from beamctl.kinds.resource.live import Resources, entries, listing
from beamctl.kinds.resource.shape import Form, Shape
from beamctl.model.api_call import segment
from beamctl.plan.change import Change, ChangeId, Dependency
from beamctl.plan.kind import Dependencies, Quorum, Reading, ReadScope

POLICY = POLICY_SHAPE.name
SHAPE = Shape(
    name="environment",
    section="environments",
    path="/environments",
    word="environment",
    spec={"policies": Form.SET},
    built_in=frozenset({"development", "production"}),
    needs_others=True,
)


class EnvironmentKind(ResourceKind):
    """Environments, by name."""

    def __init__(self) -> None:
        super().__init__(SHAPE)

    def problems(self, document: Document) -> Iterable[Problem]:
        """What the schema cannot detect, and policies that this document would delete."""
        return chain(super().problems(document), _without_policy(document))

    def read(self, scope: ReadScope) -> Reading[Resources]:
        """The listing; None if the API does not have it."""
        try:
            return (yield from listing(SHAPE))
        except MissingError:
            yield f"/workspaces/{segment(scope.workspace)}"  # the workspace exists, only the listing does not
            return None

    def dependencies(self, changes: Sequence[Change], _quorum: Quorum) -> Dependencies:
        """A policy is created before an environment uses it, and deleted after none uses it any more."""
        created = {each.key: each for each in changes if each.kind == POLICY and each.before is None}
        deleted = {each.key: each for each in changes if each.kind == POLICY and each.after is None}
        found: dict[ChangeId, tuple[Dependency, ...]] = {}
        for change in (each for each in changes if each.kind == self.name):
            before, after = ({*(side or {}).get("policies", ())} for side in (change.before, change.after))
            if needed := tuple(sorted(created.keys() & after)):
                found[change.id] = (Dependency(POLICY, needed, len(needed)),)
            for key in deleted.keys() & (before - after):
                found[deleted[key].id] = (*found.get(deleted[key].id, ()), Dependency(self.name, (change.key,), 1))
        return found


def _without_policy(document: Document) -> Iterator[Problem]:
    listed = document.data.get("policies") if isinstance(document.data, dict) else None
    manage = document.data.get("manage") if isinstance(document.data, dict) else None
    if not isinstance(listed, dict) or (isinstance(manage, dict) and manage.get("policies") == Mode.ADDITIVE):
        return
    for name, entry in entries(SHAPE, document):
        policies = entry.get("policies")
        for index, policy in enumerate(policies if isinstance(policies, list) else ()):
            if isinstance(policy, str) and policy not in listed:
                match = closest(policy, list(listed))
                hint = f"did you mean {quoted(match)}?" if match else "add it there"
                place = document.place(SHAPE.section, name, "policies", index)
                yield Problem(
                    place, ProblemCode.UNDECLARED_POLICY, f"{quoted(policy)} is not declared under policies", hint
                )
