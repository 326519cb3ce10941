"""API keys as part of their service account's exported entry. If one key of an account cannot be expressed, none is
exported, because unlisted keys would be deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from beamctl.document.problem import quoted
from beamctl.document.scalars import duration
from beamctl.kinds.api_key.live import ApiKey, Keys, Owned, lifetime
from beamctl.kinds.service_account.desired import KEYS, LONGEST, SECTION, is_name
from beamctl.model.secret import SECRET_TO
from beamctl.plan.listing import Exported, Trail

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_SHOWN = 5
_PLACE = f"{SECRET_TO}: {{file: PATH}}"


def export(live: Keys, now: datetime) -> Exported:
    """The keys of every account whose keys can all be expressed; for the others, the reason."""
    entries: dict[str, Any] = {}
    remarks: dict[Trail, tuple[str, ...]] = {}
    for owned in live.by_account.values():
        name = owned.account.name
        if owned.keys is None:
            remarks[(name,)] = ("its API keys cannot be read with this credential and are not changed",)
        elif not_expressible := list(_not_expressible(owned, now)):
            more = [f"{len(not_expressible) - _SHOWN} more"] if len(not_expressible) > _SHOWN else []
            why = ", ".join([*not_expressible[:_SHOWN], *more])
            remarks[(name,)] = (f"its API keys are not managed, because a document cannot express all of them: {why}",)
        elif owned.keys:
            keys = sorted(owned.keys, key=lambda key: key.name)
            entries[name] = {KEYS: {key.name: _entry(key) for key in keys}}
            remarks |= {(name, KEYS, key.name): (_remark(key),) for key in keys}
    return Exported(entries, remarks, within=SECTION)


def _not_expressible(owned: Owned, now: datetime) -> Iterator[str]:
    """Keys that no entry could leave unchanged, with the reason."""
    for key in owned.keys or ():
        if key.end is not None and key.end <= now:
            yield f"{quoted(key.name)} expired on {key.end:%Y-%m-%d}"
    for name, count in sorted(Counter(key.name for key in owned.keys or ()).items()):
        if not is_name(name):
            yield f"{quoted(name)} is not a valid name"
        elif count > 1:
            yield f"there are {count} named {quoted(name)}"
        elif owned.orphans(name):
            yield f"{quoted(name)} was created but never handed over"


def _entry(key: ApiKey) -> dict[str, str]:
    lives = _lives(key)
    return {"expiresIn": lives} if lives else {}


def _lives(key: ApiKey) -> str:
    """Its lifetime as a document would write it; empty for no expiry, or if a document cannot express it."""
    lives = lifetime(key.expires_in)
    if lives is None or not timedelta() < lives <= LONGEST or lives % _HOUR:
        return ""
    if duration(key.expires_in) and not key.expires_in.endswith("m"):
        return key.expires_in
    return f"{lives // _HOUR}h" if lives % _DAY else f"{lives // _DAY}d"


def _remark(key: ApiKey) -> str:
    """When it expires, and how to have it renewed."""
    where = f"{_PLACE} sets the destination of a new one"
    if not key.expires_in:
        return where
    ends = f"expires on {key.end:%Y-%m-%d}" if key.end else "expires on a date that the API does not show"
    if not _lives(key):
        return f"{ends}; expiresIn cannot express {quoted(key.expires_in)}, so a new one would not expire"
    return f"{ends}; add rotateBefore: TIME and {_PLACE} to renew it in time" if key.end else f"{ends}; {where}"
