"""Standard streams in the log of GitHub Actions, whose runner obeys commands in everything that a step prints, on both
streams: `::name::` at the start of a line, and `##[name]` anywhere in it."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

import click

_BREAK = "\u200b"
_LEADING = re.compile(r"^([^\S\n]*:)(?=:)", re.MULTILINE)
_LEGACY = "##["
_DATA_BREAK = "#\\u0023["
"""The same characters in a string of JSON, and in one in double quotes of YAML."""


def in_actions() -> bool:
    """Whether this process is a step of GitHub Actions, or of a runner that behaves like it."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def inert(text: str) -> str:
    """The text without commands: a zero-width space breaks up each one, and no bare CR starts a line.

    A break never comes before text that was inert already, so that a line may be written in pieces.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\\r")
    return _LEADING.sub(rf"\1{_BREAK}", lines).replace(_LEGACY, f"##{_BREAK}[")


def inert_json(text: str) -> str:
    """The same JSON without commands. In JSON, only a string can contain one, and no line starts with one."""
    return text.replace(_LEGACY, _DATA_BREAK)


class ActionsStream:
    """A standard stream of a step. Text is written between `stop-commands` and a fresh token, and is inert besides:
    the runner reads both streams concurrently, so a pair on one of them may end before the text on the other.

    A file (`> plan.txt`) and another program (`| head`) get inert text without the pair: a program may drop the end of
    the pair, and the step's later commands, such as `add-mask`, would be ignored.

    Attributes:
        is_log: Whether the runner reads it.
        buffer: None, so that click does not write around this class.
    """

    buffer = None

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._line = ""
        self._token = ""
        self.is_log = _is_read_by_runner(stream)

    def write(self, text: str) -> int:
        """Write text that may contain values. Bytes are an error, by which click recognizes a text stream."""
        if not isinstance(text, str):
            raise TypeError
        if text:
            self._open()
            known = len(self._line)
            line = inert(self._line + text)
            self._stream.write(line[known:])
            self._line = line.rpartition("\n")[2]
        return len(text)

    def write_data(self, text: str) -> None:
        """Write JSON or YAML without commands. It stays as it is, without the pair, because a program may read it."""
        self.end_pair()
        self._stream.write(text)
        self._stream.flush()

    def write_exactly(self, text: str) -> None:
        """Write text that a program reads as it is. In the log, no program does."""
        if self.is_log:
            self.write(text)
        else:
            self._stream.write(text)

    def write_commands(self, lines: Sequence[str]) -> None:
        """Write commands for the runner, each on its own line."""
        self.end_pair()
        self._stream.write("".join(f"{line}\n" for line in lines))
        self._stream.flush()

    def end_pair(self) -> None:
        """End the pair, if one is open, so that the step's later commands work."""
        if self._token:
            self._stream.write(("\n" if self._line else "") + f"::{self._token}::\n")
            self._stream.flush()
            self._token = self._line = ""

    def _open(self) -> None:
        if self.is_log and not self._token:
            self._token = os.urandom(16).hex()  # no value can contain it
            self._stream.write(f"::stop-commands::{self._token}\n")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)


@contextmanager
def actions_streams() -> Iterator[None]:
    """Within GitHub Actions, make both standard streams safe while the block runs."""
    if not in_actions():
        yield
        return
    before = sys.stdout, sys.stderr
    streams = tuple(map(ActionsStream, before))
    sys.stdout, sys.stderr = (cast("TextIO", each) for each in streams)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for each in streams:
            with suppress(OSError, ValueError):  # the stream is closed or full, which was reported already
                each.end_pair()


def write_data(text: str) -> None:
    """Write JSON or YAML to standard output."""
    if isinstance(sys.stdout, ActionsStream):
        sys.stdout.write_data(text)
    else:
        click.echo(text, nl=False, color=True)


def write_exactly(text: str) -> None:
    """Write text to standard output as it is, in UTF-8."""
    if isinstance(sys.stdout, ActionsStream):
        sys.stdout.write_exactly(text)
    else:
        is_utf8 = (sys.stdout.encoding or "utf-8").lower() == "utf-8"
        click.echo(text if is_utf8 else text.encode(), nl=False, color=True)


def end_pairs() -> None:
    """End the pairs of both streams, so that the runner obeys what follows."""
    for each in _streams():
        with suppress(OSError, ValueError):  # as above
            each.end_pair()


def write_commands(lines: Sequence[str], *, is_data: bool) -> None:
    """Write commands to the log, after the pairs of both streams.

    The runner may read the end of the other stream's pair later, and would then ignore them. That is harmless: what
    they say is in the summary too.

    Args:
        lines: The commands.
        is_data: Whether standard output is JSON. Commands then go to standard error.
    """
    end_pairs()
    logs = [each for each in _streams() if each.is_log and not (is_data and each is sys.stdout)]
    with suppress(OSError, ValueError):
        for each in logs[:1]:
            each.write_commands(lines)


def _streams() -> list[ActionsStream]:
    return [each for each in (sys.stdout, sys.stderr) if isinstance(each, ActionsStream)]


def _is_read_by_runner(stream: TextIO) -> bool:
    """Whether a stream is neither a file nor, as far as the system shows it, another one than those of the parent.

    After `exec beamctl`, the parent is not a shell of the step, and the stream is taken for the log.
    """
    from pathlib import Path

    parent = Path(f"/proc/{os.getppid()}")
    try:
        ours = os.fstat(stream.fileno())
        if stat.S_ISREG(ours.st_mode):
            return False
        if b"GITHUB_ACTIONS=true" not in (parent / "environ").read_bytes().split(b"\0"):
            return True
        theirs = [(parent / "fd" / number).stat() for number in ("1", "2")]
    except (OSError, ValueError, AttributeError):
        return True
    return any(os.path.samestat(ours, each) for each in theirs)
