"""What a kind says of a live workspace in the words of a document, and what a whole document is made of. It must not
know YAML, nor any kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from beamctl.document.document import Mode
from beamctl.document.yaml_writer import Comment, Part, Section

Trail = tuple[str, ...]
"""Keys, from the section down."""

SKIPPED_FOR = timedelta(days=30)
"""How long somebody is left alone whom no entry of an exported document would leave as they are."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One section of a document, as the workspace is now.

    Attributes:
        entries: What stands in the section, by key, in order: plain data.
        remarks: By the keys from the section down, what a reader should know of what stands there, a line each.
        left_out: What cannot be said in a document, a sentence each.
        whole: Whether all that is there is in the section; else what is not listed must be left as it is.
        skip: By e-mail, why somebody is to be left alone for now, since no entry would leave them as they are.
        within: The section whose entries these belong into, those of the same keys; empty for a section of its own.
    """

    entries: Mapping[str, Any] = field(default_factory=dict)
    remarks: Mapping[Trail, tuple[str, ...]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    whole: bool = True
    skip: Mapping[str, str] = field(default_factory=dict)
    within: str = ""


def parts(workspace: str, found: Mapping[str, Exported], unseen: Mapping[str, str], today: date) -> list[Part]:
    """A whole document.

    Args:
        workspace: Its name.
        found: By section, what there is.
        unseen: By section, why it cannot be seen: it is no section of the document, and so not managed.
        today: From which day on somebody may be skipped for a while.
    """
    until = (min(today, date.max - SKIPPED_FOR) + SKIPPED_FOR).isoformat()
    skip = {email: {"until": until, "reason": why} for each in found.values() for email, why in each.skip.items()}
    modes = {section: Mode.ADDITIVE.value for section, each in found.items() if not each.whole}
    sections = _put_together(found)
    manage = {**modes, **({"skip": skip} if skip else {})}
    return [
        ("version", 1),
        ("workspace", workspace),
        *(Comment(f"left out: {section} {why}") for section, why in unseen.items()),
        *(Section(section, _lines(each)) for section, each in sections.items() if each.entries or each.left_out),
        *([Section("manage", tuple(manage.items()))] if manage else []),
    ]


def _put_together(found: Mapping[str, Exported]) -> Mapping[str, Exported]:
    """The sections of a document, each with what belongs into its entries. What has no entry to go into is not said."""
    sections = {section: each for section, each in found.items() if not each.within}
    for inner in found.values():
        if inner.within in sections:
            outer = sections[inner.within]
            entries = {
                key: {**value, **inner.entries[key]} if key in inner.entries else value
                for key, value in outer.entries.items()
            }
            sections[inner.within] = replace(outer, entries=entries, remarks=_both(outer, inner))
    return sections


def _both(outer: Exported, inner: Exported) -> Mapping[Trail, tuple[str, ...]]:
    told = {keys: lines for keys, lines in inner.remarks.items() if keys[0] in outer.entries}
    return {**outer.remarks, **{keys: (*outer.remarks.get(keys, ()), *lines) for keys, lines in told.items()}}


def _lines(exported: Exported) -> tuple[Part, ...]:
    spread = {keys[:length] for keys in exported.remarks for length in range(1, len(keys))}

    def below(entries: Mapping[str, Any], above: Trail) -> Iterator[Part]:
        for key, value in entries.items():
            keys = (*above, key)
            yield from map(Comment, exported.remarks.get(keys, ()))
            yield Section(key, tuple(below(value, keys))) if keys in spread else (key, value)

    return (*below(exported.entries, ()), *(Comment(f"left out: {why}") for why in exported.left_out))
