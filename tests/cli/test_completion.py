"""`beamctl completion`, also in real shells: a line and Tab are typed, and the command that then runs is checked."""

import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from beamctl.cli.main import COMMANDS
from tests.cli.process import TIMEOUT, environment, process
from tests.cli.world import Cli, Write

DOCUMENT = """\
version: 1
workspace: acme-prod
members: {ada@example.com: admin, "bob+x@example.com": member, "*": member, "$(touch pwned)@example.com": member}
guards: {self: {email: zoe@example.com}}
"""
OTHER = "version: 1\nworkspace: labs\nmembers: {lin@other.example: admin}\n"
TYPED = {
    "beamctl dri": "drift",
    "beamctl plan -f other.yaml -w l": "plan -f other.yaml -w labs",
    "beamctl plan -f oth": "plan -f other.yaml",
    "beamctl apply --protect bo": "apply --protect bob+x@example.com",
    "beamctl apply --allow removes-admin=ada@ex": "apply --allow removes-admin=ada@example.com",
    "beamctl plna --detailed-ex": "plna --detailed-ex",
}
"""What is typed before Tab and Enter, and the arguments with which beamctl then runs."""
START = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
}
SET_UP = {
    "bash": "bind 'set bell-style none'; . ./script\n",
    "zsh": "zstyle ':completion:*' insert-tab false; fpath+=$PWD/zfunc; autoload -U compinit; compinit -D -u\n",
}


