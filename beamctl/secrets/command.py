"""Passes secrets to a command through standard input, or reads them from its standard output."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from beamctl.secrets.redaction import OutputRedaction
from beamctl.system.child_process import Limits, ProcessResult, find_program, inherited, run

LONGEST = 60
"""Maximum run time of a command, in seconds."""

LARGEST = 64 * 1024
"""Maximum size of a secret from a command, in bytes."""

_ERRORS = 64 * 1024
_LINES, _CHARACTERS = 3, 300
"""How much of the end of a failed command's error output is shown."""
_WORD = 8
"""The number of consecutive characters that count as a part of a secret."""
_ENCODED = re.compile("[A-Za-z0-9+/_-]{11,}")


def why_not(words: Sequence[str]) -> str:
    """Why the command cannot be run; empty if it can."""
    return "" if find_program(words[0]) else "was not found"


def give(words: Sequence[str], text: str, redaction: OutputRedaction) -> str:
    """Write a secret to the command's standard input, without a final line break. Returns why it failed, or nothing."""
    ended = run(words, Limits(LONGEST, errors=_ERRORS), stdin=text.encode("utf-8"), env=inherited())
    return _why(ended, text, redaction)


def ask(words: Sequence[str], redaction: OutputRedaction) -> tuple[str, str]:
    """The command's standard output, or why there is none."""
    ended = run(words, Limits(LONGEST, LARGEST, _ERRORS), env=inherited())
    if ended.why:
        return "", _why(ended, ended.output.decode("utf-8", "replace"), redaction)
    try:
        return ended.output.decode("utf-8"), ""
    except UnicodeDecodeError:
        return "", "wrote something that is not text"


def _why(ended: ProcessResult, secret: str, redaction: OutputRedaction) -> str:
    """Why a command failed, with the end of its error output; empty if it succeeded."""
    details = _last_lines(ended.errors, secret, redaction) if ended.why else ""
    return f"{ended.why}: {details}" if details else ended.why


def _last_lines(errors: bytes, secret: str, redaction: OutputRedaction) -> str:
    """The last lines of error output, joined to one line, with secrets redacted."""
    if len(errors) == _ERRORS:  # the first line may begin in the middle of a secret
        errors = errors.partition(b"\n")[2]
    text = errors.decode("utf-8", "replace").replace("\r", "\n")
    parts = [secret.strip(), *(line for line in map(str.strip, secret.splitlines()) if len(line) >= _WORD)]
    hidden = redaction.redact_error(redaction.redactor.redact(text, also=parts))
    squeezed = "".join(hidden.split())
    pieces = _pieces("".join(secret.split()))
    if any(_holds(each, pieces, redaction) for each in (squeezed, *_decoded(hidden), *_decoded(squeezed))):
        return "its error output is not shown because it contains a part of the secret"
    lines = [line for line in map(str.strip, hidden.split("\n")) if line][-_LINES:]
    shown = redaction.redactor.clean(" / ".join(lines), len(hidden) * 10, also=parts)
    return shown if len(shown) <= _CHARACTERS else "…" + shown[1 - _CHARACTERS :]


def _holds(text: str, pieces: AbstractSet[str], redaction: OutputRedaction) -> bool:
    return redaction.redactor.hide(text) != text or not pieces.isdisjoint(_pieces(text))


def _pieces(text: str) -> AbstractSet[str]:
    """All substrings of `_WORD` characters."""
    return {text[start : start + _WORD] for start in range(len(text) - _WORD + 1)}


def _decoded(text: str) -> Iterator[str]:
    """The decoded base64 and hexadecimal parts of the text."""
    for found in _ENCODED.findall(text):
        plain = found.replace("-", "+").replace("_", "/")
        for start in range(4):
            length = (len(plain) - start) // 4 * 4
            yield base64.b64decode(plain[start : start + length]).decode("utf-8", "replace")
        try:
            yield bytes.fromhex(found).decode("utf-8", "replace")
        except ValueError:
            continue
