"""Limits on responses: size, encoding and status. None of them causes a traceback."""

import gzip
import socket
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.api.messages import Failure, FailureKind, Reply
from beamctl.api.response_body import LARGEST_ANSWER, MOST_VALUES, Budget, OversizedError, receive
from beamctl.errors import ApiError, GarbledError, UnreachableError
from beamctl.model.api_call import ApiCall, Method, Response
from tests.api.fakes import Behaviour, Script, answers, http, networked, opened, reply, serving, take_request
from tests.fakes.wording import garbled

JSON = b'[{"email": "ada@example.com"}]'
ZIPPED = gzip.compress(JSON, mtime=0)
ENCODING = "the response of h has a Content-Encoding other than gzip"
CUT_OFF = "the response of h ends in the middle of its compressed data"
LONGER = "the response of h continues after the end of its compressed data"
BROKEN = "the response of h cannot be decompressed"
NOT_HTTP = "the response of 127.0.0.1 is incomplete or not valid HTTP (GET /users)"
TOO_LARGE = "the response of 127.0.0.1 is too large (GET /users)"
LOOK = ApiCall(Method.GET, "/users")


@cache
def bomb() -> bytes:
    return gzip.compress(b" " * (LARGEST_ANSWER + 1), 1)


def received(content: bytes, encoding: str, status: int = 200) -> Reply | Failure:
    return receive(status, {"content-encoding": encoding}, [content], "h")


@pytest.mark.parametrize(
    ("encoding", "content"),
    [("", JSON), ("identity", JSON), ("gzip", ZIPPED), ("GZip ", ZIPPED), ("x-gzip", ZIPPED), ("gzip", b"")],
)
def test_supported_encodings_are_decoded(encoding: str, content: bytes) -> None:
    found = received(content, encoding)
    assert isinstance(found, Reply)
    assert found.body == ([{"email": "ada@example.com"}] if content else None)


@pytest.mark.parametrize(
    "encoding",
    [
        *("gzip, gzip", "gzip, gzip, gzip", "gzip, identity", "identity, gzip", "identity, identity"),
        *("deflate", "br", "zstd", "compress", "gzip,", "gzip;q=1", "aes128gcm", "nonsense"),
    ],
)
def test_other_encodings_are_refused(encoding: str) -> None:
    assert received(ZIPPED, encoding) == Failure(FailureKind.GARBLED, ENCODING, "Try again later.")


@pytest.mark.parametrize(
    ("content", "fault", "why"),
    [
        (ZIPPED[:-1], FailureKind.CUT_OFF, CUT_OFF),
        (ZIPPED[:12], FailureKind.CUT_OFF, CUT_OFF),
        (ZIPPED[:1], FailureKind.CUT_OFF, CUT_OFF),
        (ZIPPED + b"\0", FailureKind.GARBLED, LONGER),
        (ZIPPED + ZIPPED, FailureKind.GARBLED, LONGER),
        (JSON, FailureKind.GARBLED, BROKEN),
        (zlib.compress(JSON), FailureKind.GARBLED, BROKEN),
        (ZIPPED[:-8] + b"\0" * 8, FailureKind.GARBLED, BROKEN),
    ],
)
def test_truncated_compressed_data_is_refused(content: bytes, fault: FailureKind, why: str) -> None:
    assert received(content, "gzip") == Failure(fault, why, "Try again later.")
    assert received(content, "gzip", 503) == Reply(503, {"content-encoding": "gzip"}, page=True)


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=4))
def test_chunk_boundaries_do_not_matter(content: bytes, cuts: list[int]) -> None:
    zipped = gzip.compress(b'["' + content.hex().encode() + b'"]', mtime=0)
    spots = [0, *sorted(cuts), len(zipped)]
    pieces = [zipped[start:end] for start, end in pairwise(spots)]
    found = receive(200, {"content-encoding": "gzip"}, pieces, "h")
    assert isinstance(found, Reply)
    assert found.body == [content.hex()]


@given(st.binary(max_size=300), st.sampled_from(["gzip", "gzip, gzip", ""]))
def test_any_bytes_are_read_or_refused(content: bytes, encoding: str) -> None:
    assert isinstance(received(content, encoding), Reply | Failure)


def test_data_that_ends_at_a_step_boundary() -> None:
    for size in (1024 * 1024 - 1, 1024 * 1024, 1024 * 1024 + 1):
        found = received(gzip.compress(b'"' + b"a" * (size - 2) + b'"', 1), "gzip")
        assert isinstance(found, Reply)
        assert len(found.body) == size - 2


@contextmanager
def peak(most: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


def test_a_compression_bomb_is_not_unpacked() -> None:
    bomb()
    with peak(LARGEST_ANSWER * 3), pytest.raises(OversizedError):
        received(bomb(), "gzip")
    with peak(1024 * 1024):
        assert received(gzip.compress(gzip.compress(bomb())), "gzip, gzip, gzip") == Failure(
            FailureKind.GARBLED, ENCODING, "Try again later."
        )


@pytest.mark.parametrize("piece", [b"[],", b"{},", b"0,", b'{"":0},'])
def test_the_number_of_values_is_limited(piece: bytes) -> None:
    many = b"[" + piece * (MOST_VALUES // 3 + 1) * 3 + b"0]"
    with peak(LARGEST_ANSWER), pytest.raises(OversizedError):
        received(many, "")


def explodes(peer: socket.socket) -> None:
    answers(http("200 OK", bomb(), more="Content-Encoding: gzip\r\n"))(peer)


def floods(peer: socket.socket) -> None:
    take_request(peer)
    peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        peer.sendall(b" " * 1_000_000)


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        (explodes, TOO_LARGE),
        (floods, TOO_LARGE),
        (
            answers(http("200 OK", ZIPPED, more="Content-Encoding: gzip\r\n" * 2)),
            ENCODING.replace(" h ", " 127.0.0.1 "),
        ),
    ],
)
def test_a_response_that_is_too_large_is_refused(behaviour: Behaviour, message: str) -> None:
    with serving([behaviour]) as url, networked(url, read=60) as api, pytest.raises(GarbledError) as caught:
        api.reader().get("/users")
    assert caught.value.message.removesuffix(" (GET /users)") == message.removesuffix(" (GET /users)")


