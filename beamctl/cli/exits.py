"""Exit codes, and the mapping of errors to exit codes and messages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

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
    """The exit codes. They are the same for every output format."""

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
    """An error as it is reported to people and programs.

    Attributes:
        message: What is wrong, in one sentence.
        hint: What to do about it; may be empty.
        code: The type of error.
        exit_code: The exit code.
    """

    message: str
    hint: str
    code: str
    exit_code: Exit


def error_report(error: BaseException) -> ErrorReport:
    """The report of any exception."""
    match error:
        case BeamctlError():
            return ErrorReport(error.message, error.hint, error.code, _exit_of(error))
        case KeyboardInterrupt():
            return ErrorReport("interrupted", "", InterruptedRunError.code, Exit.INTERRUPTED)
        case _:  # a bug: values may be secret, so only its location is shown
            import traceback
            from pathlib import Path

            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
            return ErrorReport(
                f"beamctl has a bug: {where}", "Please report this line and the command.", "bug", Exit.ERROR
            )


def _exit_of(error: BeamctlError) -> Exit:
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
