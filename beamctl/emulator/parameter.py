"""The query parameters of routes, as described in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    Attributes:
        name: Its name in the query.
        meaning: What it does, and how that is known.
        schema: The JSON Schema of its value.
    """

    name: str
    meaning: str
    schema: Mapping[str, object]


COUNT_RESOURCES = Parameter(
    "countResources", "Documented: also return the number of objects in it.", {"type": "boolean", "default": False}
)
WITH_REASON = Parameter("withReason", "Documented: also return the reason.", {"type": "boolean", "default": False})
EXTERNAL_ID = Parameter(
    "externalId", "Client code: only objects with this external ID; empty for all.", {"type": "string"}
)