def test_all_parts_of_a_response_share_one_limit() -> None:
    budget = Budget(lambda: False)
    for _ in range(2):
        budget.start(60, interruptible=False)
        budget.receive(LARGEST_ANSWER)
        with pytest.raises(OversizedError):
            budget.receive(LARGEST_ANSWER)


def test_only_gzip_is_requested() -> None:
    script = Script(reply())
    with opened(script) as api:
        api.reader().get("/users")
    assert script.asked[0].headers["Accept-Encoding"] == "gzip"


def head(*lines: str, status: str = "200 OK", body: bytes = b"[]") -> Behaviour:
    return answers("\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body)


@pytest.mark.parametrize(
    "behaviour",
    [
        head("Content-Length: 2", "Content-Length: 3"),
        head("Content-Length: 2, 3"),
        head("Content-Length: -2"),
        head("Content-Length: " + "9" * 5000),
        head("Transfer-Encoding: gzip, chunked"),
        head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        head("Transfer-Encoding: chunked", body=b"-1\r\n[]\r\n0\r\n\r\n"),
        head("Transfer-Encoding: chunked", body=b"f" * 5000 + b"\r\n[]\r\n0\r\n\r\n"),
        head("Transfer-Encoding: chunked", body=b"2;" + b"a" * 300_000 + b"\r\n[]\r\n0\r\n\r\n"),
        head("Transfer-Encoding: chunked", body=b"2\r\n[]\r\n0\r\n" + b"X-A: b\r\n" * 50_000 + b"\r\n"),
        head(*["X-A: b"] * 50_000),
        head("X-A: " + "b" * 300_000),
        head("no header"),
        head(status="099 Low"),
        head(status="100"),
        head(status="20 Short"),
        head(status="2000 Long"),
        head(status="101 Switching Protocols"),
    ],
)
def test_a_response_that_is_not_http_is_an_error(behaviour: Behaviour) -> None:
    with serving([behaviour]) as url, networked(url) as api, pytest.raises(UnreachableError) as caught:
        api.reader().get("/users")
    assert caught.value.message == NOT_HTTP


def test_many_headers_are_read_in_linear_time() -> None:
    """As many as fit. Looking each of them up among all of them would take quadratic time."""
    lines = [f"{n:x}:" for n in range(14_000)]
    with serving([head("Content-Length: 2", *lines)]) as url, networked(url) as api:
        began = time.process_time()
        assert api.deleter().delete_workspace() == Response(200, [])
        assert time.process_time() - began < 2


@pytest.mark.parametrize("status", [201, 202, 203, 204, 205, 206, 207, 226, 299])
def test_a_read_accepts_only_status_200(status: int) -> None:
    why = f"api.example.com answered a read with HTTP {status} instead of 200"
    script = Script(reply(status, []))
    with opened(script) as api:
        with pytest.raises(GarbledError) as caught:
            api.reader().get("/users")
        assert caught.value.message == f"{why} (GET /users)"
        assert api.sender().send(LOOK) == garbled(why)
        assert api.sender().send(ApiCall(Method.DELETE, "/users/a")) == Response(status, [])
    assert len(script.asked) == 3


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("300 Multiple Choices", "HTTP 300 Multiple Choices"),
        ("304 Not Modified", "HTTP 304 Not Modified"),
        ("999 Odd", "HTTP 999"),
        ("600 Odd", "HTTP 600"),
    ],
)
def test_unusual_statuses_of_a_change(status: str, said: str) -> None:
    odd = head("Content-Length: 0", status=status, body=b"")
    with serving([odd]) as url, networked(url) as api, pytest.raises(ApiError) as caught:
        api.reader().get("/users")
    assert caught.value.message == f"127.0.0.1 could not serve GET /users: {said}"
    assert "--api-url" not in caught.value.hint


@pytest.mark.parametrize(
    "where", [b"http://[", b"//", b"http://a:999999/", b"\xff", b"h" * 70_000, b"http://xn--a/", b"data:,"]
)
def test_redirects_are_not_followed(where: bytes) -> None:
    away = httpx.Response(302, headers=[(b"Location", where)])
    with opened(lambda _request: away) as api, pytest.raises(ApiError, match="HTTP 302 Found"):
        api.reader().get("/users")


def test_cookies_are_not_stored() -> None:
    script = Script(reply(set_cookie="session=1; Path=/; Max-Age=99999"), reply(401, set_cookie="a=b"), reply())
    with opened(script) as api:
        api.reader().get("/users")
        with pytest.raises(ApiError):
            api.reader().get("/users")
        api.reader().get("/users")
        api.sender().send(ApiCall(Method.DELETE, "/users/a"))
    assert len(script.asked) == 4
    assert not any("cookie" in request.headers for request in script.asked)
