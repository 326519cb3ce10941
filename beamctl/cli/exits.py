"""The exit codes, and how errors map to them and to text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from beamctl.errors import (
    BeamctlError,
    DocumentError,
    ForbiddenError,
    InterruptedRunError,
    OwnCredentialError,
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


_WORST_FIRST = (
    Exit.INTERRUPTED,
    Exit.PARTLY,
    Exit.ERROR,
    Exit.NOT_ALLOWED,
    Exit.WRONG_INPUT,
    Exit.STALE,
    Exit.REFUSED,
    Exit.DIFFERS,
    Exit.DONE,
)
"""The exit code of a run over several workspaces is the first of these that any of them has."""


def worst(*exits: Exit) -> Exit:
    """The exit code of a run whose parts have these."""
    return min(exits, key=_WORST_FIRST.index)


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
            return ErrorReport(error.message, error.hint, error.code, exit_of(error.code))
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


_EXITS = {
    DocumentError.code: Exit.WRONG_INPUT,
    UsageError.code: Exit.WRONG_INPUT,
    OwnCredentialError.code: Exit.WRONG_INPUT,
    UnauthenticatedError.code: Exit.NOT_ALLOWED,
    ForbiddenError.code: Exit.NOT_ALLOWED,
    RefusedError.code: Exit.REFUSED,
    StalePlanError.code: Exit.STALE,
    InterruptedRunError.code: Exit.INTERRUPTED,
}
"""The exit code of an error, by its code. All others are `Exit.ERROR`."""


def exit_of(code: str) -> Exit:
    """The exit code of an error, by the code of the error."""
    return _EXITS.get(code, Exit.ERROR)
