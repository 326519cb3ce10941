"""The rotation of API keys with one name: when a new one is due, which one is in use, and which ones may be deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from beamctl.kinds.api_key.live import ApiKey, end_of, lifetime
from beamctl.kinds.service_account.desired import DesiredKey
from beamctl.plan.change import Reason

_ALMOST = timedelta(days=14)
"""How long before its expiry a key without renewal is mentioned."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What to do about the keys of one name.

    Attributes:
        due: Why a new key is needed; None if it is not.
        current: The key in use; None if none is valid.
        goes: The keys to delete, and why.
        ends: When the current key expires, if that is soon and it will not be renewed.
    """

    due: Reason | None
    current: ApiKey | None
    goes: tuple[tuple[ApiKey, Reason], ...] = ()
    ends: datetime | None = None


def verdict(
    want: DesiredKey,
    keys: Sequence[ApiKey],
    orphans: Sequence[ApiKey],
    now: datetime,
    *,
    doubtful: Sequence[ApiKey] = (),
) -> Rotation:
    """Decide what to do about the keys of one name.

    Args:
        want: The declared key.
        keys: All live keys of that name, oldest first.
        orphans: Those that were not handed over.
        now: The moment.
        doubtful: Others with a marker: they count as in use, but supersede none.
    """
    good = [key for key in keys if key not in orphans]
    valid = [key for key in good if not _is_past(end(want, key), now)]
    current = valid[-1] if valid else None
    newer = [key for key in valid if key not in doubtful]
    goes = [(key, Reason.SUPERSEDED) for key in good if key is not current and _may_go(want, key, newer, now)]
    if orphans:  # always re-created: the destination may already hold the lost key
        goes += [(key, Reason.NOT_HANDED_OVER) for key in orphans]
        return Rotation(Reason.NOT_HANDED_OVER, current, tuple(goes))
    if current is None:
        return Rotation(Reason.EXPIRES if good else Reason.NOT_THERE, None, tuple(goes))
    ends = end(want, current)
    if ends is not None and want.rotate_before is not None and ends - now <= want.rotate_before:
        return Rotation(Reason.EXPIRES, current, tuple(goes))
    soon = ends if ends is not None and want.rotate_before is None and ends - now <= _ALMOST else None
    return Rotation(None, current, tuple(goes), soon)


def end(want: DesiredKey, key: ApiKey) -> datetime | None:
    """When a key expires: by its own lifetime or the declared one, whichever is earlier."""
    declared = end_of(key.created, lifetime(want.expires_in))
    return min((each for each in (key.end, declared) if each is not None), default=None)


def _may_go(want: DesiredKey, old: ApiKey, newer: Sequence[ApiKey], now: datetime) -> bool:
    """Whether an old key may be deleted: its successor is old enough, or it has expired."""
    if _is_past(old.end, now):
        return True
    after = next((key for key in newer if key.age_order > old.age_order), None)
    return after is not None and after.created is not None and now - after.created >= want.keep_old


def _is_past(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now >= moment
