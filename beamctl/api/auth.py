"""Authenticates requests with an API key or an OAuth 2.0 token. Tokens are renewed in time, once for all threads."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, assert_never

from beamctl.api.clock import Clock
from beamctl.api.config import Connection, Era
from beamctl.api.credential import (
    ApiKeyCredential,
    ClientCredentials,
    Credential,
    LoginTokens,
    basic,
    secrets_of,
    sendable,
)
from beamctl.api.errors import CallSite, another_credential, api_error
from beamctl.api.messages import OK, CallResult, Failure, Reply, Request
from beamctl.api.response_body import error_text, text_at
from beamctl.errors import GarbledError, InterruptedRunError, UnauthenticatedError
from beamctl.model.api_call import Method
from beamctl.model.identity import Identity
from beamctl.model.secret import ApiRedactor

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


_BLAXEL_VERSION = "2026-04-28"
"""The API version that this client requests; Beamlit has none."""

_REFUSALS = frozenset({400, 401, 403})
"""Statuses of a token endpoint that rejects a credential."""

Ask = Callable[[Request], CallResult]
"""Sends a request for a token, with retries."""


def headers(era: Era, workspace: str, credential: ApiKeyCredential | Token | None) -> Mapping[str, str]:
    """The headers for the credential, workspace and API version."""
    name = "Beamlit" if era is Era.BEAMLIT else "Blaxel"
    found = {f"X-{name}-Workspace": workspace}
    if era is Era.BLAXEL:
        found["Blaxel-Version"] = _BLAXEL_VERSION
    match credential:
        case ApiKeyCredential(key) if era is Era.BEAMLIT:
            found["X-Beamlit-Api-Key"] = key
        case ApiKeyCredential(bearer) | Token(bearer):
            found[f"X-{name}-Authorization"] = f"Bearer {bearer}"
        case None:
            pass
        case _:
            assert_never(credential)
    return found


class Auth:
    """Authenticates requests. Thread-safe."""

    def __init__(self, connection: Connection, workspace: str, ask: Ask, redactor: ApiRedactor, clock: Clock) -> None:
        self._connection = connection
        self._workspace = workspace
        self._ask = ask
        self._redactor = redactor
        self._clock = clock
        self._lock = Lock()
        self._error: UnauthenticatedError | InterruptedRunError | None = None
        self._token: Token | None = None
        credential = connection.credential
        if credential is not None:
            redactor.learn_own(*secrets_of(credential))
        if isinstance(credential, LoginTokens):
            self._token = kept(credential, clock.now(), clock.wall())

    def headers(self) -> Mapping[str, str]:
        """The headers for the next request. May request a token.

        Raises:
            UnauthenticatedError: The API does not issue a token for the credential.
            ApiError: A token was needed and could not be requested.
        """
        credential = self._connection.credential
        if isinstance(credential, ClientCredentials | LoginTokens):
            return self._headers(self._fresh(credential))
        return self._headers(credential)

    def renew(self, rejected: Mapping[str, str]) -> bool:
        """Renew the token after a 401. Returns whether the headers are now different from the rejected ones.

        Raises:
            ApiError: As for `headers`.
        """
        credential = self._connection.credential
        if not isinstance(credential, ClientCredentials | LoginTokens):
            return False
        with self._lock:
            if self._token is not None and self._headers(self._token) == rejected and self._renewable(credential):
                self._token = self._requested(credential)
        return self.headers() != rejected

    def identity(self) -> Identity:
        """The owner of the credential as far as the credential itself says, without a request."""
        credential: Credential | None = self._connection.credential
        bearer = (
            credential.key if isinstance(credential, ApiKeyCredential) else self._token.access if self._token else ""
        )
        found = claims(bearer)
        client_id = credential.id if isinstance(credential, ClientCredentials) else ""
        return Identity(text_at(found, "sub"), text_at(found, "email"), client_id)

    def _headers(self, credential: ApiKeyCredential | Token | None) -> Mapping[str, str]:
        return headers(self._connection.era, self._workspace, credential)

    def _fresh(self, credential: ClientCredentials | LoginTokens) -> Token:
        with self._lock:
            if self._token is None or (self._clock.now() >= self._token.renew_at and self._renewable(credential)):
                self._token = self._requested(credential)
            return self._token

    def _renewable(self, credential: ClientCredentials | LoginTokens) -> bool:
        return isinstance(credential, ClientCredentials) or bool(self._refresh(credential))

    def _refresh(self, credential: ClientCredentials | LoginTokens) -> str:
        if self._token is not None and self._token.refresh:
            return self._token.refresh
        return credential.refresh if isinstance(credential, LoginTokens) else ""

    def _requested(self, credential: ClientCredentials | LoginTokens) -> Token:
        """Request a token. After a rejection or an interrupt, later calls fail without a request."""
        if self._error is not None:
            raise self._error
        refresh = self._refresh(credential)
        try:
            outcome = self._ask(token_request(credential, refresh, self._connection.era))
        except InterruptedRunError as error:
            self._error = error  # otherwise each thread waiting for the token would try again
            raise
        if isinstance(outcome, Reply) and outcome.status in _REFUSALS and not outcome.limited:
            self._error = self._rejection(outcome)
            raise self._error
        if isinstance(outcome, Failure) or outcome.status not in OK:
            raise api_error(outcome, CallSite(self._connection, self._workspace, "POST /oauth/token"), self._redactor)
        token = issued(outcome, self._clock.now(), refresh)
        self._redactor.learn_own(token.access, token.refresh)
        return token

    def _rejection(self, reply: Reply) -> UnauthenticatedError:
        details = self._redactor.clean(error_text(reply))
        return UnauthenticatedError(
            f"the API rejected the credential from {self._connection.credential_from}: {details}",
            f"Set a valid one, or {another_credential(self._connection, self._workspace)}.",
            status=reply.status,
        )
