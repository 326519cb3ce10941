"""How values and errors of the API are worded on pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from markupsafe import Markup

from beamctl.emulator.clock import read_lifetime, read_moment
from beamctl.emulator.errors import ApiError

_INNER_CAPITAL = re.compile(r"(?<=[a-z])[A-Z]")
_SOURCES = {
    "invitation": "Invitation",
    "directory_sync": "Directory sync",
    "domain_capture": "Domain capture",
}

NO_ROLE = "not shown"
"""Shown if the API returns no role, because of a behavior flag or an older API version."""


def standing(user: Mapping[str, Any]) -> str:
    """The standing of a member or invitee."""
    if user["accepted"]:
        return "Accepted"
    return "Invitation expired" if user.get("expired") else "Invitation pending"


def source(user: Mapping[str, Any]) -> str:
    """How a member joined; empty for invitees."""
    return _SOURCES.get(user.get("source", ""), "Local") if user["accepted"] else ""


def full_name(user: Mapping[str, Any]) -> str:
    """Given and family name, or what is known of them."""
    return f"{user.get('given_name', '')} {user.get('family_name', '')}".strip()


def with_code(text: str) -> Markup:
    """Our own text as HTML: what is between backticks is code."""
    parts = text.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(part) if at % 2 else part for at, part in enumerate(parts))


def moment(stamp: str) -> str:
    """An API timestamp as text."""
    read = read_moment(stamp)
    return f"{read.day} {read:%B %Y, %H:%M} UTC" if read else stamp


def day(at: datetime) -> str:
    """A date as text."""
    return f"{at.day} {at:%B %Y}"


def key_end(key: Mapping[str, Any], now: datetime) -> tuple[str, bool]:
    """When an API key ends, and whether it has ended. The API returns only its creation and its lifetime."""
    created = read_moment(key.get("createdAt"))
    lifetime = read_lifetime(key.get("expires_in"), seconds=True)
    if created is None or lifetime is None:
        return "No expiry", False
    end = created + lifetime
    return (f"Ended {day(end)}", True) if end <= now else (f"Until {day(end)}", False)


def counted(counts: Mapping[str, int]) -> list[tuple[int, str]]:
    """Each count above zero, with its noun. The API counts in plurals without spaces."""
    above_zero = [(number, _SPACED.get(name, name)) for name, number in counts.items() if number]
    return [(number, _singular(plural) if number == 1 else plural) for number, plural in above_zero]


_SPACED = {
    "serviceaccounts": "service accounts",
    "integrationconnections": "integration connections",
    "customdomains": "custom domains",
    "volumetemplates": "volume templates",
}


def _singular(plural: str) -> str:
    if plural.endswith("ies"):
        return f"{plural.removesuffix('ies')}y"
    return plural.removesuffix("es") if plural.endswith("xes") else plural.removesuffix("s")


def error_sentence(refused: ApiError) -> str:
    """An API error as a sentence."""
    if refused.text in _PLAINER:
        return _PLAINER[refused.text]
    first, space, rest = refused.text.partition(" ")
    if "@" not in first:  # an address is quoted as typed
        first = _spaced(first.rpartition(".")[2] or first)
    text = f"{first}{space}{rest}"
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _spaced(field: str) -> str:
    """The name of a field as words: `displayName` and `expires_in` are `Display name` and `Expires in`."""
    words = _INNER_CAPITAL.sub(lambda found: f" {found[0].lower()}", field.replace("_", " "))
    return words[:1].upper() + words[1:]


_PLAINER = {
    "Forbidden": "Your role here does not allow that. An admin of the workspace can do it.",
    "Forbidden: no access to this workspace": "You are not in this workspace. An admin of it can invite you.",
    "invalid email format": "Enter an e-mail address, such as kim@example.com.",
    "Invalid role provided": "Choose one of the roles.",
    "Workspace not found": "This workspace does not exist.",
    "Workspace or user not found": "No member or invitee of this workspace has that address.",
    "Workspace or invitation not found": "The invitation is no longer open: it has expired or was revoked.",
    "no billing account is linked": "No billing account is linked to you. Link one first, then create a workspace.",
    "the membership of this workspace is managed by Baseten: change it there": (
        "Baseten manages the members of this workspace and their roles. Change them there."
    ),
    "the workspace must keep an accepted admin": "A workspace must keep an admin. Make someone else an admin first.",
}
"""Plainer wording for messages of the API."""

_TITLES = {
    HTTPStatus.BAD_REQUEST: "Invalid request",
    HTTPStatus.FORBIDDEN: "Not allowed",
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.METHOD_NOT_ALLOWED: "Not found",
    HTTPStatus.CONFLICT: "Conflict",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Request too large",
    HTTPStatus.MISDIRECTED_REQUEST: "Unknown host name",
    HTTPStatus.SERVICE_UNAVAILABLE: "Temporarily unavailable",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong",
}


def error_title(status: int) -> str:
    """The title of an error page."""
    return _TITLES.get(HTTPStatus(status), HTTPStatus(status).phrase)
