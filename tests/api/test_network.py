"""The real network stack against a misbehaving server on this machine."""

import gc
import gzip
import socket
import ssl
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from beamctl.api.clock import SystemClock
from beamctl.api.config import LOCAL
from beamctl.api.workspace import Options, open_workspace
from beamctl.errors import ApiError, GarbledError, UnreachableError, UsageError
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, segment
from beamctl.secrets.redaction import Redactor
from tests.api.fakes import (
    Behaviour,
    FakeClock,
    answers,
    falls_silent,
    hangs_up,
    http,
    networked,
    resets,
    serving,
    unused_port,
)
from tests.fakes.wording import lost, words

REMOVE = ApiCall(Method.DELETE, "/users/a")
INVITE = ApiCall(Method.POST, "/users", {"email": "a@example.com"})
FINE = answers(http("200 OK", b'{"fine": true}'))
CUT_BY_LENGTH = answers(http("200 OK", b'{"fine": tr', length=50))
CUT_JSON = answers(http("200 OK", b'{"fine": tr'))
CUT_CHUNK = answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1, 2")
NO_HTTP = answers(b"SSH-2.0-OpenSSH_9.6\r\n")
GATEWAY = answers(http("504 Gateway Time-out", b"<html>504</html>"))
ENDED = "127.0.0.1 closed the connection before its response was complete"
NOT_HTTP = "the response of 127.0.0.1 is incomplete or not valid HTTP"


@pytest.mark.parametrize("bad", [resets, hangs_up, CUT_BY_LENGTH, CUT_JSON, CUT_CHUNK, NO_HTTP, GATEWAY])
def test_a_request_that_may_be_repeated_is_retried(bad: Behaviour) -> None:
    with serving([bad, bad, FINE]) as url, networked(url) as api:
        assert api.reader().get("/users") == {"fine": True}
    with serving([bad, FINE]) as url, networked(url) as api:
        assert api.sender().send(REMOVE) == Response(200, {"fine": True})


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (resets, ENDED),
        (hangs_up, NOT_HTTP),
        (CUT_BY_LENGTH, NOT_HTTP),
        (CUT_CHUNK, NOT_HTTP),
        (NO_HTTP, NOT_HTTP),
        (CUT_JSON, "the response of 127.0.0.1 is truncated"),
        (GATEWAY, "127.0.0.1 responded with HTTP 504: Gateway Timeout, with a page not from the API"),
    ],
)
def test_a_request_that_must_not_be_repeated_is_lost(bad: Behaviour, why: str) -> None:
    with serving([bad, FINE]) as url, networked(url) as api:
        answer = api.sender().send(INVITE)
        assert isinstance(answer, NoResponse)
        assert words(answer.fact) == why


def test_a_silent_server_hits_the_timeout() -> None:
    with serving([falls_silent, FINE]) as url, networked(url, read=0.2) as api:
        assert api.sender().send(INVITE) == lost("no complete response from 127.0.0.1 within 0.2 s")
        assert api.reader().get("/users") == {"fine": True}


def test_a_refused_connection_is_an_error() -> None:
    clock = FakeClock()
    with networked(f"http://127.0.0.1:{unused_port()}/v0", clock) as api:
        with pytest.raises(UnreachableError) as caught:
            api.reader().get("/users")
        assert api.sender().send(INVITE) == lost("no connection to 127.0.0.1: Connection refused")
    assert caught.value.message == "no connection to 127.0.0.1: Connection refused (GET /users)"
    assert caught.value.hint == "Check --api-url and the network. Behind a proxy, check HTTPS_PROXY and NO_PROXY."
    assert len(clock.waits) == 6


def test_an_unknown_host_is_an_error() -> None:
    with networked("https://beamctl.invalid/v0") as api, pytest.raises(UnreachableError) as caught:
        api.reader().get("/users")
    assert caught.value.message.startswith("the host beamctl.invalid cannot be found: ")


