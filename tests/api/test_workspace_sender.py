"""Sending changes: requests, retries, and results."""

import json

import httpx
import pytest

from beamctl.errors import InterruptedRunError, UnauthenticatedError
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, cause
from beamctl.model.code import Code
from beamctl.model.fact import fact
from tests.api.fakes import KEY, FakeClock, Script, Step, opened, page, reply
from tests.fakes.wording import garbled, lost, words

INVITE = ApiCall(Method.POST, "/users", {"email": "bob@example.com"})
PROMOTE = ApiCall(Method.PUT, "/users/bob%40example.com", {"role": "admin"})
REMOVE = ApiCall(Method.DELETE, "/users/bob%40example.com")
BROKEN = lost("api.example.com closed the connection before its response was complete")
NOT_HTTP = lost("the response of api.example.com is incomplete or not valid HTTP")
UNAVAILABLE = NoResponse(fact=fact(Code.SERVER_ERROR, host="api.example.com", status=503, detail="maintenance"))
CUT = httpx.Response(200, content=b'{"email": "bob@exa')


def sent(call: ApiCall, *steps: Step) -> tuple[Response | NoResponse, int]:
    script = Script(*steps)
    with opened(script) as api:
        return api.sender().send(call), len(script.asked)


def test_a_change_sends_this_request() -> None:
    script = Script(reply(body={"email": "bob@example.com"}))
    with opened(script) as api:
        assert api.sender().send(PROMOTE) == Response(200, {"email": "bob@example.com"})
        api.sender().send(REMOVE)
    first, second = script.asked
    assert script.lines == ["PUT /v0/users/bob%40example.com", "DELETE /v0/users/bob%40example.com"]
    assert json.loads(first.content) == {"role": "admin"}
    assert first.headers["Content-Type"] == "application/json"
    assert (second.content, "Content-Type" in second.headers) == (b"", False)


@pytest.mark.parametrize("status", [200, 204])
def test_a_successful_response_may_be_empty(status: int) -> None:
    assert sent(REMOVE, httpx.Response(status)) == (Response(status), 1)


@pytest.mark.parametrize(
    ("call", "step", "outcome", "attempts"),
    [
        (INVITE, httpx.ReadError("x"), BROKEN, 1),
        (INVITE, httpx.RemoteProtocolError("x"), NOT_HTTP, 1),
        (INVITE, httpx.ReadTimeout("x"), lost("no complete response from api.example.com within 60 s"), 1),
        (INVITE, reply(503, {"error": "maintenance"}), UNAVAILABLE, 1),
        (INVITE, reply(503, {"error": "maintenance"}, x_should_retry="true"), UNAVAILABLE, 1),
        (INVITE, page(), garbled("api.example.com responded with an HTML page instead of JSON"), 1),
        (INVITE, CUT, garbled("the response of api.example.com is truncated"), 1),
        (INVITE, httpx.ConnectError("x"), lost("no connection to api.example.com"), 4),
        (INVITE, httpx.ConnectTimeout("x"), lost("no connection to api.example.com within 10 s"), 4),
        (INVITE, reply(408, {"error": "too slow"}), Response(408, {"error": "too slow"}, "too slow"), 1),
        (PROMOTE, httpx.ReadError("x"), BROKEN, 6),
        (PROMOTE, reply(503, {"error": "maintenance"}), UNAVAILABLE, 6),
        (
            PROMOTE,
            page(504),
            NoResponse(
                fact=fact(
                    Code.SERVER_ERROR,
                    host="api.example.com",
                    status=504,
                    detail="Gateway Timeout, with a page not from the API",
                )
            ),
            6,
        ),
        (PROMOTE, page(), garbled("api.example.com responded with an HTML page instead of JSON"), 1),
        (PROMOTE, CUT, garbled("the response of api.example.com is truncated"), 6),
        (
            PROMOTE,
            reply(400, {"error": "Invalid role provided"}),
            Response(400, {"error": "Invalid role provided"}, "Invalid role provided"),
            1,
        ),
        (PROMOTE, reply(403, {"error": "Forbidden"}), Response(403, {"error": "Forbidden"}, "Forbidden"), 1),
        (REMOVE, reply(404, []), Response(404, [], "Not Found"), 1),
        (REMOVE, page(403), Response(403, None, "Forbidden, with a page not from the API"), 1),
        (
            REMOVE,
            httpx.Response(302),
            Response(302, None, "Found: the API has moved; set --api-url to its new address"),
            1,
        ),
    ],
    ids=lambda value: str(value)[:50],
)
def test_the_result_of_a_call(call: ApiCall, step: Step, outcome: Response | NoResponse, attempts: int) -> None:
    assert sent(call, step) == (outcome, attempts)


