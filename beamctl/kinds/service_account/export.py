"""Service accounts as a document would say them, so that a plan of it changes nothing. It must not know how it is
written."""

from __future__ import annotations

from collections import Counter
from typing import Any

from beamctl.document.document import Document
from beamctl.document.schema import check
from beamctl.kinds.service_account.desired import SECTION, problems
from beamctl.kinds.service_account.live import Account, Accounts
from beamctl.model.role import Role, UnknownRole
from beamctl.model.secret import SECRET_TO
from beamctl.plan.export import Exported, Trail


def export(live: Accounts) -> Exported:
    """Every account that a document can mean by its name."""
    names = Counter(account.name for account in live.by_id.values())
    entries: dict[str, Any] = {}
    left_out: list[str] = []
    for account in sorted(live.by_id.values(), key=lambda each: (each.name, each.client_id)):
        why = "is one of several of that name" if names[account.name] > 1 else _why_not(account)
        if why:
            left_out.append(f"{account.name} ({account.client_id}) {why}")
        else:
            entries[account.name] = _entry(account)
    line = f"{SECRET_TO}: {{file: PATH}} says where a new client secret goes"
    untold = {account.name for account in live.by_id.values() if not str(account.role)}
    guess = "the API does not tell its role, and admin is a guess: write the one that it should have"
    remarks: dict[Trail, tuple[str, ...]] = {(name,): (line, *([guess] if name in untold else [])) for name in entries}
    return Exported(entries, remarks, tuple(left_out), whole=not left_out)


def _why_not(account: Account) -> str:
    """Why a document cannot say it, to go on after the name; empty where it can."""
    if account.unfinished:
        return "was made, and its client secret was never handed over"
    if isinstance(account.role, UnknownRole) and account.role.name:
        return f"has the role '{account.role.name}', which beamctl does not know"
    document = Document("", {"version": 1, "workspace": "w", SECTION: {account.name: _entry(account)}}, {}, {})
    sayable = not check(document) and next(iter(problems(document)), None) is None
    return "" if sayable else "is such as no document can say"


def _entry(account: Account) -> dict[str, Any]:
    role = str(account.role) or Role.ADMIN.value  # what the API makes of one that is not told
    text = account.description.text
    return {"role": role} | ({"description": text} if text else {})
