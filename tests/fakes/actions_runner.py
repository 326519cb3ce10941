"""A model of how the runner of GitHub Actions reads a step: the two parsers of commands, and the file of outputs.

The runner compares text by the rules of a culture, in which some characters are ignored, such as U+200B. So a line is
read twice, with and without these characters counting.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

COMMANDS = (
    *("stop-commands", "add-mask", "error", "warning", "notice", "debug", "group", "endgroup", "set-output", "set-env"),
    *("save-state", "add-path", "echo", "add-matcher", "remove-matcher"),
)
IGNORED = "\x00\xad\u200b\u200c\u200d\u2060\ufeff"
LIMIT = 10
"""Annotations of one type that a step may have; the runner drops the others."""


@dataclass(frozen=True)
class Command:
    name: str
    properties: Mapping[str, str] = field(default_factory=dict)
    message: str = ""


Find = Callable[[str, str, int], int]


def ordinal(text: str, what: str, start: int = 0) -> int:
    return text.find(what, start)


def by_culture(text: str, what: str, start: int = 0) -> int:
    found = re.compile(f"[{IGNORED}]*".join(map(re.escape, what))).search(text, start)
    return found.start() if found else -1


def _unescaped(text: str, *names: str) -> str:
    for name in (*names, "25"):
        text = text.replace(f"%{name}", bytes.fromhex(name).decode())
    return text


def _properties(text: str, separator: str, *names: str) -> dict[str, str]:
    pairs = (each.split("=", 1) for each in text.split(separator) if each)
    return {pair[0].lower(): _unescaped(pair[1], *names) for pair in pairs if len(pair) == 2 and all(pair)}


def _current(line: str, known: set[str], find: Find) -> Command | None:
    text = line.lstrip()
    if find(text, "::", 0) != 0 or (end := find(text, "::", 2)) < 0:
        return None
    name, _, rest = text[2:end].partition(" ")
    if name.lower() not in known:
        return None
    return Command(
        name.lower(), _properties(rest.strip(), ",", "0D", "0A", "3A", "2C"), _unescaped(text[end + 2 :], "0D", "0A")
    )


def _legacy(line: str, known: set[str], find: Find) -> Command | None:
    start = find(line, "##[", 0)
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    name, _, rest = line[start + 3 : end].partition(" ")
    if name.lower() not in known:
        return None
    return Command(
        name.lower(),
        _properties(rest, ";", "3B", "0D", "0A", "5D"),
        _unescaped(line[end + 1 :], "3B", "0D", "0A", "5D"),
    )


def lines_of(text: str) -> list[str]:
    return re.split(r"\r\n|\r|\n", text)


def parsed(line: str, known: set[str] | None = None) -> Command | None:
    """The command in a line, whatever the runner's culture is."""
    names = known if known is not None else set(COMMANDS)
    for find in (ordinal, by_culture):
        for parse in (_current, _legacy):
            if found := parse(line, names, find):
                return found
    return None


class Runner:
    """Obeys what a step prints.

    Attributes:
        obeyed: The commands that took effect, except `stop-commands` and its end.
        shown: The lines of the log between pairs.
        outside: The other lines.
    """

    def __init__(self) -> None:
        self.obeyed: list[Command] = []
        self.shown: list[str] = []
        self.outside: list[str] = []
        self.token = ""
        self._known = set(COMMANDS)

    def read(self, text: str) -> "Runner":
        for line in lines_of(text.removesuffix("\n")) if text else ():
            self._line(line)
        return self

    def _line(self, line: str) -> None:
        found = parsed(line, self._known)
        if self.token:
            if found and found.name == self.token.lower():
                self._known.discard(self.token.lower())
                self.token = ""
            else:
                self.shown.append(line)
        elif found is None:
            self.outside.append(line)
        elif found.name == "stop-commands":
            assert len(found.message) > 20
            assert found.message not in COMMANDS
            self.token = found.message
            self._known.add(self.token.lower())
        else:
            self.obeyed.append(found)


def outputs_of(text: str) -> dict[str, str]:
    """The outputs in the file GITHUB_OUTPUT."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        equals, heredoc = line.find("="), line.find("<<")
        if not line:
            continue
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, _, value = line.partition("=")
        else:
            assert heredoc >= 0, f"not an output: {line}"
            name, _, end = line.partition("<<")
            value = "\n".join(_until(end, lines))
        assert name
        found[name] = value
    return found


def _until(end: str, lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line == end:
            return
        yield line
    raise AssertionError(f"{end} does not end")
