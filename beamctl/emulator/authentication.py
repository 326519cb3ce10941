"""Identifies the caller from the request headers: API keys and tokens, in the headers of both eras."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import TYPE_CHECKING

from beamctl.emulator import token
from beamctl.emulator.caller import Person, ServiceAccount
from beamctl.emulator.credential import digest
from beamctl.emulator.errors import unauthorized
from beamctl.emulator.store import api_key, person, secret, service_account

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers

BEARER_HEADERS = ("X-Blaxel-Authorization", "X-Beamlit-Authorization", "Authorization")
"""Headers with `Bearer` and a key or token, the more specific ones first."""

KEY_HEADERS = ("X-Blaxel-Api-Key", "X-Beamlit-Api-Key", "Api-Key")
"""Headers with a bare API key."""

WORKSPACE_HEADERS = ("X-Blaxel-Workspace", "X-Beamlit-Workspace")

_DOTS_IN_A_TOKEN = 2


def authenticate(db: sqlite3.Connection, headers: Headers, moment: datetime) -> Person | ServiceAccount:
    """Return the owner of the credential.

    Raises:
        Refusal: 401: it is missing, unknown or expired.
    """
    credential = _credential(headers)
    caller = api_key.owner(db, digest(credential), moment)
    if caller is None and credential.count(".") == _DOTS_IN_A_TOKEN:
        subject = token.subject(secret.token_secret(db), credential, token.Use.ACCESS, moment)
        caller = by_subject(db, subject) if subject else None
    if caller is None:
        raise unauthorized()
    return caller


def by_subject(db: sqlite3.Connection, subject: str) -> Person | ServiceAccount | None:
    """The person or service account with this subject, if it still exists."""
    return service_account.find(db, subject) or person.by_sub(db, subject)


def _credential(headers: Headers) -> str:
    for name in BEARER_HEADERS:
        scheme, _, value = headers.get(name, "").strip().partition(" ")
        if scheme.lower() == "bearer" and value.strip():
            return value.strip()
    for name in KEY_HEADERS:
        value = headers.get(name, "").strip()
        if value:
            return value
    raise unauthorized()
