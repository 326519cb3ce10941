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
    """

    module: str
    description: str

    def report(self, data: ReportData) -> str:
        """The text of a report."""
        text: str = import_module(f"beamctl.report.{self.module}").report(data)
        return text


FORMATS: Mapping[str, Format] = {
    "text": Format("text_report", "as printed in a terminal, without colors"),
    "json": Format("json_report", "as printed with -o json"),
}
