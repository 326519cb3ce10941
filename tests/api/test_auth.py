"""Authentication: headers, tokens, renewal, and refused credentials."""

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from beamctl.api.auth import headers
from beamctl.api.config import Connection, Era
from beamctl.api.credential import ApiKeyCredential, ClientCredentials, Credential, LoginTokens
from beamctl.api.token import Token
from beamctl.errors import ApiError, GarbledError, InterruptedRunError, UnauthenticatedError, UnreachableError
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response
from beamctl.model.fact import error_fact
from beamctl.model.identity import Identity
from tests.api.fakes import NOON, FakeClock, Script, connection, jwt, opened, page, reply

SERVICE = ClientCredentials("id-1", "canary-secret")


class Issuer:
    """An API that issues tokens 1, 2, 3 … and accepts only the newest."""

    def __init__(self, life: object = 7200) -> None:
        self.life = life
        self.given = 0
        self.grants: list[dict[str, str]] = []
        self.refused = 0
        self.lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            if request.url.path == "/v0/oauth/token":
                self.given += 1
                self.grants.append(json.loads(request.content))
                body = {"access_token": f"token-{self.given}", "refresh_token": f"refresh-{self.given}"}
                return reply(body=body | {"expires_in": self.life})
            if request.headers["X-Blaxel-Authorization"] == f"Bearer token-{self.given}":
                return reply(body=[])
            self.refused += 1
            return reply(401, {"error": "Unauthorized"})


@pytest.mark.parametrize(
    ("era", "credential", "expected"),
    [
        (Era.BLAXEL, ApiKeyCredential("k"), {"X-Blaxel-Authorization": "Bearer k"}),
        (Era.BLAXEL, Token("t"), {"X-Blaxel-Authorization": "Bearer t"}),
        (Era.BLAXEL, None, {}),
        (Era.BEAMLIT, ApiKeyCredential("k"), {"X-Beamlit-Api-Key": "k"}),
        (Era.BEAMLIT, Token("t"), {"X-Beamlit-Authorization": "Bearer t"}),
    ],
)
def test_credentials_are_sent_in_headers(
    era: Era, credential: ApiKeyCredential | Token | None, expected: dict[str, str]
) -> None:
    about = {"X-Blaxel-Workspace": "acme", "Blaxel-Version": "2026-04-28"}
    if era is Era.BEAMLIT:
        about = {"X-Beamlit-Workspace": "acme"}
    assert headers(era, "acme", credential) == expected | about


def test_a_service_account_requests_a_token_first() -> None:
    script = Script(reply(body={"access_token": "t1", "expires_in": 7200}), reply(body=[1]))
    with opened(script, to=connection(SERVICE)) as api:
        assert api.reader().get("/users") == [1]
        assert api.reader().get("/users") == [1]
    assert script.lines == ["POST /v0/oauth/token", "GET /v0/users", "GET /v0/users"]
    asked, first, _ = script.asked
    assert asked.headers["Authorization"] == "Basic " + base64.b64encode(b"id-1:canary-secret").decode()
    assert "X-Blaxel-Authorization" not in asked.headers
    assert first.headers["X-Blaxel-Authorization"] == "Bearer t1"
    assert "Authorization" not in first.headers


def test_a_token_is_renewed_before_its_end() -> None:
    issuer, clock = Issuer(), FakeClock()
    with opened(issuer, clock, to=connection(SERVICE)) as api:
        for moment in (0.0, 6599.0, 6601.0, 6602.0):
            clock.time = 1000.0 + moment
            api.reader().get("/users")
    assert (issuer.given, issuer.refused) == (2, 0)


def test_a_401_renews_the_token_once() -> None:
    issuer = Issuer()
    with opened(issuer, to=connection(SERVICE)) as api:
        api.reader().get("/users")
        issuer.given = 5  # another client revoked ours
        assert api.sender().send(ApiCall(Method.POST, "/users", {"email": "a@example.com"})) == Response(200, [])
    assert (issuer.given, issuer.refused) == (6, 1)


def test_a_second_401_is_an_error() -> None:
    script = Script(
        reply(body={"access_token": "t1"}), reply(401), reply(body={"access_token": "t2"}), reply(401, {"error": "no"})
    )
    with opened(script, to=connection(SERVICE)) as api, pytest.raises(UnauthenticatedError) as caught:
        api.sender().send(ApiCall(Method.DELETE, "/users/a"))
    assert caught.value.message == "api.example.com rejected the credential for DELETE /users/a: no"
    assert len(script.asked) == 4


def test_threads_share_one_token_renewal() -> None:
    issuer = Issuer()
    with opened(issuer, to=connection(SERVICE)) as api, ThreadPoolExecutor(8) as pool:
        list(pool.map(api.reader().get, ["/users"] * 40))
        assert issuer.given == 1
        issuer.given = 9
        list(pool.map(api.reader().get, ["/users"] * 40))
    assert issuer.given == 10


