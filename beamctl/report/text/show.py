"""Text report of the current state of a workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from beamctl.model.text import printable
from beamctl.plan.listing import Listing
from beamctl.report.style import PLAIN, Style, Tone, table, value
from beamctl.report.wording import words

Sections = Mapping[str, Listing]


def show_text(workspace: str, api: str, sections: Sections, style: Style = PLAIN) -> str:
    """Every section: named items as a table, a single unnamed item as keys and values, and why items may be missing."""
    lines = [style(Tone.STRONG, f"{workspace} · {printable(api)}")]
    for section, shown in sections.items():
        lines += ["", f"  {section}{_how_many(shown)}", *_rows(shown.rows or ())]
        if shown.unread:
            lines.append(style(Tone.CHANGED, f"    ! {printable(words(shown.unread))}"))
    return "\n".join(lines) + "\n"


def _how_many(shown: Listing) -> str:
    if shown.rows is None:
        return " (unknown)"
    seen = " seen" if shown.unread else ""
    one = len(shown.rows) == 1 and not _named(shown.rows[0])
    return "" if one and not seen else f" ({len(shown.rows)}{seen})"


def _rows(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    if len(rows) == 1 and not _named(rows[0]):
        return table([(printable(key), value(data)) for key, data in rows[0].items()], "    ")
    cells = [tuple(map(_cell, row.values())) for row in rows]
    return table([tuple(rows[0]), *cells], "    ") if rows else []


def _named(row: Mapping[str, Any]) -> bool:
    return "name" in row or "email" in row


def _cell(data: Any) -> str:  # noqa: ANN401 - any JSON
    return printable(data) if isinstance(data, str) else value(data)
