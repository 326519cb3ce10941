"""Checks the edits that adopt drift against the same live state, and finds those that can be made together."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping, Sequence

from beamctl.document.data_edit import Edit
from beamctl.document.desired import Desired
from beamctl.document.document import Document, Path
from beamctl.document.edit import edited, obstacles
from beamctl.document.load import SourceText
from beamctl.document.problem import Place
from beamctl.document.splice import UneditableError
from beamctl.document.yaml_loader import parse
from beamctl.errors import DocumentError
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.adoption import Adoption
from beamctl.plan.change import Change
from beamctl.plan.plan import Plan
from beamctl.workflow.documents import validate

_FEWEST_CHECKS = 40
_CHECKED_BYTES = 4_000_000
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Refused = tuple[Change, Fact]
_Part = tuple[str, int]
"""A document: its file, and its index among the non-empty ones there."""


class AdoptionCheck:
    """Edits the documents of one workspace, and checks the result against the same live state.

    Attributes:
        checks_left: How many more checks to make: fewer for larger files, so that each run ends soon.
    """

    def __init__(
        self,
        desired: Desired,
        before: Mapping[str, bytes],
        after: Mapping[str, bytes],
        compare: Callable[[Desired], Plan],
    ) -> None:
        """A check.

        Args:
            desired: The documents.
            before: The content of all files that they depend on.
            after: The same with the edits of other workspaces.
            compare: Compares documents with the live state.
        """
        self._desired = desired
        self._contents = after
        self._compare = compare
        drafts = ((name, parse(before[name], name).drafts) for name in desired.document.sources)
        self._indexes = {_position(each.document): index for _, all_of in drafts for index, each in enumerate(all_of)}
        plan = compare(desired)
        self._changes = {change.id for change in plan.changes}
        self.checks_left = max(_FEWEST_CHECKS, _CHECKED_BYTES // (sum(map(len, after.values())) + 1))
        self._notes = {each.fact.order for each in plan.notes if each.differs}

    def screened(self, possible: Sequence[Adoption]) -> tuple[list[Adoption], list[Refused]]:
        """Those that the text does not prevent one by one, and why it prevents the others."""
        by_part: dict[_Part, list[tuple[int, list[Edit]]]] = {}
        for number, each in enumerate(possible):
            for part, edits in self._by_part([each]).items():
                by_part.setdefault(part, []).append((number, edits))
        whys: dict[int, Fact] = {}
        for (name, index), groups in by_part.items():
            found = self._obstacles(self._contents[name], index, [edits for _, edits in groups])
            whys |= {number: why for (number, _), why in zip(groups, found, strict=True) if why}
        kept = [each for number, each in enumerate(possible) if number not in whys]
        return kept, [(possible[number].change, why) for number, why in sorted(whys.items(), key=lambda pair: pair[0])]

    def _obstacles(self, content: bytes, index: int, groups: Sequence[Sequence[Edit]]) -> Sequence[Fact | None]:
        if content.startswith(_UTF16):
            return [fact(Code.EDIT_NOT_UTF8) for _ in groups]
        return obstacles(content.decode("utf-8-sig"), index, groups)

    def _by_part(self, adoptions: Sequence[Adoption]) -> Mapping[_Part, list[Edit]]:
        """The edits by the document that the entry is in, or belongs in."""
        found: dict[_Part, list[Edit]] = {}
        for edit in (edit for each in adoptions for edit in each.edits):
            document = part_of(self._desired.document, edit.path)
            found.setdefault((document.source, self._indexes[_position(document)]), []).append(edit)
        return found

    def contents(self, adoptions: Sequence[Adoption]) -> Mapping[str, bytes]:
        """The edited files.

        Raises:
            UneditableError: One cannot be edited.
        """
        found = dict(self._contents)
        for (name, index), edits in self._by_part(adoptions).items():
            content = found[name]
            if content.startswith(_UTF16):
                raise UneditableError(fact(Code.EDIT_NOT_UTF8))
            mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
            found[name] = mark + edited(content.removeprefix(mark).decode(), index, edits).encode()
        return found

    def why_not(self, adoptions: Sequence[Adoption]) -> Fact | None:
        """Why these changes cannot be adopted together; None if they can."""
        self.checks_left -= 1
        try:
            contents = self.contents(adoptions)
        except UneditableError as error:
            return error.why
        checked = validate([SourceText(name, content) for name, content in contents.items()])
        problems = list(checked.problems)
        again = [each for each in checked.desired if each.workspace == self._desired.workspace]
        try:
            plan = self._compare(again[0]) if again and not problems else None
        except DocumentError as error:
            problems += error.problems
            plan = None
        if plan is None:
            return fact(Code.ADOPT_INVALID_DOCUMENT, detail=problems[0].message if problems else "")
        adopted = {each.change.id for each in adoptions if not each.whys}
        left = self._changes - adopted
        notes = {each.fact.order for each in plan.notes if each.differs}
        if {change.id for change in plan.changes} <= left and notes <= self._notes:
            return None
        return fact(Code.ADOPT_STILL_DIFFERS)


def _position(document: Document) -> Place:
    return document.place()


def part_of(document: Document, path: Path) -> Document:
    """The document of one file that an entry is in, or belongs in. A person from a group belongs in the workspace."""
    for length in range(len(path), 0, -1):
        found = document.fragments.get(path[:length])
        if found and found.path == path[:length]:
            return found.document
    return document


def largest(possible: Sequence[Adoption], check: AdoptionCheck) -> tuple[list[Adoption], list[Refused]]:
    """As many as can be adopted together, in order, and why the others cannot."""
    if not possible or check.why_not(possible) is None:
        return list(possible), []
    kept, prevented = check.screened(possible)
    found, refused = _together(kept, check, ())
    return found, [*prevented, *refused]


def _together(
    possible: Sequence[Adoption], check: AdoptionCheck, before: Sequence[Adoption]
) -> tuple[list[Adoption], list[Refused]]:
    """As many as can be adopted together with those before."""
    if not possible:
        return [], []
    why = check.why_not([*before, *possible])
    if why is None:
        return list(possible), []
    if len(possible) == 1 or check.checks_left <= 0:
        return [], [(each.change, why) for each in possible]
    half = len(possible) // 2
    first, refused = _together(possible[:half], check, before)
    second, more = _together(possible[half:], check, [*before, *first])
    return [*first, *second], [*refused, *more]
