"""Random edits of random documents in random styles: the result says what was asked for, or the edit is refused."""

import json
import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import pytest

from beamctl.document.data_edit import Edit, Put, Remove, is_same, with_edits
from beamctl.document.edit import edited
from beamctl.document.splice import UneditableError
from beamctl.document.yaml_loader import parse_plain
from beamctl.model.code import Code

HOSTILE = [
    "::error::",
    "##[add-mask]x",
    "<!--",
    "/close",
    "$x$",
    "@here",
    "{0}",
    "`",
    "\u200b",
    "\u202e",
    "\x1b[31m",
    "💥",
]
NAMES = [*"ab", "zed", "Bob", "1", "true", "null", "# x", "a: b", "- q", "é", "it's", 'say "hi"', "[x]", "*al", "&an"]
NAMES += [
    "?q",
    ": z",
    "<<",
    "~",
    "0x1f",
    "1e3",
    "tab\there",
    "nl\nx",
    "trailing ",
    " lead",
    "--- ",
    "...",
    "|",
    *HOSTILE,
]
VALUES = [
    "admin",
    "member",
    "",
    "a b",
    "a: b",
    "# c",
    "no",
    "2027-01-31",
    "1.0",
    "multi\nline\n",
    "it's",
    "\u200bx",
    "]",
]
OTHERS = [1, True, None, 2.5]
PLAIN = re.compile(r"[a-zA-Zé][\w. -]*[\wé]|[ab]")
ODD_END = re.compile(r"[|>][-+]?\r?\n[^\n]*\Z")
"""A block scalar at the end of a file without a line break: more lines after it would change it."""


class Writer:
    """Writes data as YAML, each time in another style."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def maybe(self, chance: float, text: str) -> str:
        return text if self.random.random() < chance else ""

    def comment(self) -> str:
        return self.maybe(0.25, f"  # {self.random.randint(0, 10**6)} {{x: [")

    def scalar(self, value: Any) -> str:
        if not isinstance(value, str):
            return json.dumps(value)
        styles = ["double"]
        styles += ["single"] if value.isprintable() else []
        styles += ["plain"] * 3 if PLAIN.fullmatch(value) and value not in ("true", "null") else []
        match self.random.choice(styles):
            case "plain":
                return value
            case "single":
                return "'" + value.replace("'", "''") + "'"
            case _:
                return json.dumps(value, ensure_ascii=not value.isprintable())

    def flow(self, value: Any, indent: int, *, many_lines: bool = False) -> str:
        random = self.random
        match value:
            case dict():
                parts = [f"{self.scalar(key)}: {self.flow(inner, indent)}" for key, inner in value.items()]
                first, last = "{}"
            case list():
                parts, (first, last) = [self.flow(inner, indent) for inner in value], "[]"
            case _:
                return self.scalar(value)
        if not parts or not many_lines:
            space = random.choice(["", " "])
            comma = self.maybe(0.3, ",") if parts else ""
            return first + space + random.choice([", ", ",  ", " , "]).join(parts) + comma + space + last
        begin = "\n" + " " * (indent + 2)
        lines = [first]
        for number, part in enumerate(parts, 1):
            comma = "," if number < len(parts) else self.maybe(0.3, ",")
            lines.append(begin + part + comma + self.comment() + self.maybe(0.15, f"{begin}# own"))
        return "".join([*lines, "\n", " " * indent, last])

    def block(self, value: Any, indent: int, step: int) -> Iterator[str]:
        random = self.random
        items = value.items() if isinstance(value, dict) else [(None, inner) for inner in value]
        for key, inner in items:
            yield self.maybe(0.2, "\n") + self.maybe(0.25, " " * indent + "# lead\n" + self.maybe(0.3, "\n"))
            head = " " * indent + ("- " if key is None else f"{self.scalar(key)}:{random.choice([' ', '  '])}")
            if isinstance(inner, dict | list) and inner and key is not None and random.random() < 0.5:
                yield head.rstrip() + self.comment() + "\n"
                yield from self.block(
                    inner, indent + (step if isinstance(inner, dict) else random.choice([0, step])), step
                )
                yield self.maybe(0.15, " " * (indent + step) + "# tail\n")
            elif isinstance(inner, str) and PLAIN.fullmatch(inner) and key is not None and random.random() < 0.1:
                yield f"{head}{random.choice(['|', '|-', '>-'])}\n{' ' * (indent + step)}{inner}\n"
            else:
                yield head + self.flow(inner, indent + 2, many_lines=random.random() < 0.3) + self.comment() + "\n"


def value(random: Random, depth: int = 0) -> Any:
    form = random.random()
    if depth > 2 or form < 0.55:
        return random.choice(VALUES if random.random() < 0.8 else OTHERS)
    if form < 0.85:
        return {name: value(random, depth + 1) for name in random.sample(NAMES, random.randint(0, 4))}
    return [value(random, depth + 1) for _ in range(random.randint(0, 3))]


def edits(random: Random, data: Mapping[str, Any]) -> Iterator[Edit]:
    """A few, none inside another."""
    used: list[tuple[str, ...]] = []
    for _ in range(random.randint(1, 4)):
        path: tuple[str, ...] = ()
        place = data
        while not path or random.random() < 0.6:
            known = [key for key in place if key not in ("version", "workspace")]
            path = (*path, random.choice(known if known and random.random() < 0.75 else NAMES))
            if not isinstance(place.get(path[-1]), dict):
                break
            place = place[path[-1]]
        if not any(path[: len(other)] == other or other[: len(path)] == path for other in used):
            used.append(path)
            yield Remove(path) if random.random() < 0.4 else Put(path, value(random, 1))


def outcome(text: str, wanted: list[Edit]) -> str | Code:
    """The edited text, or why it is not edited."""
    try:
        return edited(text, "acme", wanted)
    except UneditableError as error:
        return error.why.code


@pytest.mark.parametrize("start", range(0, 200, 100))
def test_an_edit_is_exact_or_refused(start: int) -> None:
    done = 0
    for seed in range(start, start + 100):
        random = Random(seed)  # noqa: S311 - for tests
        sections = {name: value(random) for name in random.sample(NAMES, random.randint(0, 5))}
        inner = "".join(Writer(random).block(sections, 0, random.choice([2, 2, 4])))
        text = f"# head\nversion: 1\nworkspace: acme  # w\n{inner}"
        text = random.choice([text, text.rstrip("\n"), f"{text}\n# end\n", f"{text}...\n"])
        text = text.replace("\n", random.choice(["\n", "\n", "\r\n"]))
        (before,), problems = parse_plain(text, "")
        assert problems == []
        wanted = list(edits(random, before))
        after = outcome(text, wanted)
        if isinstance(after, Code):
            assert after is Code.EDIT_LOSES_COMMENT or ODD_END.search(text), (seed, after)
            continue
        done += 1
        (found,), problems = parse_plain(after, "")
        assert problems == []
        assert is_same(found, with_edits(before, wanted))
    assert done > 90
