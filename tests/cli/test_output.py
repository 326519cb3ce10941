"""Output: colors on a terminal only, and clear errors if a stream is narrow, full or closed."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.loopback import Api
from tests.cli.process import Ran, command, environment, process, terminal
from tests.cli.world import AS_IS, CHANGED, REFUSED, WRONG, Cli, People, Write

ESCAPE = "\x1b"
NESTED = AS_IS + "settings: {labels: {env: prod}}\n"


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("arguments", ["plan", "drift", "show", "apply --auto-approve"])
def test_colors_on_a_terminal(write: Write, arguments: str) -> None:
    write("beamctl.yaml", CHANGED)
    with terminal(*arguments.split()) as screen:
        _, seen = screen.end()
    assert f"{ESCAPE}[1macme · http://127.0.0.1:" in seen
    assert set(re.findall(r"\x1b\[(\d*[A-Za-z])", seen)) <= {"0m", "1m", "2m", "31m", "32m", "33m"}
    assert seen.count(f"{ESCAPE}[0m") * 2 == seen.count(ESCAPE)


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize(
    ("arguments", "options", "env"),
    [
        ("apply --auto-approve", ["--no-color"], {}),
        ("plan", [], {"NO_COLOR": "1"}),
        ("apply --auto-approve", [], {"NO_COLOR": "0"}),
        ("plan", [], {"TERM": "dumb"}),
    ],
)
def test_no_colors_if_they_are_disabled(
    write: Write, arguments: str, options: list[str], env: Mapping[str, str]
) -> None:
    write("beamctl.yaml", CHANGED)
    with terminal(*arguments.split(), *options, env=env) as screen:
        code, seen = screen.end()
    assert code == 0
    assert ESCAPE not in seen
    assert "Plan: 1 to invite, 1 role to change." in seen


@pytest.mark.usefixtures("api")
def test_an_empty_no_color_is_ignored(write: Write) -> None:
    write("beamctl.yaml", CHANGED)
    with terminal("plan", env={"NO_COLOR": ""}) as screen:
        assert ESCAPE in screen.end()[1]


@pytest.mark.usefixtures("api")
def test_json_is_never_colored(write: Write) -> None:
    write("beamctl.yaml", CHANGED)
    with terminal("plan", "-o", "json") as screen:
        assert ESCAPE not in screen.end()[1]


@pytest.mark.usefixtures("api")
def test_a_counter_is_shown_on_a_terminal_and_erased(write: Write) -> None:
    write("beamctl.yaml", CHANGED)
    with terminal("apply", "--auto-approve", "--no-color") as screen:
        _, seen = screen.end()
    assert re.search(r"  1 of 2 …\r {10,}\r", seen)
    with terminal("drift", "--no-color") as screen:
        assert " of " not in screen.end()[1]


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize(("options", "env"), [(["-q"], {}), ([], {"TERM": "dumb"})])
def test_no_counter_if_it_is_disabled(write: Write, options: list[str], env: Mapping[str, str]) -> None:
    write("beamctl.yaml", CHANGED)
    with terminal("apply", "--auto-approve", *options, env=env) as screen:
        _, seen = screen.end()
    assert "1 of 2" not in seen
    assert "\r" not in seen


def with_closed_pipe(*arguments: str, stream: str = "stdout") -> Ran:
    """`beamctl … | head` whose head exits before beamctl writes."""
    read, written = os.pipe()
    os.close(read)
    try:
        return process(*arguments, stdout=written) if stream == "stdout" else process(*arguments, stderr=written)
    finally:
        os.close(written)


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize(
    ("arguments", "text", "code"),
    [
        ("plan --detailed-exitcode", CHANGED, 2),
        ("plan -o json", REFUSED, 5),
        ("drift", CHANGED, 2),
        ("show", CHANGED, 0),
        ("validate", WRONG, 3),
    ],
)
def test_a_closed_pipe_does_not_change_the_exit_code(write: Write, arguments: str, text: str, code: int) -> None:
    write("beamctl.yaml", text)
    ran = with_closed_pipe(*arguments.split())
    assert (ran.code, ran.err) == (code, "")


def test_help_into_a_closed_pipe() -> None:
    assert with_closed_pipe("--help").err == ""
    assert with_closed_pipe("emulator", "--help").err == ""


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("output", ["text", "json"])
def test_an_approved_plan_is_applied_although_the_pipe_is_closed(write: Write, people: People, output: str) -> None:
    write("beamctl.yaml", CHANGED)
    ran = with_closed_pipe("apply", "--auto-approve", "-o", output)
    assert (ran.code, ran.err) == (0, "")
    assert people()["kim@example.com"] == "viewer"
    assert people()["grace@example.com"] == "admin"


@pytest.mark.usefixtures("api")
def test_errors_and_messages_into_a_closed_pipe(write: Write) -> None:
    assert with_closed_pipe("plan", stream="stderr").code == 3
    write("beamctl.yaml", WRONG)
    assert with_closed_pipe("plan", stream="stderr").code == 3
    write("beamctl.yaml", CHANGED)
    ran = with_closed_pipe("plan", "--debug", "--allow", "mass-removal=1", stream="stderr")
    assert ran.code == 0
    assert "Plan: 1 to invite, 1 role to change." in ran.out
    ran = with_closed_pipe("apply", "--debug", "--auto-approve", stream="stderr")
    assert ran.code == 0
    assert "Applied to acme: 2 done." in ran.out


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("arguments", ["plan", "show -o json", "drift"])
def test_a_full_disk_is_an_error(write: Write, arguments: str) -> None:
    write("beamctl.yaml", CHANGED)
    with Path("/dev/full").open("w") as full:
        ran = process(*arguments.split(), stdout=full)
    assert ran.code == 1
    assert ran.err == "Error: cannot write the output: No space left on device\n"


@pytest.mark.usefixtures("api")
def test_nothing_is_applied_if_the_plan_cannot_be_shown(write: Write, people: People) -> None:
    write("beamctl.yaml", CHANGED)
    before = people()
    with Path("/dev/full").open("w") as full:
        ran = process("apply", "--auto-approve", stdout=full)
    assert ran.code == 1
    assert people() == before


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("output", ["text", "json"])
def test_a_disk_that_fills_up_during_apply_leaves_no_partial_file(
    cli: Cli, write: Write, people: People, directory: Path, output: str
) -> None:
    write("beamctl.yaml", CHANGED)
    room = len(cli("plan").out.encode()) + 10 if output == "text" else 10
    most = 1_000_000  # enough for all other files
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))"
    (directory / "report").write_bytes(b"." * (most - room))
    with (directory / "report").open("a") as report:
        ran = process("apply", "--auto-approve", "-o", output, stdout=report, prelude=limit)
    assert ran.code == 1
    assert ran.err.startswith("Error: cannot write the output: File too large\n")
    assert ran.err.endswith("\n  The apply was not stopped by this. Run `beamctl plan` to see what is left to do.\n")
    assert people()["kim@example.com"] == "viewer"
    assert people()["grace@example.com"] == "admin"


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize(
    ("encoding", "written", "sun", "commands"),
    [
        ("ascii", "utf-8", "日", ["drift"]),  # click treats ASCII as a mistake and writes UTF-8
        ("latin-1", "latin-1", "\\u65e5", ["plan"]),
        ("cp437", "cp437", "\\u65e5", ["drift", "plan", "apply --auto-approve", "show"]),
        ("utf-8", "utf-8", "日", ["apply --auto-approve", "show"]),
    ],
)
def test_a_narrow_encoding(write: Write, encoding: str, written: str, sun: str, commands: list[str]) -> None:
    write("beamctl.yaml", CHANGED + "  josé@example.com: viewer\n  日本@example.com: viewer\n")
    for arguments in commands:
        ran = process(*arguments.split(), env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}, encoding=written)
        assert (ran.code, ran.err) == (2 if arguments == "drift" else 0, "")
        assert "acme · http://" in ran.out
        assert "josé@example.com" in ran.out
        assert sun in ran.out


def test_the_c_locale(write: Write) -> None:
    write("café.yaml", WRONG)
    ran = process("plan", "-f", "café.yaml", env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    assert ran.code == 3
    assert ran.err.startswith("caf")


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize(
    ("closed", "arguments"),
    [
        (1, "plan"),
        (1, "plan -o json"),
        (1, "plan -f missing.yaml"),
        (2, "show"),
        (2, "validate"),
        (2, "plan -f missing.yaml"),
    ],
)
def test_closed_streams_are_handled(write: Write, closed: int, arguments: str) -> None:
    write("beamctl.yaml", CHANGED)
    shell = f'exec "$@" {closed}>&-'
    ended = subprocess.run(
        ["bash", "-c", shell, "-", *command(), *arguments.split()],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=30,
    )
    assert ended.returncode == (3 if "missing" in arguments else 0)
    assert "Error" not in ended.stdout
    assert "missing" in arguments or ended.stderr == ""


@pytest.mark.usefixtures("api")
def test_results_go_to_stdout_and_messages_to_stderr(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", CHANGED)
    assert cli("plan").err == ""
    assert cli("plan").out.startswith("acme · http://127.0.0.1:")
    debug = cli("plan", "--debug")
    assert debug.out == cli("plan").out
    assert debug.err.startswith("> GET /users\n< 200 in ")


def test_all_output_ends_with_a_newline(cli: Cli, write: Write, api: Api) -> None:
    write("beamctl.yaml", CHANGED)
    write("wrong.yaml", WRONG)
    for arguments in ("plan", "drift", "show", "validate", "validate -f wrong.yaml", "plan -f wrong.yaml", "plan -x"):
        for output in ("text", "json"):
            ran = cli(*arguments.split(), "-o", output)
            assert all(text == "" or text.endswith("\n") for text in (ran.out, ran.err))
            assert not any(text.endswith("\n\n") for text in (ran.out, ran.err))
    assert api.writes == []
