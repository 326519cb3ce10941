"""Removes known secrets from text, and makes text from outside safe to show on one line."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from beamctl.model.text import printable

HIDDEN = "•••"
"""The replacement for a secret. Secrets are ASCII, so this cannot become part of one."""

_SECRET_NAME = re.compile("secret|password|apikey|accesstoken|refreshtoken|idtoken|devicecode|credential|authorization")
_SHORTEST = 4
"""Minimum length of a secret value in a body. Shorter ones also occur as ordinary words."""
DISTINCT = 8
"""Minimum length of a secret that is hidden in reports and records. Shorter ones may be ordinary words in them, and
hiding those would falsify the text."""

_LONG, _BEGINNING = 23, 16
"""In secrets longer than `_LONG`, the first `_BEGINNING` characters are hidden too, because text may have been cut."""


class Redactor:
    """The secrets known so far. Thread-safe.

    Attributes:
        has_short: Whether one of them is too short to be hidden in reports.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.has_short = False
        self._secrets: tuple[str, ...] = ()
        self._truncated: re.Pattern[str] | None = None
        self._own: frozenset[str] = frozenset()
        self.learn_own(*secrets)

    def learn(self, *secrets: str) -> None:
        """Hide these from now on: plain, in URLs, in JSON, in base64, and if only the beginning is shown."""
        self.has_short = self.has_short or any(0 < len(secret) < DISTINCT for secret in secrets)
        spellings = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
        self._secrets = tuple(sorted({*self._secrets, *spellings}))
        prefixes = {secret[:_BEGINNING] for secret in self._secrets if len(secret) > _LONG}
        self._truncated = re.compile(f"(?:{'|'.join(map(re.escape, prefixes))})[\\w.~+/=%-]*") if prefixes else None

    def learn_own(self, *secrets: str) -> None:
        """Hide these, which authenticate this process, and recognize them in `holds_own`."""
        self.learn(*secrets)
        self._own |= {spelling for secret in secrets if secret for spelling in _spellings(secret)}

    def holds_own(self, text: str) -> bool:
        """Whether a text contains a credential of this process. A short credential must be the entire text."""
        return any(text == own or (len(own) >= DISTINCT and own in text) for own in self._own)

    def redact(self, text: str, *, also: Iterable[str] = ()) -> str:
        """The text without secrets, including those in `also`."""
        return self._without(text, (*self._secrets, *filter(None, also)))

    def clean(self, text: str, limit: int = 300, *, also: Iterable[str] = ()) -> str:
        """The text without secrets, including those in `also`, on one line of at most `limit` characters."""
        known = (*self._secrets, *filter(None, also))
        hidden = self._without(printable(self._without(text, known)), known)
        return hidden if len(hidden) <= limit else hidden[: limit - 1] + "…"

    def body(self, body: Any, limit: int = 200) -> str:  # noqa: ANN401 - any JSON
        """A JSON body as short text, without known secrets and without the values of fields with secret names."""
        return self.clean(json.dumps(_without_secrets(body), ensure_ascii=False, default=str), limit)

    def hide(self, text: str) -> str:
        """The text without secrets of at least `DISTINCT` characters."""
        return self._without(text, [secret for secret in self._secrets if len(secret) >= DISTINCT])

    def _without(self, text: str, secrets: Iterable[str]) -> str:
        spans = sorted(span for secret in secrets for span in _spans(text, secret))
        kept, end = [], 0
        for first, last in spans:
            if first >= end:  # otherwise it overlaps a hidden one and extends it
                kept += [text[end:first], HIDDEN]
            end = max(end, last)
        hidden = "".join([*kept, text[end:]])
        return hidden if self._truncated is None else self._truncated.sub(HIDDEN, hidden)


def _spans(text: str, secret: str) -> Iterator[tuple[int, int]]:
    """All occurrences, including overlapping ones, so that no part of them is left."""
    at = text.find(secret)
    while at >= 0:
        yield at, at + len(secret)
        at = text.find(secret, at + 1)


def _spellings(secret: str) -> Iterator[str]:
    """The encodings in which a secret may appear."""
    yield secret
    yield quote(_bytes(secret), safe="")
    yield json.dumps(secret)[1:-1]
    if len(secret) > _LONG:
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(_bytes(secret)).decode().rstrip("=")


def _bytes(secret: str) -> bytes:
    """The secret in UTF-8. Undecodable bytes of the environment are restored, and lone surrogates are tolerated."""
    try:
        return secret.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return secret.encode("utf-8", "surrogatepass")


def secrets_in(body: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """The strings in a body under a field with a secret name."""
    match body:
        case dict():
            for name, value in body.items():
                yield from _texts(value) if _is_secret(name) else secrets_in(value)
        case list():
            for value in body:
                yield from secrets_in(value)
        case _:
            return


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    match value:
        case str() if len(value) >= _SHORTEST:
            yield value
        case dict():
            for inner in value.values():
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)
        case _:
            return


def _without_secrets(body: Any) -> Any:  # noqa: ANN401 - any JSON
    match body:
        case dict():
            return {name: HIDDEN if _is_secret(name) else _without_secrets(value) for name, value in body.items()}
        case list():
            return [_without_secrets(value) for value in body]
        case _:
            return body


def _is_secret(name: object) -> bool:
    return bool(_SECRET_NAME.search(re.sub("[^a-z]", "", str(name).lower())))
