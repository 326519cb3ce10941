"""Sends notifications through the library apprise, which knows the chat services. Their URLs are secrets.

A module of its own: it alone imports that optional library."""

from __future__ import annotations

import logging
import re
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from urllib.parse import unquote

from beamctl.errors import UsageError
from beamctl.model.text import printable

VARIABLE = "BEAMCTL_NOTIFY"
"""The variable with URLs, separated by spaces or line breaks."""
SECONDS = 20
"""How long one notification may take."""

_TITLE = 200
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30})://\S+")
_PART = re.compile(r"[^/?&=#@:,\s]+")
_TOKEN = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[\w.~-]{16,}|[0-9a-f]{32,}", re.ASCII)
"""What looks like a token inside a URL, and not like a name that workspaces or people have too."""

Send = Callable[[str, str, str], bool]


@dataclass(frozen=True, slots=True)
class NotificationTarget:
    """Where notifications are sent.

    Attributes:
        scheme: The service, such as `slack`. It is the only part of the URL that may be shown.
        id: Identifies the URL without revealing it.
        title_limit: The maximum size of a title.
        body_limit: The maximum size of a text, with its title.
        send: Sends a title and a text, with a word for their urgency. Returns whether the service accepted them.
    """

    scheme: str
    id: str
    title_limit: int
    body_limit: int
    send: Send = field(compare=False, repr=False)


def secrets_of_url(url: str) -> Iterator[str]:
    """The URL, and what looks like a password or a token in it."""
    yield url
    login, at, _ = re.split(r"[/?#]", url.partition("://")[2])[0].rpartition("@")
    password = login.partition(":")[2] if at else ""
    parts = [part for part in _PART.findall(url) if _TOKEN.fullmatch(unquote(part))]
    for each in (password, *parts):
        yield each
        yield unquote(each)


def targets_of(urls: Sequence[str], seconds: float = SECONDS) -> list[NotificationTarget]:
    """The targets that URLs name.

    Args:
        urls: The URLs.
        seconds: How long one notification may take.

    Raises:
        UsageError: A URL is unknown to apprise or not valid, or apprise is not installed.
    """
    if urls and not find_spec("apprise"):
        raise UsageError(
            "notifications need the library apprise, so nothing was done", "Install it:  pip install 'beamctl[notify]'"
        )
    return [_target(url, number, seconds) for number, url in enumerate(dict.fromkeys(urls), 1)]


def _target(url: str, number: int, seconds: float) -> NotificationTarget:
    from apprise import Apprise, AppriseAsset

    scheme = _URL.fullmatch(url)
    asset = AppriseAsset(app_id="beamctl", app_desc="beamctl", app_url="", service_timeout=0)
    with _silent():
        plugin = Apprise.instantiate(url, asset=asset) if scheme else None
    if scheme is None or plugin is None:
        which = f"URL {number} of --notify and {VARIABLE}"
        what = f" begins with {printable(scheme[1])!r}, and" if scheme else ""
        hint = "Check it against https://github.com/caronc/apprise/wiki. It is a secret, so it is not shown here."
        raise UsageError(f"{which}{what} is not a URL that apprise can send to", hint)

    def send(title: str, text: str, urgency: str) -> bool:
        from apprise import NotifyFormat, NotifyType

        service = Apprise(asset=asset)
        service.add(plugin)
        return _in_time(
            lambda: bool(
                service.notify(body=text, title=title, notify_type=NotifyType(urgency), body_format=NotifyFormat.TEXT)
            ),
            seconds,
        )

    identity = sha256(f"beamctl notify {url}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    title_limit = min(plugin.title_maxlen or _TITLE, _TITLE)
    return NotificationTarget(scheme[1].lower(), identity, title_limit, plugin.body_maxlen, send)


def _in_time(send: Callable[[], bool], seconds: float) -> bool:
    """Whether sending succeeds within a time.

    apprise's own limit is off: its threads would keep the process alive while a service answers slowly.
    """
    done: list[bool] = []

    def attempt() -> None:
        with suppress(Exception):  # a plugin may raise anything; its message may contain the URL
            done.append(send())

    thread = threading.Thread(target=attempt, daemon=True)
    with _silent(thread.is_alive):
        thread.start()
        thread.join(seconds)
    return done == [True]


@contextmanager
def _silent(is_running: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """No log lines and warnings of libraries, which may contain the URL; also later, if something still runs then."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if not is_running():
            logging.disable(before)
