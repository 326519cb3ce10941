"""The workspace's settings: display name, labels, group mappings. Each declared key is compared as a whole; keys that
are not declared stay as they are. It must not know how a call travels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from beamctl.document.document import Desired, Document
from beamctl.document.problem import Problem
from beamctl.document.quote import quoted
from beamctl.errors import GarbledError
from beamctl.model.api_call import Answer, ApiCall, Lost, Method, segment
from beamctl.model.identity import Identity
from beamctl.model.role import Role, live_role, takes_away
from beamctl.model.text import printable
from beamctl.plan.change import Action, Change, Reason, Stage
from beamctl.plan.hazard import Hazard, Risk
from beamctl.plan.kind import Comparison, Conversation, Ending, Note, Outcome, Situation

_KEYS = ("displayName", "labels", "groupMappings")
_READ_ONLY = frozenset(
    {"id", "status", "statusReason", "resourceCounts", "createdAt", "updatedAt", "createdBy", "updatedBy"}
)
_EMPTY: Mapping[str, Any] = {"displayName": "", "labels": {}, "groupMappings": []}

Settings = Mapping[str, Any]


class SettingsKind:
    """Implements `beamctl.plan.kind.Kind` for the settings of a workspace."""

    name = "settings"
    section = "settings"
    never_empty = False

    def problems(self, document: Document) -> Sequence[Problem]:
        """Two mappings of one group contradict each other."""
        found: list[Problem] = []
        seen: dict[str, int] = {}
        section = document.data.get(self.section) if isinstance(document.data, dict) else None
        mappings = section.get("groupMappings") if isinstance(section, dict) else None
        for index, mapping in enumerate(mappings if isinstance(mappings, list) else ()):
            group = mapping.get("groupName") if isinstance(mapping, dict) else None
            if not isinstance(group, str):
                continue
            if group in seen:
                place = document.place(self.section, "groupMappings", index)
                line = document.place(self.section, "groupMappings", seen[group]).line
                message = f"the group {quoted(group)} is mapped on line {line} already"
                found.append(Problem(place, message, "a group has one role: keep one of the two"))
            seen.setdefault(group, index)
        return found

    def listing(self, workspace: str) -> str:
        """The workspace itself."""
        return f"/workspaces/{segment(workspace)}"

    def live(self, payload: Any) -> Settings:  # noqa: ANN401 - this is where its shape is checked
        """The settings that can be declared; what the API leaves out is empty.

        Raises:
            GarbledError: It is not a workspace.
        """
        hint = "Check --api-url, and try again later; --debug shows the answer."
        if not isinstance(payload, dict) or not isinstance(payload.get("name"), str):
            raise GarbledError("the API's answer is not a workspace", hint)
        found = {key: payload.get(key) or empty for key, empty in _EMPTY.items()}
        for key, empty in _EMPTY.items():
            if not isinstance(found[key], type(empty)):
                raise GarbledError(f"the API shows a {key} of a kind beamctl does not know", hint)
        if not all(_is_mapping(each) for each in found["groupMappings"]):
            raise GarbledError("the API shows a group mapping of a kind beamctl does not know", hint)
        return found

    def rows(self, live: Settings) -> Sequence[Mapping[str, Any]]:
        """One row: the settings."""
        return [dict(live)]

    def digest(self, live: Settings) -> str:
        """Of all settings."""
        return hashlib.sha256(json.dumps(_comparable(live), sort_keys=True).encode()).hexdigest()

    def objects(self, live: Settings, keys: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """Each of these settings."""
        wanted = frozenset(keys)
        return {_key(name): {name: value} for name, value in live.items() if _key(name) in wanted}

    def untouched(self, live: Settings, changes: Sequence[Change]) -> tuple[str, ...]:  # noqa: ARG002 - as below
        """None: no setting tells whether a listing is whole."""
        return ()

    def ourselves(self, live: Settings, identity: Identity) -> Collection[str]:  # noqa: ARG002 - the port's signature
        """Nobody is a setting."""
        return ()

    def compare(self, desired: Desired, live: Settings, situation: Situation) -> Comparison:  # noqa: ARG002
        """One change a key that differs."""
        section = desired.section(self.section)
        same = {key: value for key, value in section.items() if _norm(key, value) == _norm(key, live[key])}
        changes = tuple(
            Change(
                kind=self.name,
                key=_key(key),
                name=key,
                action=Action.SET,
                stage=Stage.DEMOTE if _takes(key, live[key], value) else Stage.SETTINGS,
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
        unmapped = _unmapped_admins(live["groupMappings"], section.get("groupMappings"))
        return Comparison(
            changes=changes,
            hazards=tuple(Hazard(Risk.UNMAPS_ADMINS, group, f"{group} is mapped to admin now") for group in unmapped),
            tally={"unchanged": len(same)},
            wanted=len(section),
            seen=1,
            population=len(live["groupMappings"]),  # what a change of settings can take away
        )

    def undo(self, changes: Sequence[Change], desired: Desired, live: Settings, situation: Situation) -> Comparison:
        """Each setting as it was before."""
        before: dict[str, Any] = {}
        notes = []
        for change in changes:
            name, had = change.attribute, (change.before or {})[change.attribute]
            if _norm(name, live[name]) != _norm(name, (change.after or {})[name]):
                notes.append(Note(f"{name} is no longer as that run left it, and is left alone"))
            elif not _can_be_given(name, had):
                notes.append(Note(f"{name} had a role that beamctl cannot give: give it in the console"))
            else:
                before[name] = had
        was = replace(desired, document=Document(desired.document.source, {self.section: before}, {}, {}))
        found = self.compare(was, live, situation)
        undone = tuple(replace(each, reason=Reason.UNDOES, place=None) for each in found.changes)
        return replace(found, changes=undone, notes=tuple(notes), wanted=1)

    def is_sound(self, change: Change) -> bool:
        """Whether it sets one setting that there is, from and to what it can be."""
        name = change.attribute
        if name not in _KEYS or (change.action, change.key, change.name) != (Action.SET, _key(name), name):
            return False
        sides = [
            side.get(name) if side is not None and len(side) == 1 else None for side in (change.before, change.after)
        ]
        if not all(_is_setting(name, side) for side in sides) or not _can_be_given(name, sides[1]):
            return False
        return change.stage is (Stage.DEMOTE if _takes(name, *sides) else Stage.SETTINGS)

    def perform(self, change: Change, workspace: str) -> Conversation:
        """Read the workspace, change one key, and write it back whole.

        Whether the API keeps a key that a `PUT` leaves out is not documented, so none is left out.
        """
        path, key = self.listing(workspace), change.attribute
        asked, approved = (change.after or {})[key], (change.before or {})[key]
        read = yield ApiCall(Method.GET, path)
        if isinstance(read, Lost) or not read.ok or not isinstance(read.body, dict):
            return _failed(read)
        now = self.live(read.body)[key]
        if read.body["name"] != workspace or _norm(key, now) != _norm(key, approved):
            is_so = read.body["name"] == workspace and _norm(key, now) == _norm(key, asked)
            return Outcome(Ending.DONE, "is so already") if is_so else _changed(key)
        kept = {name: value for name, value in read.body.items() if name not in _READ_ONLY}
        return (yield from self._write(ApiCall(Method.PUT, path, kept | {key: asked}), change))

    def _write(self, put: ApiCall, change: Change) -> Conversation:
        """Write it, and look where the answer does not confirm it."""
        key = change.attribute
        answer = yield put
        if isinstance(answer, Answer) and not answer.ok:
            return _failed(answer)
        told = self._told(key, answer)
        if told is None:
            look = yield ApiCall(Method.GET, put.path)
            return _as_seen(self._told(key, look), change, answer, look)
        if told != _norm(key, (change.after or {})[key]):
            remark = f"the API took the change but answers another {key}"
            return Outcome(Ending.FAILED, remark, "Run `beamctl show` to see what it made of it.")
        return Outcome(Ending.DONE)

    def _told(self, key: str, answer: Answer | Lost) -> Any:  # noqa: ANN401 - any JSON
        """A setting as an answer tells it; None where it tells nothing."""
        try:
            return _norm(key, self.live(answer.body)[key]) if isinstance(answer, Answer) and answer.ok else None
        except GarbledError:
            return None

    def doubt(self, live: Settings, relies_on: Sequence[str], stays: Sequence[str]) -> str:  # noqa: ARG002 - as below
        """Never: nothing is taken from anyone on the strength of settings."""
        return ""


def _key(name: str) -> str:
    """What sorts the settings as they are shown."""
    return f"{_KEYS.index(name)} {name}"


def _is_setting(name: str, value: object) -> bool:
    return isinstance(value, type(_EMPTY[name])) and (not isinstance(value, list) or all(map(_is_mapping, value)))


def _can_be_given(name: str, value: Any) -> bool:  # noqa: ANN401 - a setting
    """Whether no role in it is one that beamctl does not know."""
    return name != "groupMappings" or all(each["role"] in set(Role) for each in value)


def _is_mapping(each: object) -> bool:
    return isinstance(each, dict) and isinstance(each.get("groupName"), str) and isinstance(each.get("role"), str)


def _unmapped_admins(before: list[Any], after: list[Any] | None) -> list[str]:
    """Groups whose people are admins by their group, and would no longer be."""
    if after is None:
        return []
    kept = {group for group, role in _norm("groupMappings", after) if role == Role.ADMIN.value}
    admins = {group for group, role in _norm("groupMappings", before) if role == Role.ADMIN.value}
    return [printable(group) for group in sorted(admins - kept)]


def _takes(key: str, before: Any, after: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether a change takes something from somebody: a group that is no longer mapped, or to less."""
    if key != "groupMappings":
        return False
    roles = {each["groupName"]: Role(each["role"]) for each in after}
    return any(group not in roles or takes_away(live_role(role), roles[group]) for group, role in _norm(key, before))


