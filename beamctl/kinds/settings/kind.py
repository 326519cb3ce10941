"""The kind `settings`: display name, labels, group mappings. Declared keys are compared as a whole; other keys are not
changed, and sent along, because it is not documented whether the API keeps keys that a `PUT` omits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from beamctl.document.desired import Desired
from beamctl.document.document import Document
from beamctl.document.problem import Problem, ProblemCode, quoted
from beamctl.errors import GarbledError
from beamctl.kinds.operations import PLAN, accepted, done, failed, found, not_made, refusal, text_in, unseen
from beamctl.kinds.settings.live import (
    GROUPS,
    KIND,
    Settings,
    admin_groups,
    can_be_given,
    digest,
    export,
    hazards,
    key_of,
    normal,
    revokes_access,
    settings,
    with_setting,
)
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, cause, segment
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.plan.change import Action, Change, Reason, Stage
from beamctl.plan.comparison import Comparison, Note, Preconditions, Situation, UnchangedReason
from beamctl.plan.coverage import Covered, listed_or_whole
from beamctl.plan.kind import Kind, Operation, Outcome, Reading, ReadScope
from beamctl.plan.listing import Exported, Listing

_READ_ONLY = frozenset(
    {"id", "status", "statusReason", "resourceCounts", "createdAt", "updatedAt", "createdBy", "updatedBy"}
)


def perform(change: Change, workspace: str, path: str) -> Operation[Outcome]:
    """Read the workspace, change one key, and write it back."""
    key = change.attribute
    desired, approved = (change.after or {})[key], (change.before or {})[key]
    read = yield ApiCall(Method.GET, path)
    if isinstance(read, NoResponse) or not read.certain or not isinstance(read.body, dict):
        return _failed(read)
    now = settings(read.body)[key]
    if read.body["name"] != workspace or normal(key, now) != normal(key, approved):
        is_so = read.body["name"] == workspace and normal(key, now) == normal(key, desired)
        return found() if is_so else _changed(key)
    kept = {name: value for name, value in read.body.items() if name not in _READ_ONLY}
    return (yield from _write(ApiCall(Method.PUT, path, with_setting(kept, key, desired)), workspace, change))


def _write(put: ApiCall, workspace: str, change: Change) -> Operation[Outcome]:
    """Write it. If the response does not confirm the change, read it."""
    key = change.attribute
    answer = yield put
    if isinstance(answer, Response) and not answer.ok:
        return _failed(answer)
    shown = _shown_in(key, workspace, answer)
    if shown is None:
        look = yield ApiCall(Method.GET, put.path)
        return _as_seen(_shown_in(key, workspace, look), change, answer, look)
    if shown != normal(key, (change.after or {})[key]):
        return failed(fact(Code.RETURNED_DIFFERENT, names=(key,)), fact(Code.RUN_SHOW))
    return done()


def _shown_in(key: str, workspace: str, answer: Response | NoResponse) -> Any:  # noqa: ANN401 - any JSON
    """The setting as this response shows it; None if it does not."""
    if not isinstance(answer, Response) or text_in(answer, "name") != workspace:
        return None
    try:
        return normal(key, settings(answer.body)[key])
    except GarbledError:
        return None


def _as_seen(now: Any, change: Change, answer: Response | NoResponse, look: Response | NoResponse) -> Outcome:  # noqa: ANN401
    """The outcome after a read, if the response did not confirm the change. `now` is None if unreadable."""
    key = change.attribute
    if now is None:
        return unseen(answer, look)
    if now == normal(key, (change.after or {})[key]):
        return done()
    if now == normal(key, (change.before or {})[key]):
        return accepted(answer) if answer.ok else not_made(answer)
    return _changed(key)


def _changed(key: str) -> Outcome:
    return failed(fact(Code.CHANGED_MEANWHILE, names=(key,)), fact(Code.RUN_PLAN_FOR_CHANGE))


def _failed(answer: Response | NoResponse) -> Outcome:
    if isinstance(answer, NoResponse):
        return failed(cause(answer), PLAN)
    return refusal(answer, fact(Code.FIX_SETTING))


class SettingsKind(Kind[Settings]):
    """The settings of a workspace, one change each."""

    name = KIND
    section = "settings"
    named_by = ""

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

    def read(self, scope: ReadScope) -> Reading[Settings]:
        """The settings that can be declared, from the workspace object."""
        payload = yield _path(scope.workspace)
        return settings(payload)

    def listing(self, live: Settings) -> Listing:
        """One row with all settings."""
        return Listing([dict(live)])

    def export(self, live: Settings, _now: datetime) -> Exported:
        """Every setting that is not empty, as far as a document can express it."""
        return export(live)

    def coverage(self, desired: Desired, live: Settings, _today: date) -> Sequence[Covered]:
        """Each setting that has a value or is listed. Those that the section does not list are left alone."""
        section = desired.section(self.section)
        shown = [name for name, value in live.items() if value or name in (section or ())]
        return [Covered(key_of(name), name, listed_or_whole(name, section, additive=True)) for name in shown]

    def digest(self, live: Settings) -> str:
        """Of all settings."""
        return digest(live)

    def objects(self, live: Settings, keys: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """The settings with these keys."""
        asked = frozenset(keys)
        return {key_of(name): {name: value} for name, value in live.items() if key_of(name) in asked}

    def preconditions(self, live: Settings, changes: Sequence[Change], _situation: Situation) -> Preconditions:
        """What happens to admin groups. Groups that lose access are hazards of their own."""
        after = [
            each.after[GROUPS] for each in changes if each.kind == self.name and each.after and GROUPS in each.after
        ]
        groups = admin_groups(live[GROUPS], after[0] if after else None)
        return Preconditions(seen=1, population=len(live[GROUPS]), admin_groups=groups)

    def compare(self, desired: Desired, live: Settings, situation: Situation) -> Comparison:
        """One change per key that differs."""
        section = desired.section(self.section)
        same = {key: value for key, value in section.items() if normal(key, value) == normal(key, live[key])}
        found = (
            Change(
                kind=self.name,
                key=key_of(key),
                name=key,
                action=Action.SET,
                stage=Stage.DEMOTE if revokes_access(key, live[key], value) else Stage.SETTINGS,
                attribute=key,
                before={key: live[key]},
                after={key: value},
                reason=Reason.VALUE_DIFFERS,
                place=desired.document.key_place(self.section, key),
                serial_group=self.name,  # each is a read, a merge and a write of the same object
            )
            for key, value in section.items()
            if key not in same
        )
        changes = tuple(situation.only_chosen(found))
        groups = section[GROUPS] if any(change.attribute == GROUPS for change in changes) else None
        return Comparison(
            changes=changes,
            hazards=hazards(live[GROUPS], groups),
            tally={UnchangedReason.UNCHANGED: len(same)},
            declared=len(section),
            seen=1,
            population=len(live[GROUPS]),  # what a change to settings can reduce
            admin_groups=admin_groups(live[GROUPS], groups),
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
                notes.append(Note(fact(Code.CHANGED_SINCE_RUN, name=name)))
            elif not can_be_given(name, had):
                notes.append(Note(fact(Code.SETTING_CANNOT_BE_RESTORED, name=name)))
            else:
                before[name] = had
        was = replace(desired, document=Document(desired.document.source, {self.section: before}, {}, {}))
        found = self.compare(was, live, situation)
        undone = tuple(replace(each, reason=Reason.UNDOES, place=None) for each in found.changes)
        return replace(found, changes=undone, notes=tuple(notes))

    def is_valid(self, change: Change) -> bool:
        """Whether its key and its stage fit what it sets."""
        name = change.attribute
        if (change.key, change.name) != (key_of(name), name):
            return False
        revokes = revokes_access(name, (change.before or {})[name], (change.after or {})[name])
        return change.stage is (Stage.DEMOTE if revokes else Stage.SETTINGS)

    def is_in_effect(self, live: Settings, change: Change) -> bool:
        """Whether the setting has its new value."""
        name = change.attribute
        return bool(normal(name, live[name]) == normal(name, (change.after or {})[name]))

    def perform(self, change: Change, workspace: str) -> Operation[Outcome]:
        """Set one setting."""
        return perform(change, workspace, _path(workspace))


def _path(workspace: str) -> str:
    return f"/workspaces/{segment(workspace)}"
