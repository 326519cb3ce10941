"""JSON about what is wrong: the problems of documents, and the workspaces that failed.

A module of its own: all reports in JSON have it."""

from __future__ import annotations

from typing import Any

from beamctl.document.problem import Place, Problem
from beamctl.report.data import WorkspaceFailure


def problem_data(problem: Problem) -> dict[str, Any]:
    """A problem of a document."""
    return {**_place(problem.place), "code": problem.code, "message": problem.message, "hint": problem.hint}


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.source, "line": place.line, "column": place.column}


def failure_data(failure: WorkspaceFailure) -> dict[str, Any]:
    """A workspace for which nothing was done because of an error."""
    problems = {"problems": list(map(problem_data, failure.problems))} if failure.problems else {}
    said = {"workspace": failure.workspace, "code": failure.code, "message": failure.message, "hint": failure.hint}
    return said | _place(failure.place) | problems
