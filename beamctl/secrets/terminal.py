"""Shows secrets on a terminal, bypassing redaction. Nothing but a terminal is written to, and no control characters."""

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
_INSTEAD = f"Omit {OPTION}, and declare in the document where to store each secret: secretTo."


@dataclass(frozen=True, slots=True)
class SecretTerminal:
    """A terminal that shows secrets. Thread-safe.

    Attributes:
        descriptor: The terminal's own file descriptor, independent of the standard streams.
        workspace: The workspace of the secrets.
    """

    descriptor: int
    workspace: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def show(self, secret: StoreSecret) -> str:
        """Show a secret as a separate block, with each part on its own line. Returns why it failed, or nothing."""
        parts = secret.secret
        if not all(text.isascii() and text.isprintable() for text in parts.values()):
            return "cannot show it: it contains characters that are not printable ASCII"
        owner = f" of {self.workspace}" if self.workspace else ""
        head = printable(f"{secret.what[:1].upper()}{secret.what[1:]}{owner}, shown only once:")
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
def terminal(*, json: bool, no_input: str) -> Iterator[SecretTerminal]:
    """Open standard output as a secret terminal.

    Args:
        json: Whether the output is JSON.
        no_input: Why the user cannot be asked for approval; empty if they can or need not be asked.

    Raises:
        UsageError: Standard output is not a terminal, or no user reads it.
    """
    if json:
        raise UsageError(f"{OPTION} cannot be combined with -o json", _INSTEAD)
    if not sys.stdout.isatty():
        raise UsageError(f"{OPTION} needs a terminal, but standard output is not one, so nothing was changed", _INSTEAD)
    if no_input:
        hint = f"To apply without approval:  beamctl apply {OPTION} --auto-approve"
        raise UsageError(f"{OPTION} needs a user at the terminal, but {no_input}, so nothing was changed", hint)
    descriptor = os.dup(sys.stdout.fileno())
    try:
        yield SecretTerminal(descriptor)
    finally:
        os.close(descriptor)
