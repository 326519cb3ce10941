"""What a kind says of a live workspace in the words of a document. It must not know YAML, nor any kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
