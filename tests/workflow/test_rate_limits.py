"""Rate limits that last long: few requests, no waiting, and a message with the time."""

import re
import time

import pytest

from beamctl.cli.connection_options import access_of
from beamctl.cli.output import Output
from tests.cli.loopback import Api, Override
from tests.cli.world import AS_IS, Cli, People, Write, error_in
from tests.fakes.redaction import redaction

PEOPLE = 60
INVITES = AS_IS.replace("eve@example.com: member", "eve@example.com: admin")
INVITES += "".join(f"  p{number}@example.com: viewer\n" for number in range(PEOPLE))
SOON = 30
"""Seconds that a busy machine may take; waiting would take an hour."""
LIMITS = [
    ("429 Too Many Requests", "Retry-After: 3600"),
    ("403 Forbidden", "Retry-After: 3600"),
    ("403 Forbidden", "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 3600"),
]
UNTIL = re.compile(r"rate limited until (\d{4}-\d\d-\d\d )?\d\d:\d\d UTC")


@pytest.mark.parametrize(("status", "headers"), LIMITS)
def test_one_kind_of_call_stops_and_others_continue(
    cli: Cli, write: Write, api: Api, people: People, status: str, headers: str
) -> None:
    write("beamctl.yaml", INVITES)

    def override(call: str) -> Override | None:
        return (status, headers, b'{"error": "slow down"}') if call == "POST /users" else None

    api.override = override
    began = time.monotonic()
    ran = cli("apply", "--auto-approve")
    assert time.monotonic() - began < SOON
    assert ran.code == 7
    assert ran.out.count("rate limited until") == PEOPLE
    assert UNTIL.search(ran.out)
    assert 1 <= api.calls.count("POST /users") <= 8
    found = people()
    assert len(found) == 4
    assert found["eve@example.com"] == "admin"


@pytest.mark.parametrize(("status", "headers"), LIMITS)
@pytest.mark.parametrize("command", ["plan", "drift", "show", "apply"])
def test_rate_limited_read_fails_at_once_with_the_time(
    cli: Cli, write: Write, api: Api, status: str, headers: str, command: str
) -> None:
    write("beamctl.yaml", AS_IS)
    api.always(status, '{"error": "slow down"}', headers)
    began = time.monotonic()
    ran = cli(command, "-o", "json")
    assert time.monotonic() - began < SOON
    assert ran.code == 1
    assert UNTIL.search(str(error_in(ran)["message"]))
    assert len(api.calls) == len(set(api.calls)), "each kind is read at the same time, once"
    assert len(api.calls) == 1 or command == "show"


@pytest.mark.parametrize("quiet", [False, True])
def test_long_wait_is_reported_unless_quiet(capsys: pytest.CaptureFixture[str], quiet: bool) -> None:  # noqa: FBT001 - the table's
    out = Output(redaction(), quiet=quiet)
    access = access_of(out, api_url=None, api_key_file=None, timeout=60, max_wait=600, debug=False)
    assert access.wait_budget.grant(300, 0)
    assert capsys.readouterr().err == ("" if quiet else "Waiting 300 s: the API limits requests.\n")


@pytest.mark.parametrize("case", [("", "", 60), ("7", "", 7), ("", "9", 9), ("7", "9", 9)])
def test_wait_budget_of_a_run(
    cli: Cli, write: Write, api: Api, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str, int]
) -> None:
    """The API asks for slightly more than the run may wait, so it does not wait."""
    variable, option, most = case
    write("beamctl.yaml", AS_IS)
    monkeypatch.setenv("BEAMCTL_MAX_WAIT", variable)
    api.always("429 Too Many Requests", "{}", f"Retry-After: {most + 1}")
    assert cli("plan", *(["--max-wait", option] if option else [])).code == 1
    assert len(api.calls) == 1


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("text", ["soon", "-1", "nan", "1e9"])
def test_invalid_wait(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    write("beamctl.yaml", AS_IS)
    for option in ("--max-wait", "--timeout"):
        ran = cli("plan", option, text)
        assert (ran.code, ran.out) == (3, "")
        assert f"Invalid value for '{option}'" in ran.err
    monkeypatch.setenv("BEAMCTL_MAX_WAIT", text)
    ran = cli("plan")
    assert ran.code == 3
    assert "'--max-wait' (env var: 'BEAMCTL_MAX_WAIT')" in ran.err
