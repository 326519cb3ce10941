"""What policies, integration connections and environments share: a name, some metadata and a spec. Each of these kinds
is a `Shape` and what is special about it, in a module of its own."""

from beamctl.kinds.resource.kind import ResourceKind

__all__ = ["ResourceKind"]
