"""Keeps secrets out of every text that leaves this room, and makes text from outside fit to be shown on one line.
It must not know where secrets come from."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from beamctl.model.text import printable

HIDDEN = "•••"
"""Stands for a secret. It is not ASCII, as secrets are, so it cannot become a part of one."""

_SECRET_NAME = re.compile("secret|password|apikey|accesstoken|refreshtoken|idtoken|devicecode|credential|authorization")
_SHORTEST = 4
"""Characters of a value in a body that is worth hiding: anything shorter is a word of its own elsewhere."""
DISTINCT = 8
"""Characters of a secret that is hidden in reports and records: a shorter one is a word of theirs, and they must stay
true."""

_LONG, _BEGINNING = 23, 16
"""A secret that has more characters than the first shows too much when its first few are shown; so text that was cut
hides them as well."""


class Redactor:
    """All secrets known so far. Safe to use from several threads.

    Attributes:
        has_short: Whether one of them is too short to be hidden in reports.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.has_short = False
        self._secrets: tuple[str, ...] = ()
        self._begun: re.Pattern[str] | None = None
        self._own: frozenset[str] = frozenset()
        self.learn_own(*secrets)

    def learn(self, *secrets: str) -> None:
        """Hide these from now on: as they are, in a URL, in JSON and in base64, and where only the beginning shows."""
        self.has_short = self.has_short or any(0 < len(secret) < DISTINCT for secret in secrets)
        spelled = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
        self._secrets = tuple(sorted({*self._secrets, *spelled}))
        begun = {secret[:_BEGINNING] for secret in self._secrets if len(secret) > _LONG}
        self._begun = re.compile(f"(?:{'|'.join(map(re.escape, begun))})[\\w.~+/=%-]*") if begun else None

    def learn_own(self, *secrets: str) -> None:
        """Hide these, which authenticate this process, and recognize them in `holds_own`."""
        self.learn(*secrets)
        self._own |= {spelling for secret in secrets if secret for spelling in _spellings(secret)}

    def holds_own(self, text: str) -> bool:
        """Whether a text is or contains a credential of this process. A very short one is only compared as a whole."""
        return any(text == own or (len(own) >= DISTINCT and own in text) for own in self._own)

    def mask(self, text: str, *, also: Iterable[str] = ()) -> str:
        """The text without secrets (`also` names more), as it is otherwise."""
        return self._without(text, (*self._secrets, *filter(None, also)))

    def clean(self, text: str, limit: int = 300, *, also: Iterable[str] = ()) -> str:
        """The text without secrets (`also` names more), on one line, and with at most `limit` characters."""
        every = (*self._secrets, *filter(None, also))
        hidden = self._without(printable(self._without(text, every)), every)
        return hidden if len(hidden) <= limit else hidden[: limit - 1] + "…"

    def body(self, body: Any, limit: int = 200) -> str:  # noqa: ANN401 - any JSON
        """A JSON body, as a short text without the values of members that are secret by their names."""
        return self.clean(json.dumps(_without_secrets(body), ensure_ascii=False, default=str), limit)

    def hide(self, text: str) -> str:
        """The text without the secrets that are no words of it, as it is otherwise."""
        return self._without(text, [secret for secret in self._secrets if len(secret) >= DISTINCT])

    def _without(self, text: str, secrets: Iterable[str]) -> str:
        spans = sorted(span for secret in secrets for span in _spans(text, secret))
        kept, end = [], 0
        for first, last in spans:
            if first >= end:  # else it overlaps one that is hidden already, and makes that longer
                kept += [text[end:first], HIDDEN]
            end = max(end, last)
        hidden = "".join([*kept, text[end:]])
        return hidden if self._begun is None else self._begun.sub(HIDDEN, hidden)


def _spans(text: str, secret: str) -> Iterator[tuple[int, int]]:
    """Where it stands, also where one overlaps another: of these, none may be left in part."""
    at = text.find(secret)
    while at >= 0:
        yield at, at + len(secret)
        at = text.find(secret, at + 1)


def _spellings(secret: str) -> Iterator[str]:
    """How a secret may be written."""
    yield secret
    yield quote(_bytes(secret), safe="")
    yield json.dumps(secret)[1:-1]
    if len(secret) > _LONG:
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(_bytes(secret)).decode().rstrip("=")


def _bytes(secret: str) -> bytes:
    """What it is in UTF-8: of the environment's, what was there; whatever else an API may show is no reason to fail."""
    try:
        return secret.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return secret.encode("utf-8", "surrogatepass")


def secrets_in(body: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """The texts in a body that are secret by the name of a member around them."""
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