def test_a_call_that_did_nothing_is_retried() -> None:
    steps = (httpx.ConnectError("x"), reply(429, retry_after="2"), reply(429), reply(body={"ok": 1}))
    assert sent(INVITE, *steps) == (Response(200, {"ok": 1}), 4)


def test_a_repeatable_call_is_retried_after_temporary_errors() -> None:
    steps = (reply(500), page(502), httpx.ReadTimeout("x"), CUT, reply(404, {"error": "no such user"}))
    assert sent(REMOVE, *steps) == (Response(404, {"error": "no such user"}, "no such user"), 5)


def test_a_401_stops_all_calls() -> None:
    with opened(Script(reply(401, {"error": "revoked"}))) as api, pytest.raises(UnauthenticatedError) as caught:
        api.sender().send(REMOVE)
    assert caught.value.message == (
        "api.example.com rejected the credential for DELETE /users/bob%40example.com: revoked"
    )


def test_an_interrupt_does_not_hide_that_a_change_was_sent() -> None:
    class InterruptingClock(FakeClock):
        """While the first request waits for its retry, another one is told to pause; then the user interrupts."""

        def sleep(self, seconds: float) -> bool:
            if not self.waits:
                self.waits.append(seconds)
                api.sender().send(INVITE)
                return True
            self.interrupted = True
            return super().sleep(seconds)

    script = Script(CUT, reply(429, retry_after="50"))
    with opened(script, InterruptingClock()) as api:
        assert api.sender().send(PROMOTE) == garbled("the response of api.example.com is truncated")
    assert [request.method for request in script.asked] == ["PUT", "POST"]


def test_an_interrupt_drops_calls_that_were_not_sent() -> None:
    script, clock = Script(reply(429, retry_after="5")), FakeClock(interrupted=True)
    with opened(script, clock) as api:
        assert isinstance(api.sender().send(INVITE), Response)
        with pytest.raises(InterruptedRunError):
            api.sender().send(INVITE)
    assert len(script.asked) == 1


def test_a_name_cannot_change_the_path() -> None:
    outcome, attempts = sent(ApiCall(Method.DELETE, "/users/.."), reply())
    assert outcome == NoResponse(
        fact=fact(Code.UNEXPECTED_RESPONSE, detail="the API returned a name that is invalid in a path: /users/..")
    )
    assert attempts == 0


@pytest.mark.usefixtures("made_up_requests")
def test_errors_do_not_contain_secrets() -> None:
    body = {"metadata": {"name": "openai"}, "spec": {"secret": {"apiKey": "canary-of-the-body"}}}
    call = ApiCall(Method.PUT, "/integrations/connections/openai", body)
    said = {"error": f"canary-of-the-body is no key, said {KEY}\n" + "x" * 500}
    outcome, _ = sent(call, reply(400, said))
    assert isinstance(outcome, Response)
    assert outcome.error.startswith(r"••• is no key, said •••\nxxx")
    assert len(outcome.error) == 300
    answer, _ = sent(call, reply(500, said))
    assert isinstance(answer, NoResponse)
    assert "canary" not in words(cause(answer)) + outcome.error
