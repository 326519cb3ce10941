"""Floors: guards set outside the document. The stricter of floor and document applies."""

from __future__ import annotations

from dataclasses import dataclass

from beamctl.document.document import Guards, Limit

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
