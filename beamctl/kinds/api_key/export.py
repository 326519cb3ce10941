"""API keys as part of their service account's exported entry. If one key of an account cannot be expressed, none is
exported, because unlisted keys would be deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from beamctl.document.scalars import duration
from beamctl.kinds.api_key.live import ApiKey, Keys, Owned, lifetime
from beamctl.kinds.service_account.desired import KEYS, LONGEST, SECTION, is_name
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.listing import Exported, Trail

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def export(live: Keys, now: datetime) -> Exported:
    """The keys of every account whose keys can all be expressed; for the others, the reason."""
    entries: dict[str, Any] = {}
    remarks: dict[Trail, tuple[Fact, ...]] = {}
    for owned in live.by_account.values():
        name = owned.account.name
        if owned.keys is None:
            remarks[(name,)] = (fact(Code.KEYS_NOT_READABLE, name=name),)
        elif not_expressible := list(_not_expressible(owned, now)):
            remarks[(name,)] = (fact(Code.KEYS_NOT_EXPRESSIBLE, keys=tuple(not_expressible)),)
        elif owned.keys:
            keys = sorted(owned.keys, key=lambda key: key.name)
            entries[name] = {KEYS: {key.name: _entry(key) for key in keys}}
            remarks |= {(name, KEYS, key.name): (_remark(key),) for key in keys}
    return Exported(entries, remarks, within=SECTION)


def _not_expressible(owned: Owned, now: datetime) -> Iterator[Fact]:
    """Keys that no entry could leave unchanged, with the reason."""
    for key in owned.keys or ():
        if key.end is not None and key.end <= now:
            yield fact(Code.KEY_EXPIRED, name=key.name, date=f"{key.end:%Y-%m-%d}")
    for name, count in sorted(Counter(key.name for key in owned.keys or ()).items()):
        if not is_name(name):
            yield fact(Code.KEY_NAME_INVALID, name=name)
        elif count > 1:
            yield fact(Code.KEYS_SHARE_NAME, name=name, count=count)
        elif owned.orphans(name):
            yield fact(Code.KEY_NEVER_HANDED_OVER, name=name)


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


def _remark(key: ApiKey) -> Fact:
    """When it expires, and how to have it renewed."""
    date = f"{key.end:%Y-%m-%d}" if key.end else ""
    if key.expires_in and not _lives(key):
        return fact(Code.KEY_LIFETIME_NOT_EXPRESSIBLE, date=date, lifetime=key.expires_in)
    if key.expires_in and date:
        return fact(Code.SET_ROTATION, date=date)
    return fact(Code.KEY_END_NOT_SHOWN if key.expires_in else Code.SET_KEY_DESTINATION)