def test_gzip_is_decoded_and_broken_gzip_is_an_error() -> None:
    zipped = gzip.compress(b'{"fine": true}')
    encoding = "Content-Encoding: gzip\r\n"
    with serving([answers(http("200 OK", zipped, more=encoding))]) as url, networked(url) as api:
        assert api.reader().get("/users") == {"fine": True}
    with (
        serving([answers(http("200 OK", b"no gzip", more=encoding))]) as url,
        networked(url) as api,
        pytest.raises(GarbledError, match=r"cannot be decompressed"),
    ):
        api.reader().get("/users")


def test_redirects_are_not_followed() -> None:
    away = answers(http("301 Moved", b"", more="Location: http://127.0.0.1:9/\r\n"))
    with serving([away]) as url, networked(url) as api, pytest.raises(ApiError) as caught:
        api.reader().get("/users")
    assert "set --api-url" in caught.value.message


def test_https_to_a_plain_http_port_is_an_error() -> None:
    with (
        serving([NO_HTTP]) as url,
        networked(url.replace("http:", "https:")) as api,
        pytest.raises(UnreachableError) as caught,
    ):
        api.reader().get("/users")
    assert caught.value.message.startswith("no TLS connection to 127.0.0.1: ")
    assert caught.value.hint == "Check that the port accepts HTTPS."


