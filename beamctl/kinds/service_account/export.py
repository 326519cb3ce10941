"""Service accounts as a document section whose plan is empty."""

from __future__ import annotations

from collections import Counter
from typing import Any

from beamctl.document.document import Document
from beamctl.document.schema import check
from beamctl.kinds.service_account.desired import SECTION, problems
from beamctl.kinds.service_account.live import Account, Accounts
from beamctl.model.identity import Role, UnknownRole
from beamctl.model.secret import SECRET_TO
from beamctl.plan.export import Exported, Trail


def export(live: Accounts) -> Exported:
    """Every account that a document can refer to by name."""
    names = Counter(account.name for account in live.by_id.values())
    entries: dict[str, Any] = {}
    left_out: list[str] = []
    for account in sorted(live.by_id.values(), key=lambda each: (each.name, each.client_id)):
        why = "shares its name with another account" if names[account.name] > 1 else _why_not(account)
        if why:
            left_out.append(f"{account.name} ({account.client_id}) {why}")
        else:
            entries[account.name] = _entry(account)
    line = f"{SECRET_TO}: {{file: PATH}} sets the destination of a new client secret"
    without_role = {account.name for account in live.by_id.values() if not str(account.role)}
    guess = "the API does not show its role, so admin is a guess: set the role that it should have"
    remarks: dict[Trail, tuple[str, ...]] = {
        (name,): (line, *([guess] if name in without_role else [])) for name in entries
    }
    return Exported(entries, remarks, tuple(left_out), whole=not left_out)


def _why_not(account: Account) -> str:
    """Why a document cannot express it, to follow the name; empty if it can."""
    if account.unfinished:
        return "was created, but its client secret was never handed over"
    if isinstance(account.role, UnknownRole) and account.role.name:
        return f"has the unknown role '{account.role.name}'"
    document = Document("", {"version": 1, "workspace": "w", SECTION: {account.name: _entry(account)}}, {}, {})
    valid = not check(document) and next(iter(problems(document)), None) is None
    return "" if valid else "cannot be expressed in a document"


def _entry(account: Account) -> dict[str, Any]:
    role = str(account.role) or Role.ADMIN.value  # the API's default
    text = account.description.text
    return {"role": role} | ({"description": text} if text else {})
