"""Secrets as the API lists them (names and times, never values), and the time that a document declares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from beamctl.document.document import Document
from beamctl.document.problem import Problem, ProblemCode, quoted
from beamctl.errors import GarbledError
from beamctl.kinds.operations import LATER, is_valid_name
from beamctl.kinds.secret_source import source_problems
from beamctl.model.api_call import moment

KIND, SECTION, PATH = "secret", "secrets", "/secrets"
VALUE, UPDATED_AFTER, UPDATED_AT = "value", "updatedAfter", "updatedAt"
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class WorkspaceSecret:
    """One live secret.

    Attributes:
        created_at: As shown; empty if the API does not show it.
        updated_at: When its value was last set, as shown; empty if the API does not show it.
    """

    name: str
    created_at: str = ""
    updated_at: str = ""

    @property
    def updated(self) -> datetime | None:
        """When its value was last set; None if the API does not show it."""
        return moment(self.updated_at)

    @property
    def data(self) -> dict[str, str]:
        """What a change depends on, as plain data."""
        return {UPDATED_AT: self.updated_at} if self.updated_at else {}


WorkspaceSecrets = Mapping[str, WorkspaceSecret] | None
"""All secrets by name; None if the API has no secrets."""


def workspace_secrets(payload: Any) -> Mapping[str, WorkspaceSecret]:  # noqa: ANN401 - validated here
    """Parse the listing.

    Raises:
        GarbledError: It is not a list, or has an invalid or duplicate entry.
    """
    if not isinstance(payload, list):
        raise GarbledError("the API's list of secrets is not a list", LATER)
    found: dict[str, WorkspaceSecret] = {}
    for entry in payload:
        one = _parsed(entry)
        if one.name in found:
            raise GarbledError(f"the API shows the secret {quoted(one.name)} twice", LATER)
        found[one.name] = one
    return found


def _parsed(payload: Any) -> WorkspaceSecret:  # noqa: ANN401 - validated here
    """Parse one secret. Anything but its name and its times is ignored.

    Raises:
        GarbledError: It has no name.
    """
    name = payload.get("name") if isinstance(payload, dict) else None
    if not is_valid_name(name):
        raise GarbledError("the API shows a secret without a valid name", LATER)
    times = (payload.get(field) for field in ("createdAt", UPDATED_AT))
    return WorkspaceSecret(name, *(text if isinstance(text, str) and moment(text) else "" for text in times))


def declared_time(text: str) -> datetime | None:
    """A day or a time in UTC as a document writes it; None if there is no such time."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if _TIME.fullmatch(text) else None
    except ValueError:
        return None


def is_recent(secret: WorkspaceSecret, updated_after: str) -> bool:
    """Whether its value was set at that time or later. If the API does not show when, it counts as recent."""
    asked, there = declared_time(updated_after), secret.updated
    return asked is None or there is None or there >= asked


def problems(document: Document) -> Iterator[Problem]:
    """What the schema cannot detect in the section."""
    section = document.data.get(SECTION) if isinstance(document.data, dict) else None
    for name, entry in section.items() if isinstance(section, dict) else ():
        if not isinstance(entry, dict):
            continue
        yield from source_problems(document, (SECTION, name, VALUE), entry.get(VALUE))
        text = entry.get(UPDATED_AFTER)
        if isinstance(text, str) and _TIME.fullmatch(text) and declared_time(text) is None:
            yield Problem(
                document.place(SECTION, name, UPDATED_AFTER),
                ProblemCode.INVALID_DATE,
                f"{quoted(text)} is not a valid time",
                "there is no such day or time: check the year, month, day and time",
            )
