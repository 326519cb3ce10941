"""Reading the body of a response: JSON, and the text of an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.api.messages import Failure, FailureKind, Reply
from beamctl.api.response_body import error_text, read, text_at

HTML = b"<!doctype html><h1>504 Gateway Time-out</h1>"


def test_a_success_is_json() -> None:
    assert read(200, {}, b'{"a": [1, null]}', "h") == Reply(200, {}, {"a": [1, None]})
    assert read(200, {}, b"true", "h") == Reply(200, {}, body=True)


def test_a_success_may_be_empty() -> None:
    assert read(200, {}, b" \n", "h") == Reply(200, {}, empty=True)


@pytest.mark.parametrize(
    ("content", "fault", "why"),
    [
        (HTML, FailureKind.GARBLED, "h responded with an HTML page instead of JSON"),
        (b"ok", FailureKind.GARBLED, "h responded with text instead of JSON"),
        (b'[{"email": "ada@exa', FailureKind.CUT_OFF, "the response of h is truncated"),
        (b"[1, NaN]", FailureKind.GARBLED, "the response of h is not valid JSON"),
        (b"[1, -Infinity]", FailureKind.GARBLED, "the response of h is not valid JSON"),
        (
            b"[" * 200_000 + b"]" * 200_000,
            FailureKind.GARBLED,
            "the response of h is nested too deeply",
        ),
        (b'["\xff"]', FailureKind.GARBLED, "the response of h is not valid JSON"),
        (b"[" + b"9" * 5000 + b"]", FailureKind.GARBLED, "the response of h is not valid JSON"),
        (b"{'a': 1}", FailureKind.GARBLED, "the response of h is not valid JSON"),
    ],
)
def test_other_successful_bodies_are_failures(content: bytes, fault: FailureKind, why: str) -> None:
    found = read(200, {}, content, "h")
    assert isinstance(found, Failure)
    assert (found.fault, found.why) == (fault, why)
    assert found.hint


@given(st.sampled_from([200, 404, 503]), st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
def test_any_bytes_are_read_or_a_failure(status: int, content: bytes) -> None:
    found = read(status, {}, content, "h")
    assert isinstance(found, Reply) or status == 200


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (404, {"error": "Agent not found", "code": 404, "stack": []}, "Agent not found"),
        (400, {"error": "invalid_api_version", "message": "Unknown API version"}, "Unknown API version"),
        (401, {"error": {"code": "TOKEN_REVOKED", "message": "The token was revoked"}}, "The token was revoked"),
        (401, {"error": {"code": "TOKEN_REVOKED"}}, "TOKEN_REVOKED"),
        (409, {"message": "  ", "error": " taken "}, "taken"),
        (403, {"error": None, "message": 5}, "HTTP 403 Forbidden"),
        (403, ["no"], "HTTP 403 Forbidden"),
        (599, None, "HTTP 599"),
        (302, None, "HTTP 302 Found: the API has moved; set --api-url to its new address"),
    ],
)
def test_the_text_of_an_error(status: int, body: object, text: str) -> None:
    assert error_text(Reply(status, {}, body)) == text


def test_an_html_page_of_a_gateway_is_not_quoted() -> None:
    found = read(504, {}, HTML, "h")
    assert isinstance(found, Reply)
    assert error_text(found) == "HTTP 504 Gateway Timeout, with a page not from the API"


def test_text_at() -> None:
    assert text_at({"a": "b"}, "a") == "b"
    assert [text_at(body, "a") for body in ({"a": 1}, ["a"], None, "a")] == [""] * 4
