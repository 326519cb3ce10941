"""Secrets through a command: its standard input takes one, or its standard output gives one."""

from __future__ import annotations

from collections.abc import Sequence

from beamctl.cli.child_process import Limits, find_program, inherited, run

LONGEST = 60
"""Seconds that a command may take."""

LARGEST = 64 * 1024
"""Bytes of a secret that a command gives."""


def why_not(words: Sequence[str]) -> str:
    """Why the command cannot be run; empty if it can."""
    return "" if find_program(words[0]) else "is not on this machine"


def give(words: Sequence[str], text: str) -> str:
    """Write a secret to its standard input, with no line break after it; why it failed, or nothing."""
    return run(words, Limits(LONGEST), stdin=text.encode("utf-8"), env=inherited()).why


def ask(words: Sequence[str]) -> tuple[str, str]:
    """What it writes to standard output, or why there is nothing."""
    ended = run(words, Limits(LONGEST, LARGEST), env=inherited())
    try:
        return ended.output.decode("utf-8") if not ended.why else "", ended.why
    except UnicodeDecodeError:
        return "", "wrote something that is not text"
