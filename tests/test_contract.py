"""The check of requests and responses that runs with every test finds what it is meant to find."""

from pathlib import Path

import pytest
from flask import Response
from werkzeug.test import Client

from beamctl.emulator import create_app
from tests.fakes import contract

INVITATION = {"email": "a@example.com", "role": "member"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/users", INVITATION),
        ("PUT", "/users/a%40example.com", {"role": "admin"}),
        ("DELETE", "/users/a%40example.com", None),
        ("GET", "/workspaces/acme?countResources=false", None),
    ],
)
def test_a_valid_request_passes(method: str, path: str, body: object) -> None:
    contract.observe(method, path, body)
    assert not contract.wrong


@pytest.mark.usefixtures("made_up_requests")
@pytest.mark.parametrize(
    ("method", "path", "body", "fault"),
    [
        ("POST", "/users", {"role": "member"}, "'email' is a required property"),
        ("POST", "/users", {**INVITATION, "color": "red"}, "'color' was unexpected"),
        ("PUT", "/users/a", {"role": "owner"}, "'owner' is not one of"),
        ("POST", "/service_accounts", {"role": "member"}, "'name' is a required property"),
        ("DELETE", "/users/a", {}, "it takes no body"),
        ("PATCH", "/users/a", None, "no such route (405)"),
        ("GET", "/members", None, "no such route (404)"),
    ],
)
def test_an_invalid_request_is_found(method: str, path: str, body: object, fault: str) -> None:
    contract.observe(method, path, body)
    assert [fault in said for said in contract.wrong] == [True]


GOOD = b'{"email": "a@example.com", "accepted": false, "expired": false}'
ONE = "/users/<path:who>"


@pytest.mark.parametrize(
    ("rule", "status", "body", "fault"),
    [
        (ONE, 200, GOOD, ""),
        (ONE, 404, b'{"error": "no", "code": 404}', ""),
        ("", 404, b'{"error": "Not Found", "code": 404}', ""),
        (ONE, 200, GOOD.replace(b"a@", b""), "is not a 'email'"),
        (ONE, 200, GOOD.replace(b"}", b', "color": 1}'), "'color' was unexpected"),
        (ONE, 200, b"{}", "'accepted' is a required property"),
        (ONE, 418, b'{"error": "no"}', "418 is not declared"),
        (ONE, 500, b'{"error": "no"}', "500 is not declared"),
        ("", 200, GOOD, "200 is not declared"),
        (ONE, 404, b'{"error": "no", "code": 403}', "it says that it is 403"),
        (ONE, 404, b'{"message": "no"}', "'error' is a required property"),
    ],
)
@pytest.mark.usefixtures("made_up_requests")
def test_an_undeclared_response_is_found(rule: str, status: int, body: bytes, fault: str) -> None:
    contract.observe_answer("PUT", rule, status, "application/json", body)
    assert [fault in said for said in contract.wrong] == [True] * bool(fault)


@pytest.mark.usefixtures("made_up_requests")
def test_a_response_that_is_not_json_is_found() -> None:
    contract.observe_answer("PUT", ONE, 404, "text/html", b"<p>")
    assert contract.wrong == [f"the answer to PUT {ONE}: it is text/html"]


@pytest.mark.usefixtures("made_up_requests")
def test_an_undeclared_status_in_a_log_is_found() -> None:
    for status, path in ((200, "/users"), (404, "/nothing"), (409, "/users"), (200, "/nothing")):
        contract.observe_logged("GET", path, status)
    assert contract.wrong == [
        "the answer to GET /users: 409 is not declared",
        "the answer to GET /nothing: 200 is not declared",
    ]


@pytest.mark.usefixtures("made_up_requests")
def test_responses_of_every_emulator_are_checked(tmp_path: Path) -> None:
    app = create_app(tmp_path / "plane.db")
    app.after_request(lambda _: Response('{"color": 1}', 401, content_type="application/json"))
    Client(app).get("/v0/users")
    Client(app).get("/sign-in")
    assert len(contract.wrong) == 1


@pytest.mark.usefixtures("made_up_requests")
def test_only_requests_of_beamctl_to_an_emulator_are_checked(tmp_path: Path) -> None:
    client = Client(create_app(tmp_path / "plane.db"))
    client.put("/v0/users/a", json={"role": "owner"}, headers={"User-Agent": "curl/8"})
    assert not contract.wrong
    client.put("/v0/users/a", json={"role": "owner"}, headers={"User-Agent": "beamctl/1"})
    assert len(contract.wrong) == 1
