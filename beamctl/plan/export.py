"""The document that describes a live workspace, from the sections that the kinds export."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from beamctl.document.desired import Mode
from beamctl.document.yaml_writer import Comment, Part, Section
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.listing import Exported, Trail

_SKIPPED_FOR = timedelta(days=30)
"""How long an exported document skips people whom no entry could leave unchanged."""

Words = Callable[[Fact], str]


def parts(
    workspace: str, found: Mapping[str, Exported], unseen: Mapping[str, Fact], today: date, words: Words
) -> list[Part]:
    """The parts of a complete document.

    Args:
        workspace: Its name.
        found: By section, its content.
        unseen: By section, why it cannot be read. It is left out of the document, and so not managed.
        today: The date from which people may be skipped.
        words: Makes the text of a fact.
    """
    until = (min(today, date.max - _SKIPPED_FOR) + _SKIPPED_FOR).isoformat()
    skip = {
        email: {"until": until, "reason": words(why)} for each in found.values() for email, why in each.skip.items()
    }
    modes = {section: Mode.ADDITIVE.value for section, each in found.items() if not each.whole}
    sections = _merge_nested(found)
    manage = {**modes, **({"skip": skip} if skip else {})}
    return [
        ("version", 1),
        ("workspace", workspace),
        *_left_out(unseen, words),
        *(Section(section, _lines(each, words)) for section, each in sections.items() if each.entries or each.left_out),
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


def _merge_remarks(outer: Exported, inner: Exported) -> Mapping[Trail, tuple[Fact, ...]]:
    kept = {keys: lines for keys, lines in inner.remarks.items() if keys[0] in outer.entries}
    return {**outer.remarks, **{keys: (*outer.remarks.get(keys, ()), *lines) for keys, lines in kept.items()}}


def _left_out(whys: Mapping[str, Fact], words: Words) -> Iterator[Comment]:
    return (Comment(words(fact(Code.LEFT_OUT, name=name, why=why))) for name, why in whys.items())


def _lines(exported: Exported, words: Words) -> tuple[Part, ...]:
    spread = {keys[:length] for keys in exported.remarks for length in range(1, len(keys))}

    def below(entries: Mapping[str, Any], above: Trail) -> Iterator[Part]:
        for key, value in entries.items():
            keys = (*above, key)
            yield from (Comment(words(each)) for each in exported.remarks.get(keys, ()))
            yield Section(key, tuple(below(value, keys))) if keys in spread else (key, value)

    return (*below(exported.entries, ()), *_left_out(exported.left_out, words))
