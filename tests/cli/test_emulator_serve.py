"""`beamctl emulator serve` with faults, a request log, a moved clock and the control endpoint."""

import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from beamctl.cli.commands.local import DATABASE
from beamctl.emulator import clock_of, create_app
from tests.cli.process import running
from tests.cli.world import CANARY, SEED, Cli, Write


def test_serve_prints_its_settings(write: Write, directory: Path) -> None:
    write("seed.yaml", SEED)
    asked = ["--clock", "+8d", "--log", "-", "--control", "--fault", "503@2", "--fault", "latency:1ms"]
    with running("emulator", "serve", "--port", "0", "--seed", "seed.yaml", *asked) as server:
        assert server.stdout is not None
        printed = []
        for line in server.stdout:
            printed.append(line.rstrip())
            if line.startswith("Anyone who can reach"):
                break
        url = next(line for line in printed if "listens on" in line).split(" on ")[1].split()[0]
        control = url.removesuffix("/v0") + "/control"
        with httpx.Client(base_url=url, headers={"Api-Key": CANARY}, trust_env=False) as client:
            statuses = [client.get("/workspaces").status_code for _ in range(3)]
            shown = client.get(f"{control}/clock").json()
        server.send_signal(signal.SIGTERM)
        out, err = server.communicate()
    assert printed[-4].startswith("Its clock shows ")
    assert printed[-3:] == [
        "Fault: 503@2",
        "Fault: latency:1ms",
        f"Anyone who can reach {control} can change its faults and clock, and read its request log.",
    ]
    assert statuses == [200, 503, 200]
    assert (datetime.fromisoformat(shown["now"]) - datetime.now(UTC)).days in (7, 8)
    lines = [json.loads(line) for line in err.splitlines()]
    assert [(line["number"], line["who"], line["status"]) for line in lines] == [
        (1, "ada@example.com", 200),
        (2, None, 503),
        (3, "ada@example.com", 200),
    ]
    assert CANARY not in out + err
    assert datetime.fromisoformat(lines[0]["time"]) > datetime.now(UTC) + timedelta(days=7)
    assert not (directory / "-").exists()


def test_other_commands_use_the_clock_of_the_database(cli: Cli, write: Write) -> None:
    write("seed.yaml", SEED)
    assert cli("emulator", "seed", "seed.yaml").code == 0
    clock_of(create_app(DATABASE)).forward(timedelta(days=100))
    invited = cli(
        "emulator", "call", "--as", "ada@example.com", "POST", "/users?workspace=acme", '{"email": "q@b.example"}'
    )
    expires = datetime.fromisoformat(json.loads(invited.out.removeprefix("200 "))["expiresAt"])
    assert (expires - datetime.now(UTC)).days in (106, 107)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--fault", "nonsense@3"], "Error: --fault: unknown fault 'nonsense'\n  The faults are: latency:DURATION, "),
        (["--fault", "latency"], "Error: --fault: latency needs a value\n  Write it like latency:300ms.\n"),
        (["--fault", "503@soon"], "Error: --fault: 'soon' is not an HTTP method\n  Write a number (3), "),
        (["--clock", "8d"], "Error: --clock: '8d' is not a time\n  Write it like +8d or 2027-01-31T00:00:00Z.\n"),
        (["--clock", "+8"], "Error: --clock: '+8' is not a time\n  Write it like +8d or "),
        (
            ["--clock", "+999999w"],
            "Error: --clock: the clock supports the years 1970 to 9900 only\n  Write it like +8d or ",
        ),
        (["--log", "."], "Error: --log: the request log cannot be written to .: Is a directory\n  Name another"),
        (["--log", "no/where"], "Error: --log: the request log cannot be written to no/where: No such file"),
    ],
)
def test_an_invalid_option_stops_the_start(cli: Cli, directory: Path, options: list[str], said: str) -> None:
    ran = cli("emulator", "serve", "--port", "0", *options)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(said)
    assert not (directory / ".beamctl").exists()
