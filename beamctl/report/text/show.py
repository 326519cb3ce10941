"""A workspace as it is, for a reader. It must not know a kind by name: a section is rows of plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from beamctl.model.text import printable
from beamctl.report.style import PLAIN, Style, Tone, table, value

Sections = Mapping[str, Sequence[Mapping[str, Any]]]


def show_text(workspace: str, api: str, sections: Sections, style: Style = PLAIN) -> str:
    """Every section: a table of what has names; what is one of its sort as `key: value`."""
    lines = [style(Tone.STRONG, f"{workspace} · {printable(api)}")]
    for section, rows in sections.items():
        lines += ["", f"  {section} ({len(rows)})" if len(rows) != 1 else f"  {section}"]
        if len(rows) == 1 and not _named(rows[0]):
            lines += table([(printable(key), value(data)) for key, data in rows[0].items()], "    ")
        elif rows:
            lines += table([tuple(rows[0]), *(tuple(map(_cell, row.values())) for row in rows)], "    ")
    return "\n".join(lines) + "\n"


def _named(row: Mapping[str, Any]) -> bool:
    return "name" in row or "email" in row


def _cell(data: Any) -> str:  # noqa: ANN401 - any JSON
    return printable(data) if isinstance(data, str) else value(data)
