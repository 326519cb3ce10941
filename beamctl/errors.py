"""Everything beamctl raises on purpose, drawn as one tree. It knows no exit codes and no words for the user:
`beamctl.cli.exits` maps each of these to both.

BeamctlError
├── DocumentError            the documents are wrong: carries every problem
├── UsageError               the command line or a setting is wrong
├── RefusedError             a hazard that was not allowed, or nobody to say yes
├── StalePlanError           the workspace is no longer what the plan was made from
├── ApiError                 the API could not be asked, or answered something else
│   ├── UnreachableError     no answer: DNS, connection, TLS, proxy, time-out
│   ├── UnauthenticatedError 401, or no credential at all
│   ├── ForbiddenError       403
│   ├── MissingError         404: no such workspace, no such path
│   └── GarbledError         an answer that is not what the API promises (HTML, cut-off JSON, wrong shape)
├── RecordError              the record of a run cannot be written (any more)
└── InterruptedRunError      Ctrl-C or SIGTERM
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class BeamctlError(Exception):
    """Something beamctl says on purpose.

    Attributes:
        message: One sentence: what is wrong, and where.
        hint: What to do about it; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class DocumentError(BeamctlError):
    """The documents are wrong.

    Attributes:
        problems: All problems of all files (`beamctl.document.problem.Problem`).
        compared: Whether they show only beside what a workspace has, which was read for that.
    """

    def __init__(self, problems: Sequence[Any], *, compared: bool = False) -> None:
        super().__init__(f"{len(problems)} problem(s) in the documents")
        self.problems = tuple(problems)
        self.compared = compared


class UsageError(BeamctlError):
    """The command line, an environment variable or a configuration file is wrong."""


class RefusedError(BeamctlError):
    """beamctl could, but will not: a hazard that was not allowed, or no one to say yes."""


class StalePlanError(BeamctlError):
    """The workspace is no longer what the plan was made from."""


class ApiError(BeamctlError):
    """The API could not be asked, or refused.

    Attributes:
        status: The HTTP status, or None where there was no answer.
    """

    def __init__(self, message: str, hint: str = "", *, status: int | None = None) -> None:
        super().__init__(message, hint)
        self.status = status


class UnreachableError(ApiError):
    """There was no answer: name resolution, connection, TLS, proxy or time-out."""


class UnauthenticatedError(ApiError):
    """The API does not know the credential, or there is none."""


class ForbiddenError(ApiError):
    """The credential is known but may not do this."""


class MissingError(ApiError):
    """There is no such workspace or path."""


class GarbledError(ApiError):
    """The answer is not what the API promises: HTML, cut-off JSON, another shape."""


class RecordError(BeamctlError):
    """The record of a run cannot be written, so nothing further may be done that nobody could look back on."""


class InterruptedRunError(BeamctlError):
    """The user or the system asked beamctl to stop."""