def test_a_login_uses_its_token_and_then_refreshes_with_the_newest() -> None:
    issuer, clock = Issuer(), FakeClock()
    login = LoginTokens(jwt(exp=NOON + 60, iat=NOON - 7140), "refresh-0", "device")
    with opened(issuer, clock, to=connection(login)) as api:
        api.reader().get("/users")
        clock.time += 7000
        api.reader().get("/users")
    assert [grant["refresh_token"] for grant in issuer.grants] == ["refresh-0", "refresh-1"]
    assert issuer.grants[0] == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-0",
        "client_id": "blaxel",
        "device_code": "device",
    }


def test_a_login_that_cannot_be_refreshed_fails_with_its_401() -> None:
    script = Script(reply(401, {"error": "expired"}))
    login = LoginTokens(jwt(exp=NOON - 60), "")
    with opened(script, to=connection(login)) as api, pytest.raises(UnauthenticatedError) as caught:
        api.reader().get("/users")
    assert caught.value.hint == (
        "The login comes from BL_API_KEY. It was valid until 2027-01-15 07:59 UTC. It has no refresh token, so it "
        "cannot be renewed. Set a valid one, or unset it to use another one."
    )
    assert script.lines == ["GET /v0/users"]


def test_a_refused_key_is_not_tried_again() -> None:
    script = Script(reply(401))
    with opened(script) as api, pytest.raises(UnauthenticatedError):
        api.reader().get("/users")
    assert len(script.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_credential_is_not_sent_again(status: int) -> None:
    script = Script(reply(status, {"error": "invalid client_secret canary-secret"}))
    with opened(script, to=connection(SERVICE)) as api:
        for _ in range(3):
            with pytest.raises(UnauthenticatedError) as caught:
                api.sender().send(ApiCall(Method.PUT, "/users/a", {"role": "member"}))
    assert caught.value.message == ("the API rejected the credential from BL_API_KEY: invalid client_secret •••")
    assert caught.value.hint == "Set a valid one, or unset it to use another one."
    assert caught.value.status == status
    assert len(script.asked) == 1


@pytest.mark.parametrize(
    ("step", "kind", "message"),
    [
        (reply(404), ApiError, "api.example.com found nothing for POST /oauth/token: HTTP 404 Not Found"),
        (page(), GarbledError, "api.example.com responded with an HTML page instead of JSON (POST /oauth/token)"),
        (reply(body={}), GarbledError, "the response to the token request contains no token"),
        (
            httpx.ReadError("x"),
            UnreachableError,
            "api.example.com closed the connection before its response was complete (POST /oauth/token)",
        ),
        (reply(503), ApiError, "api.example.com could not serve POST /oauth/token: HTTP 503 Service Unavailable"),
    ],
)
def test_a_failed_token_request_is_an_error(
    step: httpx.Response | Exception, kind: type[ApiError], message: str
) -> None:
    with opened(Script(step), to=connection(SERVICE)) as api:
        with pytest.raises(kind) as caught:
            api.reader().get("/users")
        assert caught.value.message == message
        assert api.sender().send(ApiCall(Method.DELETE, "/users/a")) == NoResponse(fact=error_fact(caught.value))


def test_an_interrupted_token_request_is_not_retried() -> None:
    script = Script(InterruptedRunError("interrupted"))
    with opened(script, to=connection(SERVICE)) as api:
        for _ in range(2):
            with pytest.raises(InterruptedRunError):
                api.sender().send(ApiCall(Method.DELETE, "/users/a"))
    assert len(script.asked) == 1


def test_a_token_request_is_retried() -> None:
    script = Script(reply(503), httpx.ReadTimeout("x"), reply(body={"access_token": "t"}), reply(body=[]))
    with opened(script, to=connection(SERVICE)) as api:
        assert api.reader().get("/users") == []
    assert script.lines == ["POST /v0/oauth/token"] * 3 + ["GET /v0/users"]


@pytest.mark.parametrize(
    ("credential", "identity"),
    [
        (ApiKeyCredential("bl_key"), Identity()),
        (ApiKeyCredential(jwt(sub="u1", email="ada@example.com")), Identity("u1", "ada@example.com")),
        (LoginTokens(jwt(sub="u1", email="ada@example.com"), "r"), Identity("u1", "ada@example.com")),
        (LoginTokens("", "r"), Identity()),
        (LoginTokens(jwt(sub=5, email=["x"])), Identity()),
        (SERVICE, Identity(client_id="id-1")),
    ],
)
def test_identity_of_each_credential(credential: Credential, identity: Identity) -> None:
    script = Script(reply())
    with opened(script, to=connection(credential)) as api:
        assert api.identity() == identity
    assert script.asked == []


def test_a_token_adds_to_the_identity() -> None:
    script = Script(reply(body={"access_token": jwt(sub="sa-1")}), reply(body=[]))
    with opened(script, to=connection(SERVICE)) as api:
        api.reader().get("/users")
        assert api.identity() == Identity(sub="sa-1", client_id="id-1")


def test_no_credential_has_no_identity() -> None:
    with opened(Script(reply()), to=Connection("http://local/v0")) as api:
        assert api.identity() == Identity()
