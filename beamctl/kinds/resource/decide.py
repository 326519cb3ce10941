"""Decides about one resource at a time: what a document changes, what undoes a run, and what is never planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from beamctl.document.desired import Desired, Mode
from beamctl.kinds.resource.live import Resource, attributes, is_name
from beamctl.kinds.resource.shape import VERSION, Shape
from beamctl.kinds.secret_source import sources_are_valid
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.plan.change import ALL_ATTRIBUTES, Action, Change, Reason, Stage
from beamctl.plan.comparison import Decisions, Note, UnchangedReason


class ResourceDecider(Decisions):
    """Collects the decisions about all resources of a kind."""

    def __init__(self, shape: Shape, desired: Desired) -> None:
        super().__init__()
        self._shape = shape
        self._desired = desired

    def over(self, live: Mapping[str, Resource]) -> None:
        """Decide about every declared and live resource."""
        section = self._desired.section(self._shape.section)
        for name, entry in section.items():
            self._declared(name, attributes(self._shape, entry), live.get(name))
        additive = self._desired.mode(self._shape.section) is Mode.ADDITIVE
        for name in sorted(live.keys() - section.keys()):
            if name in self._shape.built_in:
                self.tally[UnchangedReason.BUILT_IN] += 1
            elif additive:
                self.tally[UnchangedReason.NOT_DECLARED] += 1
            else:
                self.changes.append(deletion(self._shape, live[name]))

    def _declared(self, name: str, desired: Mapping[str, Any], resource: Resource | None) -> None:
        shape, place = self._shape, self._desired.document.key_place(self._shape.section, name)
        if resource is None:
            if name in shape.built_in:
                self.notes.append(Note(fact(Code.BUILT_IN_NOT_SHOWN, name=name), place, differs=True))
                return
            self.changes.append(creation(shape, name, desired, Reason.NOT_THERE))
        else:
            change = update(shape, resource, desired, Reason.VALUE_DIFFERS)
            if notes := self._newer_secret_notes(resource, desired):
                self.notes += notes
                return
            if change is None:
                self.tally[UnchangedReason.UNCHANGED] += 1
                return
            self.changes.append(change)

    def _newer_secret_notes(self, resource: Resource, desired: Mapping[str, Any]) -> list[Note]:
        declared, there = desired.get(VERSION, 1), resource.attributes.get(VERSION, 1)
        if VERSION not in desired or declared >= there:
            return []
        said = fact(Code.NEWER_SECRET, name=resource.name, version=there, declared=declared)
        place = self._desired.document.place(self._shape.section, resource.name, "secret", "version")
        return [Note(said, place, differs=True)]


def creation(shape: Shape, name: str, desired: Mapping[str, Any], reason: Reason) -> Change:
    """The change that creates a resource with these attributes."""
    after = {field: value for field, value in desired.items() if value != shape.forms[field].empty}
    stage = Stage.CREATE_WITHIN if shape.needs_others else Stage.CREATE
    return Change(shape.name, name, name, Action.CREATE, stage, ALL_ATTRIBUTES, None, after, reason)


def update(shape: Shape, resource: Resource, desired: Mapping[str, Any], reason: Reason) -> Change | None:
    """The change that sets these attributes, limited to those that differ; None if none does."""
    differing = [
        field for field, value in desired.items() if not _is_as(shape, field, value, resource.attributes[field])
    ]
    if not differing:
        return None
    before = {field: resource.attributes[field] for field in shape.forms if field in differing}
    after = {field: shape.forms[field].over(desired[field], before[field]) for field in before}
    return _update(shape, resource, before, after, reason)


def _update(
    shape: Shape, resource: Resource, before: Mapping[str, Any], after: Mapping[str, Any], reason: Reason
) -> Change:
    return Change(
        shape.name, resource.name, resource.name, Action.UPDATE, Stage.UPDATE, ALL_ATTRIBUTES, before, after, reason
    )


def deletion(shape: Shape, resource: Resource, reason: Reason = Reason.NOT_DECLARED) -> Change:
    """The change that deletes a resource."""
    before = {
        field: value
        for field, value in resource.data.items()
        if field not in shape.forms or value != shape.forms[field].empty
    }
    return Change(
        shape.name, resource.name, resource.name, Action.DELETE, Stage.DELETE, ALL_ATTRIBUTES, before, None, reason
    )


def has(
    shape: Shape, resource: Resource, side: Mapping[str, Any] | None, other: Mapping[str, Any] | None = None
) -> bool:
    """Whether a resource has all attributes of this side of a change, and nothing that only the other side has."""
    mine, others, live = side or {}, other or {}, resource.attributes
    forms = ((field, form) for field, form in shape.forms.items() if field in mine)
    return all(form.is_side(mine[field], others.get(field), live[field]) for field, form in forms)


def _is_as(shape: Shape, field: str, desired: Any, live: Any) -> bool:  # noqa: ANN401 - any JSON
    return desired <= live if field == VERSION else shape.forms[field].is_as(desired, live)


class UndoDecider(Decisions):
    """Collects what undoes the changes of a run."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self._shape = shape

    def over(self, made: Sequence[Change], live: Mapping[str, Resource]) -> None:
        """Decide about each change that was made."""
        for change in made:
            now = live.get(change.key)
            if self._is_as(change.before, change.after, now):
                self.tally[UnchangedReason.AS_BEFORE] += 1
            elif not self._is_as(change.after, change.before, now):
                self.notes.append(Note(fact(Code.CHANGED_SINCE_RUN, name=change.name)))
            elif reverse := self._reverse(change, now):
                self.changes.append(reverse)

    def _is_as(
        self, side: Mapping[str, object] | None, other: Mapping[str, object] | None, now: Resource | None
    ) -> bool:
        if side is None or now is None:
            return side is None and now is None
        return has(self._shape, now, side, other)

    def _reverse(self, change: Change, now: Resource | None) -> Change | None:
        shape, before, after = self._shape, change.before, change.after or {}
        if before is None or now is None:
            if now is not None:
                return deletion(shape, now, Reason.UNDOES)
            if shape.version_label:
                self.notes.append(Note(fact(Code.RECREATED_WITHOUT_SECRET, name=change.name)))
            known = {
                field: value for field, value in (before or {}).items() if field in shape.forms and field != VERSION
            }
            return creation(shape, change.name, known, Reason.UNDOES)
        if VERSION in before:
            self.notes.append(Note(fact(Code.SECRET_CANNOT_BE_RESTORED, name=change.name)))
        restored: dict[str, Any] = {}
        for field in [field for field in shape.forms if field in before and field != VERSION]:
            value = shape.forms[field].restored(before[field], after.get(field), now.attributes[field])
            if value != now.attributes[field]:
                restored[field] = value
        if not restored:
            return None
        live = {field: now.attributes[field] for field in restored}
        return replace(_update(shape, now, live, restored, Reason.UNDOES), secrets=change.secrets)


def is_valid(shape: Shape, change: Change) -> bool:
    """Whether its values belong together."""
    before, after = change.before or {}, change.after or {}
    if change.key != change.name or not change.name:
        return False
    if change.action is Action.UPDATE and before.keys() != after.keys():
        return False
    if change.action is not Action.UPDATE and change.name in shape.built_in:
        return False
    if change.action is Action.CREATE and not is_name(change.name):  # others may have any name
        return False
    versions = (side.get(VERSION, 1) for side in (before, after))
    if VERSION in after and not change.secrets:
        return False
    return all(type(version) is int for version in versions) and sources_are_valid(change)
