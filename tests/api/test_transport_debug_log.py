"""The debug log has one line per request and response, without secrets."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.api.credential import ApiKeyCredential, ClientCredentials, Credential, LoginTokens
from beamctl.errors import BeamctlError
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, cause
from tests.api.fakes import KEY, FakeClock, Script, connection, opened, page, reply
from tests.fakes.wording import words

CANARY = "canary0123456789abcdef"
CREDENTIALS: list[Credential] = [
    ApiKeyCredential(CANARY),
    ClientCredentials("id-1", CANARY),
    LoginTokens(CANARY, CANARY + "-r", CANARY + "-d"),
    LoginTokens("", CANARY),
]


def test_one_line_per_request_and_response() -> None:
    lines: list[str] = []
    script = Script(reply(503, retry_after="2"), reply(body={"role": "admin"}, cf_ray="8f-AMS"), httpx.Response(204))
    with opened(script, debug=lines) as api:
        api.sender().send(ApiCall(Method.PUT, "/users/a", {"role": "admin"}))
        api.sender().send(ApiCall(Method.DELETE, "/users/a"))
    assert lines == [
        '> PUT /users/a {"role": "admin"}',
        '< 503 in 0 ms for PUT /users/a {"ok": true}',
        "  retry in 2.0 s: PUT /users/a",
        '> PUT /users/a {"role": "admin"}',
        '< 200 in 0 ms for PUT /users/a cf-ray=8f-AMS {"role": "admin"}',
        "> DELETE /users/a",
        "< 204 in 0 ms for DELETE /users/a (empty)",
    ]


def test_an_html_page_is_logged_as_a_page() -> None:
    lines: list[str] = []
    with opened(Script(page(), page(404)), debug=lines) as api:
        for _ in range(2):
            api.sender().send(ApiCall(Method.DELETE, "/users/a"))
    assert lines[1] == "< api.example.com responded with an HTML page instead of JSON in 0 ms for DELETE /users/a"
    assert lines[3] == "< 404 in 0 ms for DELETE /users/a (a page)"


def test_tokens_and_new_keys_are_not_logged() -> None:
    lines: list[str] = []
    token = reply(body={"access_token": CANARY, "refresh_token": CANARY + "2", "expires_in": 7200})
    with opened(
        Script(token, reply(body={"id": "ak_1", "apiKey": CANARY + "3"})),
        debug=lines,
        to=connection(ClientCredentials("id", CANARY + "4")),
    ) as api:
        api.sender().send(ApiCall(Method.POST, "/service_accounts/x/api_keys", {"name": "k"}))
    assert lines[1] == (
        '< 200 in 0 ms for POST /oauth/token {"access_token": "•••", "refresh_token": "•••", "expires_in": 7200}'
    )
    assert lines[3] == '< 200 in 0 ms for POST /service_accounts/x/api_keys {"id": "ak_1", "apiKey": "•••"}'
    assert "canary" not in "".join(lines)


def test_control_characters_are_escaped() -> None:
    lines: list[str] = []
    with opened(Script(reply(404, {"error": "\x1b]0;pwned\x07\nnext"}, cf_ray="a")), debug=lines) as api:
        api.sender().send(ApiCall(Method.DELETE, "/users/a"))
    assert all(line.isprintable() for line in lines)


places = st.sampled_from(["error", "message", "page", "location", "cf-ray", "body", "cut", "exception"])


def leaking(place: str, status: int) -> httpx.Response | Exception:
    """A response that contains the secret somewhere."""
    match place:
        case "error" | "message" | "body":
            return reply(status, {place: f"said {CANARY}!", "list": [CANARY]})
        case "page":
            return page(status, f"<p>{CANARY}</p>")
        case "cut":
            return httpx.Response(status, content=f'["{CANARY}'.encode())
        case "exception":
            return httpx.ReadError(CANARY)
        case _:
            return reply(status, None, **{place: f"https://x.example/{CANARY}"})


@pytest.mark.usefixtures("made_up_requests")
@given(
    credential=st.sampled_from(CREDENTIALS),
    place=places,
    status=st.sampled_from([200, 302, 400, 401, 403, 404, 409, 429, 500, 503]),
    method=st.sampled_from(Method),
)
def test_no_secret_appears_in_results_errors_or_logs(
    credential: Credential, place: str, status: int, method: Method
) -> None:
    lines: list[str] = []
    path = f"/users/{CANARY}"
    texts: list[object] = [connection(credential)]
    script = Script(reply(body={"access_token": CANARY + "-t"}), leaking(place, status))
    if isinstance(credential, ApiKeyCredential) or (isinstance(credential, LoginTokens) and credential.access):
        script.steps.pop(0)
    with opened(script, FakeClock(), debug=lines, to=connection(credential)) as api:
        texts += [api, api.reader(), api.sender()]
        try:
            if method is Method.GET:
                api.reader().get(path)
            else:
                answer = api.sender().send(ApiCall(method, path, {"password": CANARY, "note": CANARY}))
                texts.append(words(cause(answer)))
                assert isinstance(answer, Response | NoResponse)
        except BeamctlError as error:
            texts += [error, repr(error), error.message, error.hint]
    assert script.asked
    assert CANARY not in "\n".join([*lines, *map(str, texts), *map(repr, texts)])


def test_nothing_is_logged_without_debug() -> None:
    with opened(Script(reply(body=[]))) as api:
        assert api.reader().get("/users") == []
        assert KEY not in repr(api)
