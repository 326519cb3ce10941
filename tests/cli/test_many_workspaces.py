"""Plan, drift and show of twenty workspaces at the same time, with a fault in some."""

import json
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from beamctl.kinds.registry import all_kinds
from tests.cli.loopback import Api, serving
from tests.cli.process import running
from tests.cli.world import CANARY, Cli, Write, document

NAMES = [f"w{number}" for number in range(20)]
BROKEN = "w7"
USERS = [{"sub": "u1", "email": "ada@example.com", "role": "admin", "accepted": True}]
TWINS = [{"name": "ci", "client_id": f"c{number}", "role": "member"} for number in range(2)]
JSON = "Content-Type: application/json"

Answer = tuple[str, str, bytes]


def as_json(body: object, headers: str = JSON) -> Answer:
    return "200 OK", headers, json.dumps(body).encode()


def healthy(name: str, path: str) -> Answer:
    return as_json({"name": name} if path.startswith("/workspaces") else USERS if path == "/users" else [])


FAULTS: dict[str, tuple[int, str, Answer]] = {
    "not authenticated": (4, "rejected the credential", ("401 Unauthorized", JSON, b'{"error": "no"}')),
    "not permitted": (4, "does not allow GET", ("403 Forbidden", JSON, b'{"error": "no"}')),
    "missing": (1, "found nothing for GET", ("404 Not Found", JSON, b'{"error": "no"}')),
    "broken": (1, "could not serve GET", ("500 Internal Server Error", JSON, b'{"error": "no"}')),
    "a web page": (1, "", ("200 OK", "Content-Type: text/html", b"<html>Please log in</html>")),
    "not a list": (1, "is not a list", as_json({"users": USERS})),
    "cut off": (1, "", ("200 OK", JSON, b'[{"sub": "u1", "em')),
    "incomplete": (1, "is not complete", as_json(USERS, f'{JSON}\nLink: </users?page=2>; rel="next"')),
    "closed": (1, "incomplete", ("200 OK", f"{JSON}\nContent-Length: 1000", b"[")),
}
"""By name, the exit code, a part of the message, and what the API answers."""


class ManyWorkspaces:
    """An API with one member in each workspace, with answers that a test can replace."""

    def __init__(self) -> None:
        self.answer: Callable[[str, str], Answer] = healthy

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        name, path = environ["HTTP_X_BLAXEL_WORKSPACE"], environ["PATH_INFO"].removeprefix("/v0")
        status, headers, body = self.answer(name, path)
        pairs = [tuple(line.split(": ", 1)) for line in headers.splitlines()]
        sized = () if "Content-Length" in headers else (("Content-Length", str(len(body))),)
        start_response(status, [*pairs, *sized])
        return [body]


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch, write: Write) -> Iterator[tuple[ManyWorkspaces, Api]]:
    for name in NAMES:
        write(f"access/{name}.yaml", document(name, more="serviceAccounts: {}\n"))
    app = ManyWorkspaces()
    with serving(app) as server:
        monkeypatch.setenv("BEAMCTL_API_URL", server.url)
        monkeypatch.setenv("BEAMCTL_API_KEY", CANARY)
        yield app, server


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("fault", FAULTS)
def test_nineteen_are_planned(cli: Cli, many: tuple[ManyWorkspaces, Api], fault: str) -> None:
    code, message, answer = FAULTS[fault]
    many[0].answer = lambda name, path: answer if (name, path) == (BROKEN, "/users") else healthy(name, path)
    ran = cli("plan", "--detailed-exitcode")
    assert ran.code == code
    assert f"{BROKEN} (access/{BROKEN}.yaml:2)" in ran.err
    assert message in ran.err
    found = cli("plan", "-o", "json")
    assert (found.code, [each["workspace"] for each in found.json["workspaces"]]) == (
        code,
        sorted(name for name in NAMES if name != BROKEN),
    )
    assert found.json["order"] == sorted(NAMES)


def test_an_ambiguous_document_is_about_its_workspace(cli: Cli, write: Write, many: tuple[ManyWorkspaces, Api]) -> None:
    write(f"access/{BROKEN}.yaml", document(BROKEN, more="serviceAccounts: {ci: {role: member}}\n"))
    twins = as_json(TWINS)
    many[0].answer = lambda name, path: twins if name == BROKEN and path == "/service_accounts" else healthy(name, path)
    ran = cli("plan")
    assert ran.code == 3
    assert f"access/{BROKEN}.yaml:4" in ran.err
    assert len(cli("plan", "-o", "json").json["workspaces"]) == 19


@pytest.mark.usefixtures("no_pauses")
def test_drift_and_show_with_every_fault_at_once(cli: Cli, many: tuple[ManyWorkspaces, Api]) -> None:
    faulty = dict(zip(NAMES, FAULTS.values(), strict=False))
    many[0].answer = lambda name, path: faulty[name][2] if name in faulty and path == "/users" else healthy(name, path)
    ran = cli("drift", "--coverage")
    assert ran.code == 1
    assert [name for name in NAMES if f"{name} (access/{name}.yaml:2)" in ran.err] == list(faulty)
    # without permission for the members, `show` shows the rest, and says so
    forbidden, missing = (list(FAULTS).index(name) for name in ("not permitted", "missing"))
    partly = [NAMES[forbidden], NAMES[missing]]
    shown = cli("show", "-f", "access", "-o", "json")
    assert shown.code == 1
    expected = sorted(name for name in NAMES if name not in faulty or name in partly)
    assert [each["workspace"] for each in shown.json["workspaces"]] == expected
    assert [each["workspace"] for each in shown.json["failures"]] == sorted(set(NAMES) - set(expected))
    first = shown.json["failures"][0]
    assert (first["file"], first["line"], first["code"]) == (f"access/{NAMES[0]}.yaml", 2, "unauthenticated")
    assert f"This credential cannot read all of {partly[0]} (exit 4). Left out: members." in shown.err
    text = cli("show", "-f", "access", "-w", "w12", "-w", "w11")
    assert (text.code, [line for line in text.out.splitlines() if line.startswith("w")]) == (
        0,
        [f"w11 · {many[1].url}", f"w12 · {many[1].url}"],
    )


