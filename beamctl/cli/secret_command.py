"""Secrets through a command: its standard input takes one, or its standard output gives one."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from beamctl.cli.child_process import Limits, ProcessResult, find_program, inherited, run
from beamctl.cli.output_redaction import VEIL

LONGEST = 60
"""Seconds that a command may take."""

LARGEST = 64 * 1024
"""Bytes of a secret that a command gives."""

_ERRORS = 64 * 1024
_LINES, _CHARACTERS = 3, 300
"""How much of a command's error output is shown if it fails, from its end."""
_WORD = 8
"""Characters in a row that show too much of a secret."""
_ENCODED = re.compile("[A-Za-z0-9+/_-]{11,}")


def why_not(words: Sequence[str]) -> str:
    """Why the command cannot be run; empty if it can."""
    return "" if find_program(words[0]) else "is not on this machine"


def give(words: Sequence[str], text: str) -> str:
    """Write a secret to its standard input, with no line break after it; why it failed, or nothing."""
    ended = run(words, Limits(LONGEST, errors=_ERRORS), stdin=text.encode("utf-8"), env=inherited())
    return _why(ended, text)


def ask(words: Sequence[str]) -> tuple[str, str]:
    """What it writes to standard output, or why there is nothing."""
    ended = run(words, Limits(LONGEST, LARGEST, _ERRORS), env=inherited())
    if ended.why:
        return "", _why(ended, ended.output.decode("utf-8", "replace"))
    try:
        return ended.output.decode("utf-8"), ""
    except UnicodeDecodeError:
        return "", "wrote something that is not text"


def _why(ended: ProcessResult, secret: str) -> str:
    """Why a command failed, with the end of its error output; empty if it did not."""
    said = _said(ended.errors, secret) if ended.why else ""
    return f"{ended.why}: {said}" if said else ended.why


def _said(errors: bytes, secret: str) -> str:
    """The last lines of an error output on one line, without the secret and whatever else this process hides."""
    if len(errors) == _ERRORS:  # it may begin in the middle of a secret
        errors = errors.partition(b"\n")[2]
    text = errors.decode("utf-8", "replace").replace("\r", "\n")
    parts = [secret.strip(), *(line for line in map(str.strip, secret.splitlines()) if len(line) >= _WORD)]
    hidden = VEIL.over_complaint(VEIL.mask.mask(text, also=parts))
    squeezed = "".join(hidden.split())
    pieces = _pieces("".join(secret.split()))
    if any(_holds(each, pieces) for each in (squeezed, *_decoded(hidden), *_decoded(squeezed))):
        return "its error output is not shown, as it contains a part of the secret"
    lines = [line for line in map(str.strip, hidden.split("\n")) if line][-_LINES:]
    shown = VEIL.mask.clean(" / ".join(lines), len(hidden) * 10, also=parts)
    return shown if len(shown) <= _CHARACTERS else "…" + shown[1 - _CHARACTERS :]


def _holds(text: str, pieces: AbstractSet[str]) -> bool:
    return VEIL.mask.hide(text) != text or not pieces.isdisjoint(_pieces(text))


def _pieces(text: str) -> AbstractSet[str]:
    """All that it has of `_WORD` characters in a row."""
    return {text[start : start + _WORD] for start in range(len(text) - _WORD + 1)}


def _decoded(text: str) -> Iterator[str]:
    """What the text has in base64 or in hexadecimal."""
    for found in _ENCODED.findall(text):
        plain = found.replace("-", "+").replace("_", "/")
        for start in range(4):
            whole = (len(plain) - start) // 4 * 4
            yield base64.b64decode(plain[start : start + whole]).decode("utf-8", "replace")
        try:
            yield bytes.fromhex(found).decode("utf-8", "replace")
        except ValueError:
            continue
