"""People in a document that is edited to say what is live.

A module of its own: only drift imports it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from beamctl.document.data_edit import Edit, Put
from beamctl.document.desired import Desired
from beamctl.document.document import Path
from beamctl.document.grants import THEN
from beamctl.model.code import Code
from beamctl.model.email import folded
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import Role
from beamctl.plan.adoption import Adopter, Adoption
from beamctl.plan.change import Change
from beamctl.plan.listing import Exported

_ROLE = "role"
_UNTIL = "until"


class MemberAdopter(Adopter):
    """Adopts roles and people. A new entry is a mapping only if all others are."""

    def adoption(self, change: Change, desired: Desired, exported: Exported) -> Adoption:
        """No edit of one workspace can take someone out of a group, which may give access to other workspaces."""
        if change.before is None and change.key in desired.through:
            names = dict.fromkeys(way[0].name for way in desired.through[change.key])
            return Adoption(change, whys=(fact(Code.ADOPT_IN_GROUP, groups=tuple(names)),))
        return super().adoption(change, desired, exported)

    def path(self, change: Change, desired: Desired) -> Path:
        """The entry of the person, however the address is written there."""
        section = desired.section(self.section)
        if change.name in section:
            return self.section, change.name
        return self.section, next((email for email in section if folded(email) == change.key), change.name)

    def entry(self, exported: Any, desired: Desired) -> Any:  # noqa: ANN401 - a role or a mapping
        """A role, or a mapping with the role. An address that looks like another is not acknowledged: a person does."""
        section, in_groups = desired.section(self.section), desired.through
        listed = [entry for email, entry in section.items() if not in_groups or folded(email) not in in_groups]
        role = exported if isinstance(exported, str) else exported[_ROLE]
        return {_ROLE: role} if listed and all(isinstance(entry, dict) for entry in listed) else role

    def updates(self, change: Change, path: Path, desired: Desired) -> Iterator[Edit | Fact]:
        """The role. A person from a group gets an entry of their own, with the same end."""
        role = (change.before or {})[_ROLE]
        if role not in {each.value for each in Role}:
            yield fact(Code.HAS_UNKNOWN_ROLE, role=role)
            return
        entry = desired.section(self.section)[path[-1]]
        if change.key in desired.through:
            while isinstance(entry, dict) and THEN in entry:
                entry = entry[THEN]
            end = {_UNTIL: entry[_UNTIL]} if isinstance(entry, dict) and _UNTIL in entry else {}
            yield Put(path, {_ROLE: role, **end} if end else self.entry(role, desired))
        else:
            yield Put((*path, _ROLE) if isinstance(entry, dict) else path, role)
