"""The last net before a stream: hides every secret that this process knows, and in complaints also what looks like one,
as anything may have been pasted. It must not know what is said."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beamctl.api.mask import Mask

# An API key, or a token that begins as a JWT does; but not the beginning of an e-mail address.
_KEY, _TOKEN = r"bl_[\w-]{16,}+(?![\w.+-]*+@)", r"eyJ[\w-]{16,}+(?:\.[\w-]*+)*"
_LOOKS_SECRET = re.compile(rf"(?<!\w)(?:{_KEY}|{_TOKEN})", re.ASCII)


class Veil:
    """What must not be seen. There is one for all streams of a process, as they are one to whoever reads them."""

    def __init__(self) -> None:
        self._mask: Mask | None = None

    def renew(self) -> None:
        """Forget what was learnt: the environment may be another one."""
        self._mask = None

    @property
    def mask(self) -> Mask:
        """What is known: what the environment holds, and what is learnt as it is used."""
        if self._mask is None:
            from beamctl.api.mask import Mask
            from beamctl.api.settings import secrets_around

            self._mask = Mask(secrets_around(os.environ))
        return self._mask

    def over(self, text: str, *, json: bool = False) -> str:
        """The text without any secret that is known; `json` is: and still JSON in plain ASCII."""
        from beamctl.api.mask import HIDDEN

        hidden = self.mask.hide(text)
        return hidden.replace(HIDDEN, _ascii(HIDDEN)) if json else hidden

    def over_complaint(self, text: str, *, json: bool = False) -> str:
        """A complaint about what somebody gave, without any secret that is known, or that looks like one."""
        from beamctl.api.mask import HIDDEN

        hidden = _ascii(HIDDEN) if json else HIDDEN
        return _LOOKS_SECRET.sub(lambda _: hidden, self.over(text, json=json))


def _ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


VEIL = Veil()
