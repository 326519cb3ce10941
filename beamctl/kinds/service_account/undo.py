"""Undoing what a run did to service accounts, where they are still as it left them. What it deleted never comes back.
It must not know which run it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from beamctl.kinds.service_account.decide import AccountDecider
from beamctl.kinds.service_account.live import Account, Accounts, attributes
from beamctl.model.role import Role
from beamctl.plan.change import Action, Change, Reason
from beamctl.plan.comparison import Note


def undo(judge: AccountDecider, changes: Sequence[Change], live: Accounts) -> None:
    """Have the judge put back what can be put back; the rest is noted."""
    for change in changes:
        match change.action:
            case Action.CREATE:
                _unmake(judge, change, live)
            case Action.DELETE if change.key in live.by_id:
                judge.tally["as before already"] += 1
            case Action.DELETE:
                judge.notes.append(Note(f"{change.name} never comes back: a new account would have other credentials"))
            case _:
                _put_back(judge, change, live.by_id.get(change.key))
    judge.changes[:] = [replace(each, reason=Reason.UNDOES, place=None) for each in judge.changes]


def _unmake(judge: AccountDecider, change: Change, live: Accounts) -> None:
    there = live.named(change.name)
    if not there:
        judge.tally["as before already"] += 1
    elif len(there) > 1 or not _is_as(there[0], change.after):
        judge.notes.append(Note(f"{change.name} is no longer as that run left it, and is left alone"))
    else:
        judge.delete(there[0], Reason.UNDOES)


def _put_back(judge: AccountDecider, change: Change, account: Account | None) -> None:
    before = change.before or {}
    if account is None or not _is_as(account, change.after):
        if account is not None and _is_as(account, before):
            judge.tally["as before already"] += 1
        else:
            judge.notes.append(Note(f"{change.name} is no longer as that run left it, and is left alone"))
    elif change.action is Action.SET_ROLE and before["role"] not in set(Role):
        judge.notes.append(Note(f"{change.name} had the role '{before['role']}': give it in the console"))
    else:
        after = attributes(account) | {key: before[key] for key in ("name", "role", "description")}
        judge.become(account, after, None, Reason.UNDOES)


def _is_as(account: Account, side: Mapping[str, Any] | None) -> bool:
    now, told = attributes(account), side or {}
    same = all(now[key] == told.get(key) for key in ("name", "description"))
    return same and now["role"] in (told.get("role"), "")  # some APIs do not tell the role
