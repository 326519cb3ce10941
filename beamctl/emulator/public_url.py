"""The base URL of links in e-mails: the configured one, else the address listened on, never a `Host` header."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from beamctl.emulator.errors import WrongOptionError

IN_PROCESS = "http://127.0.0.1:8080"
"""Default address of `beamctl emulator serve`: what is done in process can be opened there later."""


class PublicUrl:
    """The base URL of every link; final once the emulator listens."""

    def __init__(self, given: str | None = None) -> None:
        """Validate the configured URL, such as `https://beam.example.com`.

        Raises:
            WrongOptionError: It is not a public URL.
        """
        self._given = given is not None
        self._text = IN_PROCESS if given is None else _checked(given)

    def __str__(self) -> str:
        return self._text

    def listens(self, host: str, port: int) -> None:
        """Set the address listened on; used unless a URL was configured."""
        if not self._given:
            self._text = f"http://{_reachable(host)}:{port}"


def _reachable(host: str) -> str:
    """The host as written in a URL; the loopback address if it means all addresses."""
    try:
        address = ip_address(host)
    except ValueError:
        return host or "127.0.0.1"
    if address.is_unspecified:
        address = ip_address("127.0.0.1" if address.version == 4 else "::1")  # noqa: PLR2004 - IPv4
    return f"[{address}]" if ":" in str(address) else str(address)


def _checked(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    bare = text.rstrip("/")
    good = parts.scheme in ("http", "https") and parts.hostname and port != 0 and "@" not in parts.netloc
    if not good or bare != f"{parts.scheme}://{parts.netloc}" or not text.isprintable() or " " in text:
        raise WrongOptionError(f"{text!r} is not a public URL: write it like https://beam.example.com, without a path")
    return bare
