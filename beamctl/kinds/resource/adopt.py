"""Resources in a document that is edited to say what is live.

A module of its own: only drift imports it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from beamctl.document.data_edit import Edit, Put, Remove, value_at
from beamctl.document.desired import Desired
from beamctl.document.document import Path
from beamctl.kinds.resource.kind import ResourceKind
from beamctl.kinds.resource.shape import METADATA, VERSION, Form
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.adoption import Adopter
from beamctl.plan.change import Change


class ResourceAdopter(Adopter):
    """Adopts the attributes that differ."""

    def __init__(self, kind: ResourceKind) -> None:
        super().__init__(kind)
        self._shape = kind.shape

    def updates(self, change: Change, path: Path, desired: Desired) -> Iterator[Edit | Fact]:
        """One edit for each attribute."""
        before, after = change.before or {}, change.after or {}
        for field, live in before.items():
            if field == VERSION:
                yield fact(Code.ADOPT_SECRET_VERSION, live=live, declared=after[field])
                continue
            form = self._shape.forms[field]
            is_inner = self._shape.nested and field not in METADATA
            where = (*path, "spec", field) if is_inner else (*path, field)
            value = _restated(form, value_at(desired.document.data, where), live)
            yield Remove(where) if is_inner and value == form.empty else Put(where, value)


def _restated(form: Form, declared: Any, live: Any) -> Any:  # noqa: ANN401 - any JSON
    """What a document is to declare. Of numbers, those that it already declares, if any of them is left."""
    if form is not Form.NUMBERS or not declared:
        return live
    return {name: live[name] for name in declared if name in live} or live
