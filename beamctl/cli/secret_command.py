"""Secrets through a command: its standard input takes one, or its standard output gives one. No shell, a bounded time;
what else it says is never looked at. It must not know what the secret is."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress

LONGEST = 60
"""Seconds that a command may take."""

LARGEST = 64 * 1024
"""Bytes of a secret that a command gives."""


def why_not(words: Sequence[str]) -> str:
    """Why the command cannot be run; empty where it can."""
    return "" if shutil.which(words[0]) else "is not on this machine"


def give(words: Sequence[str], text: str) -> str:
    """Give a secret to its standard input, with no line break after it; why it was not taken, or nothing."""
    return _run(words, text, subprocess.DEVNULL)[1]


def ask(words: Sequence[str]) -> tuple[str, str]:
    """What it writes to standard output, or why it gave nothing."""
    content, why = _run(words, None, subprocess.PIPE)
    if why or len(content) > LARGEST:
        return "", why or "gave too much for a secret"
    try:
        return content.decode("utf-8"), ""
    except UnicodeDecodeError:
        return "", "gave something that is no text"


def _run(words: Sequence[str], text: str | None, stdout: int) -> tuple[bytes, str]:
    try:
        process = subprocess.Popen(  # noqa: S603 - the document names it; no shell reads it
            list(words),
            stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C ends us after what is under way, so not what is under way
        )
    except (OSError, ValueError) as error:
        return b"", f"cannot be run: {getattr(error, 'strerror', None) or 'no command is called so'}"
    with process:
        try:
            content, _ = process.communicate(None if text is None else text.encode("utf-8"), LONGEST)
        except subprocess.TimeoutExpired:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            return b"", f"took longer than {LONGEST} seconds"
    return content or b"", f"ended with {process.returncode}" if process.returncode else ""
