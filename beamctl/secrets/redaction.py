"""Removes known secrets from text, and from output also anything that looks like a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from json import dumps, loads
from typing import Any

from beamctl.errors import UsageError
from beamctl.model.text import printable
from beamctl.secrets.encodings import LONG, escaped, is_plain, spans, spellings

HIDDEN = "•••"
"""The replacement for a secret."""

_SECRET_NAME = re.compile("secret|password|apikey|accesstoken|refreshtoken|idtoken|devicecode|credential|authorization")
_SHORTEST = 4
"""Minimum length of a secret value in a body. Shorter ones also occur as ordinary words."""
DISTINCT = 8
"""Minimum length of a secret that is hidden in reports and records. Shorter ones may be ordinary words in them, and
hiding those would falsify the text."""

# An API key or a JWT-like token, but not the beginning of an e-mail address.
_KEY, _TOKEN = r"bl_[\w-]{16,}+(?![\w.+-]*+@)", r"eyJ[\w-]{16,}+(?:\.[\w-]*+)*"
_LOOKS_SECRET = re.compile(rf"(?<!\w)(?:{_KEY}|{_TOKEN})", re.ASCII)
_JSON_TEXT = re.compile(r'"(?:[^"\\]++|\\.)*+"')

_BEGINNING = 16
"""Of secrets longer than `LONG`, this many characters at the beginning are hidden too: text may have been cut."""


class Redactor:
    """The secrets known so far. Thread-safe.

    Attributes:
        has_short: Whether one of them is too short to be hidden in reports.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.has_short = False
        self._secrets: tuple[str, ...] = ()
        self._patterns: dict[str, re.Pattern[str]] = {}
        self._truncated: re.Pattern[str] | None = None
        self._own: frozenset[str] = frozenset()
        self.learn_own(*secrets)

    def learn(self, *secrets: str) -> None:
        """Hide these from now on: plain, escaped, in base64, and if only the beginning or a long line is shown."""
        self.has_short = self.has_short or any(0 < len(secret) < DISTINCT for secret in secrets)
        lines = (line.strip() for secret in secrets for line in secret.splitlines())
        secrets += tuple(line for line in lines if len(line) > LONG)
        self._patterns = self._patterns | {each: escaped(each) for each in secrets if each and not is_plain(each)}
        self._secrets = tuple(sorted({*self._secrets, *spellings(secrets)}))
        prefixes = {secret[:_BEGINNING] for secret in self._secrets if len(secret) > LONG}
        self._truncated = re.compile(f"(?:{'|'.join(map(re.escape, prefixes))})[\\w.~+/=%-]*") if prefixes else None

    def learn_from(self, body: Any) -> None:  # noqa: ANN401 - any JSON
        """Hide the secrets in a body, except short ones, from now on."""
        self.learn(*(text for text in self.secrets_in(body) if len(text) >= DISTINCT))

    def learn_own(self, *secrets: str) -> None:
        """Hide these, which authenticate this process, and recognize them in `holds_own`."""
        self.learn(*secrets)
        self._own |= spellings(secrets)

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
        return self.clean(dumps(_without_secrets(body), ensure_ascii=False, default=str), limit)

    def secrets_in(self, body: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
        """The strings in a body under a field with a secret name."""
        match body:
            case dict():
                for name, value in body.items():
                    yield from _texts(value) if _is_secret(name) else self.secrets_in(value)
            case list():
                for value in body:
                    yield from self.secrets_in(value)
            case _:
                return

    def hide(self, text: str) -> str:
        """The text without secrets of at least `DISTINCT` characters."""
        return self._without(text, [secret for secret in self._secrets if len(secret) >= DISTINCT])

    def _without(self, text: str, secrets: Iterable[str]) -> str:
        hidden_parts = sorted(span for secret in secrets for span in spans(text, secret, self._patterns.get(secret)))
        kept, end = [], 0
        for first, last in hidden_parts:
            if first >= end:  # otherwise it overlaps a hidden one and extends it
                kept += [text[end:first], HIDDEN]
            end = max(end, last)
        hidden = "".join([*kept, text[end:]])
        return hidden if self._truncated is None else self._truncated.sub(HIDDEN, hidden)


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


class OutputRedaction:
    """The secrets to hide in the output of this process, on any stream."""

    def __init__(self, own: Callable[[], Iterable[str]]) -> None:
        """Hide the secrets that `own` returns. It is called when something is redacted for the first time."""
        self._own = own
        self._reported_short = False

    def reports_short_secret(self) -> bool:
        """Whether a secret is too short to be hidden, the first time that this is called for it."""
        is_new = self.redactor.has_short and not self._reported_short
        self._reported_short = self._reported_short or is_new
        return is_new

    @cached_property
    def redactor(self) -> Redactor:
        """The known secrets: those of this process, and those learned as they are used."""
        return Redactor(self._own())

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
        hidden = HIDDEN.encode("ascii", "backslashreplace").decode() if json else HIDDEN
        return _LOOKS_SECRET.sub(lambda _: hidden, self.redact(text, json=json))

    def require_no_secrets(self, text: str, what: str) -> str:
        """Return a JSON text that must be written unchanged or not at all: redacted, it would mean something else.

        Raises:
            UsageError: It contains a secret.
        """
        if self.redact(text, json=True) != text:
            raise UsageError(
                f"{what} would contain a secret that this process uses, so it was not written and nothing was changed",
                "The workspace or the document contains it, such as in a name or label. Remove it there and rotate it.",
            )
        return text
