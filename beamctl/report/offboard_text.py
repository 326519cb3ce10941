"""Text of `offboard`: what is removed from the documents, and what is left.

A module of its own: no other command needs it."""

from __future__ import annotations

from beamctl.model.text import printable, shell_word, some
from beamctl.plan.whereabouts import Offboarding, Remaining


def offboarding_text(found: Offboarding, *, written: bool) -> str:
    """Where people are still named, who is not named at all, and what the patch, or the edits, remove."""
    lines = ["Left in the documents:"] if found.left else []
    for each in found.left:
        place = f"{each.place.source}:{each.place.line}"
        lines.append(f"  {printable(each.email)} in {printable(each.inside)}  {printable(place)}")
    for unknown in found.unknown:
        similar = f" Did you mean {printable(unknown.similar)}?" if unknown.similar else ""
        lines.append(f"Note: no document names {printable(unknown.email)}.{similar}")
    names = some([printable(each.name) for each in found.files])
    count = len(found.removed)
    what = f"{count} {'entry' if count == 1 else 'entries'} removed"
    if not found.files:
        lines.append("There is nothing to edit.")
    elif written:
        lines.append(f"Edited {names}: {what}. Review the edits before you commit them.")
    else:
        how = f"git -C {shell_word(found.folder)} apply" if found.folder else "git apply"
        lines.append(f"The patch edits {names}: {what}. Apply it with `{how}`, or use --write.")
    return "\n".join(lines)


def remaining_text(each: Remaining) -> str:
    """That a person keeps access, and what to do."""
    return (
        f"Warning: {printable(each.email)} stays in {printable(each.workspace)}: its document does not remove people "
        "who are not listed, or a directory adds them. Use --leaver, or remove them from the directory."
    )
