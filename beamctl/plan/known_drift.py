"""Known drift: differences that are accepted by name until a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from beamctl.document.problem import Place
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.plan.address import Address
from beamctl.plan.change import Change
from beamctl.plan.comparison import Note
from beamctl.plan.plan import Plan


@dataclass(frozen=True, slots=True)
class Known:
    """One difference that is accepted for a while.

    Attributes:
        kind: The name of its kind.
        name: The name of the object.
        until: The first day, in UTC, on which it is drift again.
        reason: Why it is accepted.
        place: The line that says so.
        workspace: The only workspace in which it is accepted; empty for all.
    """

    kind: str
    name: str
    until: date
    reason: str
    place: Place
    workspace: str = ""

    @property
    def address(self) -> str:
        """As written in the file, and printed by `drift`."""
        return f"{self.kind}:{self.name}"

    def matches(self, workspace: str, change: Change) -> bool:
        """Whether this is the object of a difference. E-mails are compared without case."""
        return self.workspace in ("", workspace) and Address(self.kind, self.name).matches_change(change)


@dataclass(frozen=True, slots=True)
class KnownResult:
    """The result of an entry.

    Attributes:
        accepted: The workspaces with a difference that it accepts.
        expired: The workspaces with a difference that it no longer accepts.
        is_past: Whether its day is past.
    """

    known: Known
    accepted: tuple[str, ...] = ()
    expired: tuple[str, ...] = ()
    is_past: bool = False


def known_as(change: Change) -> str:
    """The address of a difference for a file of known drift."""
    return f"{change.kind}:{change.name}"


def without_known(
    plans: Sequence[Plan], known: Sequence[Known], today: date
) -> tuple[tuple[Plan, ...], tuple[KnownResult, ...]]:
    """The plans with each accepted difference as a note instead of a change, and the result of each entry.

    Entries for workspaces that are not in the run are left out.
    """
    workspaces = {plan.workspace for plan in plans}
    results = []
    for each in known:
        there = tuple(
            plan.workspace for plan in plans if any(each.matches(plan.workspace, change) for change in plan.changes)
        )
        is_past = each.until <= today
        if each.workspace in ("", *workspaces):
            results.append(KnownResult(each, () if is_past else there, there if is_past else (), is_past))
    return tuple(_without(plan, known, today) for plan in plans), tuple(results)


def _without(plan: Plan, known: Sequence[Known], today: date) -> Plan:
    valid = [each for each in known if today < each.until]
    accepted = [each for each in valid if any(each.matches(plan.workspace, change) for change in plan.changes)]
    if not accepted:
        return plan
    left = [change for change in plan.changes if not any(each.matches(plan.workspace, change) for each in accepted)]
    notes = [
        Note(
            fact(Code.KNOWN_DRIFT, name=each.address, until=each.until.isoformat(), reason=each.reason),
            each.place,
            excused=True,
        )
        for each in accepted
    ]
    return replace(plan, changes=tuple(left), notes=(*plan.notes, *notes))
