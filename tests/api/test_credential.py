"""Parsing of API keys, client credentials and login tokens."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.api.credential import (
    ApiKeyCredential,
    ClientCredentials,
    LoginTokens,
    api_key,
    basic,
    client_credentials,
    secrets_of,
)
from beamctl.errors import UsageError

CANARY = "canary-5f2a"
visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60)


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("value", [f"id-1:{CANARY}", coded(f"id-1:{CANARY}"), coded(f"id-1:{CANARY}").rstrip("=")])
def test_client_credentials_may_be_base64_or_plain(value: str) -> None:
    assert client_credentials(value, "BL_CLIENT_CREDENTIALS") == ClientCredentials("id-1", CANARY)


@given(client_id=visible.filter(lambda text: ":" not in text), secret=visible)
def test_client_credentials_survive_encoding(client_id: str, secret: str) -> None:
    made = ClientCredentials(client_id, secret)
    assert client_credentials(basic(made), "here") == made


@pytest.mark.parametrize(
    "value", [coded(CANARY), CANARY, f"{CANARY}:", f":{CANARY}", coded(f":{CANARY}"), "!!!!", "/////w=="]
)
def test_invalid_client_credentials_are_refused_and_not_quoted(value: str) -> None:
    with pytest.raises(UsageError) as caught:
        client_credentials(value, "BL_CLIENT_CREDENTIALS")
    assert caught.value.message == "BL_CLIENT_CREDENTIALS is neither `client_id:client_secret` nor base64 of that"
    assert "base64 --wrap=0" in caught.value.hint
    assert value not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    "value", [f"{CANARY}\n", f" {CANARY}", f"{CANARY}\r\nX: y", f"{CANARY}\0", f"{CANARY}é", f"{CANARY}\u200b", "a b"]
)
def test_characters_not_allowed_in_headers_are_refused_and_not_quoted(value: str) -> None:
    for read in (api_key, client_credentials):
        with pytest.raises(UsageError) as caught:
            read(value, "BL_API_KEY")
        assert caught.value.message == (
            "BL_API_KEY contains white space, a line break or another character that is invalid in a credential"
        )
        assert caught.value.hint == "Copy it again, without quotes, spaces or line breaks around it."


def test_a_secret_inside_base64_is_checked_too() -> None:
    with pytest.raises(UsageError, match="white space"):
        client_credentials(coded(f"id:{CANARY}\n"), "BL_CLIENT_CREDENTIALS")


@pytest.mark.parametrize(("value", "what"), [("", "an empty"), ("x" * 20_000, "too long for a")])
def test_a_credential_that_is_too_long_is_refused(value: str, what: str) -> None:
    with pytest.raises(UsageError, match=f"BL_API_KEY is {what} credential"):
        api_key(value, "BL_API_KEY")


@pytest.mark.parametrize(
    "credential",
    [ApiKeyCredential(CANARY), ClientCredentials("id-1", CANARY), LoginTokens(CANARY, CANARY + "2", CANARY + "3")],
)
def test_repr_hides_the_credential(credential: ApiKeyCredential | ClientCredentials | LoginTokens) -> None:
    assert CANARY not in repr(credential)
    assert CANARY not in f"{credential}"
    assert CANARY in secrets_of(credential)


def test_the_basic_authorization_value_is_a_secret_too() -> None:
    assert coded(f"id-1:{CANARY}") in secrets_of(ClientCredentials("id-1", CANARY))
