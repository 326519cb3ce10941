"""The comment at the top of a document that `beamctl init` writes: what to decide before the first apply.

A module of its own: only `init` needs it."""

from __future__ import annotations

from collections.abc import Sequence

_DECIDE = """\
# The first document of {workspace}, written by `beamctl init` from the live workspace. A plan of it has no changes.
# To decide before the first apply:
# - Who should have access? Remove the lines of all others. `beamctl apply` removes what a section does not list.
# - What should beamctl manage? Remove the sections that it should leave alone. To manage only the people listed here,
#   and leave all others alone, add:  manage: {{members: additive}}
# - What should be refused unless it is allowed by name? For example:  guards: {{minAdmins: 2, maxRemovals: 10%}}
# - Who does beamctl run as? Then it can refuse to lock itself out:  guards: {{self: {{email: EMAIL}}}}
"""


def first_document(workspace: str, exported: str) -> str:
    """An exported document with the comment at its top."""
    return f"{_DECIDE.format(workspace=workspace)}\n{exported}"


def written_text(documents: Sequence[str], others: Sequence[str], *, has_ci: bool) -> str:
    """What was written, and what to do next."""
    ci = "\nThe first lines of each CI file say where its settings are described." if has_ci else ""
    first = documents[0] if len(documents) == 1 else "each document"
    return f"Wrote {', '.join([*documents, *others])}.{ci}\nRead the comment in {first}. To check:  beamctl plan"
