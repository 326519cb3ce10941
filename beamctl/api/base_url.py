"""Validates base URLs, and what their hosts say."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from beamctl.errors import UsageError

DEFAULT_URL = "https://api.blaxel.ai/v0"


def host_of(url: str) -> str:
    """The host of a validated URL, in lower case and without the port."""
    return urlsplit(url).hostname or ""


def is_loopback(url: str) -> bool:
    """Whether the URL's host is `localhost` or a loopback address."""
    host = host_of(url)
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def base_url(text: str, origin: str) -> str:
    """Validate a base URL that was found at `origin`, and remove trailing slashes.

    Raises:
        UsageError: It is not a base URL, or a credential would be sent to it unencrypted. The message does not show a
            user name or password in it.
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
            f"{origin} is an http:// URL, and the credential would be sent to {host_of(url)} unencrypted",
            "Use https://. Plain http:// is allowed only for this machine (localhost, 127.0.0.1, [::1]).",
        )
    return url


def _faults(parts: SplitResult, text: str) -> Iterator[str]:
    if not text.isascii() or not text.isprintable() or set(text) & set(' \\"<>^`{|}'):
        yield "contains an invalid character"
    if parts.scheme.lower() not in ("http", "https"):
        yield "does not begin with https://"
    if "@" in parts.netloc:
        yield "contains a user name or password; configure the credential separately"
    if not parts.hostname:
        yield "has no host"
    if "?" in text or "#" in text:
        yield "has a query or a fragment (`?` or `#`)"
    if parts.netloc.endswith(":") or parts.port == 0:  # `port` raises ValueError if it is invalid
        yield "has no port after the colon"
    if {".", ".."} & set(parts.path.split("/")) or "//" in parts.path.rstrip("/"):
        yield "has an empty, `.` or `..` segment in its path"
