"""Shows secrets on a terminal, past the veil: the one way there is. It must not know why; what is no terminal is never
written to, and what would do more on one than be read is not shown."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from beamctl.errors import UsageError
from beamctl.model.secret import StoreSecret
from beamctl.model.text import printable

OPTION = "--reveal-secrets"
_INSTEAD = f"Leave {OPTION} away, and say in the document where each secret goes: secretTo."


@dataclass(frozen=True, slots=True)
class SecretTerminal:
    """A terminal that somebody wants secrets on. Safe to use from several threads.

    Attributes:
        descriptor: Of the terminal itself, whatever becomes of the streams that are written to it.
        workspace: Of which the secrets are.
    """

    descriptor: int
    workspace: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def show(self, secret: StoreSecret) -> str:
        """Show a secret in a block of its own, each part of it alone on a line; when this returns nothing, the terminal
        has it. Else why it has not."""
        parts = secret.secret
        if not all(text.isascii() and text.isprintable() for text in parts.values()):
            return "cannot show it as it is: it has characters that are no plain text"
        whose = f" of {self.workspace}" if self.workspace else ""
        head = printable(f"{secret.what[:1].upper()}{secret.what[1:]}{whose}, shown this once:")
        lines = [line for name, text in parts.items() for line in ([text] if len(parts) == 1 else [f"{name}:", text])]
        left = "\n".join(["", head, *lines, "", ""]).encode("ascii", "backslashreplace")
        try:
            with self._lock:
                while left:
                    left = left[os.write(self.descriptor, left) :]
        except OSError as error:
            return f"cannot be written to: {error.strerror or error}"
        return ""


@contextmanager
def terminal(*, json: bool, mute: str) -> Iterator[SecretTerminal]:
    """Standard output, where it is a terminal and somebody reads it.

    Args:
        json: Whether what is written there is for machines.
        mute: Why nobody can be asked there who is to be asked; empty where they can, or are not asked.

    Raises:
        UsageError: It is none, or nobody reads it.
    """
    if json:
        raise UsageError(f"{OPTION} shows secrets to people, and -o json is for machines", _INSTEAD)
    if not sys.stdout.isatty():
        raise UsageError(f"{OPTION} needs a terminal, and standard output is none, so nothing was changed", _INSTEAD)
    if mute:
        hint = f"To apply without being asked:  beamctl apply {OPTION} --auto-approve"
        raise UsageError(f"{OPTION} needs somebody who reads, and {mute}, so nothing was changed", hint)
    descriptor = os.dup(sys.stdout.fileno())
    try:
        yield SecretTerminal(descriptor)
    finally:
        os.close(descriptor)
