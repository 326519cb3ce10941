"""Guards that are looser than in the last recorded run: the hazard, and what the new record keeps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from beamctl.document.document import Guards, Limit, Self
from beamctl.model.code import Code
from beamctl.model.email import folded, matches
from beamctl.model.fact import Fact, fact
from beamctl.plan.comparison import Comparison, Preconditions
from beamctl.plan.declared import Declared
from beamctl.plan.hazard import Hazard, Risk

Sizes = tuple[Sequence[int], Sequence[int]]
"""By kind, how many have access, and how many have access or are invited."""


def sizes(found: Iterable[Comparison | Preconditions]) -> Sizes:
    """The populations that percentages refer to."""
    kinds = tuple(found)
    return [each.population for each in kinds], [each.population + each.invited for each in kinds]


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


def kept(last: Declared | None, now: Declared, populations: Sizes, *, changes: bool) -> Declared:
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


def _self(before: Guards, after: Guards, _: Sizes) -> Fact | None:
    was, now = _folded(before.runs_as), _folded(after.runs_as)
    return _replaced(str(was), str(now) if now else fact(Code.NOT_SET)) if was and was != now else None


def _folded(who: Self | None) -> Self | None:
    return replace(who, email=folded(who.email)) if who else None


def _replaced(before: str | int, after: str | int | Fact) -> Fact:
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
    "self": ("runs_as", _self),
}
"""By guard: its attribute, and a function that describes how it was loosened (None if it was not)."""
