"""Child processes run within their limits, whatever they do."""

import os
import sys
import time
from pathlib import Path

import pytest

from beamctl.system.child_process import Limits, ProcessResult, find_program, inherited, run


def python(code: str, limits: Limits, stdin: bytes | None = None) -> ProcessResult:
    return run([sys.executable, "-c", code], limits, stdin=stdin, env=inherited())


def test_input_and_output_of_a_child_process() -> None:
    content = os.urandom(1_000_000)
    echo = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
    assert python(echo, Limits(30, 2_000_000), content) == ProcessResult(content, "", 0)
    assert python("import sys; print(repr(sys.stdin.read()))", Limits(30, 99)).output == b"''\n"
    assert python("raise SystemExit(3)", Limits(30), content) == ProcessResult(b"", "exited with 3", 3)


def test_limits_on_time_and_output() -> None:
    """The last two leave their process group, or close their output, and beamctl does not wait for them."""
    began = time.monotonic()
    assert python("print('x' * 1000, flush=True); input()", Limits(30, 999), b"").why == "wrote more than 999 bytes"
    sleeps = "import time; time.sleep(60)"
    started = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {sleeps!r}], start_new_session=True)"
    for code in (sleeps, started, f"import os; os.close(1); {sleeps}"):
        assert python(code, Limits(0.3, 99)).why == "took longer than 0.3 seconds"
    assert time.monotonic() - began < 20


def test_standard_error_is_cut_and_ends_with_the_program() -> None:
    """Only the end of it, and only while the program runs: a process that it leaves running may never close it."""
    noisy = "import sys; sys.stderr.write('x' * 1_000_000 + 'end'); print('out')"
    assert python(noisy, Limits(30, 99, 5)) == ProcessResult(b"out\n", "", 0, b"xxend")
    assert python(noisy, Limits(30, 99)).errors == b""
    began = time.monotonic()
    leaves = "import subprocess, sys; subprocess.Popen(['sleep', '9'], stdout=subprocess.DEVNULL); sys.exit('why')"
    assert python(leaves, Limits(9, 0, 99)) == ProcessResult(b"", "exited with 1", 1, b"why\n")
    floods = "import os; os.close(1)\nwhile True: os.write(2, b'x' * 99999)"
    ended = python(floods, Limits(0.5, 0, 9))
    assert (ended.why, ended.errors) == ("took longer than 0.5 seconds", b"x" * 9)
    assert time.monotonic() - began < 8


def test_every_process_of_its_group_is_killed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alive")
    descriptor = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    words = ["sh", "-c", f"(echo begun; exec sleep 60) > {tmp_path}/alive & wait"]
    assert run(words, Limits(0.5), env=inherited()).why == "took longer than 0.5 seconds"
    os.set_blocking(descriptor, True)
    assert os.read(descriptor, 99) == b"begun\n"
    assert os.read(descriptor, 99) == b""  # no process has the other end open
    os.close(descriptor)


def test_a_program_is_not_found_in_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tool", "cat"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".:{os.pathsep}{os.environ['PATH']}{os.pathsep}")
    assert find_program("tool") is None
    assert find_program("cat") != "cat"
    assert find_program("./tool") == "./tool"
    assert run(["tool"], Limits(1), env={}).why == "was not found"
    assert all(Path(entry).is_absolute() for entry in inherited()["PATH"].split(os.pathsep))
