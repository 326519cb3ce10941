"""Exit codes, and the one place that maps errors to them. It must not know any command."""

from __future__ import annotations

from enum import IntEnum

from beamctl.errors import (
    ApiError,
    BeamctlError,
    DocumentError,
    ForbiddenError,
    InterruptedRunError,
    RefusedError,
    UnauthenticatedError,
    UsageError,
)


class Exit(IntEnum):
    """What beamctl tells its caller. The code is the same whatever the output format."""

    DONE = 0
    ERROR = 1
    DIFFERS = 2
    WRONG_INPUT = 3
    NOT_ALLOWED = 4
    REFUSED = 5
    STALE = 6
    PARTLY = 7
    INTERRUPTED = 130


def exit_of(error: BeamctlError) -> Exit:
    """The exit code of an error."""
    match error:
        case DocumentError() | UsageError():
            return Exit.WRONG_INPUT
        case UnauthenticatedError() | ForbiddenError():
            return Exit.NOT_ALLOWED
        case RefusedError():
            return Exit.REFUSED
        case InterruptedRunError():
            return Exit.INTERRUPTED
        case ApiError() | _:
            return Exit.ERROR
