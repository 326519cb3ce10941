"""Checks the edits that adopt drift against the same live state, and finds those that can be made together."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence

from beamctl.document.desired import Desired
from beamctl.document.edit import edited, obstacles
from beamctl.document.load import SourceText
from beamctl.document.splice import UneditableError
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


class AdoptionCheck:
    """Edits one document, and checks the result against the same live state.

    Attributes:
        checks_left: How many more checks to make: fewer for larger files, so that each run ends soon.
    """

    def __init__(self, desired: Desired, content: bytes, compare: Callable[[Desired], Plan]) -> None:
        self._desired = desired
        self._content = content
        self._compare = compare
        plan = compare(desired)
        self._changes = {change.id for change in plan.changes}
        self.checks_left = max(_FEWEST_CHECKS, _CHECKED_BYTES // (len(content) + 1))
        self._notes = {each.fact.order for each in plan.notes if each.differs}

    def screened(self, possible: Sequence[Adoption]) -> tuple[list[Adoption], list[Refused]]:
        """Those that the text does not prevent one by one, and why it prevents the others."""
        if self._content.startswith(_UTF16):
            return [], [(each.change, fact(Code.EDIT_NOT_UTF8)) for each in possible]
        groups = [each.edits for each in possible]
        whys = obstacles(self._content.decode("utf-8-sig"), self._desired.workspace, groups)
        kept = [each for each, why in zip(possible, whys, strict=True) if why is None]
        return kept, [(each.change, why) for each, why in zip(possible, whys, strict=True) if why]

    def content(self, adoptions: Sequence[Adoption]) -> bytes:
        """The edited file.

        Raises:
            UneditableError: It cannot be edited.
        """
        if self._content.startswith(_UTF16):
            raise UneditableError(fact(Code.EDIT_NOT_UTF8))
        mark = codecs.BOM_UTF8 if self._content.startswith(codecs.BOM_UTF8) else b""
        edits = [edit for each in adoptions for edit in each.edits]
        text = edited(self._content.removeprefix(mark).decode(), self._desired.workspace, edits)
        return mark + text.encode()

    def why_not(self, adoptions: Sequence[Adoption]) -> Fact | None:
        """Why these changes cannot be adopted together; None if they can."""
        self.checks_left -= 1
        try:
            content = self.content(adoptions)
        except UneditableError as error:
            return error.why
        checked = validate([SourceText(self._desired.document.source, content)])
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
