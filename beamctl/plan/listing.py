"""What a kind shows of the live state: its rows, or why they cannot be read, and its section of an export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from beamctl.document.document import Mode
from beamctl.document.yaml_writer import Comment, Part, Section
from beamctl.errors import ApiError, ForbiddenError
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact

Trail = tuple[str, ...]
"""Keys, starting below the section."""

_SKIPPED_FOR = timedelta(days=30)
"""How long an exported document skips people whom no entry could leave unchanged."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One section of the live workspace, as plain data.

    Attributes:
        rows: One plain row each; None if nothing is known.
        unread: What could not be read, and why, to follow the section's name; None if the rows are complete.
        exists: Whether the API has such a listing at all. If not, there are no rows.
    """

    rows: Sequence[Mapping[str, Any]] | None
    unread: Fact | None = None
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A kind that the API does not show."""

    error: ApiError

    @property
    def why(self) -> Fact:
        """Why, to follow the section's name."""
        if isinstance(self.error, ForbiddenError):
            return fact(Code.NOT_READABLE_WITH_CREDENTIAL, detail=self.error.message)
        return fact(Code.CANNOT_BE_READ, detail=self.error.message)


@dataclass(frozen=True, slots=True)
class Exported:
    """One section of a document that describes the live workspace.

    Attributes:
        entries: The section's content by key, in order, as plain data.
        remarks: Comment lines by key path below the section.
        left_out: What a document cannot express: by name, why, to follow the name.
        whole: Whether the section lists everything; otherwise the section is additive.
        skip: By e-mail, why a person is skipped for now because no entry would leave them unchanged.
        within: The section that these entries are merged into, by key; empty for a separate section.
    """

    entries: Mapping[str, Any] = field(default_factory=dict)
    remarks: Mapping[Trail, tuple[str, ...]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    whole: bool = True
    skip: Mapping[str, str] = field(default_factory=dict)
    within: str = ""


def parts(workspace: str, found: Mapping[str, Exported], unseen: Mapping[str, str], today: date) -> list[Part]:
    """The parts of a complete document.

    Args:
        workspace: Its name.
        found: By section, its content.
        unseen: By section, why it cannot be read. It is left out of the document, and so not managed.
        today: The date from which people may be skipped.
    """
    until = (min(today, date.max - _SKIPPED_FOR) + _SKIPPED_FOR).isoformat()
    skip = {email: {"until": until, "reason": why} for each in found.values() for email, why in each.skip.items()}
    modes = {section: Mode.ADDITIVE.value for section, each in found.items() if not each.whole}
    sections = _merge_nested(found)
    manage = {**modes, **({"skip": skip} if skip else {})}
    return [
        ("version", 1),
        ("workspace", workspace),
        *(Comment(f"left out: {section} {why}") for section, why in unseen.items()),
        *(Section(section, _lines(each)) for section, each in sections.items() if each.entries or each.left_out),
        *([Section("manage", tuple(manage.items()))] if manage else []),
    ]


def _merge_nested(found: Mapping[str, Exported]) -> Mapping[str, Exported]:
    """The sections, with nested ones merged into their entries. What has no entry to go into is dropped."""
    sections = {section: each for section, each in found.items() if not each.within}
    for inner in found.values():
        if inner.within in sections:
            outer = sections[inner.within]
            entries = {
                key: {**value, **inner.entries[key]} if key in inner.entries else value
                for key, value in outer.entries.items()
            }
            sections[inner.within] = replace(outer, entries=entries, remarks=_merge_remarks(outer, inner))
    return sections


def _merge_remarks(outer: Exported, inner: Exported) -> Mapping[Trail, tuple[str, ...]]:
    kept = {keys: lines for keys, lines in inner.remarks.items() if keys[0] in outer.entries}
    return {**outer.remarks, **{keys: (*outer.remarks.get(keys, ()), *lines) for keys, lines in kept.items()}}


def _lines(exported: Exported) -> tuple[Part, ...]:
    spread = {keys[:length] for keys in exported.remarks for length in range(1, len(keys))}

    def below(entries: Mapping[str, Any], above: Trail) -> Iterator[Part]:
        for key, value in entries.items():
            keys = (*above, key)
            yield from map(Comment, exported.remarks.get(keys, ()))
            yield Section(key, tuple(below(value, keys))) if keys in spread else (key, value)

    return (
        *below(exported.entries, ()),
        *(Comment(f"left out: {name} {why}") for name, why in exported.left_out.items()),
    )
