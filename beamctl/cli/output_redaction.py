"""The last net before a stream: hides every secret that this process knows, and in complaints also what looks like one,
as anything may have been pasted. It must not know what is said."""

from __future__ import annotations

import os
import re
from json import dumps, loads
from typing import TYPE_CHECKING

from beamctl.errors import UsageError

if TYPE_CHECKING:
    from beamctl.api.redaction import Redactor

# An API key, or a token that begins as a JWT does; but not the beginning of an e-mail address.
_KEY, _TOKEN = r"bl_[\w-]{16,}+(?![\w.+-]*+@)", r"eyJ[\w-]{16,}+(?:\.[\w-]*+)*"
_LOOKS_SECRET = re.compile(rf"(?<!\w)(?:{_KEY}|{_TOKEN})", re.ASCII)
_JSON_TEXT = re.compile(r'"(?:[^"\\]++|\\.)*+"')


class OutputRedaction:
    """What must not be seen. There is one for all streams of a process, as they are one to whoever reads them."""

    def __init__(self) -> None:
        self._mask: Redactor | None = None
        self._told_of_short = False

    def renew(self) -> None:
        """Forget what was learnt: the environment may be another one."""
        self._mask = None
        self._told_of_short = False

    def has_news_of_short(self) -> bool:
        """Whether a secret is known that is too short to be hidden, and this was not asked since."""
        news = self.mask.has_short and not self._told_of_short
        self._told_of_short = self._told_of_short or news
        return news

    @property
    def mask(self) -> Redactor:
        """What is known: what the environment holds, and what is learnt as it is used."""
        if self._mask is None:
            from beamctl.api.config import secrets_around
            from beamctl.api.redaction import Redactor

            self._mask = Redactor(secrets_around(os.environ))
        return self._mask

    def over(self, text: str, *, json: bool = False) -> str:
        """The text without any secret that is known, but the short ones; `json` is: and still JSON in plain ASCII."""
        hidden = self.mask.hide(text)
        return hidden if not json or hidden == text else _JSON_TEXT.sub(self._over_json_text, text)

    def _over_json_text(self, found: re.Match[str]) -> str:
        told = loads(found.group())
        hidden = self.mask.hide(told)
        return found.group() if hidden == told else dumps(hidden)

    def over_complaint(self, text: str, *, json: bool = False) -> str:
        """A complaint about what somebody gave, without any secret that is known, or that looks like one."""
        from beamctl.api.redaction import HIDDEN

        hidden = _ascii(HIDDEN) if json else HIDDEN
        return _LOOKS_SECRET.sub(lambda _: hidden, self.over(text, json=json))


def _ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


VEIL = OutputRedaction()


def as_it_is(text: str, what: str) -> str:
    """A text in JSON that is kept as it is or not at all: with a part of it hidden it would say something else.

    Raises:
        UsageError: It holds a secret.
    """
    if VEIL.over(text, json=True) != text:
        raise UsageError(
            f"{what} would hold a secret that this process uses, so it was not written and nothing was changed",
            "The workspace or the document shows it, as a name or a label: take it out there, and make a new secret.",
        )
    return text
