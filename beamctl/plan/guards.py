"""Guards: what documents declare, the floors of a run, and guards that are looser than in the last recorded run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from beamctl.document.desired import Guards, Limit, Self, guards_of
from beamctl.model.code import Code
from beamctl.model.email import folded, matches
from beamctl.model.fact import Fact, fact
from beamctl.plan.hazard import Hazard, Risk

FLOORS = {
    "minAdmins": "--min-admins / BEAMCTL_MIN_ADMINS",
    "maxRemovals": "--max-removals / BEAMCTL_MAX_REMOVALS",
    "protected": "--protect / BEAMCTL_PROTECT",
    "allowedDomains": "--allowed-domains / BEAMCTL_ALLOWED_DOMAINS",
}
"""By guard, the option and environment variable that set its floor."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one source of guards requires. The default requires nothing.

    Attributes:
        min_admins: Accepted admins that must remain.
        max_removals: Removals, demotions and revocations in one apply. Every limit must hold, because a count and a
            percentage cannot be compared in advance.
        allowed_domains: Folded domains whose people may be given access; None for any.
        protected: Folded e-mails of people who are never removed or demoted.
    """

    min_admins: int = 0
    max_removals: tuple[Limit, ...] = ()
    allowed_domains: tuple[str, ...] | None = None
    protected: tuple[str, ...] = ()


NO_FLOORS = Bounds()


def stricter(one: Bounds, other: Bounds) -> Bounds:
    """The requirements of both."""
    limits = (*one.max_removals, *other.max_removals)
    lists = [set(side.allowed_domains) for side in (one, other) if side.allowed_domains is not None]
    return Bounds(
        min_admins=max(one.min_admins, other.min_admins),
        max_removals=tuple(
            Limit(min(limit.number for limit in limits if limit.percent is percent), percent=percent)
            for percent in sorted({limit.percent for limit in limits})
        ),
        allowed_domains=tuple(sorted(set.intersection(*lists))) if lists else None,
        protected=tuple(sorted({*one.protected, *other.protected})),
    )


@dataclass(frozen=True, slots=True)
class InForce:
    """The guards that one plan must meet. A violation of either source is refused.

    Attributes:
        declared: What the document requires; nothing for a saved plan, which has no document.
        floors: What the run requires.
    """

    declared: Bounds
    floors: Bounds = NO_FLOORS

    def sides(self, guard: str) -> tuple[tuple[str, Bounds], ...]:
        """Each source with the name of the guard there, for use in a hazard."""
        return (f"guards.{guard}", self.declared), (FLOORS[guard], self.floors)


def in_force(guards: Guards, floors: Bounds) -> InForce:
    """The guards of a document combined with the floors of a run."""
    declared = Bounds(guards.min_admins, (guards.max_removals,), guards.allowed_domains, guards.protected)
    return InForce(declared, floors)


Ends = Mapping[str, Mapping[str, str]]
"""By kind and key, the date on which an admin's access ends."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a document declared when a plan was made.

    Attributes:
        ends: Dates on which admins' access ends, each declared before that date.
    """

    guards: Guards
    ends: Ends


def is_recorded(recorded: Mapping[str, str], key: str, day: str) -> bool:
    """Whether a record shows that access ends on this day or earlier."""
    return key in recorded and recorded[key] <= day


def declared_in_time(ends: Mapping[str, str], recorded: Mapping[str, str], today: date) -> Mapping[str, str]:
    """The end dates of one kind that are in the future or already on record."""
    now = today.isoformat()
    return {key: day for key, day in ends.items() if now < day or is_recorded(recorded, key, day)}


def declared_data(declared: Declared | None) -> dict[str, Any]:
    """Plain data with the document's key names; empty if nothing is known."""
    if declared is None:
        return {}
    guards, limit = declared.guards, declared.guards.max_removals
    data_guards: dict[str, Any] = {
        "minAdmins": guards.min_admins,
        "maxRemovals": str(limit) if limit.percent else limit.number,
        "protected": list(guards.protected),
        "preventDestroy": guards.prevent_destroy,
    }
    if guards.secret_sources:
        data_guards["secretSources"] = list(guards.secret_sources)
    if guards.allowed_workspaces:
        data_guards["allowedWorkspaces"] = list(guards.allowed_workspaces)
    if guards.runs_as is not None:
        who = guards.runs_as
        data_guards["self"] = {"email": who.email} if who.email else {"serviceAccount": who.service_account}
    if guards.allowed_domains is not None:
        data_guards["allowedDomains"] = list(guards.allowed_domains)
    return {"guards": data_guards, "ends": {kind: dict(days) for kind, days in declared.ends.items() if days}}


def declared_of(data: Mapping[str, Any]) -> Declared | None:
    """The inverse of `declared_data`."""
    return Declared(guards_of(data["guards"]), data.get("ends", {})) if "guards" in data else None


Sizes = tuple[Sequence[int], Sequence[int]]
"""By kind, how many have access, and how many have access or are invited."""


