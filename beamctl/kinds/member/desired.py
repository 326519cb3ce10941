"""The `members` section: who should have access, in which role, until when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from beamctl.document.document import Document
from beamctl.document.problem import Problem
from beamctl.document.rules import check_people
from beamctl.model.email import folded
from beamctl.model.identity import Role

SECTION = "members"
_ROLES = {role.value: role for role in Role}
_ANNOTATIONS = ("until", "reason", "owner")


@dataclass(frozen=True, slots=True)
class DesiredMember:
    """One person as declared.

    Attributes:
        email: As written.
        role: The declared role, even after `until`.
        until: The first day, in UTC, without access; None for no end.
        declared: `until`, `reason` and `owner` as written.
    """

    email: str
    role: Role
    until: date | None
    declared: Mapping[str, str]

    def on(self, today: date) -> Role | None:
        """The role on that day; None from `until` on."""
        return None if self.until is not None and today >= self.until else self.role


_NO_END: Mapping[str, str] = {}


def desired_members(section: Mapping[str, Any]) -> dict[str, DesiredMember]:
    """All people in a valid section, by folded e-mail."""
    return {folded(email): _entry(email, value) for email, value in section.items()}


def _entry(email: str, value: Any) -> DesiredMember:  # noqa: ANN401 - a role or a mapping
    if isinstance(value, str):
        return DesiredMember(email, _ROLES[value], None, _NO_END)
    until = date.fromisoformat(value["until"]) if "until" in value else None
    declared = {name: value[name] for name in _ANNOTATIONS if name in value}
    return DesiredMember(email, _ROLES[value["role"]], until, declared)


def problems(document: Document) -> Iterator[Problem]:
    """What the schema cannot detect: invalid addresses, duplicates, invalid dates."""
    yield from check_people(document, (SECTION,), "role")
