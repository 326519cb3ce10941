"""The words of facts. The tables have one template a code, in the format of `str.format`; a format
specification is the name of a function in `_FUNCTIONS`, and its argument."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from beamctl.document.problem import quoted
from beamctl.model.code import Code
from beamctl.model.fact import Fact
from beamctl.model.text import shell_word, some
from beamctl.plan.comparison import UnchangedReason
from beamctl.report.apply_wording import APPLY_TEMPLATES
from beamctl.report.document_wording import DOCUMENT_TEMPLATES
from beamctl.report.plan_wording import PLAN_TEMPLATES

TALLY = {
    UnchangedReason.UNCHANGED: "unchanged",
    UnchangedReason.AS_BEFORE: "already as before",
    UnchangedReason.BUILT_IN: "built in, not changed",
    UnchangedReason.UNKNOWN_ROLE: "in a role that beamctl does not know",
    UnchangedReason.DIRECTORY_SYNC: "managed by directory sync",
    UnchangedReason.DOMAIN_CAPTURE: "managed by domain capture",
    UnchangedReason.OTHER_SOURCE: "managed by another source",
    UnchangedReason.NOT_DECLARED: "not in the document, not managed (additive)",
    UnchangedReason.NOT_INVITED_AGAIN: "not invited again",
    UnchangedReason.KEYS_NOT_MANAGED: "of service accounts without apiKeys, not managed",
    UnchangedReason.OLDER_KEPT: "older, kept until keepOld ends",
    UnchangedReason.SKIPPED: "skipped",
    UnchangedReason.PENDING: "waiting for the invitee",
}
"""The words for objects that are left as they are, to follow their number."""


def words(fact: Fact | None, mark: Callable[[str], str] = str) -> str:
    """The text of a fact; empty if there is none. Not yet safe to show on a terminal: see `model.text.printable`.

    Args:
        fact: The fact.
        mark: Applied to each name, value and message in it.
    """
    return _Words(mark).vformat(templates()[fact.code], (), fact.fields) if fact else ""


@cache
def templates() -> Mapping[Code, str]:
    """All templates."""
    return {**PLAN_TEMPLATES, **APPLY_TEMPLATES, **DOCUMENT_TEMPLATES}


class _Words(string.Formatter):
    """Formats fields."""

    def __init__(self, mark: Callable[[str], str]) -> None:
        self._mark = mark

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401, ARG002
        """A field. One that a file lacks is shown as a question mark."""
        return kwargs.get(str(key), "?")

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - any field
        """A field as text."""
        values = value if isinstance(value, tuple) else (value,)
        name, _, argument = format_spec.partition(" ")
        mark = str if name in _COMPUTES else self._mark
        text = _FUNCTIONS[name]([_field(each, mark) for each in values], argument)
        return self._mark(text) if name in _QUOTES else text


def _field(value: Any, mark: Callable[[str], str]) -> str:  # noqa: ANN401 - any field
    if isinstance(value, Fact):
        return words(value, mark)
    return mark(value) if isinstance(value, str) else str(value)


def _number(parts: Sequence[str]) -> int:
    text = "".join(parts)
    return int(text) if text.isdecimal() and len(text) < _MOST_DIGITS else 0


def _after(parts: Sequence[str], argument: str) -> str:
    prefix, _, default = argument.partition("|")
    return prefix + ", ".join(parts) if any(parts) else default


def _more(parts: Sequence[str], _: str) -> str:
    return f" and {number:,} more" if (number := _number(parts)) else ""


def _spaced(name: str) -> str:
    return re.sub("(?<=[a-z])[A-Z]|[_-]", lambda found: f" {found[0].strip('_-').lower()}", name)


def _duration(minutes: Sequence[str], _: str) -> str:
    number = _number(minutes)
    return f"{number} minutes" if number < _TWO_HOURS else f"{round(number / 60)} hours"


_IT = {
    "key": "it",
    "client-secret": "its client secret",
    "existing-client-secret": "the client secret of the existing account",
}
"""A secret of an object, in a sentence about that object."""
_LOSSES = frozenset({"removed", "demoted", "deleted"})
_TWO_HOURS = 120
_MOST_DIGITS = 10
_FUNCTIONS: Mapping[str, Callable[[Sequence[str], str], str]] = {
    "": lambda parts, _: ", ".join(parts),
    "and": lambda parts, _: " and ".join(parts),
    "list": lambda parts, _: "; ".join(parts),
    "some": lambda parts, _: some(parts),
    "or": lambda parts, default: ", ".join(parts) or default,
    "quoted": lambda parts, _: ", ".join(map(quoted, parts)),
    "spaced": lambda parts, _: _spaced(", ".join(parts)),
    "it": lambda parts, _: ", ".join(_IT.get(each, "it") for each in parts),
    "loss": lambda parts, _: ", ".join(each if each in _LOSSES else "changed" for each in parts),
    "object": lambda parts, _: "key" if list(parts) == ["key"] else "account",
    "after": _after,
    "more": _more,
    "number": lambda parts, _: f"{_number(parts):,}",
    "parenthesized": lambda parts, _: f" ({', '.join(parts)})" if any(parts) else "",
    "plural": lambda parts, forms: forms.split("|")[list(parts) != ["1"]],
    "shell": lambda parts, _: shell_word("".join(parts)),
    "duration": _duration,
}
"""What a format specification does with the texts of a field: the name of a function, a space and its argument."""
_QUOTES = frozenset({"shell", "quoted"})
"""Functions whose result is one name or value."""
_COMPUTES = frozenset({"plural", "duration", "number", "more", "it", "loss", "object"}) | _QUOTES
"""Functions that need the texts of the field as they are."""
