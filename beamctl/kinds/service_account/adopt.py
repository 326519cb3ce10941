"""Service accounts in a document that is edited to say what is live.

A module of its own: only drift imports it."""

from __future__ import annotations

from collections.abc import Iterator

from beamctl.document.data_edit import Edit, Put, Remove
from beamctl.document.desired import Desired
from beamctl.document.document import Path
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import Role
from beamctl.plan.adoption import Adopter
from beamctl.plan.change import Change


class AccountAdopter(Adopter):
    """Adopts names, roles and descriptions."""

    def path(self, change: Change, _desired: Desired) -> Path:
        """The entry that refers to the account, or else its name."""
        return self.section, (change.after or change.before or {})["name"]

    def updates(self, change: Change, path: Path, desired: Desired) -> Iterator[Edit | Fact]:
        """Whatever differs. An account that was renamed keeps its entry under the new name."""
        before, after = change.before or {}, change.after or {}
        section = desired.section(self.section)
        if before["name"] != after["name"]:
            if before["name"] in section:
                yield fact(Code.ADOPT_NAME_TAKEN, name=before["name"])
            else:
                yield Remove(path)
                path = self.section, before["name"]
                yield Put(path, section[after["name"]])
        if before["role"] != after["role"]:
            if before["role"] in {each.value for each in Role}:
                yield Put((*path, "role"), before["role"])
            else:
                yield fact(Code.HAS_UNKNOWN_ROLE, role=before["role"])
        if before["description"] != after["description"]:
            where = (*path, "description")
            yield Put(where, before["description"]) if before["description"].strip() else Remove(where)
