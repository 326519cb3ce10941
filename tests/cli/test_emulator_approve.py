"""`beamctl emulator approve` approves a device login without a browser while the official CLI waits."""

from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from beamctl.emulator import create_app
from tests.cli.world import Cli

POLL = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": "blaxel"}


class Device:
    """A device that waits for its login to be approved."""

    def __init__(self, database: Path) -> None:
        self._client = Client(create_app(database))
        login = self._client.post("/v0/login/device", json={"client_id": "blaxel"}).get_json()
        self.code, self._secret = str(login["user_code"]), login["device_code"]

    def poll(self) -> dict[str, Any]:
        polled = self._client.post("/v0/oauth/token", json={**POLL, "device_code": self._secret})
        answer: dict[str, Any] = polled.get_json()
        return answer

    def workspaces(self, token: str) -> list[str]:
        headers = {"Authorization": f"Bearer {token}"}
        return [space["name"] for space in self._client.get("/v0/workspaces", headers=headers).get_json()]


@pytest.fixture
def device(database: Path) -> Device:
    return Device(database)


def test_an_approved_device_acts_as_the_user(cli: Cli, device: Device) -> None:
    assert device.poll()["error"] == "authorization_pending"
    ran = cli("emulator", "approve", device.code.lower(), "--as", "grace@example.com")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "Approved: the device is now logged in as grace@example.com.\n"
    assert device.workspaces(device.poll()["access_token"]) == ["acme", "quiet"]


def test_a_denied_device_gets_no_token(cli: Cli, device: Device) -> None:
    ran = cli("emulator", "approve", device.code, "--deny")
    assert (ran.code, ran.out, ran.err) == (0, "Denied.\n", "")
    assert device.poll()["error"] == "access_denied"


def test_a_code_that_is_used_or_unknown_is_an_error(cli: Cli, device: Device) -> None:
    cli("emulator", "approve", device.code, "--deny")
    hint = "  Use the code that the device shows now. If it expired, log in again.\n"
    for code, said in ((device.code, f"the login with the code '{device.code}' is already denied"), ("X", "")):
        ran = cli("emulator", "approve", code, "--as", "ada@example.com")
        assert (ran.code, ran.out) == (3, "")
        assert ran.err == f"Error: {said or 'no device login has the code ' + repr(code)}\n{hint}"
    assert device.poll()["error"] == "access_denied"


def test_an_invalid_address_is_an_error(cli: Cli, device: Device) -> None:
    ran = cli("emulator", "approve", device.code, "--as", "nobody")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "Error: --as: 'nobody' is not an e-mail address\n  Write it like --as kim@example.com.\n"
    assert device.poll()["error"] == "authorization_pending"


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("options", [[], ["--as", "ada@example.com", "--deny"]])
def test_the_user_is_required(cli: Cli, options: list[str]) -> None:
    ran = cli("emulator", "approve", "BCDF-BCDF", *options)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "Error: the login must be either approved or denied\n  Use either --as E-MAIL or --deny.\n"


def test_approve_without_a_database_is_an_error(cli: Cli, directory: Path) -> None:
    ran = cli("emulator", "approve", "BCDF-BCDF", "--deny")
    assert ran.code == 3
    assert ran.err == "Error: .beamctl/emulator.db does not exist\n  Create it:  beamctl emulator seed FILE\n"
    assert not (directory / ".beamctl").exists()