def test_the_requests_in_flight_reach_the_bound(cli: Cli, many: tuple[ManyWorkspaces, Api]) -> None:
    full = threading.Barrier(8)
    lock = threading.Lock()
    now = most = 0

    def answer(name: str, path: str) -> Answer:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        full.wait(30)  # passes only if eight requests are in flight
        with lock:
            now -= 1
        return healthy(name, path)

    many[0].answer = answer
    ran = cli("plan", "--parallelism", "8")
    assert (ran.code, most, len(many[1].calls)) == (0, 8, 2 * len(NAMES)), ran.err


def test_a_single_workspace_is_shown_with_one_request_per_listing_in_flight(
    cli: Cli, many: tuple[ManyWorkspaces, Api]
) -> None:
    full = threading.Barrier(len(all_kinds()) - 1)  # service accounts and API keys begin with the same listing

    def answer(name: str, path: str) -> Answer:
        if not path.startswith("/customdomains"):  # it follows the images
            full.wait(30)
        return healthy(name, path)

    many[0].answer = answer
    assert cli("show", "-w", "w1").code == 0


@pytest.mark.usefixtures("no_pauses", "many")
def test_an_api_that_cannot_be_reached_is_not_tried_for_every_workspace(cli: Cli) -> None:
    ran = cli("plan", "--api-url", "http://127.0.0.1:1/v0", "--parallelism", "1")
    assert ran.code == 1
    assert ran.err.count("not tried, because the API did not respond for 3 other workspaces") == 17
    assert ran.err.count("(access/") == 20


def test_an_interrupt_ends_all(many: tuple[ManyWorkspaces, Api]) -> None:
    many[1].hold = "GET"
    with running("plan") as plan:
        assert many[1].arrived.acquire(timeout=30)
        plan.send_signal(signal.SIGINT)
        out, err = plan.communicate(timeout=30)
        assert (plan.returncode, out, err) == (130, "", "\nError: interrupted\n")


def test_an_invalid_credential_of_one_workspace_is_about_it(
    cli: Cli, many: tuple[ManyWorkspaces, Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAMCTL_API_KEY__W7", "canary of w7")
    ran = cli("plan", "-o", "json")
    assert (ran.code, len(ran.json["workspaces"]), len(many[1].calls)) == (3, 19, 2 * 19)
    assert ran.err.startswith(
        "Error: w7 (access/w7.yaml:2): BEAMCTL_API_KEY__W7 contains white space, a line break or another character "
    )
    assert "canary of w7" not in ran.out + ran.err
    # alone, it is the result of the run; a general variable is about all
    assert cli("plan", "-w", BROKEN).err.startswith("Error: BEAMCTL_API_KEY__W7 contains white space")
    monkeypatch.setenv("BEAMCTL_API_KEY", "not valid")
    assert cli("plan").err.startswith("Error: BEAMCTL_API_KEY contains white space")


def test_a_plan_is_saved_without_the_workspace_that_cannot_be_identified(
    cli: Cli, many: tuple[ManyWorkspaces, Api]
) -> None:
    code, message, answer = FAULTS["not permitted"]
    path = f"/workspaces/{BROKEN}"
    many[0].answer = lambda name, asked: answer if asked == path else healthy(name, asked)
    ran = cli("plan", "--out", "plan.json", "-w", BROKEN, "-w", "w1")
    assert (ran.code, [each["workspace"] for each in json.loads(Path("plan.json").read_text())["workspaces"]]) == (
        code,
        ["w1"],
    )
    assert f"Error: {BROKEN} (access/{BROKEN}.yaml:2): " in ran.err
    assert message in ran.err
    assert ran.err.endswith(f"\nNot saved, because of an error: {BROKEN}.\n")
    # the file says what is missing, and so does the apply
    assert json.loads(Path("plan.json").read_text())["saved"]["missing"] == [BROKEN]
    applied = cli("apply", "plan.json", "--auto-approve")
    assert (applied.code, f"Not planned, because of an error: {BROKEN}.\n" in applied.out) == (0, True)
    assert cli("apply", "plan.json", "--auto-approve", "-o", "json").json["saved"]["missing"] == [BROKEN]
    # if no workspace can be planned, nothing is saved
    many[0].answer = lambda name, asked: answer if asked.startswith("/workspaces/") else healthy(name, asked)
    before = Path("plan.json").read_bytes()
    for name in ("plan.json", "new.json"):
        ran = cli("plan", "--out", name, "-w", BROKEN, "-w", "w1")
        assert (ran.code, ran.err.endswith(f"\n{name} was not written: no workspace could be planned.\n")) == (
            code,
            True,
        )
    assert (Path("plan.json").read_bytes(), Path("new.json").exists()) == (before, False)
    assert cli("plan", "--out", "alone.json", "-w", BROKEN).code == code
    assert not Path("alone.json").exists()