def _norm(key: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The value as it compares: group mappings are a set."""
    if key == "groupMappings":
        return sorted((str(each.get("groupName")), str(each.get("role"))) for each in value if isinstance(each, dict))
    return value


def _comparable(live: Settings) -> dict[str, Any]:
    return {key: _norm(key, value) for key, value in live.items()}


def _as_seen(now: Any, change: Change, answer: Answer | Lost, look: Answer | Lost) -> Outcome:  # noqa: ANN401
    """The answer did not confirm the change, and this is how the setting is now; None where that cannot be seen."""
    key = change.attribute
    if now is None:
        unseen = f"{answer.why}, and it cannot be looked up: {look.why}"
        return Outcome(Ending.FAILED, unseen, "Run `beamctl plan` to see how it stands.")
    if now == _norm(key, (change.after or {})[key]):
        return Outcome(Ending.DONE)
    if now == _norm(key, (change.before or {})[key]):
        return Outcome(Ending.FAILED, f"{answer.why}; it was not made", "Run `beamctl apply` again.")
    return _changed(key)


def _changed(key: str) -> Outcome:
    return Outcome(Ending.FAILED, f"{key} was changed meanwhile", "Run `beamctl plan` to see it.")


def _failed(answer: Answer | Lost) -> Outcome:
    match answer:
        case Lost():
            return Outcome(Ending.FAILED, answer.why, "Run `beamctl plan` to see how it stands.")
        case Answer():
            hint = "Mend the value under settings, then run `beamctl apply` again."
            return Outcome(Ending.FAILED, answer.why, hint)
