"""Tokens: how to request one, how to read one from a response or a login, and when to renew it."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, assert_never

from beamctl.api.config import Era
from beamctl.api.credential import ClientCredentials, LoginTokens, basic, sendable
from beamctl.api.messages import Reply, Request
from beamctl.api.response_body import text_at
from beamctl.errors import GarbledError
from beamctl.model.api_call import Method

_MARGIN = 600.0
"""Seconds before its expiration at which a token is renewed, or half of its lifetime if that is shorter."""


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token.

    Attributes:
        access: The access token.
        renew_at: When to renew it, in the seconds of the clock; infinite if its expiration is unknown.
        refresh: The refresh token of a login; may be empty.
    """

    access: str = field(repr=False)
    renew_at: float = math.inf
    refresh: str = field(default="", repr=False)


def token_request(credential: ClientCredentials | LoginTokens, refresh: str, era: Era) -> Request:
    """The request for a new token. `refresh` is the newest refresh token of a login."""
    match credential:
        case ClientCredentials():
            body = {"grant_type": "client_credentials"}
            headers = {"Authorization": f"Basic {basic(credential)}"}
        case LoginTokens(device_code=device_code):
            optional = {"device_code": device_code} if device_code else {}
            body = {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": era.value, **optional}
            headers = {}
        case _:
            assert_never(credential)
    return Request(Method.POST, "/oauth/token", body, headers, interruptible=True)


def issued(reply: Reply, now: float, refresh: str) -> Token:
    """The token in a response. Without a new refresh token, the current one stays valid.

    Raises:
        GarbledError: There is no token in it.
    """
    access = text_at(reply.body, "access_token")
    if not sendable(access):
        raise GarbledError("the response to the token request contains no token", "Check --api-url.")
    life = reply.body.get("expires_in")
    seconds = _seconds(life) or _seconds(claims(access).get("exp")) - _seconds(claims(access).get("iat"))
    newer = text_at(reply.body, "refresh_token")
    return Token(access, _renewal(now, seconds, seconds) if seconds > 0 else math.inf, newer or refresh)


def kept(login: LoginTokens, now: float, wall: float) -> Token | None:
    """The token of a login; None if it has none."""
    if not login.access:
        return None
    found = claims(login.access)
    end = _seconds(found.get("exp"))
    if not end:
        return Token(login.access, refresh=login.refresh)
    life = end - (_seconds(found.get("iat")) or wall)
    return Token(login.access, _renewal(now, end - wall, life), login.refresh)


def claims(token: str) -> Mapping[str, Any]:
    """The unverified claims of a JWT; empty for any other text."""
    parts = token.split(".")
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        found = json.loads(payload)
    except (IndexError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def expiration(token: str) -> datetime | None:
    """When a JWT expires; None for any other text."""
    try:
        return datetime.fromtimestamp(_seconds(claims(token)["exp"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def _renewal(now: float, left: float, life: float) -> float:
    return now + left - min(_MARGIN, max(0.0, life) / 2)


def _seconds(value: object) -> float:
    """A number of seconds, which may be a string; 0 if it is invalid."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0.0
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return 0.0
    return seconds if math.isfinite(seconds) else 0.0
