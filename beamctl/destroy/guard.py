"""Whether a workspace may be destroyed at all: only where its document says so. It must not know the workspace."""

from __future__ import annotations

import json
from collections.abc import Sequence

from beamctl.document.document import Desired
from beamctl.errors import RefusedError


def document_that_allows(documents: Sequence[Desired], workspace: str) -> Desired:
    """The document that lets the workspace be destroyed.

    Raises:
        RefusedError: None declares the workspace, or the one that does guards it. Silence is a guard.
    """
    for desired in documents:
        if desired.workspace == workspace:
            if desired.guards.prevent_destroy:
                raise _guarded(desired)
            return desired
    raise RefusedError(
        f"no document declares {workspace}, and without one guards.preventDestroy is true, so nothing was deleted",
        "If it may go, write a document that says so, have it reviewed, and name it with -f:\n"
        f"  version: 1\n  workspace: {json.dumps(workspace)}\n  guards: {{preventDestroy: false}}",
    )


def _guarded(desired: Desired) -> RefusedError:
    place = desired.document.place("guards", "preventDestroy")
    said = "preventDestroy" in desired.document.data.get("guards", {})
    how = "is true" if said else "is true where it is not written"
    return RefusedError(
        f"guards.preventDestroy {how} ({place.source}:{place.line}), so {desired.workspace} was not deleted",
        f"If it may go, write guards: {{preventDestroy: false}} in {desired.document.source}, have that reviewed, "
        f"and run `beamctl destroy {desired.workspace}` again.",
    )
