"""Validation rules for the specs of policies, integration connections and environments."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from beamctl.emulator import rules

LONGEST_LIST = 200

EMPTY: tuple[object, ...] = ([], {}, "")
"""Clients send these for unset fields; they are treated as absent."""

_LOCATION_TYPES = ("location", "country", "continent")
_FLAVOR_TYPES = ("cpu", "gpu")
_GRANULARITIES = ("month", "day", "hour", "minute")
_TOKEN_COUNTS = ("input", "output", "total", "step", "ratioInputOverOutput")


def one_of(*names: str) -> rules.Rule:
    """The rule: one of these values."""
    return lambda value: "" if isinstance(value, str) and value in names else f"must be one of {', '.join(names)}"


def list_of(item: rules.Rule, what: str) -> rules.Rule:
    """The rule: a list of values that follow another rule."""

    def rule(value: object) -> str:
        fine = isinstance(value, list) and len(value) <= LONGEST_LIST and not any(item(each) for each in value)
        return "" if fine else f"must be a list of {what}, at most {LONGEST_LIST}"

    return rule


def _typed_name(types: Collection[str]) -> rules.Rule:
    """The rule for items of `locations` and `flavors`."""

    def rule(value: object) -> str:
        fine = (
            isinstance(value, dict)
            and set(value) == {"type", "name"}
            and value["type"] in tuple(types)
            and not rules.filled_text(value["name"])
        )
        return "" if fine else "must have the form {type, name}"

    return rule


def _max_tokens(value: object) -> str:
    """A number of tokens per period."""
    if not isinstance(value, dict) or not set(value) <= {"granularity", *_TOKEN_COUNTS}:
        return f"must be an object with granularity, {', '.join(_TOKEN_COUNTS)}"
    if value.get("granularity", "day") not in _GRANULARITIES:
        return f"must have a granularity of {', '.join(_GRANULARITIES)}"
    counts = [value[key] for key in _TOKEN_COUNTS if key in value]
    fine = all(isinstance(count, int) and not isinstance(count, bool) and count >= 0 for count in counts)
    return "" if fine else "must have token counts that are integers, 0 or more"


Fields = Mapping[str, rules.Rule]

POLICY: Fields = {
    "type": one_of("location", "flavor", "maxToken"),
    "resourceTypes": list_of(one_of("model", "function", "agent", "sandbox", "application"), "types of resources"),
    "locations": list_of(_typed_name(_LOCATION_TYPES), "{type, name}, with type location, country or continent"),
    "flavors": list_of(_typed_name(_FLAVOR_TYPES), "{type, name}, with type cpu or gpu"),
    "maxTokens": _max_tokens,
    "sandbox": rules.flag,
}

INTEGRATION_CONNECTION: Fields = {
    "integration": rules.filled_text,
    "config": rules.labels,
    "secret": rules.labels,
    "sandbox": rules.flag,
}

ENVIRONMENT: Fields = {
    "policies": list_of(rules.filled_text, "names of policies"),
}
