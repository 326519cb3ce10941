"""The check of the client's requests, which every test passes through, sees what it is for."""

from pathlib import Path

import pytest
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
def test_a_request_that_the_api_takes_is_fine(method: str, path: str, body: object) -> None:
    contract.observe(method, path, body)
    assert not contract.wrong


@pytest.mark.usefixtures("made_up_requests")
@pytest.mark.parametrize(
    ("method", "path", "body", "fault"),
    [
        ("POST", "/users", {"role": "member"}, "'email' is a required property"),
        ("POST", "/users", {**INVITATION, "colour": "red"}, "'colour' was unexpected"),
        ("PUT", "/users/a", {"role": "owner"}, "'owner' is not one of"),
        ("POST", "/service_accounts", {"role": "member"}, "'name' is a required property"),
        ("DELETE", "/users/a", {}, "it takes no body"),
        ("PATCH", "/users/a", None, "no such route (405)"),
        ("GET", "/members", None, "no such route (404)"),
    ],
)
def test_a_request_that_the_api_does_not_take_is_noticed(method: str, path: str, body: object, fault: str) -> None:
    contract.observe(method, path, body)
    assert [fault in said for said in contract.wrong] == [True]


@pytest.mark.usefixtures("made_up_requests")
def test_the_requests_of_beamctl_to_an_emulator_are_seen_and_those_of_others_are_not(tmp_path: Path) -> None:
    client = Client(create_app(tmp_path / "plane.db"))
    client.put("/v0/users/a", json={"role": "owner"}, headers={"User-Agent": "curl/8"})
    assert not contract.wrong
    client.put("/v0/users/a", json={"role": "owner"}, headers={"User-Agent": "beamctl/1"})
    assert len(contract.wrong) == 1
