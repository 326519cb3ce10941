"""A workspace as it is, for a reader. It must not know a kind by name: a section is rows of plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from beamctl.model.text import printable
from beamctl.report.style import PLAIN, Style, Tone, table, value

Sections = Mapping[str, Sequence[Mapping[str, Any]]]


def show_text(workspace: str, api: str, sections: Sections, style: Style = PLAIN) -> str:
    """Every section: one row as `key: value`, several as a table."""
    lines = [style(Tone.STRONG, f"{workspace} · {printable(api)}")]
    for section, rows in sections.items():
        lines += ["", f"  {section} ({len(rows)})" if len(rows) != 1 else f"  {section}"]
        if len(rows) == 1 and not _flat(rows[0]):
            lines += table([(printable(key), value(data)) for key, data in rows[0].items()], "    ")
        elif rows:
            lines += table(
                [tuple(rows[0]), *(tuple(printable(str(cell)) for cell in row.values()) for row in rows)], "    "
            )
    return "\n".join(lines) + "\n"


def _flat(row: Mapping[str, Any]) -> bool:
    return all(isinstance(cell, str) for cell in row.values())
