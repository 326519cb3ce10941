"""Reading: requests, retries, and errors."""

import httpx
import pytest

from beamctl.api.config import LOCAL
from beamctl.api.workspace import Options, open_workspace
from beamctl.errors import (
    ApiError,
    ForbiddenError,
    GarbledError,
    InterruptedRunError,
    MissingError,
    UnauthenticatedError,
    UnreachableError,
    UsageError,
)
from beamctl.secrets.redaction import Redactor
from tests.api.fakes import KEY, URL, FakeClock, Script, connection, opened, page, reply

WITH_CREDENTIAL = "The API key comes from BL_API_KEY"
NO_ACCESS = (
    "The credential is valid, but has no access to the workspace acme or lacks the required role. "
    "Set one that has both, or unset it to use another one."
)
WRONG_PATH = "the API has moved; set --api-url to its new address"
NOT_HTTP = "the response of api.example.com is incomplete or not valid HTTP (GET /users)"
BROKEN = "api.example.com closed the connection before its response was complete (GET /users)"


def test_a_read_sends_this_request() -> None:
    script = Script(reply(body=[{"email": "ada@example.com"}]))
    with opened(script) as api:
        assert api.reader().get("/users?limit=2") == [{"email": "ada@example.com"}]
    asked = script.asked[0]
    assert str(asked.url) == f"{URL}/users?limit=2"
    assert asked.headers["User-Agent"].startswith("beamctl/")
    assert asked.headers["Accept"] == "application/json"
    assert asked.headers["X-Blaxel-Workspace"] == "acme"
    assert asked.headers["X-Blaxel-Authorization"] == f"Bearer {KEY}"
    assert "Content-Type" not in asked.headers


def test_the_reader_cannot_write() -> None:
    with opened(Script(reply())) as api:
        assert not hasattr(api.reader(), "send")
        assert not hasattr(api.sender(), "get")


