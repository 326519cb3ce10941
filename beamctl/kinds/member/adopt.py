"""People in a document that is edited to say what is live.

A module of its own: only drift imports it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from beamctl.document.data_edit import Edit, Put
from beamctl.document.desired import Desired
from beamctl.document.document import Path
from beamctl.model.code import Code
from beamctl.model.email import folded
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import Role
from beamctl.plan.adoption import Adopter
from beamctl.plan.change import Change

_ROLE = "role"


class MemberAdopter(Adopter):
    """Adopts roles and people. A new entry is a mapping only if all others are."""

    def path(self, change: Change, desired: Desired) -> Path:
        """The entry of the person, however the address is written there."""
        section = desired.section(self.section)
        if change.name in section:
            return self.section, change.name
        return self.section, next((email for email in section if folded(email) == change.key), change.name)

    def entry(self, exported: Any, desired: Desired) -> Any:  # noqa: ANN401 - a role or a mapping
        """A role, or a mapping with the role. An address that looks like another is not acknowledged: a person does."""
        section = desired.section(self.section)
        role = exported if isinstance(exported, str) else exported[_ROLE]
        return {_ROLE: role} if section and all(isinstance(entry, dict) for entry in section.values()) else role

    def updates(self, change: Change, path: Path, desired: Desired) -> Iterator[Edit | Fact]:
        """The role."""
        role = (change.before or {})[_ROLE]
        if role not in {each.value for each in Role}:
            yield fact(Code.HAS_UNKNOWN_ROLE, role=role)
            return
        is_long = isinstance(desired.section(self.section)[path[-1]], dict)
        yield Put((*path, _ROLE) if is_long else path, role)