def test_certificates_are_verified(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def handshake(peer: socket.socket) -> None:
        try:
            with context.wrap_socket(peer, server_side=True) as secure:
                FINE(secure)
        except OSError:
            return

    with serving([handshake]) as plain:
        url = plain.replace("http:", "https:")
        clock = FakeClock()
        with networked(url, clock) as api, pytest.raises(UnreachableError) as caught:
            api.reader().get("/users")
        assert caught.value.message.startswith("the certificate of 127.0.0.1 is not trusted: self-signed")
        assert "SSL_CERT_FILE" in caught.value.hint
        assert clock.waits == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with networked(url) as api:
            assert api.reader().get("/users") == {"fine": True}


def test_unreadable_certificate_files_are_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    with networked("https://127.0.0.1:9/v0") as api, pytest.raises(UsageError) as caught:
        api.reader().get("/users")
    assert caught.value.message.startswith("the certificates in SSL_CERT_FILE or SSL_CERT_DIR cannot be read")
    assert caught.value.hint == "Set it to a file of certificates in PEM format, or unset it."


@pytest.mark.parametrize(
    "proxy", ["ftp://ada:canary@proxy.example", "http://ada:canary@proxy.example:port", "socks9://canary"]
)
def test_an_invalid_proxy_url_is_not_quoted(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with networked("https://api.example.com/v0") as api, pytest.raises(UsageError) as caught:
        api.reader().get("/users")
    assert caught.value.message == "the proxy set in the environment cannot be used"
    assert caught.value.hint == "Check HTTPS_PROXY and ALL_PROXY. A valid value looks like http://proxy.example:3128."


def test_a_proxy_that_requires_a_password_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    wants = answers(http("407 Proxy Authentication Required canary", b""))
    with serving([wants]) as url:
        monkeypatch.setenv("HTTPS_PROXY", url.removesuffix("/v0"))
        clock = FakeClock()
        with networked("https://api.example.com/v0", clock) as api, pytest.raises(UnreachableError) as caught:
            api.reader().get("/users")
    named = f"the proxy {url.split('/')[2]} set by HTTPS_PROXY"
    assert caught.value.message == f"{named} refused a connection to api.example.com: HTTP 407 (GET /users)"
    assert caught.value.hint == "The proxy requires a login. Write it as http://USER:PASSWORD@HOST:PORT."
    assert clock.waits == []


LOGIN = "canary-user:canary-password@"
NO_PROXY = "Check HTTPS_PROXY, and NO_PROXY for hosts that need no proxy."
TUNNEL = b"HTTP/1.1 200 Connection established\r\n\r\n"
BY_PROXY: dict[str, tuple[str, Behaviour | None, str]] = {
    "refused": ("http", None, "no connection to {}: Connection refused"),
    "silent": ("http", falls_silent, "no connection through {} within 0.1 s"),
    "hangs up": ("http", hangs_up, "{} does not respond like a proxy"),
    "resets": ("http", resets, "{} does not respond like a proxy"),
    "no HTTP": ("http", NO_HTTP, "{} does not respond like a proxy"),
    "no TLS": ("https", NO_HTTP, "no TLS connection to {}: "),
}


VARIABLES = ["https_proxy", "ALL_PROXY", "all_proxy"]


@pytest.mark.parametrize(
    ("case", "variable"),
    [*[(case, "HTTPS_PROXY") for case in BY_PROXY], *[("refused", variable) for variable in VARIABLES]],
)
def test_a_dead_proxy_is_named_without_its_password(case: str, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scheme, behaviour, why = BY_PROXY[case]
    with serving([behaviour or NO_HTTP]) as url:
        address = url.removeprefix("http://").removesuffix("/v0") if behaviour else f"127.0.0.1:{unused_port()}"
        monkeypatch.setenv(variable, f"{scheme}://{LOGIN}{address}")
        with networked("https://api.example.com/v0", read=0.1 if case == "silent" else 9) as api:
            with pytest.raises(UnreachableError) as caught:
                api.reader().get("/users")
            answer = api.sender().send(INVITE)
    expected = why.format(f"the proxy {address} set by {variable}")
    assert caught.value.message.startswith(expected)
    assert isinstance(answer, NoResponse)
    assert words(answer.fact).startswith(expected)
    assert caught.value.hint == NO_PROXY
    assert "canary" not in repr(caught.value) + words(answer.fact)


def test_an_unreachable_proxy_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{LOGIN}proxy.invalid:3128")
    with networked("https://api.example.com/v0") as api, pytest.raises(UnreachableError) as caught:
        api.reader().get("/users")
    assert caught.value.message.startswith("the proxy proxy.invalid:3128 set by HTTPS_PROXY cannot be found: ")


@pytest.mark.parametrize(
    ("behind", "why"), [(b"", "no TLS connection to api.example.com"), (b"no TLS", "no TLS connection to api.example")]
)
def test_an_error_behind_a_proxy_does_not_blame_the_proxy(
    behind: bytes, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving([answers(TUNNEL + behind)]) as url:
        monkeypatch.setenv("HTTPS_PROXY", url.removesuffix("/v0"))
        with networked("https://api.example.com/v0") as api, pytest.raises(UnreachableError) as caught:
            api.reader().get("/users")
    named = caught.value.message
    assert named.startswith(
        (why, "no connection to api.example.com: Connection reset")
    )  # the system may lose the bytes


def test_loopback_does_not_use_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port()}")
    with serving([FINE]) as url, networked(url) as api:
        assert api.reader().get("/users") == {"fine": True}


def test_threads_do_not_share_connections_and_all_are_closed() -> None:
    with serving([FINE]) as url, networked(url) as api, ThreadPoolExecutor(8) as pool:
        assert list(pool.map(api.reader().get, ["/users"] * 32)) == [{"fine": True}] * 32
    gc.collect()  # an open socket would be a ResourceWarning, and so an error


def test_an_application_in_this_process() -> None:
    asked: list[tuple[str, str, str | None]] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode()
        asked.append((environ["REQUEST_METHOD"], path, environ.get("HTTP_X_BLAXEL_AUTHORIZATION")))
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b"[]"]

    with open_workspace(LOCAL, "acme", Options(redactor=Redactor()), wsgi_app=app) as api:
        assert api.reader().get(f"/users/{segment('zoë+ops@example.com')}") == []
    assert asked == [("GET", "/v0/users/zoë+ops@example.com", None)]


def test_the_system_clock() -> None:
    stop = threading.Event()
    clock = SystemClock(stop)
    before = clock.now()
    assert clock.sleep(0.001)
    assert clock.now() > before
    assert clock.wall() > 1_700_000_000
    stop.set()
    assert not clock.sleep(60)


def test_plans_without_tls_do_not_load_certificates() -> None:
    code = (
        "import beamctl.api.workspace as w, beamctl.api.config as s, ssl\n"
        "import beamctl.secrets.redaction as r\n"
        "ssl.SSLContext.load_verify_locations = None\n"
        "options = w.Options(redactor=r.Redactor())\n"
        "app = lambda e, start: (start('200 OK', []), [b'[]'])[1]\n"
        "with w.open_workspace(s.LOCAL, 'acme', options, wsgi_app=app) as api:\n"
        "    print(api.reader().get('/users'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
