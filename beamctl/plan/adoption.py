"""Adopts changes that were made by hand: edits of a document that make it say what is live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from beamctl.document.data_edit import Edit, Put, Remove, value_at
from beamctl.document.desired import Desired
from beamctl.document.document import Path
from beamctl.document.problem import Place
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.change import Change, Reason
from beamctl.plan.kind import Kind
from beamctl.plan.listing import Exported

_DUE = frozenset({Reason.EXPIRES, Reason.NOT_HANDED_OVER, Reason.SUPERSEDED})
"""Differences that come from the document over time, not from a change in the workspace."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """How a document says what is live, instead of requesting a change.

    Attributes:
        change: What the document requests now.
        edits: What to edit; empty if a document cannot say it.
        whys: Why something about it cannot be adopted.
        remarks: What to check about a new entry, as in an export.
    """

    change: Change
    edits: tuple[Edit, ...] = ()
    whys: tuple[Fact, ...] = ()
    remarks: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class NotAdopted:
    """A difference that stays, and why.

    Attributes:
        workspace: Its workspace.
        section: Of the object; empty for a note about the plan.
        name: Of the object; empty for a note about the plan.
        why: The reason.
        place: The line of the document, if any.
    """

    workspace: str
    section: str
    name: str
    why: Fact
    place: Place | None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What to check about an entry that is added to a document.

    Attributes:
        workspace: Its workspace.
        section: Of the object.
        name: Of the object.
        remark: As in an export.
    """

    workspace: str
    section: str
    name: str
    remark: Fact


@dataclass(frozen=True, slots=True)
class EditedFile:
    """A document file before and after.

    Attributes:
        name: As the user named it.
        label: Its name in a patch, relative to the folder in which the patch is applied, with slashes.
        before: Its content when it was read.
        after: The new content.
    """

    name: str
    label: str
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class AdoptedDrift:
    """The result for all workspaces.

    Attributes:
        files: The files that are edited.
        adopted: How many differences the edits remove.
        left: The differences that stay.
        remarks: What to check about new entries.
        folder: Where the patch is to be applied; empty for the current directory.
    """

    files: tuple[EditedFile, ...]
    adopted: int
    left: tuple[NotAdopted, ...]
    remarks: tuple[NewEntry, ...]
    folder: str = ""


class Adopter:
    """Adopts the changes of one kind. By default, a live object is written as in an export; kinds override the rest."""

    def __init__(self, kind: Kind[Any]) -> None:
        self.section = kind.section

    def adoption(self, change: Change, desired: Desired, exported: Exported) -> Adoption:
        """How to adopt one change.

        Args:
            change: What the document requests.
            desired: The document.
            exported: The live state as a section of a document.
        """
        if why := _why_due(change):
            return Adoption(change, whys=(why,))
        path = self.path(change, desired)
        if change.before is None:
            return Adoption(change, (Remove(path),))
        if change.after is None:
            return self._new(change, path, desired, exported)
        if why := _why_left_out(change, exported):
            return Adoption(change, whys=(why,))
        found = list(self.updates(change, path, desired))
        edits = tuple(each for each in found if not isinstance(each, Fact))
        return Adoption(change, edits, tuple(each for each in found if isinstance(each, Fact)))

    def path(self, change: Change, desired: Desired, /) -> Path:  # noqa: ARG002 - for kinds
        """Where the object's entry is in the document, or will be."""
        return self.section, change.name

    def entry(self, exported: Any, desired: Desired, /) -> Any:  # noqa: ANN401, ARG002 - any JSON; for kinds
        """An exported entry in the form that the document uses."""
        return exported

    def updates(self, change: Change, path: Path, _desired: Desired, /) -> Iterator[Edit | Fact]:
        """The edits of an entry whose object differs, and why something about it cannot be adopted. By default, the
        entry is one value."""
        yield Put(path, (change.before or {})[change.attribute])

    def _new(self, change: Change, path: Path, desired: Desired, exported: Exported) -> Adoption:
        """A new entry for an object that is not declared."""
        trail = tuple(map(str, path[1:]))
        found = value_at(exported.entries, trail)
        if found is None:
            why = _why_left_out(change, exported) or _why_above(trail, exported) or fact(Code.NOT_EXPRESSIBLE)
            return Adoption(change, whys=(why,))
        if value_at(desired.document.data, path) is not None:
            return Adoption(change, whys=(fact(Code.ADOPT_NAME_TAKEN, name=trail[-1]),))
        edit = Put(path, self.entry(found, desired))
        return Adoption(change, (edit,), remarks=exported.remarks.get(trail, ()))


def _why_due(change: Change) -> Fact | None:
    match change.reason:
        case Reason.ACCESS_ENDED:
            return fact(Code.ADOPT_ACCESS_ENDED, until=change.declared.get("until", ""))
        case Reason.LEFT:
            return fact(Code.ADOPT_LEFT, since=change.declared.get("since", ""))
        case Reason.INVITATION_EXPIRED:
            return fact(Code.ADOPT_INVITATION_EXPIRED)
        case other:
            return fact(Code.ADOPT_DUE) if other in _DUE else None


def _why_left_out(change: Change, exported: Exported) -> Fact | None:
    """Why an export does not have the object. A name that is not unique is followed by the key."""
    whys = exported.left_out
    return whys.get(change.name) or whys.get(f"{change.name} ({change.key})")


def _why_above(trail: tuple[str, ...], exported: Exported) -> Fact | None:
    """Why an export does not have it, according to the remarks about what it belongs to."""
    lines = next((exported.remarks[trail[:n]] for n in range(len(trail), 0, -1) if trail[:n] in exported.remarks), ())
    return lines[0] if lines else None
