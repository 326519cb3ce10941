"""Undoes what a run did to service accounts that are still as it left them. Deleted accounts cannot be restored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from beamctl.kinds.service_account.decide import AccountDecider
from beamctl.kinds.service_account.live import Account, Accounts, attributes
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.model.identity import Role
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.comparison import Note, UnchangedReason


def undo(decider: AccountDecider, changes: Sequence[Change], live: Accounts) -> None:
    """Restore what can be restored. A note says what cannot."""
    for change in changes:
        match change.action:
            case Action.CREATE:
                _uncreate(decider, change, live)
            case Action.DELETE if change.key in live.by_id:
                decider.tally[UnchangedReason.AS_BEFORE] += 1
            case Action.DELETE:
                decider.notes.append(Note(fact(Code.ACCOUNT_CANNOT_BE_RESTORED, name=change.name)))
            case _:
                _restore(decider, change, live.by_id.get(change.key))
    decider.mark_as_undo()


def _uncreate(decider: AccountDecider, change: Change, live: Accounts) -> None:
    there = live.named(change.name)
    if not there:
        decider.tally[UnchangedReason.AS_BEFORE] += 1
    elif len(there) > 1 or not _is_as(there[0], change.after):
        decider.notes.append(Note(fact(Code.CHANGED_SINCE_RUN, name=change.name)))
    else:
        decider.delete(there[0], Reason.UNDOES)


def _restore(decider: AccountDecider, change: Change, account: Account | None) -> None:
    before = change.before or {}
    if account is None or not _is_as(account, change.after):
        if account is not None and _is_as(account, before):
            decider.tally[UnchangedReason.AS_BEFORE] += 1
        else:
            decider.notes.append(Note(fact(Code.CHANGED_SINCE_RUN, name=change.name)))
    elif change.action is Action.SET_ROLE and before["role"] not in set(Role):
        decider.notes.append(Note(fact(Code.ROLE_TO_SET, name=change.name, role=before["role"])))
    else:
        after = attributes(account) | {key: before[key] for key in ("name", "role", "description")}
        decider.become(account, after, None, Reason.UNDOES)


def _is_as(account: Account, side: Mapping[str, Any] | None) -> bool:
    now, expected = attributes(account), side or {}
    same = all(now[key] == expected.get(key) for key in ("name", "description"))
    return same and now["role"] in (expected.get("role"), "")  # some APIs do not show the role
