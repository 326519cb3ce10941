"""What a loss of access depends on: promotions that keep enough admins, the invitation of a new address, and group
mappings that grant the access instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from beamctl.kinds.member.decide import KIND
from beamctl.kinds.member.rename import renamed
from beamctl.kinds.settings.live import GROUPS, gives
from beamctl.kinds.settings.live import KIND as SETTINGS
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import Role
from beamctl.plan.change import Change, ChangeId, Dependency, Stage
from beamctl.plan.kind import Dependencies, Quorum


def dependencies(changes: Sequence[Change], quorum: Quorum) -> Dependencies:
    """See `Kind.dependencies`. The quorum are the admins that remain after the changes."""
    people = [change for change in changes if change.kind == KIND]
    quorum_keys = quorum.keys
    found: dict[ChangeId, list[Dependency]] = {change.id: [] for change in changes}
    for old, new in renamed(people):
        found[old.id].append(Dependency(KIND, (new.key,), 1))
    for change in filter(_maps_more_groups, changes):
        for loss in (each for each in people if each.revokes_access):
            found[loss.id].append(Dependency(change.kind, (change.key,), 1))
    promoted = tuple(change.key for change in people if change.key in quorum_keys and _makes_admin(change))
    losses = _admin_losses(people)
    missing = (
        quorum.at_least - (len(quorum_keys) - len(promoted)) - len(losses)
    )  # promotions needed before the first loss
    for number, change in enumerate(losses, 1):
        if missing + number > 0:
            found[change.id].append(Dependency(KIND, promoted, missing + number))
    for change in filter(_unmaps_groups, changes):  # even if none is needed, so that the listing is read again
        found[change.id].append(Dependency(KIND, promoted, max(0, missing + len(losses))))
    return {key: tuple(each) for key, each in found.items() if each}


def too_few_left(admins: frozenset[str], changes: Sequence[Change], quorum: Quorum) -> Mapping[ChangeId, Fact]:
    """See `Kind.too_few_left`.

    Args:
        admins: The accepted admins that the API shows now.
        changes: See `Kind.too_few_left`.
        quorum: See `Kind.too_few_left`.
    """
    losses = _admin_losses([change for change in changes if change.kind == KIND and change.key in admins])
    unmapping = [change for change in changes if _unmaps_groups(change)]
    present = admins.intersection(quorum.keys)
    certain = present.union(change.key for change in losses) if unmapping else admins
    why = fact(Code.NOT_YET_ADMINS, names=tuple(sorted({*quorum.keys} - admins)))
    held = [*losses[max(0, len(certain) - quorum.at_least) :], *(unmapping if len(present) < quorum.at_least else ())]
    return {change.id: why for change in held}


def _admin_losses(people: Sequence[Change]) -> list[Change]:
    """The changes that reduce an admin's access, most urgent first: removals, then demotions, and our own identity
    last."""
    losses = (change for change in people if change.revokes_access and _is_admin(change.before))
    return sorted(losses, key=lambda change: (change.stage is Stage.OURSELVES, change.after is not None))


def _unmaps_groups(change: Change) -> bool:
    """Whether a change reduces the roles of a directory group's people."""
    return _maps_groups(change) and change.revokes_access


def _maps_more_groups(change: Change) -> bool:
    """Whether a change gives a role to a directory group's people, whatever it takes from others."""
    return _maps_groups(change) and gives((change.before or {})[GROUPS], (change.after or {})[GROUPS])


def _maps_groups(change: Change) -> bool:
    return change.kind == SETTINGS and change.attribute == GROUPS


def _makes_admin(change: Change) -> bool:
    return change.after is not None and change.after["role"] == Role.ADMIN.value


def _is_admin(before: Mapping[str, Any] | None) -> bool:
    return before is not None and (before["role"], before["standing"]) == (Role.ADMIN.value, "accepted")
