"""Base URLs: which are accepted, and which era of the API they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.api.base_url import base_url, is_loopback
from beamctl.api.config import Era, era_of
from beamctl.errors import UsageError


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.blaxel.ai/v0", "https://api.blaxel.ai/v0"),
        ("https://api.blaxel.ai/v0//", "https://api.blaxel.ai/v0"),
        ("https://proxy.example:8443", "https://proxy.example:8443"),
        ("http://127.0.0.1:8080/v0", "http://127.0.0.1:8080/v0"),
        ("http://[::1]:8080/v0", "http://[::1]:8080/v0"),
        ("HTTP://LocalHost/v0", "HTTP://LocalHost/v0"),
    ],
)
def test_base_urls_are_normalized(text: str, url: str) -> None:
    assert base_url(text, "--api-url") == url


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("api.blaxel.ai/v0", "does not begin with https://"),
        ("ftp://api.blaxel.ai", "does not begin with https://"),
        ("file:///etc/passwd", "does not begin with https://"),
        ("https://", "has no host"),
        ("https:///v0", "has no host"),
        (
            "https://ada:canary@api.blaxel.ai/v0",
            "contains a user name or password; configure the credential separately",
        ),
        ("https://canary@api.blaxel.ai/v0", "contains a user name or password; configure the credential separately"),
        ("https://api.blaxel.ai/v0?workspace=a", "has a query or a fragment (`?` or `#`)"),
        ("https://api.blaxel.ai/v0#a", "has a query or a fragment (`?` or `#`)"),
        ("https://api.blaxel.ai:port/v0", "is not a URL"),
        ("https://api.blaxel.ai:70000/v0", "is not a URL"),
        ("https://api.blaxel.ai:/v0", "has no port after the colon"),
        ("https://api.blaxel.ai:0/v0", "has no port after the colon"),
        ("https://[::1/v0", "is not a URL"),
        ("https://api.blaxel.ai/v0\r\nX: y", "contains an invalid character"),
        ("https://api.blaxel.ai/v 0", "contains an invalid character"),
        ("https://api.bläxel.ai/v0", "contains an invalid character"),
        ("https:\\\\api.blaxel.ai", "contains an invalid character"),
        ("https://api.blaxel.ai/a/../v0", "has an empty, `.` or `..` segment in its path"),
        ("https://api.blaxel.ai//v0", "has an empty, `.` or `..` segment in its path"),
    ],
)
def test_an_invalid_base_url_is_an_error(text: str, fault: str) -> None:
    with pytest.raises(UsageError) as caught:
        base_url(text, "--api-url")
    assert caught.value.message == f"--api-url {fault}"
    assert caught.value.hint == "A base URL looks like https://api.blaxel.ai/v0"
    assert "canary" not in caught.value.message


@pytest.mark.parametrize("host", ["api.blaxel.ai", "192.168.1.4", "localhost.example.com", "127.0.0.1.nip.io"])
def test_a_credential_is_not_sent_unencrypted(host: str) -> None:
    with pytest.raises(UsageError) as caught:
        base_url(f"http://{host}/v0", "BL_API_URL")
    assert caught.value.message == (
        f"BL_API_URL is an http:// URL, and the credential would be sent to {host} unencrypted"
    )
    assert "localhost" in caught.value.hint


@given(st.text(max_size=60) | st.text("htps:/@[].?#%0a\\ ", max_size=30).map("https://".__add__))
def test_any_text_is_a_url_or_a_usage_error(text: str) -> None:
    try:
        url = base_url(text, "--api-url")
    except UsageError:
        return
    assert url.lower().startswith("https://") or is_loopback(url)


@pytest.mark.parametrize(
    ("url", "era"),
    [
        ("https://api.beamlit.com/v0", Era.BEAMLIT),
        ("https://api.beamlit.dev/v0", Era.BEAMLIT),
        ("https://api.blaxel.ai/v0", Era.BLAXEL),
        ("https://notbeamlit.com/v0", Era.BLAXEL),
        ("http://127.0.0.1:8080/v0", Era.BLAXEL),
    ],
)
def test_the_host_determines_the_era(url: str, era: Era) -> None:
    assert era_of(url) is era
