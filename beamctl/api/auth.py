"""Who we are, to the API: the headers of each request, a token that is renewed in time and once for all threads.
It must not know how a request travels, and never writes the official CLI's file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import assert_never

from beamctl.api.base_url import Era
from beamctl.api.clock import Clock
from beamctl.api.config import Connection
from beamctl.api.credential import ApiKeyCredential, ClientCredentials, Credential, LoginTokens, secrets_of
from beamctl.api.errors import CallSite, another_credential, trouble
from beamctl.api.messages import OK, CallResult, Failure, Reply, Request
from beamctl.api.redaction import Redactor
from beamctl.api.response_body import error_text, text_at
from beamctl.api.token import Token, claims, issued, kept, token_request
from beamctl.errors import InterruptedRunError, UnauthenticatedError
from beamctl.model.identity import Identity

BLAXEL_VERSION = "2026-04-28"
"""The version of the API whose answers this client understands; Beamlit has none."""

_REFUSALS = frozenset({400, 401, 403})
"""What a token endpoint says to a credential it does not accept."""

Ask = Callable[[Request], CallResult]
"""Sends a request for a token, again where that may help."""


def headers(era: Era, workspace: str, credential: ApiKeyCredential | Token | None) -> Mapping[str, str]:
    """The headers that say who asks, and about which workspace."""
    name = "Beamlit" if era is Era.BEAMLIT else "Blaxel"
    found = {f"X-{name}-Workspace": workspace}
    if era is Era.BLAXEL:
        found["Blaxel-Version"] = BLAXEL_VERSION
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
    """Proves to the API who we are. Safe to use from several threads."""

    def __init__(self, connection: Connection, workspace: str, ask: Ask, mask: Redactor, clock: Clock) -> None:
        self._connection = connection
        self._workspace = workspace
        self._ask = ask
        self._mask = mask
        self._clock = clock
        self._lock = Lock()
        self._dead: UnauthenticatedError | InterruptedRunError | None = None
        self._token: Token | None = None
        credential = connection.credential
        if credential is not None:
            mask.learn_own(*secrets_of(credential))
        if isinstance(credential, LoginTokens):
            self._token = kept(credential, clock.now(), clock.wall())

    def headers(self) -> Mapping[str, str]:
        """The headers for a request that is made now.

        Raises:
            UnauthenticatedError: No token is given out to this credential (any more).
            ApiError: A token was needed, and could not be asked for.
        """
        credential = self._connection.credential
        if isinstance(credential, ClientCredentials | LoginTokens):
            return self._headers(self._fresh(credential))
        return self._headers(credential)

    def renew(self, rejected: Mapping[str, str]) -> bool:
        """Whether it is worth asking again after a 401 to a request with these headers: with another token it is.

        Raises:
            ApiError: As for `headers`.
        """
        credential = self._connection.credential
        if not isinstance(credential, ClientCredentials | LoginTokens):
            return False
        with self._lock:
            if self._token is not None and self._headers(self._token) == rejected and self._renewable(credential):
                self._token = self._asked(credential)
        return self.headers() != rejected

    def who(self) -> Identity:
        """What the credential tells of its owner, without asking anybody."""
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
                self._token = self._asked(credential)
            return self._token

    def _renewable(self, credential: ClientCredentials | LoginTokens) -> bool:
        return isinstance(credential, ClientCredentials) or bool(self._refresh(credential))

    def _refresh(self, credential: ClientCredentials | LoginTokens) -> str:
        if self._token is not None and self._token.refresh:
            return self._token.refresh
        return credential.refresh if isinstance(credential, LoginTokens) else ""

    def _asked(self, credential: ClientCredentials | LoginTokens) -> Token:
        """Ask for a token. After a refusal or an interrupt, it is not asked for again."""
        if self._dead is not None:
            raise self._dead
        refresh = self._refresh(credential)
        try:
            outcome = self._ask(token_request(credential, refresh, self._connection.era))
        except InterruptedRunError as error:
            self._dead = error  # the threads that wait for the token would each try again
            raise
        if isinstance(outcome, Reply) and outcome.status in _REFUSALS and not outcome.limited:
            self._dead = self._refused(outcome)
            raise self._dead
        if isinstance(outcome, Failure) or outcome.status not in OK:
            raise trouble(outcome, CallSite(self._connection, self._workspace, "POST /oauth/token"), self._mask)
        token = issued(outcome, self._clock.now(), refresh)
        self._mask.learn_own(token.access, token.refresh)
        return token

    def _refused(self, reply: Reply) -> UnauthenticatedError:
        said = self._mask.clean(error_text(reply))
        return UnauthenticatedError(
            f"no token is given out for the credential from {self._connection.credential_from}: {said}",
            f"Set one that is still good, or {another_credential(self._connection, self._workspace)}.",
            status=reply.status,
        )
