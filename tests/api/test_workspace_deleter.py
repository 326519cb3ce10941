"""Deleting a workspace sends exactly one request."""

import httpx
import pytest

from beamctl.errors import UnauthenticatedError
from beamctl.model.api_call import NoResponse, Response
from beamctl.model.code import Code
from beamctl.model.fact import fact
from tests.api.fakes import KEY, FakeClock, Script, Step, opened, page, reply
from tests.fakes.wording import garbled, lost


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        (reply(body={"name": "acme"}), Response(200, {"name": "acme"})),
        (httpx.Response(204), Response(204)),
        (reply(403, {"error": "Forbidden"}), Response(403, {"error": "Forbidden"}, "Forbidden")),
        (reply(404, {"error": "gone"}), Response(404, {"error": "gone"}, "gone")),
        (
            reply(429, {"error": "slow down"}, retry_after="1"),
            Response(429, {"error": "slow down"}, "slow down", limited=True),
        ),
        (reply(409, {"error": "busy"}, x_should_retry="true"), Response(409, {"error": "busy"}, "busy")),
        (
            reply(503, {"error": "x"}, x_should_retry="true"),
            NoResponse(fact=fact(Code.SERVER_ERROR, host="api.example.com", status=503, detail="x")),
        ),
        (page(), garbled("api.example.com responded with an HTML page instead of JSON")),
        (httpx.Response(200, content=b'{"na'), garbled("the response of api.example.com is truncated")),
        (httpx.ReadError("x"), lost("api.example.com closed the connection before its response was complete")),
        (httpx.ReadTimeout("x"), lost("no complete response from api.example.com within 60 s")),
        (httpx.ConnectError("x"), lost("no connection to api.example.com")),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_deletion_is_sent_once(step: Step, outcome: Response | NoResponse) -> None:
    script, clock, log = Script(step), FakeClock(), list[str]()
    with opened(script, clock, debug=log) as api:
        assert api.deleter().delete_workspace() == outcome
    assert script.lines == ["DELETE /v0/workspaces/acme"]
    assert clock.waits == []
    assert not any("retry in" in line or KEY in line for line in log)


def test_a_refused_credential_is_an_error() -> None:
    script = Script(reply(401, {"error": f"{KEY} was revoked"}))
    with opened(script) as api, pytest.raises(UnauthenticatedError) as caught:
        api.deleter().delete_workspace()
    assert len(script.asked) == 1
    assert KEY not in caught.value.message + caught.value.hint


def test_the_next_request_waits_for_a_pause_requested_by_the_api() -> None:
    script, clock = Script(reply(429, retry_after="7"), reply()), FakeClock()
    with opened(script, clock) as api:
        api.deleter().delete_workspace()
        api.reader().get("/workspaces/acme")
    assert clock.waits == [7.0]
    assert script.lines == ["DELETE /v0/workspaces/acme", "GET /v0/workspaces/acme"]
