"""The device login of the official CLI."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import Client

from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.control_plane import approve_login, deny_login
from beamctl.emulator.errors import EmulatorError
from tests.emulator.world import World, every_file

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
BEGIN = {"client_id": "blaxel", "scope": "offline_access"}


def post(world: World, path: str, body: object, **headers: str) -> tuple[int, dict[str, Any]]:
    answer = world.send(Client(world.app), "POST", path, body, {key.replace("_", "-"): headers[key] for key in headers})
    return answer.status_code, answer.get_json()


def begin(world: World) -> dict[str, Any]:
    status, login = post(world, "/login/device", BEGIN)
    assert status == 200
    return login


def poll(world: World, login: dict[str, Any], **other: object) -> tuple[int, dict[str, Any]]:
    body = {"grant_type": GRANT, "client_id": "blaxel", "device_code": login["device_code"], **other}
    return post(world, "/oauth/token", body)


def result_of(world: World, login: dict[str, Any], **other: object) -> str:
    """The result of a poll four seconds later; `tokens` for tokens."""
    world.clock.forward(seconds=4)
    status, answer = poll(world, login, **other)
    if status == 200:
        return "tokens"
    assert (status, answer["code"]) == (400, 400)
    return str(answer["error"])


def test_a_login_as_the_official_cli_does_it(world: World) -> None:
    login = begin(world)
    page = login["verification_uri"]
    assert page == "http://127.0.0.1:8080/device"
    assert login["verification_uri_complete"] == f"{page}?user_code={login['user_code']}"
    assert (login["expires_in"], login["interval"], "client_id" in login) == (600, 3, False)
    for _ in range(3):
        world.clock.forward(seconds=3)
        assert poll(world, login) == (400, {"error": "authorization_pending", "code": 400})
    approve_login(world.app, login["user_code"], "ada@example.com")
    world.clock.forward(seconds=3)
    status, tokens = poll(world, login)
    assert (status, tokens["token_type"], tokens["expires_in"]) == (200, "Bearer", 7200)

    def entered(access_token: str) -> int:
        headers = {"X-Blaxel-Authorization": f"Bearer {access_token}", "X-Blaxel-Workspace": "acme"}
        return world.send(Client(world.app), "GET", "/workspaces/acme", None, headers).status_code

    assert entered(tokens["access_token"]) == 200
    world.clock.forward(hours=2)
    assert entered(tokens["access_token"]) == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": "blaxel"}
    for more in ({"device_code": login["device_code"]}, {"device_code": ""}, {}):
        status, fresh = post(world, "/oauth/token", {**refresh, **more})
        assert (status, fresh["refresh_token"]) == (200, tokens["refresh_token"])
        assert entered(fresh["access_token"]) == 200


def test_the_beamlit_era_requires_a_client_id(world: World) -> None:
    _, login = post(world, "/login/device", {"client_id": "beamlit", "scope": "offline_access"}, X_Beamlit_Client="x")
    assert login["client_id"] == "beamlit"
    approve_login(world.app, login["user_code"], "max@example.com")
    assert result_of(world, login, client_id="beamlit") == "tokens"


def test_codes_can_be_used_once(world: World) -> None:
    login = begin(world)
    approve_login(world.app, login["user_code"], "ada@example.com")
    assert result_of(world, login) == "tokens"
    assert result_of(world, login) == "invalid device_code: it has already been used"


def test_one_of_many_concurrent_polls_gets_the_tokens(world: World) -> None:
    login = begin(world)
    approve_login(world.app, login["user_code"], "ada@example.com")
    with ThreadPoolExecutor(8) as pool:
        statuses = [status for status, _ in pool.map(lambda _: poll(world, login), range(16))]
    assert (statuses.count(200), statuses.count(400)) == (1, 15)


def test_a_denied_login_stays_denied(world: World) -> None:
    login = begin(world)
    deny_login(world.app, login["user_code"])
    assert result_of(world, login) == "access_denied"
    with pytest.raises(EmulatorError, match="is already denied"):
        approve_login(world.app, login["user_code"], "ada@example.com")
    assert result_of(world, login) == "access_denied"


@pytest.mark.parametrize("approved", [True, False])
def test_a_login_expires_after_ten_minutes(world: World, approved: bool) -> None:  # noqa: FBT001 - a parameter of the test
    login = begin(world)
    world.clock.forward(minutes=10, seconds=-8)
    assert result_of(world, login) == "authorization_pending"
    if approved:
        approve_login(world.app, login["user_code"], "ada@example.com")
    assert result_of(world, login) == "expired_token"
    with pytest.raises(EmulatorError, match="is already approved" if approved else "expired at 2026-03-01T12:10:00"):
        approve_login(world.app, login["user_code"], "ada@example.com")
    world.clock.forward(days=1)
    begin(world)  # old ones are deleted when a new one starts
    assert result_of(world, login) == "invalid device_code"


def test_polling_too_often_is_slowed_down(world: World) -> None:
    login = begin(world)
    for seconds, error in [
        (0, "authorization_pending"),
        (1, "slow_down"),
        (4, "slow_down"),
        (12, "authorization_pending"),
        (3, "slow_down"),
        (17, "authorization_pending"),
    ]:
        world.clock.forward(seconds=seconds)
        assert poll(world, login)[1]["error"] == error
    approve_login(world.app, login["user_code"], "ada@example.com")
    assert poll(world, login)[0] == 200


def test_setting_the_clock_back_does_not_slow_down_polling(world: World) -> None:
    login = begin(world)
    assert poll(world, login)[1]["error"] == "authorization_pending"
    world.clock.forward(hours=-1)
    assert poll(world, login)[1]["error"] == "authorization_pending"


def test_a_pending_login_may_be_202(with_flags: Callable[..., World]) -> None:
    world = with_flags(BehaviorFlag.PENDING_IS_202)
    login = begin(world)
    assert poll(world, login)[0] == 202
    assert poll(world, login) == (400, {"error": "slow_down", "code": 400})
    approve_login(world.app, login["user_code"], "ada@example.com")
    assert poll(world, login)[0] == 200


@pytest.mark.parametrize("spelled", ["{}", " {} ", "lower", "bare"])
def test_a_code_is_accepted_in_any_spelling(world: World, spelled: str) -> None:
    login = begin(world)
    code = login["user_code"]
    typed = {"lower": code.lower(), "bare": code.replace("-", "")}.get(spelled, spelled.format(code))
    approve_login(world.app, typed, "new.person@example.com")
    assert result_of(world, login) == "tokens"


@pytest.mark.parametrize("code", ["", "BCDF-BCDF", "AEIOU", "\N{BALLOON}" * 9, "' OR 1=1"])
def test_an_unknown_code_is_an_error(world: World, code: str) -> None:
    begin(world)
    with pytest.raises(EmulatorError, match="no device login has the code"):
        approve_login(world.app, code, "ada@example.com")
    with pytest.raises(EmulatorError, match="no device login has the code"):
        deny_login(world.app, code)


def test_an_approval_needs_an_address(world: World) -> None:
    login = begin(world)
    with pytest.raises(EmulatorError, match="is not an e-mail address"):
        approve_login(world.app, login["user_code"], "ada")
    assert result_of(world, login) == "authorization_pending"


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, "client_id"),
        ({"client_id": ""}, "client_id"),
        ({"client_id": ["blaxel"]}, "client_id"),
        ({"client_id": "x" * 64}, "client_id"),
        ({"client_id": "blaxel", "scope": 5}, "scope"),
        ([], "object"),
        (b"{", "JSON"),
    ],
)
def test_an_invalid_login_request_is_an_error(world: World, body: object, names: str) -> None:
    status, answer = post(world, "/login/device", body)
    assert status == 400
    assert names in answer["error"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"device_code": ""}, "missing device_code"),
        ({"device_code": 5}, "missing device_code"),
        ({"device_code": "x"}, "invalid device_code"),
        ({"client_id": "other"}, "invalid client_id: another client started this login"),
    ],
)
def test_an_invalid_poll_is_an_error(world: World, given: dict[str, Any], says: str) -> None:
    login = begin(world)
    approve_login(world.app, login["user_code"], "ada@example.com")
    assert result_of(world, login, **given) == says
    assert result_of(world, login) == "tokens"


def test_form_bodies_are_accepted_too(world: World) -> None:
    form = "application/x-www-form-urlencoded"
    status, login = post(world, "/login/device", b"client_id=blaxel&scope=offline_access", Content_Type=form)
    assert status == 200
    approve_login(world.app, login["user_code"], "ada@example.com")
    body = f"grant_type={GRANT}&device_code={login['device_code']}&client_id=blaxel".encode()
    assert post(world, "/oauth/token", body, Content_Type=form)[0] == 200


def test_codes_are_not_stored_in_the_database(world: World) -> None:
    login = begin(world)
    approve_login(world.app, login["user_code"], "ada@example.com")
    assert result_of(world, login) == "tokens"
    codes = [login["device_code"], login["user_code"], login["user_code"].replace("-", "")]
    for content in every_file(world.db.parent):
        assert not any(code.encode() in content for code in codes)


def test_codes_differ(world: World) -> None:
    logins = [begin(world) for _ in range(20)]
    assert len({login["device_code"] for login in logins} | {login["user_code"] for login in logins}) == 40
    assert all(re.fullmatch(r"[B-Z]{4}-[B-Z]{4}", login["user_code"]) for login in logins)
