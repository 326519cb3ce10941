"""Keeps the error of one workspace from affecting the others of a run.

A module of its own: plan, drift and apply share it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from beamctl.document.desired import Desired
from beamctl.document.problem import Place
from beamctl.errors import ApiError, BeamctlError, DocumentError, OwnCredentialError, StalePlanError

if TYPE_CHECKING:
    from beamctl.report.data import WorkspaceFailure

Item = TypeVar("Item")
T = TypeVar("T")

ISOLATED = (ApiError, DocumentError, OwnCredentialError, StalePlanError)
"""Errors that are about one workspace. All others end the run."""


def failure(workspace: str, place: Place, error: BeamctlError) -> WorkspaceFailure:
    """An error as the result for one workspace."""
    from beamctl.report.data import WorkspaceFailure

    problems = tuple(error.problems) if isinstance(error, DocumentError) else ()
    return WorkspaceFailure(workspace, place, error.code, error.message, error.hint, problems)


def failure_of(desired: Desired, error: BeamctlError) -> WorkspaceFailure:
    """The same for the workspace of a document."""
    return failure(desired.workspace, desired.document.place("workspace"), error)


def separated(
    items: Iterable[Item], results: Iterable[T | BeamctlError]
) -> tuple[list[tuple[Item, T]], list[tuple[Item, BeamctlError]]]:
    """The items with their results, and those with an error instead. Both keep the order."""
    done: list[tuple[Item, T]] = []
    errors: list[tuple[Item, BeamctlError]] = []
    for item, result in zip(items, results, strict=True):
        if isinstance(result, BeamctlError):
            errors.append((item, result))
        else:
            done.append((item, result))
    return done, errors


def ordered(failures: Iterable[WorkspaceFailure], order: Iterable[str]) -> tuple[WorkspaceFailure, ...]:
    """The failures in the order of the documents."""
    from beamctl.report.data import in_order

    found = {each.workspace: each for each in failures}
    return tuple(found[name] for name in in_order(found, order))


def raise_if_alone(errors: Iterable[BeamctlError], workspaces: int) -> None:
    """In a run over a single workspace, an error is the result of the run.

    Raises:
        BeamctlError: The error of the only workspace.
    """
    for error in errors:
        if workspaces == 1:
            raise error
