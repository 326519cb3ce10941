"""The exception tree of beamctl. `beamctl.cli.output` maps it to exit codes and text.

A module of its own: every other package imports it.

BeamctlError
├── DocumentError            the documents are invalid; carries every problem
├── UsageError               the command line or a setting is invalid
│   └── OwnCredentialError   the credential that only one workspace uses is invalid
├── RefusedError             a hazard was not allowed, or no one could confirm
├── StalePlanError           the workspace changed since the plan was made
├── ApiError                 the API could not be reached, or returned an error
│   ├── UnreachableError     no response: DNS, connection, TLS, proxy, timeout
│   ├── UnauthenticatedError 401, or no credential
│   ├── ForbiddenError       403
│   ├── MissingError         404: no such workspace, no such path
│   └── GarbledError         unexpected response (HTML, truncated JSON, wrong structure)
├── RecordError              the run record cannot be written
├── UnwritableError          standard output cannot be written
├── MissingShardError        not all shards of a run have a report
└── InterruptedRunError      Ctrl-C or SIGTERM
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class BeamctlError(Exception):
    """An expected error, with a message for the user.

    Attributes:
        message: What is wrong and where, in one sentence.
        hint: What to do about it; may be empty.
        code: Names the type of error. It is part of the JSON formats: do not change it.
    """

    code = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class DocumentError(BeamctlError):
    """The documents are invalid.

    Attributes:
        problems: All problems of all files (`beamctl.document.problem.Problem`).
        compared: Whether a workspace was read to find them.
    """

    code = "invalid-document"

    def __init__(self, problems: Sequence[Any], *, compared: bool = False) -> None:
        super().__init__(f"{len(problems)} problem(s) in the documents")
        self.problems = tuple(problems)
        self.compared = compared


class UsageError(BeamctlError):
    """The command line, an environment variable or a configuration file is invalid."""

    code = "invalid-usage"


class OwnCredentialError(UsageError):
    """The credential that only one workspace uses is invalid. Other workspaces are not affected."""

    code = "invalid-credential"


class RefusedError(BeamctlError):
    """beamctl refused: a hazard was not allowed, or no one could confirm."""

    code = "refused"


class StalePlanError(BeamctlError):
    """The workspace changed since the plan was made."""

    code = "stale-plan"


class ApiError(BeamctlError):
    """The API could not be reached, or returned an error.

    Attributes:
        status: The HTTP status, or None if there was no response.
    """

    code = "api-error"

    def __init__(self, message: str, hint: str = "", *, status: int | None = None) -> None:
        super().__init__(message, hint)
        self.status = status


class UnreachableError(ApiError):
    """There was no response: name resolution, connection, TLS, proxy or timeout."""

    code = "unreachable"


class UnauthenticatedError(ApiError):
    """The API rejected the credential, or there is none."""

    code = "unauthenticated"


class ForbiddenError(ApiError):
    """The credential is valid but lacks permission."""

    code = "forbidden"


class MissingError(ApiError):
    """The workspace or path does not exist."""

    code = "not-found"


class GarbledError(ApiError):
    """Unexpected response: HTML, truncated JSON, wrong structure."""

    code = "unexpected-response"


class RecordError(BeamctlError):
    """The run record cannot be written, so no further changes may be made."""

    code = "record-not-written"


class UnwritableError(BeamctlError):
    """Standard output cannot be written, for example because the disk is full."""

    code = "output-not-written"


class MissingShardError(BeamctlError):
    """Not all shards of a run have a report, so nothing can be said about all workspaces."""

    code = "missing-shard"


class InterruptedRunError(BeamctlError):
    """The user or the system asked beamctl to stop."""

    code = "interrupted"
