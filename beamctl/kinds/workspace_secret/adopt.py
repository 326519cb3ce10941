"""Secrets in a document that is edited to say what is live.

A module of its own: only drift imports it."""

from __future__ import annotations

from collections.abc import Iterator

from beamctl.document.data_edit import Edit
from beamctl.document.desired import Desired
from beamctl.document.document import Path
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.adoption import Adopter
from beamctl.plan.change import Change


class WorkspaceSecretAdopter(Adopter):
    """Adopts secrets that were added or deleted."""

    def updates(self, _change: Change, _path: Path, _desired: Desired) -> Iterator[Edit | Fact]:
        """None: a secret differs only if the document says that it is to be sent again."""
        yield fact(Code.ADOPT_DUE)