def loosened(before: Guards, after: Guards, populations: Sizes) -> Mapping[str, Fact]:
    """The guards that are looser than before, each with the change."""
    found = {guard: describe(before, after, populations) for guard, (_, describe) in _GUARDS.items()}
    return {guard: change for guard, change in found.items() if change}


def hazards(last: Declared | None, guards: Guards, populations: Sizes) -> list[Hazard]:
    """One hazard for each guard that is looser than in the last recorded run."""
    looser = loosened(last.guards, guards, populations) if last else {}
    place = guards.source.key_place if guards.source else None
    found = []
    for guard, change in looser.items():
        where = place("guards", guard) if place else None
        line = f"{where.source}:{where.line}" if where else ""
        found.append(
            Hazard(Risk.LOOSENS_GUARDS, guard, fact(Code.GUARD_LOOSER, guard=guard, change=change, where=line))
        )
    return found


def declared_to_record(last: Declared | None, now: Declared, populations: Sizes, *, changes: bool) -> Declared:
    """What the record keeps. Without changes no one approved looser guards, so the stricter ones stay on record."""
    looser = loosened(last.guards, now.guards, populations) if last and not changes else {}
    stays = {_GUARDS[guard][0]: getattr(last.guards, _GUARDS[guard][0]) for guard in looser} if last else {}
    guards = replace(now.guards, source=None, **stays)
    domains = guards.allowed_domains
    guards = replace(  # order and spelling do not matter
        guards,
        runs_as=_folded(guards.runs_as),
        protected=tuple(sorted(guards.protected)),
        secret_sources=tuple(sorted(guards.secret_sources)),
        allowed_workspaces=tuple(sorted(guards.allowed_workspaces)),
        allowed_domains=None if domains is None else tuple(sorted(domains)),
    )
    return Declared(guards, {kind: days for kind, days in now.ends.items() if days})


def _min_admins(before: Guards, after: Guards, _: Sizes) -> Fact | None:
    return _replaced(before.min_admins, after.min_admins) if after.min_admins < before.min_admins else None


def _max_removals(before: Guards, after: Guards, populations: Sizes) -> Fact | None:
    was, now = before.max_removals, after.max_removals
    if was.percent is now.percent:
        more = now.number > was.number
    else:
        more = any(_allows(now, each) > _allows(was, each) for each in populations)
    return _replaced(str(was), str(now)) if more else None


def _allows(limit: Limit, population: Collection[int]) -> int:
    return sum(map(limit.of, population)) if limit.percent else limit.number


def _allowed_domains(before: Guards, after: Guards, _: Sizes) -> Fact | None:
    if before.allowed_domains is None:
        return None
    if after.allowed_domains is None:
        return fact(Code.ANY_DOMAIN_ALLOWED, before=tuple(before.allowed_domains))
    return _listed(Code.LIST_ADDS, set(after.allowed_domains) - set(before.allowed_domains))


def _protected(before: Guards, after: Guards, _: Sizes) -> Fact | None:
    now = frozenset(after.protected)
    return _listed(Code.LIST_DROPS, {each for each in before.protected if not matches(now, each)})


def _prevent_destroy(before: Guards, after: Guards, _: Sizes) -> Fact | None:
    return _replaced("true", "false") if before.prevent_destroy and not after.prevent_destroy else None


def _secret_sources(before: Guards, after: Guards, _: Sizes) -> Fact | None:
    return _listed(Code.LIST_ADDS, set(after.secret_sources) - set(before.secret_sources))


def _allowed_workspaces(before: Guards, after: Guards, _: Sizes) -> Fact | None:
    return _listed(Code.LIST_ADDS, set(after.allowed_workspaces) - set(before.allowed_workspaces))


def _self(before: Guards, after: Guards, _: Sizes) -> Fact | None:
    was, now = _folded(before.runs_as), _folded(after.runs_as)
    return _replaced(str(was), str(now or "")) if was and was != now else None


def _folded(who: Self | None) -> Self | None:
    return replace(who, email=folded(who.email)) if who else None


def _replaced(before: str | int, after: str | int) -> Fact:
    return fact(Code.REPLACED, before=before, after=after)


def _listed(code: Code, names: Collection[str]) -> Fact | None:
    return Fact(code, {"names": tuple(sorted(names))}) if names else None


_GUARDS: Mapping[str, tuple[str, Callable[[Guards, Guards, Sizes], Fact | None]]] = {
    "minAdmins": ("min_admins", _min_admins),
    "maxRemovals": ("max_removals", _max_removals),
    "allowedDomains": ("allowed_domains", _allowed_domains),
    "protected": ("protected", _protected),
    "preventDestroy": ("prevent_destroy", _prevent_destroy),
    "secretSources": ("secret_sources", _secret_sources),
    "allowedWorkspaces": ("allowed_workspaces", _allowed_workspaces),
    "self": ("runs_as", _self),
}
"""By guard: its attribute, and a function that describes how it was loosened (None if it was not)."""
