"""What a kind says of a live workspace in the words of a document, and what a whole document is made of. It must not
know YAML, nor any kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from beamctl.document.document import Mode
from beamctl.document.write import Comment, Part, Section

SKIPPED_FOR = timedelta(days=30)
"""How long somebody is left alone whom no entry of an exported document would leave as they are."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One section of a document, as the workspace is now.

    Attributes:
        entries: What stands in the section, by key, in order: plain data.
        remarks: By key, what a reader should know of an entry.
        left_out: What cannot be said in a document, a sentence each.
        whole: Whether all that is there is in the section; else what is not listed must be left as it is.
        skip: By e-mail, why somebody is to be left alone for now, since no entry would leave them as they are.
    """

    entries: Mapping[str, Any] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    whole: bool = True
    skip: Mapping[str, str] = field(default_factory=dict)


def parts(workspace: str, found: Mapping[str, Exported], unseen: Mapping[str, str], today: date) -> list[Part]:
    """A whole document.

    Args:
        workspace: Its name.
        found: By section, what there is.
        unseen: By section, why it cannot be seen: it is no section of the document, and so not managed.
        today: From which day on somebody may be skipped for a while.
    """
    until = (today + SKIPPED_FOR).isoformat()
    skip = {email: {"until": until, "reason": why} for each in found.values() for email, why in each.skip.items()}
    modes = {section: Mode.ADDITIVE.value for section, each in found.items() if not each.whole}
    manage = {**modes, **({"skip": skip} if skip else {})}
    return [
        ("version", 1),
        ("workspace", workspace),
        *(Comment(f"left out: {section} {why}") for section, why in unseen.items()),
        *(Section(section, _lines(each)) for section, each in found.items() if each.entries or each.left_out),
        *([Section("manage", tuple(manage.items()))] if manage else []),
    ]


def _lines(exported: Exported) -> tuple[Comment | tuple[str, Any], ...]:
    entries = [
        line
        for key, value in exported.entries.items()
        for line in ([Comment(exported.remarks[key])] if key in exported.remarks else []) + [(key, value)]
    ]
    return (*entries, *(Comment(f"left out: {why}") for why in exported.left_out))
