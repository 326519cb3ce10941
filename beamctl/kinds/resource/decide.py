"""One thing at a time: what the document declares of it, what the API shows, and the change that follows. It must not
know how a change is made, nor what is special about a kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from beamctl.document.document import Desired, Mode
from beamctl.kinds.resource.desired import attributes
from beamctl.kinds.resource.live import Resource
from beamctl.kinds.resource.shape import VERSION, Shape
from beamctl.plan.change import WHOLE, Action, Change, Reason, Stage
from beamctl.plan.comparison import Note


class ResourceDecider:
    """Walks over everything declared and everything there, and gathers what follows.

    Attributes:
        changes: In the order of the walk.
        notes: What should be said beside them.
        tally: How many were left as they are, by why.
    """

    def __init__(self, shape: Shape, desired: Desired) -> None:
        self.changes: list[Change] = []
        self.notes: list[Note] = []
        self.tally: Counter[str] = Counter()
        self._shape = shape
        self._desired = desired

    def over(self, live: Mapping[str, Resource]) -> None:
        """Decide about everything."""
        section = self._desired.section(self._shape.section)
        for name, entry in section.items():
            self._declared(name, attributes(self._shape, entry), live.get(name))
        additive = self._desired.mode(self._shape.section) is Mode.ADDITIVE
        for name in sorted(live.keys() - section.keys()):
            if name in self._shape.built_in:
                self.tally["built in, left"] += 1
            elif additive:
                self.tally["not in the document, left (additive)"] += 1
            else:
                self.changes.append(deletion(self._shape, live[name]))

    def _declared(self, name: str, wanted: Mapping[str, Any], thing: Resource | None) -> None:
        shape, place = self._shape, self._desired.document.key_place(self._shape.section, name)
        if thing is None:
            if name in shape.built_in:
                text = f"{name} is built in, and the API does not show it: beamctl does not make it"
                self.notes.append(Note(text, place, differs=True))
                return
            self.changes.append(creation(shape, name, wanted, Reason.NOT_THERE))
        else:
            change = update(shape, thing, wanted, Reason.VALUE_DIFFERS)
            if older := self._older(thing, wanted):
                self.notes += older
                return
            if change is None:
                self.tally["unchanged"] += 1
                return
            self.changes.append(change)

    def _older(self, thing: Resource, wanted: Mapping[str, Any]) -> list[Note]:
        asked, there = wanted.get(VERSION, 1), thing.attributes.get(VERSION, 1)
        if VERSION not in wanted or asked >= there:
            return []
        text = f"{thing.name} has version {there} of its secret, and the document says {asked}"
        place = self._desired.document.place(self._shape.section, thing.name, "secret", "version")
        why = f"with any change the older secret would go along, so it is left as it is: say {there} or more"
        return [Note(f"{text}; {why}", place, differs=True)]


def creation(shape: Shape, name: str, wanted: Mapping[str, Any], reason: Reason) -> Change:
    """What makes a thing of these attributes."""
    after = {field: value for field, value in wanted.items() if value != shape.forms[field].empty}
    stage = Stage.CREATE_WITHIN if shape.needs_others else Stage.CREATE
    return Change(shape.name, name, name, Action.CREATE, stage, WHOLE, None, after, reason)


def update(shape: Shape, thing: Resource, wanted: Mapping[str, Any], reason: Reason) -> Change | None:
    """What makes a thing have these attributes; None where it has them. It is about those that differ."""
    differing = [field for field, value in wanted.items() if not _is_as(shape, field, value, thing.attributes[field])]
    if not differing:
        return None
    before = {field: thing.attributes[field] for field in shape.forms if field in differing}
    after = {field: shape.forms[field].over(wanted[field], before[field]) for field in before}
    return Change(shape.name, thing.name, thing.name, Action.UPDATE, Stage.UPDATE, WHOLE, before, after, reason)


def deletion(shape: Shape, thing: Resource, reason: Reason = Reason.NOT_DECLARED) -> Change:
    """What deletes a thing."""
    before = {
        field: value
        for field, value in thing.data.items()
        if field not in shape.forms or value != shape.forms[field].empty
    }
    return Change(shape.name, thing.name, thing.name, Action.DELETE, Stage.DELETE, WHOLE, before, None, reason)


def has(shape: Shape, thing: Resource, side: Mapping[str, Any]) -> bool:
    """Whether a thing has all of these attributes."""
    shown = (field for field in side if field in shape.forms)
    return all(shape.forms[field].is_as(side[field], thing.attributes[field]) for field in shown)


def _is_as(shape: Shape, field: str, wanted: Any, live: Any) -> bool:  # noqa: ANN401 - any JSON
    return wanted <= live if field == VERSION else shape.forms[field].is_as(wanted, live)
