"""A real process is killed during a request, before or after the request is carried out. Then another process runs."""

import threading
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.loopback import serving
from tests.cli.process import running
from tests.cli.world import Cli
from tests.faults.scenarios import KEY, SCENARIOS

ALL = SCENARIOS["all"]


class Held:
    """The application, which blocks one request before or after carrying it out."""

    def __init__(self, app: Callable[..., Iterable[bytes]], call: str, when: str) -> None:
        self.arrived = threading.Event()
        self.gate = threading.Event()
        self._app = app
        self._call = call
        self._when = when

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        call = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO'].removeprefix('/v0')}"
        if call != self._call or self.arrived.is_set():
            return self._app(environ, start_response)
        if self._when == "before":
            self._hold()
            start_response("503 Service Unavailable", [])
            return []
        answer = self._app(environ, start_response)
        self._hold()
        return answer

    def _hold(self) -> None:
        self.arrived.set()
        self.gate.wait(30)


def flags(cli: Cli, *way: str) -> list[str]:
    """The flags that allow the current hazards: an admin is demoted, a group is unmapped."""
    (workspace,) = cli("plan", *way, "-o", "json").json["workspaces"]
    assert {hazard["hazard"] for hazard in workspace["hazards"]} <= {"removes-admin", "unmaps-group"}
    return [part for hazard in workspace["hazards"] for part in ("--allow", hazard["allow"])]


@pytest.mark.usefixtures("made_up_requests")  # a killed process may leave half a request
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", ["PUT /users/ann@x.io", "POST /users", "DELETE /users/eve@x.io"])
def test_apply_after_a_killed_process(
    call: str, when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    document = tmp_path / "access.yaml"
    document.write_text(yaml.safe_dump(ALL.want.document.data))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BEAMCTL_API_KEY", KEY)
    monkeypatch.chdir(tmp_path)
    with closing(ALL.emulated(tmp_path)) as emulated:
        held = Held(emulated.app, call, when)
        with serving(held) as api:
            way = ("-f", str(document), "--api-url", api.url)
            with running("apply", "--auto-approve", *way, *flags(cli, *way)) as started:
                assert held.arrived.wait(20)
                started.kill()
                started.wait()
            held.gate.set()
            assert emulated.admins() >= 1
            again = cli("apply", "--auto-approve", *way, *flags(cli, *way))
            assert (again.code, again.err) == (0, "")
            assert cli("drift", *way).code == 0
        assert len(emulated.emails) == len(set(emulated.emails))
        assert set(emulated.emails) == {"new@x.io", "kim@x.io"}