@pytest.fixture
def world(write: Write, directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Documents, and a `beamctl` that answers the shell, but only logs its arguments otherwise."""
    write("beamctl.yaml", DOCUMENT)
    write("other.yaml", OTHER)
    (directory / "bin").mkdir()
    program = directory / "bin" / "beamctl"
    program.write_text(
        f'#!/bin/sh\n[ -n "$_BEAMCTL_COMPLETE" ] && exec {sys.executable} -m beamctl "$@"\necho "$*" >> log\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return directory


def needs(shell: str) -> str:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    return found


def session(shell: str, text: str) -> str:
    """What a shell shows on a terminal if this is typed."""
    ours, theirs = pty.openpty()
    env = environment({"TERM": "dumb", "PS1": "> ", "HOME": str(Path.cwd())})
    started = subprocess.Popen(
        [needs(shell), *START[shell]], stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True
    )
    os.close(theirs)
    os.write(ours, text.encode())
    shown = b""
    try:
        while select.select([ours], [], [], TIMEOUT)[0]:
            piece = os.read(ours, 65536)
            if not piece:
                break
            shown += piece
    except OSError:  # how Linux reports that the other side is closed
        pass
    finally:
        started.kill()
        started.wait()
        os.close(ours)
    return shown.decode(errors="replace")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_typed_lines_are_completed(world: Path, cli: Cli, shell: str) -> None:
    needs(shell)
    (world / "zfunc").mkdir()
    for file in (world / "script", world / "zfunc" / "_beamctl"):
        file.write_text(cli("completion", shell).out)
    some = dict([*TYPED.items()][: len(TYPED) if shell == "bash" else 4])  # only bash splits words
    lines = "".join(f"{typed}\t\n" for typed in some)
    shown = session(shell, f"{SET_UP[shell]}{lines}exit\n")
    assert (world / "log").read_text().splitlines() == list(some.values()), shown
    assert not (world / "pwned").exists()
    for noise in ("Error", "Traceback", "Usage", "warning"):
        assert noise not in shown


def test_fish_completes(world: Path, cli: Cli) -> None:
    fish = needs("fish")
    (world / "script").write_text(cli("completion", "fish").out)
    ask = "".join(f"complete -C '{typed}' | string replace -r '\\t.*' ''; echo ----\n" for typed in TYPED)
    ran = subprocess.run(
        [fish, "--no-config", "-c", f"source script\n{ask}"],
        env=environment({"HOME": str(world)}),
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT,
    )
    found = [part.split() for part in ran.stdout.split("----\n")[:-1]]
    wanted = [arguments.split()[-1:] if f"beamctl {arguments}" != typed else [] for typed, arguments in TYPED.items()]
    assert found == wanted, ran
    assert not ran.stderr


def offered(cli: Cli, monkeypatch: pytest.MonkeyPatch, line: str) -> list[str]:
    """What bash is offered for a line, if bash splits words at spaces only. Nothing else is ever printed."""
    monkeypatch.setenv("_BEAMCTL_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_WORD", line.rpartition(" ")[2])
    ran = cli()
    assert (ran.code, ran.err) == (0, "")
    return ran.out.split()


def test_only_harmless_values_are_offered(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("beamctl.yaml", DOCUMENT)
    emails = [f"plain,{name}@example.com" for name in ("ada", "bob+x", "zoe")]
    assert offered(cli, monkeypatch, "beamctl plan --protect ") == emails
    write(
        "beamctl.yaml", 'workspace: "a\\nplain,b"\n---\nworkspace: "`id`"\n---\nworkspace: "*"\n---\nworkspace: [c]\n'
    )
    assert offered(cli, monkeypatch, "beamctl plan -w ") == []


def test_invalid_documents_are_read_as_far_as_possible(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("access/a.yaml", "workspace: acme\nnonsense: 1\n")
    write("access/b.yaml", "workspace: [")
    write("access/c.yaml", "\x00")
    write("access/large.yaml", f"workspace: large\n#{'x' * 1_100_000}\n")
    write("access/z.yaml", "workspace: labs\n")
    assert offered(cli, monkeypatch, "beamctl plan -w ") == ["plain,acme", "plain,labs"]


def test_files_that_cannot_be_read_are_ignored(cli: Cli, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(directory / "pipe")
    for file in ("pipe", "missing", "-", "/dev/zero", "''"):
        assert offered(cli, monkeypatch, f"beamctl plan -f {file} -w ") == []


@pytest.mark.parametrize(
    "line", ["", "beamctl", "beamctl nope ", "beamctl emulator nope ", "beamctl plan --nope x ", "'"]
)
def test_a_line_without_candidates_is_no_error(cli: Cli, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    known = {*COMMANDS, "approve", "call", "mail", "seed", "serve", "sync"}
    assert {each.removeprefix("plain,") for each in offered(cli, monkeypatch, line)} <= known


@pytest.mark.parametrize("instruction", ["", "_", "tcsh_complete", "bash_nothing", "zsh_complete", "bash_complete"])
def test_an_unknown_request_is_answered_with_nothing(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, instruction: str
) -> None:
    monkeypatch.setenv("_BEAMCTL_COMPLETE", instruction)
    ran = cli("--help" if not instruction else "apply", "x")
    assert (ran.code, ran.err) == (0, "")
    assert not ran.out.strip() or not instruction


def test_a_slow_answer_is_given_up(write: Write) -> None:
    """The clock of the alarm is shortened instead of waiting for it."""
    write("beamctl.yaml", DOCUMENT)
    hurry = (
        "import signal, threading; set_timer = signal.setitimer; "
        "signal.setitimer = lambda which, seconds: (set_timer(which, seconds / 1000), threading.Event().wait(30))"
    )
    env = {"_BEAMCTL_COMPLETE": "bash_complete", "COMP_LINE": "beamctl plan -w ", "COMP_WORD": ""}
    ran = process(prelude=hurry, env=env)
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_commands_are_completed_without_being_imported() -> None:
    show = "import atexit, sys; atexit.register(lambda: print('beamctl.cli.options' in sys.modules, file=sys.stderr))"
    env = {"_BEAMCTL_COMPLETE": "fish_complete", "COMP_WORDS": "beamctl", "COMP_CWORD": ""}
    ran = process(prelude=show, env=env)
    assert [line.split("\t")[0].removeprefix("plain,") for line in ran.out.splitlines()] == [*COMMANDS]
    assert ran.err == "False\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_each_shell_has_a_script(cli: Cli, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    text = cli("completion", shell).out
    assert f"{shell}_complete" in text
    assert "%(" not in text
    assert ("$funcstack[1] == _beamctl" in text) == (shell == "zsh")
    monkeypatch.setenv("_BEAMCTL_COMPLETE", f"{shell}_source")
    assert cli().out.rstrip() == text.rstrip()


def test_an_unknown_shell_is_an_error(cli: Cli) -> None:
    ran = cli("completion", "tcsh")
    assert ran.code == 3
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish', 'powershell'" in ran.err
    assert "Choose from: bash, zsh, fish, powershell\n" in cli("completion").err


def test_addresses_are_completed(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("beamctl.yaml", DOCUMENT)
    assert "plain,member:ada@example.com" in offered(cli, monkeypatch, "beamctl plan --only member:a")
