"""API keys as a document would say them, in the entry of their service account, so that a plan of it changes nothing.
Where it cannot say one key of an account it says none, as what it does not list would go. It must not know how it is
written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from beamctl.document.quoting import quoted
from beamctl.kinds.api_key.live import ApiKey, Keys, Owned, lifetime
from beamctl.kinds.service_account.desired import KEYS, LONGEST, SECTION, is_name
from beamctl.model.duration import duration
from beamctl.model.secret import SECRET_TO
from beamctl.plan.export import Exported, Trail

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_SHOWN = 5
_PLACE = f"{SECRET_TO}: {{file: PATH}}"


def export(live: Keys, now: datetime) -> Exported:
    """The keys of every account of which a document can say all; of the others, why it does not."""
    entries: dict[str, Any] = {}
    remarks: dict[Trail, tuple[str, ...]] = {}
    for owned in live.by_account.values():
        name = owned.account.name
        if owned.keys is None:
            remarks[(name,)] = ("its API keys cannot be seen with this credential, and are left as they are",)
        elif unsaid := list(_unsaid(owned, now)):
            more = [f"{len(unsaid) - _SHOWN} more"] if len(unsaid) > _SHOWN else []
            why = ", ".join([*unsaid[:_SHOWN], *more])
            remarks[(name,)] = (f"its API keys are left as they are, as a document cannot say them all: {why}",)
        elif owned.keys:
            keys = sorted(owned.keys, key=lambda key: key.name)
            entries[name] = {KEYS: {key.name: _entry(key) for key in keys}}
            remarks |= {(name, KEYS, key.name): (_remark(key),) for key in keys}
    return Exported(entries, remarks, within=SECTION)


def _unsaid(owned: Owned, now: datetime) -> Iterator[str]:
    """Every key that no entry would leave as it is, and why."""
    for key in owned.keys or ():
        if key.end is not None and key.end <= now:
            yield f"{quoted(key.name)} ended on {key.end:%Y-%m-%d}"
    for name, count in sorted(Counter(key.name for key in owned.keys or ()).items()):
        if not is_name(name):
            yield f"{quoted(name)} is no name for one"
        elif count > 1:
            yield f"there are {count} named {quoted(name)}"
        elif owned.orphans(name):
            yield f"{quoted(name)} was made, and never handed over"


def _entry(key: ApiKey) -> dict[str, str]:
    lives = _lives(key)
    return {"expiresIn": lives} if lives else {}


def _lives(key: ApiKey) -> str:
    """How long it lives, as a document says just that; empty for no end, or where a document cannot say it."""
    lives = lifetime(key.expires_in)
    if lives is None or not timedelta() < lives <= LONGEST or lives % _HOUR:
        return ""
    if duration(key.expires_in) and not key.expires_in.endswith("m"):
        return key.expires_in
    return f"{lives // _HOUR}h" if lives % _DAY else f"{lives // _DAY}d"


def _remark(key: ApiKey) -> str:
    """When it ends, and what is to be written to have it renewed."""
    where = f"{_PLACE} says where a new one goes"
    if not key.expires_in:
        return where
    ends = f"ends on {key.end:%Y-%m-%d}" if key.end else "has an end that the API does not tell"
    if not _lives(key):
        return f"{ends}; it lives for {quoted(key.expires_in)}, which expiresIn cannot say: a new one would have no end"
    return f"{ends}; rotateBefore: TIME and {_PLACE} have it renewed before" if key.end else f"{ends}; {where}"
