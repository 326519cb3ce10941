"""Whether a workspace may be deleted: only if its document allows it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from beamctl.document.document import Desired
from beamctl.errors import RefusedError


def document_that_allows(documents: Sequence[Desired], workspace: str) -> Desired:
    """The document that allows deleting the workspace.

    Raises:
        RefusedError: No document declares the workspace, or its document does not set `preventDestroy: false`.
    """
    for desired in documents:
        if desired.workspace == workspace:
            if desired.guards.prevent_destroy:
                raise _guarded(desired)
            return desired
    raise RefusedError(
        f"no document declares {workspace}, and guards.preventDestroy defaults to true, so nothing was deleted",
        "To allow it, write this document, have it reviewed, and pass it with -f:\n"
        f"  version: 1\n  workspace: {json.dumps(workspace)}\n  guards: {{preventDestroy: false}}",
    )


def _guarded(desired: Desired) -> RefusedError:
    place = desired.document.place("guards", "preventDestroy")
    is_set = "preventDestroy" in desired.document.data.get("guards", {})
    how = "is true" if is_set else "defaults to true"
    return RefusedError(
        f"guards.preventDestroy {how} ({place.source}:{place.line}), so {desired.workspace} was not deleted",
        f"To allow it, set guards: {{preventDestroy: false}} in {desired.document.source}, have it reviewed, "
        f"and run `beamctl destroy {desired.workspace}` again.",
    )
