"""Base URLs: which ones are fit to send a credential to, and which era of the API they belong to.
It must not know where a URL was found, nor open a connection."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from enum import Enum
from urllib.parse import SplitResult, urlsplit

from beamctl.errors import UsageError

DEFAULT_URL = "https://api.blaxel.ai/v0"

STAGE_URLS = {
    "prod": DEFAULT_URL,
    "dev": "https://api.blaxel.dev/v0",
    "local": "http://localhost:8080/v0",
}
"""What `BL_ENV`, and `env` in the CLI's file, stand for."""


class Era(Enum):
    """The two names of the API: the paths are the same, the headers are not."""

    BEAMLIT = "beamlit"
    BLAXEL = "blaxel"


def era_of(url: str) -> Era:
    """The era of an API by its host. Any other host, such as an emulator's, is spoken to as today's API."""
    host = host_of(url)
    return Era.BEAMLIT if host.endswith((".beamlit.com", ".beamlit.dev")) else Era.BLAXEL


def host_of(url: str) -> str:
    """The host of a checked URL, in lower case and without the port."""
    return urlsplit(url).hostname or ""


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine by its very name."""
    host = host_of(url)
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def base_url(text: str, origin: str) -> str:
    """The base URL spelled by `text`, which was found at `origin`, without slashes at its end.

    Raises:
        UsageError: It is no base URL, or a credential would travel to it unencrypted. A user name or a password in
            it is not shown.
    """
    try:
        faults = list(_faults(urlsplit(text), text))
    except ValueError:
        faults = ["is not a URL"]
    if faults:
        raise UsageError(f"{origin} {faults[0]}", f"A base URL looks like {DEFAULT_URL}")
    url = text.rstrip("/")
    if urlsplit(url).scheme.lower() == "http" and not is_loopback(url):
        raise UsageError(
            f"{origin} is a plain http:// URL, and the credential would travel to {host_of(url)} unencrypted",
            "Use https://; plain http:// is for this machine only (localhost, 127.0.0.1, [::1]).",
        )
    return url


def _faults(parts: SplitResult, text: str) -> Iterator[str]:
    if not text.isascii() or not text.isprintable() or set(text) & set(' \\"<>^`{|}'):
        yield "has a character that no URL has"
    if parts.scheme.lower() not in ("http", "https"):
        yield "does not begin with https://"
    if "@" in parts.netloc:
        yield "has a user name or a password in it; the credential goes elsewhere"
    if not parts.hostname:
        yield "has no host"
    if "?" in text or "#" in text:
        yield "has a query or a fragment (`?` or `#`)"
    if parts.netloc.endswith(":") or parts.port == 0:  # `port` raises ValueError for one that is none
        yield "has no port after the colon"
    if {".", ".."} & set(parts.path.split("/")) or "//" in parts.path.rstrip("/"):
        yield "has an empty, `.` or `..` segment in its path"
