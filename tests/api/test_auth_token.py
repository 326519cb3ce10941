"""Token requests, lifetimes and claims."""

import base64
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.api.config import Era
from beamctl.api.credential import ClientCredentials, LoginTokens
from beamctl.api.messages import Reply
from beamctl.api.token import Token, claims, issued, kept, token_request
from beamctl.errors import GarbledError
from tests.api.fakes import NOON, jwt

LOGIN = LoginTokens("old", "canary-r", "canary-d")


def test_client_credentials_use_basic_authentication() -> None:
    request = token_request(ClientCredentials("id", "canary-s"), "", Era.BLAXEL)
    assert (request.method, request.path, request.body) == (
        "POST",
        "/oauth/token",
        {"grant_type": "client_credentials"},
    )
    assert request.headers == {"Authorization": "Basic " + base64.b64encode(b"id:canary-s").decode()}
    assert not request.once
    assert "canary" not in repr(request)


@pytest.mark.parametrize(("era", "client"), [(Era.BLAXEL, "blaxel"), (Era.BEAMLIT, "beamlit")])
def test_a_login_uses_its_newest_refresh_token(era: Era, client: str) -> None:
    request = token_request(LOGIN, "newer", era)
    assert request.body == {
        "grant_type": "refresh_token",
        "refresh_token": "newer",
        "client_id": client,
        "device_code": "canary-d",
    }
    assert request.headers == {}
    assert "device_code" not in (token_request(LoginTokens("", "r"), "r", era).body or {})


@pytest.mark.parametrize(
    ("life", "renew_at"),
    [
        (7200, 6700.0),
        ("7200", 6700.0),
        (300, 250.0),
        (0, math.inf),
        (None, math.inf),
        ("x", math.inf),
        (True, math.inf),
    ],
)
def test_a_token_is_renewed_ten_minutes_before_its_end(life: object, renew_at: float) -> None:
    found = issued(Reply(200, {}, {"access_token": "canary", "expires_in": life}), 100.0, "r")
    assert found == Token("canary", renew_at, "r")
    assert "canary" not in repr(found)


def test_the_expiry_inside_a_token_is_used() -> None:
    body = {"access_token": jwt(exp=5000, iat=1400), "refresh_token": "r2"}
    assert issued(Reply(200, {}, body), 100.0, "r") == Token(body["access_token"], 3100.0, "r2")


@pytest.mark.parametrize("body", [None, [], {}, {"access_token": 5}, {"access_token": "a\nb"}, {"access_token": ""}])
def test_a_response_without_a_token_is_an_error(body: object) -> None:
    with pytest.raises(GarbledError, match="the response to the token request contains no token") as caught:
        issued(Reply(200, {}, body), 0.0, "")
    assert caught.value.hint == "Check --api-url."


@pytest.mark.parametrize(
    ("token", "renew_at"),
    [
        (jwt(exp=NOON + 3600, iat=NOON - 3600), 100.0 + 3000),
        (jwt(exp=NOON + 300), 100.0 + 150),
        (jwt(exp=NOON - 5, iat=NOON - 7205), 100.0 - 605),
        (jwt(exp=NOON - 5), 100.0 - 5),
        (jwt(sub="x"), math.inf),
        ("opaque", math.inf),
    ],
)
def test_a_stored_token(token: str, renew_at: float) -> None:
    assert kept(LoginTokens(token, "r"), 100.0, NOON) == Token(token, renew_at, "r")


def test_a_login_without_an_access_token_has_no_stored_token() -> None:
    assert kept(LoginTokens("", "r"), 100.0, NOON) is None


def test_claims_are_read_unverified() -> None:
    assert claims(jwt(sub="u1", email="ada@example.com")) == {"sub": "u1", "email": "ada@example.com"}


@given(
    st.text(max_size=80)
    | st.text("abc.=_-", max_size=40)
    | st.binary().map(lambda raw: f"a.{base64.b64encode(raw).decode()}.c")
)
def test_any_text_has_claims_or_none(text: str) -> None:
    assert isinstance(claims(text), dict)
