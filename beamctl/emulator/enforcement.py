"""What policies allow a deployment: where and on what it may run, and how many tokens it may use.

Documented: policies of one type add up, policies of different types all apply, and a type without policies allows
everything. The request that exceeds a limit is still answered. The rest is a guess, see the README.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from beamctl.emulator.store.token_usage import TokenUsage

Option = tuple[str, str]
"""A type and a name, in lower case, such as (`country`, `us`)."""

PLATFORM_FLAVORS: tuple[Option, ...] = (("cpu", "x86"), ("gpu", "t4"))
"""The flavors that the documentation lists."""

PERIODS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "month": timedelta(days=30),
}
_LONGEST = timedelta(days=36_500)
"""A longer time could begin before the first year that Python supports."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that is attached to a deployment."""

    name: str
    spec: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A location in which a deployment may run; empty if not known."""

    name: str
    country: str
    continent: str

    @property
    def options(self) -> set[Option]:
        """What a location policy may call it."""
        named = (("location", self.name), ("country", self.country), ("continent", self.continent))
        return {(kind, name.casefold()) for kind, name in named if name}


def excluding_location(policies: Sequence[Policy], places: Iterable[Place]) -> tuple[str, ...]:
    """The location policies, if together they allow none of the places."""
    return _excluding(policies, "location", "locations", [place.options for place in places])


def excluding_flavor(policies: Sequence[Policy], flavors: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    """The flavor policies, if together they allow none of the flavors. Without flavors, any of the platform will do."""
    named = [{(each["type"], each["name"].casefold())} for each in flavors]
    return _excluding(policies, "flavor", "flavors", named or [{flavor} for flavor in PLATFORM_FLAVORS])


def exhausted(policies: Sequence[Policy], used: Callable[[timedelta], TokenUsage]) -> tuple[str, ...]:
    """The token policies, if the limits of each are reached. `used` returns the usage of the latest period."""
    limiting = [each for each in policies if each.spec.get("type") == "maxToken" and each.spec.get("maxTokens")]
    if not limiting or not all(_is_reached(each.spec["maxTokens"], used) for each in limiting):
        return ()
    return tuple(each.name for each in limiting)


def _excluding(policies: Sequence[Policy], kind: str, field: str, ways: list[set[Option]]) -> tuple[str, ...]:
    of_kind = [each for each in policies if each.spec.get("type") == kind and each.spec.get(field)]
    allowed = {(each["type"], each["name"].casefold()) for policy in of_kind for each in policy.spec[field]}
    if not of_kind or any(allowed & way for way in ways):
        return ()
    return tuple(each.name for each in of_kind)


def _is_reached(limits: Mapping[str, Any], used: Callable[[timedelta], TokenUsage]) -> bool:
    """Whether a limit is reached. Documented: a limit of 0 is not evaluated."""
    period = PERIODS[limits.get("granularity", "day")]
    usage = used(period * min(max(limits.get("step", 1), 1), _LONGEST // period))
    counted = {"input": usage.input, "output": usage.output, "total": usage.total}
    return any(limits.get(key, 0) and counted[key] >= limits[key] for key in counted)
