"""The formats of `--report`. A format is a module with a function `report` that returns the text of a `ReportData`.

A module of its own: the list of choices must not import the formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beamctl.report.data import ReportData


@dataclass(frozen=True, slots=True)
class Format:
    """A report format.

    Attributes:
        module: The module in `beamctl.report`.
        description: What it is for.
        to_runner: Whether it goes to the CI runner's own files, and takes no file.
        shows_problems: Whether it also shows the problems of documents, for which there is no plan.
        keeps_open: Whether a platform keeps findings open until a report on the same workspaces lacks them. Problems
            are then shown by `validate` only, because a plan that fails cannot tell its workspaces.
    """

    module: str
    description: str
    to_runner: bool = False
    shows_problems: bool = False
    keeps_open: bool = False

    def report(self, data: ReportData) -> str:
        """The text of a report."""
        text: str = import_module(f"beamctl.report.{self.module}").report(data)
        return text


FORMATS: Mapping[str, Format] = {
    "text": Format("text_report", "as printed in a terminal, without colors"),
    "json": Format("json_report", "as printed with -o json"),
    "markdown": Format("markdown", "for a comment on a pull request"),
    "html": Format("html", "one page that works offline"),
    "github": Format(
        "github", "summary, outputs and annotations of a step in GitHub Actions", to_runner=True, shows_problems=True
    ),
    "gitlab-terraform": Format("gitlab_terraform", "the counts of GitLab's Terraform report, and Terraform's changes"),
    "gitlab-codequality": Format(
        "gitlab_codequality", "findings on lines, for GitLab's Code Quality report", shows_problems=True
    ),
    "sarif": Format(
        "sarif", "findings on lines, for GitHub's code scanning and others", shows_problems=True, keeps_open=True
    ),
    "junit": Format("junit", "one test for each document, guard and declared object", shows_problems=True),
}