@pytest.mark.parametrize(
    ("answer", "kind", "message", "hint"),
    [
        (
            reply(401, {"error": "Unauthorized", "code": 401}),
            UnauthenticatedError,
            "api.example.com rejected the credential for GET /users: Unauthorized",
            f"{WITH_CREDENTIAL}. Set a valid one, or unset it to use another one.",
        ),
        (
            reply(403, {"error": "Forbidden"}),
            ForbiddenError,
            "api.example.com does not allow GET /users: Forbidden",
            f"{WITH_CREDENTIAL}. {NO_ACCESS}",
        ),
        (
            reply(404, {"error": "Workspace not found"}),
            MissingError,
            "api.example.com found nothing for GET /users: Workspace not found",
            f"Check that the workspace acme exists, and check --api-url. {WITH_CREDENTIAL}.",
        ),
        (
            httpx.Response(307, headers={"location": f"https://elsewhere.example/?key={KEY}"}),
            ApiError,
            f"api.example.com could not serve GET /users: HTTP 307 Temporary Redirect: {WRONG_PATH}",
            "Set --api-url to the new address of the API.",
        ),
        (
            reply(400, {"error": "invalid_api_version", "message": f"no {KEY}\x1b[2J"}),
            ApiError,
            r"api.example.com could not serve GET /users: no •••\x1b[2J",
            "",
        ),
        (
            page(504),
            ApiError,
            "api.example.com could not serve GET /users: HTTP 504 Gateway Timeout, with a page not from the API",
            "The service has a problem. Try again later.",
        ),
        (
            reply(501, {"error": "not implemented"}),
            ApiError,
            "api.example.com could not serve GET /users: not implemented",
            "This API does not support the request. Check --api-url.",
        ),
        (
            page(405),
            ApiError,
            "api.example.com could not serve GET /users: HTTP 405 Method Not Allowed, with a page not from the API",
            "This API does not support the request. Check --api-url.",
        ),
        (
            reply(429, {"error": "slow down"}),
            ApiError,
            "api.example.com could not serve GET /users: slow down",
            "The API limits requests. Try again later.",
        ),
        (
            httpx.Response(200),
            GarbledError,
            "api.example.com could not serve GET /users: HTTP 200 without a JSON body",
            "",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_responses_that_are_errors(answer: httpx.Response, kind: type[ApiError], message: str, hint: str) -> None:
    with opened(Script(answer)) as api, pytest.raises(ApiError) as caught:
        api.reader().get("/users")
    assert type(caught.value) is kind
    assert caught.value.message == message
    assert caught.value.hint == hint
    assert caught.value.status == answer.status_code


def test_a_missing_path_hints_at_the_base_url() -> None:
    to = connection(url="https://api.example.com")
    with opened(Script(reply(404)), to=to) as api, pytest.raises(MissingError) as caught:
        api.reader().get("/users")
    usual = "Check that the workspace acme exists, and check --api-url, which usually ends in /v0."
    assert caught.value.hint == f"{usual} {WITH_CREDENTIAL}."


@pytest.mark.parametrize(
    ("step", "kind", "message"),
    [
        (page(), GarbledError, "api.example.com responded with an HTML page instead of JSON (GET /users)"),
        (
            httpx.Response(200, content=b"[1, "),
            GarbledError,
            "the response of api.example.com is truncated (GET /users)",
        ),
        (
            httpx.Response(200, content=b"[NaN]"),
            GarbledError,
            "the response of api.example.com is not valid JSON (GET /users)",
        ),
        (httpx.ReadError(KEY), UnreachableError, BROKEN),
        (httpx.RemoteProtocolError(KEY), UnreachableError, NOT_HTTP),
        (httpx.WriteError(KEY), UnreachableError, BROKEN),
        (httpx.CloseError(KEY), UnreachableError, BROKEN),
        (
            httpx.ReadTimeout("x"),
            UnreachableError,
            "no complete response from api.example.com within 60 s (GET /users)",
        ),
        (
            httpx.WriteTimeout("x"),
            UnreachableError,
            "no complete response from api.example.com within 60 s (GET /users)",
        ),
        (httpx.ConnectTimeout("x"), UnreachableError, "no connection to api.example.com within 10 s (GET /users)"),
        (httpx.PoolTimeout("x"), UnreachableError, "no connection to api.example.com within 10 s (GET /users)"),
        (httpx.ConnectError(KEY), UnreachableError, "no connection to api.example.com (GET /users)"),
        (
            httpx.ProxyError(f"407 {KEY}"),
            UnreachableError,
            "the proxy refused a connection to api.example.com: HTTP 407 (GET /users)",
        ),
        (
            httpx.ProxyError("502 x"),
            UnreachableError,
            "the proxy refused a connection to api.example.com (GET /users)",
        ),
        (
            httpx.UnsupportedProtocol("x"),
            UnreachableError,
            "the request to api.example.com is not valid HTTP (GET /users)",
        ),
        (
            httpx.LocalProtocolError(KEY),
            UnreachableError,
            "the request to api.example.com is not valid HTTP (GET /users)",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_responses_that_cannot_be_used(step: httpx.Response | Exception, kind: type[ApiError], message: str) -> None:
    with opened(Script(step)) as api, pytest.raises(ApiError) as caught:
        api.reader().get("/users")
    assert type(caught.value) is kind
    assert caught.value.message == message
    assert caught.value.hint
    assert caught.value.status is None


@pytest.mark.parametrize(
    ("step", "attempts"),
    [
        (reply(503), 6),
        (httpx.ReadError("x"), 6),
        (httpx.ConnectError("x"), 4),
        (httpx.Response(200, content=b"[1, "), 6),
        (httpx.ProxyError("407 no"), 1),
        (page(), 1),
        (reply(404), 1),
        (reply(503, x_should_retry="false"), 1),
        (reply(409, x_should_retry="true"), 6),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_failing_read_is_retried_this_often(step: httpx.Response | Exception, attempts: int) -> None:
    script, clock = Script(step), FakeClock()
    with opened(script, clock) as api, pytest.raises(ApiError):
        api.reader().get("/users")
    assert len(script.asked) == attempts
    assert clock.waits == [0.5, 1.0, 2.0, 4.0, 8.0][: attempts - 1]


def test_a_temporary_error_is_retried_silently() -> None:
    script, clock = Script(httpx.ReadError("x"), reply(429, retry_after="7"), reply(body=[])), FakeClock()
    with opened(script, clock) as api:
        assert api.reader().get("/users") == []
    assert clock.waits == [0.5, 7.0]


def test_an_interrupt_ends_the_wait() -> None:
    script = Script(reply(503))
    with opened(script, FakeClock(interrupted=True)) as api, pytest.raises(InterruptedRunError):
        api.reader().get("/users")
    assert len(script.asked) == 1


def test_an_endless_response_is_refused() -> None:
    endless = httpx.Response(200, stream=_Endless())
    with opened(lambda _request: endless) as api, pytest.raises(GarbledError) as caught:
        api.reader().get("/users")
    assert caught.value.message == "the response of api.example.com is too large (GET /users)"


class _Endless(httpx.SyncByteStream):
    def __iter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204 - a stub
        while True:
            yield b" " * 1_000_000


@pytest.mark.parametrize("path", ["/users/..", "/users/", "/users//api_keys", "/./users", "users", "", "/users/?x=1"])
def test_a_name_cannot_change_the_path(path: str) -> None:
    script = Script(reply())
    with opened(script) as api, pytest.raises(GarbledError) as caught:
        api.reader().get(path)
    assert caught.value.message == f"the API returned a name that is invalid in a path: {path}"
    assert caught.value.hint == "Check it in the console."
    assert script.asked == []


@pytest.mark.parametrize("name", ["", "a b", "a\r\nX: y", "ü", "a\0"])
def test_an_impossible_workspace_name_is_an_error(name: str) -> None:
    with pytest.raises(UsageError, match="the name of the workspace is empty or contains an invalid character"):
        open_workspace(LOCAL, name, Options(redactor=Redactor()))
