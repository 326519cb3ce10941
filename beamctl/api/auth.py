"""Authenticates requests with an API key or an OAuth 2.0 token. Tokens are renewed in time, once for all threads and
workspaces of a run that use the same credential."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import assert_never

from beamctl.api.clock import Clock
from beamctl.api.config import Connection, Era
from beamctl.api.credential import ApiKeyCredential, ClientCredentials, LoginTokens, secrets_of
from beamctl.api.credential_hints import another_credential, not_used
from beamctl.api.errors import CallSite, api_error
from beamctl.api.messages import OK, CallResult, Failure, Reply, Request
from beamctl.api.response_body import error_text, text_at
from beamctl.api.token import Token, claims, issued, kept, token_request
from beamctl.errors import InterruptedRunError, UnauthenticatedError
from beamctl.model.identity import Identity
from beamctl.model.secret import ApiRedactor

_BLAXEL_VERSION = "2026-04-28"
"""The API version that this client requests; Beamlit has none."""

_VAIN = 60.0
"""Seconds after the renewal of a rejected token in which no other is requested: the workspaces that reject the new one
would reject the next one too."""

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


class TokenSource:
    """The token of one credential, for all workspaces that use it. Thread-safe.

    Tokens are not bound to a workspace: the request for one does not name any.
    """

    def __init__(self, connection: Connection, ask: Ask, redactor: ApiRedactor, clock: Clock) -> None:
        self._era = connection.era
        self._credential = credential = connection.credential
        self._ask = ask
        self._redactor = redactor
        self._clock = clock
        self._lock = Lock()
        self._interrupted = False
        self._rejection: Reply | None = None
        self._token: Token | None = None
        self._replaced_at: float | None = None
        if credential is not None:
            redactor.learn_own(*secrets_of(credential))
        if isinstance(credential, LoginTokens):
            self._token = kept(credential, clock.now(), clock.wall())

    def current(self, place: CallSite) -> ApiKeyCredential | Token | None:
        """What the next request is authenticated with. May request a token, for the workspace of `place`.

        Raises:
            UnauthenticatedError: The API does not issue a token for the credential.
            ApiError: A token was needed and could not be requested.
        """
        credential = self._credential
        if not isinstance(credential, ClientCredentials | LoginTokens):
            return credential
        with self._lock:
            if self._token is None or (self._clock.now() >= self._token.renew_at and self._renewable(credential)):
                self._token = self._requested(credential, place)
            return self._token

    def renew(self, rejected: Callable[[Token], bool], place: CallSite) -> None:
        """Renew the token if it is the rejected one, and was not itself the replacement of a rejected one just now.

        Raises:
            ApiError: As for `current`.
        """
        credential = self._credential
        if not isinstance(credential, ClientCredentials | LoginTokens):
            return
        with self._lock:
            now = self._clock.now()
            in_vain = self._replaced_at is not None and now < self._replaced_at + _VAIN
            if self._token is not None and rejected(self._token) and self._renewable(credential) and not in_vain:
                self._token = self._requested(credential, place)
                self._replaced_at = now

    def identity(self) -> Identity:
        """The owner of the credential as far as the credential itself says, without a request."""
        credential, token = self._credential, self._token
        bearer = credential.key if isinstance(credential, ApiKeyCredential) else token.access if token else ""
        found = claims(bearer)
        client_id = credential.id if isinstance(credential, ClientCredentials) else ""
        return Identity(text_at(found, "sub"), text_at(found, "email"), client_id)

    def _renewable(self, credential: ClientCredentials | LoginTokens) -> bool:
        return isinstance(credential, ClientCredentials) or bool(self._refresh(credential))

    def _refresh(self, credential: ClientCredentials | LoginTokens) -> str:
        if self._token is not None and self._token.refresh:
            return self._token.refresh
        return credential.refresh if isinstance(credential, LoginTokens) else ""

    def _requested(self, credential: ClientCredentials | LoginTokens, place: CallSite) -> Token:
        """Request a token. After a rejection or an interrupt, later calls fail without a request."""
        if self._interrupted:
            raise InterruptedRunError("interrupted while waiting for a token")
        if self._rejection is not None:
            raise self._rejected(self._rejection, place)
        refresh = self._refresh(credential)
        try:
            outcome = self._ask(token_request(credential, refresh, self._era))
        except InterruptedRunError:
            self._interrupted = True  # otherwise each thread waiting for the token would try again
            raise
        if isinstance(outcome, Reply) and outcome.status in _REFUSALS and not outcome.limited:
            self._rejection = outcome
            raise self._rejected(outcome, place)
        if isinstance(outcome, Failure) or outcome.status not in OK:
            raise api_error(outcome, place, self._redactor)
        token = issued(outcome, self._clock.now(), refresh)
        self._redactor.learn_own(token.access, token.refresh)
        return token

    def _rejected(self, reply: Reply, place: CallSite) -> UnauthenticatedError:
        details = self._redactor.clean(error_text(reply))
        return UnauthenticatedError(
            f"the API rejected the credential from {place.connection.credential_from}: {details}",
            f"{not_used(place.connection)} Set a valid one, or "
            f"{another_credential(place.connection, place.workspace)}.".lstrip(),
            status=reply.status,
        )


class Auth:
    """Authenticates the requests of one workspace. Thread-safe."""

    def __init__(self, connection: Connection, workspace: str, source: TokenSource) -> None:
        self._place = CallSite(connection, workspace, "POST /oauth/token")
        self._source = source

    def headers(self) -> Mapping[str, str]:
        """The headers for the next request. May request a token.

        Raises:
            UnauthenticatedError: The API does not issue a token for the credential.
            ApiError: A token was needed and could not be requested.
        """
        return self._headers(self._source.current(self._place))

    def renew(self, rejected: Mapping[str, str]) -> bool:
        """Renew the token after a 401. Returns whether the headers are now different from the rejected ones.

        Raises:
            ApiError: As for `headers`.
        """
        self._source.renew(lambda token: self._headers(token) == rejected, self._place)
        return self.headers() != rejected

    def identity(self) -> Identity:
        """The owner of the credential as far as the credential itself says, without a request."""
        return self._source.identity()

    def _headers(self, credential: ApiKeyCredential | Token | None) -> Mapping[str, str]:
        return headers(self._place.connection.era, self._place.workspace, credential)
