"""Exit codes, and the one place that maps errors to them and to words. It must not know any command."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from beamctl.errors import (
    ApiError,
    BeamctlError,
    DocumentError,
    ForbiddenError,
    InterruptedRunError,
    RefusedError,
    StalePlanError,
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


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """An error as it is told, to people and to machines.

    Attributes:
        message: One sentence: what is wrong.
        hint: What to do about it; may be empty.
        code: The exit code.
    """

    message: str
    hint: str
    code: Exit


def told(error: BaseException) -> ErrorReport:
    """An error in words, whatever it is."""
    match error:
        case BeamctlError():
            return ErrorReport(error.message, error.hint, exit_of(error))
        case KeyboardInterrupt():
            return ErrorReport("interrupted", "", Exit.INTERRUPTED)
        case _:  # the last net: a bug must not print values, which may be secret
            spot = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{type(error).__name__} at {Path(spot.filename).name}:{spot.lineno}"
            return ErrorReport(f"beamctl has a bug: {where}", "Please report this line and the command.", Exit.ERROR)


def exit_of(error: BeamctlError) -> Exit:
    """The exit code of an error."""
    match error:
        case DocumentError() | UsageError():
            return Exit.WRONG_INPUT
        case UnauthenticatedError() | ForbiddenError():
            return Exit.NOT_ALLOWED
        case RefusedError():
            return Exit.REFUSED
        case StalePlanError():
            return Exit.STALE
        case InterruptedRunError():
            return Exit.INTERRUPTED
        case ApiError() | _:
            return Exit.ERROR
