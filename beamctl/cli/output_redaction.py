"""Redacts all output: known secrets, and in errors, which may quote pasted input, anything that looks like one."""

from __future__ import annotations

import os
import re
from json import dumps, loads
from typing import TYPE_CHECKING

from beamctl.errors import UsageError

if TYPE_CHECKING:
    from beamctl.api.redaction import Redactor

# An API key or a JWT-like token, but not the beginning of an e-mail address.
_KEY, _TOKEN = r"bl_[\w-]{16,}+(?![\w.+-]*+@)", r"eyJ[\w-]{16,}+(?:\.[\w-]*+)*"
_LOOKS_SECRET = re.compile(rf"(?<!\w)(?:{_KEY}|{_TOKEN})", re.ASCII)
_JSON_TEXT = re.compile(r'"(?:[^"\\]++|\\.)*+"')


class OutputRedaction:
    """The secrets to hide in the output of this process, on any stream."""

    def __init__(self) -> None:
        self._redactor: Redactor | None = None
        self._reported_short = False

    def renew(self) -> None:
        """Forget the learned secrets, because the environment may have changed."""
        self._redactor = None
        self._reported_short = False

    def reports_short_secret(self) -> bool:
        """Whether a secret is too short to be hidden, the first time that this is called for it."""
        is_new = self.redactor.has_short and not self._reported_short
        self._reported_short = self._reported_short or is_new
        return is_new

    @property
    def redactor(self) -> Redactor:
        """The known secrets: those in the environment, and those learned as they are used."""
        if self._redactor is None:
            from beamctl.api.credential import environment_secrets
            from beamctl.api.redaction import Redactor

            self._redactor = Redactor(environment_secrets(os.environ))
        return self._redactor

    def redact(self, text: str, *, json: bool = False) -> str:
        """The text without known secrets, except short ones. With `json`, the text stays valid ASCII JSON."""
        hidden = self.redactor.hide(text)
        return hidden if not json or hidden == text else _JSON_TEXT.sub(self._redact_json_text, text)

    def _redact_json_text(self, found: re.Match[str]) -> str:
        text = loads(found.group())
        hidden = self.redactor.hide(text)
        return found.group() if hidden == text else dumps(hidden)

    def redact_error(self, text: str, *, json: bool = False) -> str:
        """An error text without known secrets and without anything that looks like a secret."""
        from beamctl.api.redaction import HIDDEN

        hidden = _ascii(HIDDEN) if json else HIDDEN
        return _LOOKS_SECRET.sub(lambda _: hidden, self.redact(text, json=json))


def _ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


OUTPUT_REDACTION = OutputRedaction()


def require_no_secrets(text: str, what: str) -> str:
    """Return a JSON text that must be written unchanged or not at all: redacted, it would mean something else.

    Raises:
        UsageError: It contains a secret.
    """
    if OUTPUT_REDACTION.redact(text, json=True) != text:
        raise UsageError(
            f"{what} would contain a secret that this process uses, so it was not written and nothing was changed",
            "The workspace or the document contains it, such as in a name or label. Remove it there and rotate it.",
        )
    return text
