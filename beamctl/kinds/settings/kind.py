"""The kind `settings`: display name, labels, group mappings. Declared keys are compared as a whole; other keys are not
changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from beamctl.document.document import Desired, Document
from beamctl.document.problem import Problem, ProblemCode, quoted
from beamctl.kinds.settings import operations
from beamctl.kinds.settings.export import export
from beamctl.kinds.settings.groups import admin_groups, can_be_given, hazards, takes
from beamctl.kinds.settings.live import GROUPS, KEYS, KIND, Settings, digest, is_setting, key_of, normal, settings
from beamctl.model.api_call import segment
from beamctl.model.identity import Identity
from beamctl.plan.change import Action, Change, Reason, Stage
from beamctl.plan.comparison import Comparison, Note, Preconditions, Situation
from beamctl.plan.export import Exported
from beamctl.plan.kind import Conversation, Goes, Independent, Reading
from beamctl.plan.listing import Shown


class SettingsKind(Independent):
    """Implements `beamctl.plan.kind.Kind` for the settings of a workspace."""

    name = KIND
    section = "settings"
    never_empty = False
    only_for_deletion: frozenset[str] = frozenset()

    def problems(self, document: Document) -> Sequence[Problem]:
        """Duplicate mappings of one group."""
        found: list[Problem] = []
        seen: dict[str, int] = {}
        section = document.data.get(self.section) if isinstance(document.data, dict) else None
        mappings = section.get(GROUPS) if isinstance(section, dict) else None
        for index, mapping in enumerate(mappings if isinstance(mappings, list) else ()):
            group = mapping.get("groupName") if isinstance(mapping, dict) else None
            if not isinstance(group, str):
                continue
            if group in seen:
                place = document.place(self.section, GROUPS, index)
                line = document.place(self.section, GROUPS, seen[group]).line
                message = f"the group {quoted(group)} is already mapped on line {line}"
                found.append(
                    Problem(
                        place,
                        ProblemCode.DUPLICATE_ENTRY,
                        message,
                        "a group can have only one role: remove one of the two",
                    )
                )
            seen.setdefault(group, index)
        return found

    def is_declared(self, desired: Desired) -> bool:
        """Whether the section exists."""
        return desired.section(self.section) is not None

    def read(self, workspace: str, goes: Goes) -> Reading[Settings]:  # noqa: ARG002 - settings are never deleted
        """The settings that can be declared, from the workspace object."""
        payload = yield _path(workspace)
        return settings(payload)

    def shown(self, live: Settings) -> Shown:
        """One row with all settings."""
        return Shown([dict(live)])

    def export(self, live: Settings, now: datetime) -> Exported:  # noqa: ARG002 - nothing expires
        """Every setting that is not empty, as far as a document can express it."""
        return export(live)

    def digest(self, live: Settings) -> str:
        """Of all settings."""
        return digest(live)

    def objects(self, live: Settings, keys: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """The settings with these keys."""
        wanted = frozenset(keys)
        return {key_of(name): {name: value} for name, value in live.items() if key_of(name) in wanted}

    def untouched(self, live: Settings, changes: Sequence[Change]) -> tuple[str, ...]:  # noqa: ARG002 - as below
        """None: no setting shows whether a listing is complete."""
        return ()

    def footing(self, live: Settings, changes: Sequence[Change], situation: Situation) -> Preconditions:  # noqa: ARG002
        """What happens to admin groups. Groups that lose access are hazards of their own."""
        after = [
            each.after[GROUPS] for each in changes if each.kind == self.name and each.after and GROUPS in each.after
        ]
        groups = admin_groups(live[GROUPS], after[0] if after else None)
        return Preconditions(seen=1, population=len(live[GROUPS]), admin_groups=groups)

    def ourselves(self, live: Settings, identity: Identity) -> Collection[str]:  # noqa: ARG002 - required by the protocol
        """None: identities are not settings."""
        return ()

    def compare(self, desired: Desired, live: Settings, situation: Situation) -> Comparison:  # noqa: ARG002
        """One change per key that differs."""
        section = desired.section(self.section)
        same = {key: value for key, value in section.items() if normal(key, value) == normal(key, live[key])}
        changes = tuple(
            Change(
                kind=self.name,
                key=key_of(key),
                name=key,
                action=Action.SET,
                stage=Stage.DEMOTE if takes(key, live[key], value) else Stage.SETTINGS,
                attribute=key,
                before={key: live[key]},
                after={key: value},
                reason=Reason.VALUE_DIFFERS,
                place=desired.document.key_place(self.section, key),
                lane=self.name,  # each is a read, a merge and a write of the same object
            )
            for key, value in section.items()
            if key not in same
        )
        return Comparison(
            changes=changes,
            hazards=hazards(live[GROUPS], section.get(GROUPS)),
            tally={"unchanged": len(same)},
            wanted=len(section),
            seen=1,
            population=len(live[GROUPS]),  # what a change to settings can reduce
            admin_groups=admin_groups(live[GROUPS], section.get(GROUPS)),
        )

    def undo(self, changes: Sequence[Change], desired: Desired, live: Settings, situation: Situation) -> Comparison:
        """Restore each setting that is still as the change left it."""
        before: dict[str, Any] = {}
        notes = []
        for change in changes:
            name, had = change.attribute, (change.before or {})[change.attribute]
            now = normal(name, live[name])
            if now == normal(name, had):
                continue
            if now != normal(name, (change.after or {})[name]):
                notes.append(Note(f"{name} changed since that run and is left alone"))
            elif not can_be_given(name, had):
                notes.append(Note(f"{name} had a role that beamctl cannot set: set it in the console"))
            else:
                before[name] = had
        was = replace(desired, document=Document(desired.document.source, {self.section: before}, {}, {}))
        found = self.compare(was, live, situation)
        undone = tuple(replace(each, reason=Reason.UNDOES, place=None) for each in found.changes)
        return replace(found, changes=undone, notes=tuple(notes))

    def is_sound(self, change: Change) -> bool:
        """Whether it sets one existing setting to a valid value."""
        name = change.attribute
        facts = change.action, change.key, change.name, change.lane
        if name not in KEYS or facts != (Action.SET, key_of(name), name, self.name):
            return False
        if change.declared or change.secrets:
            return False
        sides = [
            side.get(name) if side is not None and len(side) == 1 else None for side in (change.before, change.after)
        ]
        if not all(is_setting(name, side) for side in sides) or not can_be_given(name, sides[1]):
            return False
        return change.stage is (Stage.DEMOTE if takes(name, *sides) else Stage.SETTINGS)

    def shows(self, live: Settings, change: Change) -> bool:
        """Whether the setting has its new value."""
        name = change.attribute
        return bool(normal(name, live[name]) == normal(name, (change.after or {})[name]))

    def perform(self, change: Change, workspace: str) -> Conversation:
        """Set one setting."""
        return operations.perform(change, workspace, _path(workspace))

    def doubt(self, live: Settings, relies_on: Sequence[str], stays: Sequence[str]) -> str:  # noqa: ARG002 - as below
        """None: no access depends on settings being listed."""
        return ""


def _path(workspace: str) -> str:
    return f"/workspaces/{segment(workspace)}"
