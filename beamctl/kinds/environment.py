"""The kind `environment`, of the Beamlit era: which policies hold where. The two that are built in are changed, never
made or deleted; where the API has none at all, the section is skipped. It must not know how a call travels."""

from __future__ import annotations

from beamctl.errors import MissingError
from beamctl.kinds.resource import ResourceKind
from beamctl.kinds.resource.live import Things, listing
from beamctl.kinds.resource.shape import Form, Shape
from beamctl.model.api_call import segment
from beamctl.plan.kind import Goes, Reading

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
    """Implements `beamctl.plan.kind.Kind` for environments."""

    def __init__(self) -> None:
        super().__init__(SHAPE)

    def read(self, workspace: str, goes: Goes) -> Reading[Things]:  # noqa: ARG002 - none is looked into
        """The listing; None where the API has none."""
        try:
            return (yield from listing(SHAPE))
        except MissingError:
            yield f"/workspaces/{segment(workspace)}"  # it is the listing that is missing, and not the workspace
            return None
