"""The words of facts. The tables have one template a code, in the format of `str.format`; `_Words` has its own format
specifications."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from beamctl.model.code import Code
from beamctl.model.fact import Fact
from beamctl.model.text import shell_word, some
from beamctl.plan.comparison import UnchangedReason
from beamctl.report.apply_wording import APPLY_TEMPLATES
from beamctl.report.plan_wording import PLAN_TEMPLATES

TALLY = {
    UnchangedReason.UNCHANGED: "unchanged",
    UnchangedReason.AS_BEFORE: "already as before",
    UnchangedReason.BUILT_IN: "built in, left",
    UnchangedReason.UNKNOWN_ROLE: "left in a role beamctl does not know",
    UnchangedReason.DIRECTORY_SYNC: "left to directory sync",
    UnchangedReason.DOMAIN_CAPTURE: "left to domain capture",
    UnchangedReason.OTHER_SOURCE: "left to another source",
    UnchangedReason.NOT_DECLARED: "not in the document, left (additive)",
    UnchangedReason.NOT_INVITED_AGAIN: "not invited again",
    UnchangedReason.KEYS_NOT_MANAGED: "of service accounts without apiKeys, left",
    UnchangedReason.OLDER_KEPT: "older, kept until keepOld is over",
    UnchangedReason.SKIPPED: "skipped",
    UnchangedReason.PENDING: "waiting for the invitee",
}
"""The words for objects that are left as they are, to follow their number."""


def words(fact: Fact | None) -> str:
    """The text of a fact; empty if there is none. Not yet safe to show on a terminal: see `model.text.printable`."""
    return _Words().vformat(templates()[fact.code], (), fact.fields) if fact else ""


@cache
def templates() -> Mapping[Code, str]:
    """All templates."""
    return {**PLAN_TEMPLATES, **APPLY_TEMPLATES}


class _Words(string.Formatter):
    """Formats fields.

    Specifications: `noun|nouns` counts, `=was|were` agrees with a count, `th` numbers, `time` converts minutes; `and`,
    `;`, `some` and `first` list; `or TEXT` replaces what is empty; `?TEXT` precedes what is not, or encloses it in the
    parentheses in TEXT; `shell` quotes.
    """

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401, ARG002
        """A field. One that a file lacks is shown as a question mark."""
        return kwargs.get(str(key), "?")

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - any field
        """A field as text."""
        parts = [words(each) if isinstance(each, Fact) else str(each) for each in _listed(value)]
        text = ", ".join(parts)
        spec, _, rest = format_spec.partition(" ")
        if spec in _LISTS:
            return _LISTS[spec](parts)
        if spec == "or":
            return text or rest
        if format_spec.startswith("?"):
            before, _, after = format_spec[1:].partition("()")
            return text and (f"{before}({text}){after}" if "()" in format_spec else f"{before}{text}")
        if "|" in format_spec:
            noun = format_spec.removeprefix("=").split("|")[text != "1"]
            return noun if spec.startswith("=") else f"{text} {noun}"
        return text


def _listed(value: Any) -> Sequence[Any]:  # noqa: ANN401 - any field
    return value if isinstance(value, tuple) else (value,)


def _first(names: Sequence[str]) -> str:
    return " and ".join([*names[:1], *([f"{len(names) - 1} more"] if names[1:] else [])])


def _ordinal(numbers: Sequence[str]) -> str:
    """A number as in 1st, 2nd, 3rd and 11th."""
    number = "".join(numbers)
    ending = "th" if number[-2:] in ("11", "12", "13") else {"1": "st", "2": "nd", "3": "rd"}.get(number[-1:], "th")
    return number + ending


def _duration(minutes: Sequence[str]) -> str:
    text = "".join(minutes)
    number = int(text) if text.isdecimal() else 0
    return f"{number} minutes" if number < _TWO_HOURS else f"{round(number / 60)} hours"


_TWO_HOURS = 120
_LISTS: Mapping[str, Callable[[Sequence[str]], str]] = {
    "and": " and ".join,
    ";": "; ".join,
    "some": some,
    "first": _first,
    "shell": lambda parts: shell_word("".join(parts)),
    "th": _ordinal,
    "time": _duration,
}
