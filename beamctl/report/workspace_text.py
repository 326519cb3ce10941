"""Text reports of what is in a workspace: for `show`, and before and after `destroy`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any, assert_never

from beamctl.model.text import printable
from beamctl.plan.contents import Deletion, DeletionStatus, Item, Part, Unknown, WorkspaceContents
from beamctl.plan.listing import Listing
from beamctl.report import change_text
from beamctl.report.credential_text import CredentialUse, credential_line
from beamctl.report.style import PLAIN, Style, Tone, table, value
from beamctl.report.wording import words

Sections = Mapping[str, Listing]


def show_text(
    workspace: str, api: str, sections: Sections, style: Style = PLAIN, used: CredentialUse | None = None
) -> str:
    """Every section: named items as a table, a single unnamed item as keys and values, and why items may be missing."""
    lines = [style(Tone.STRONG, f"{workspace} · {printable(api)}")]
    if used and used.credential_from:
        lines.append(f"  {credential_line(used)}")
    for section, shown in sections.items():
        lines += ["", f"  {section}{_how_many(shown)}", *_rows(shown.rows or ())]
        if shown.unread:
            lines.append(style(Tone.CHANGED, f"    ! {printable(words(shown.unread))}"))
    return "\n".join(lines) + "\n"


def _how_many(shown: Listing) -> str:
    if shown.rows is None:
        return " (unknown)"
    if not shown.exists and not shown.unread:
        return ": not listed by the API"
    seen = " seen" if shown.unread else ""
    one = len(shown.rows) == 1 and not _named(shown.rows[0])
    return "" if one and not seen else f" ({len(shown.rows)}{seen})"


def _rows(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    if len(rows) == 1 and not _named(rows[0]):
        return table([(printable(key), value(data)) for key, data in rows[0].items()], "    ")
    columns = [(name, *(_cell(row[name]) for row in rows)) for name in (rows[0] if rows else ())]
    return table(list(zip(*(column for column in columns if any(column[1:])), strict=True)), "    ")


def _named(row: Mapping[str, Any]) -> bool:
    return "name" in row or "email" in row


def _cell(data: Any) -> str:  # noqa: ANN401 - any JSON
    return printable(data) if isinstance(data, str) else value(data)


_MOST_NAMES = 10
"""Names shown per group; also the limit for groups and for counts."""
_LONGEST = 80
"""Characters shown of a name."""


def contents_text(contents: WorkspaceContents, api: str, runs_as: str, style: Style = PLAIN) -> str:
    """The contents of a workspace, one shortened list per kind."""
    lines = [style(Tone.STRONG, change_text.heading(contents.workspace, api, runs_as)), ""]
    display_name = _cut(value(contents.display_name)) if contents.display_name else ""
    created = f"created {_short(contents.created_at)}" if contents.created_at else ""
    lines += [f"  {', '.join(filter(None, (display_name, created)))}", ""] if display_name or created else []
    for part in contents.parts:
        lines += _part(part)
    lines += [f"  resource counts: {_counts(contents.counts)}", ""]
    warning = f"Deleting {contents.workspace} deletes all of this and anything else in it. This cannot be undone."
    lines.append(style(Tone.BAD, warning))
    return "\n".join(lines) + "\n"


def deletion_text(workspace: str, source: str, deletion: Deletion, style: Style = PLAIN) -> str:
    """How the deletion ended, and what to do with the document."""
    where = "" if source == "-" else f" ({printable(source)})"
    return "\n".join(
        [
            style(Tone.STRONG, deletion_summary(workspace, deletion)),
            f"  Remove its document{where}, or the next plan will not find {workspace}.",
            "",
        ]
    )


def deletion_summary(workspace: str, deletion: Deletion) -> str:
    """How the deletion ended, in one sentence."""
    why = printable(words(deletion.why))
    match deletion.status:
        case DeletionStatus.DELETED:
            return f"Deleted {workspace} and everything in it."
        case DeletionStatus.FOUND_GONE:
            return f"{workspace} and everything in it are gone, although the response was lost: {why}."
        case DeletionStatus.GONE_AT_ANSWER:
            return f"{workspace} was already gone when the API responded: {why}."
        case _:
            assert_never(deletion.status)


def _part(part: Part) -> Iterator[str]:
    if isinstance(part.items, Unknown):
        yield f"  {part.section}: unknown — {printable(words(part.items.why))}"
        return
    yield f"  {part.section} ({len(part.items):,}{' seen' if part.unread else ''})"
    groups = [(name, list(items)) for name, items in groupby(part.items, key=_group)]
    shown = [(_label(part, name), _names(items)) for name, items in islice(groups, _MOST_NAMES)]
    yield from table([row if part.grouped_by else row[1:] for row in shown], "    ") if shown else ()
    if hidden := sum(len(items) for _, items in groups[_MOST_NAMES:]):
        yield f"    and {hidden:,} more"
    if part.unread:
        yield f"    ! {printable(words(part.unread))}"


def _group(item: Item) -> tuple[str, ...]:
    return item.group


def _label(part: Part, group: tuple[str, ...]) -> str:
    named = zip(part.grouped_by, group, strict=True)
    return ", ".join(_short(text) or f"no {name} reported" for name, text in named)


def _names(items: Sequence[Item]) -> str:
    names = [_short(item.name or item.key) for item in items[:_MOST_NAMES]]
    return ", ".join(names) + _and_more(len(items))


def _counts(counts: Mapping[str, int] | Unknown) -> str:
    if isinstance(counts, Unknown):
        return f"unknown — {printable(words(counts.why))}"
    shown = [f"{_short(name)} {number:,}" for name, number in sorted(counts.items()) if number]
    return ", ".join(shown[:_MOST_NAMES]) + _and_more(len(shown)) or "nothing"


def _and_more(count: int) -> str:
    return f" and {count - _MOST_NAMES:,} more" if count > _MOST_NAMES else ""


def _short(text: str) -> str:
    return _cut(printable(text))


def _cut(shown: str) -> str:
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
