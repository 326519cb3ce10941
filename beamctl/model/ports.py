"""Protocols for access to the API and to secrets. Reading, writing and deleting a workspace are separate types, so that
a plan cannot write and an apply cannot delete the workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from beamctl.model.api_call import ApiCall, NoResponse, Response
from beamctl.model.secret import ReadSecret, StoreSecret

PAUSES = (0.5, 1.0, 2.0)
"""Seconds between reads when confirming a change: the API may show it with a delay."""

Pause = Callable[[float], bool]
"""Waits that many seconds; False if interrupted because beamctl was asked to stop."""


class Reader(Protocol):
    """Read access to the API of one workspace."""

    def get(self, path: str) -> Any:  # noqa: ANN401 - the shape is checked by the kind that asked
        """The parsed JSON at `path` (relative to the base URL, percent-encoded).

        Raises:
            ApiError: There was no response, an error status, or no JSON.
        """
        ...


class Sender(Protocol):
    """Write access to the API of one workspace. Thread-safe."""

    def send(self, call: ApiCall) -> Response | NoResponse:
        """Make one call and return the result.

        Idempotent calls are retried after transport failures, 429 and 5xx, within limits. A POST is retried only if it
        certainly had no effect (429, or no connection was made); otherwise the result is `NoResponse`.

        Raises:
            UnauthenticatedError: The API rejected the credential; no further call can succeed.
        """
        ...


class SecretStore(Protocol):
    """Stores and reads secrets. Thread-safe."""

    def deliver(self, secret: StoreSecret) -> Response | NoResponse:
        """Store a secret durably. A response means that it is stored; its body says where."""
        ...

    def fetch(self, secret: ReadSecret) -> Response | NoResponse:
        """Read a secret; the body of the response is its text."""
        ...


class ApiRedactor(Protocol):
    """Removes secrets from text about requests, and learns new ones. Thread-safe."""

    def learn_own(self, *secrets: str) -> None:
        """Hide these, which authenticate this process, from now on."""
        ...

    def learn_from(self, body: Any) -> None:  # noqa: ANN401 - any JSON
        """Hide the secrets in the body of a response from now on."""
        ...

    def secrets_in(self, body: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
        """The secrets in a body."""
        ...

    def clean(self, text: str, limit: int = 300, *, also: Iterable[str] = ()) -> str:
        """The text without known secrets and those in `also`, on one line of at most `limit` characters."""
        ...

    def body(self, body: Any) -> str:  # noqa: ANN401 - any JSON
        """A JSON body as short text without secrets."""
        ...


class RecordRedactor(Protocol):
    """Keeps secrets out of the files that beamctl writes."""

    def redact(self, text: str, *, json: bool = False) -> str:
        """The text without known secrets. With `json`, it stays valid JSON."""
        ...

    def require_no_secrets(self, text: str, what: str) -> str:
        """Return a JSON text that must be written unchanged or not at all.

        Raises:
            UsageError: It contains a secret.
        """
        ...


class Deleter(Protocol):
    """Deletes one workspace, and nothing else."""

    def delete_workspace(self) -> Response | NoResponse:
        """Send one request to delete the workspace with everything in it, and return the result.

        The request is never retried, because a new workspace of that name may exist by then. Only if the token expired
        (401) is it sent again, with a new token.

        Raises:
            UnauthenticatedError: The API rejected the credential; nothing was deleted.
        """
        ...
