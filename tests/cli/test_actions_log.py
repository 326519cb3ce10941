"""In GitHub Actions, nothing that beamctl prints is a command, except those that it means."""

import io
import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from beamctl.cli.actions_log import ActionsStream, inert
from beamctl.emulator import load_seed
from tests.cli.process import command, environment, process
from tests.cli.world import AS_IS, WRONG, Cli, Write
from tests.fakes.actions_runner import Command, Runner, lines_of, parsed
from tests.fakes.hostile_text import HOSTILE_TEXTS

SHORT = "::error::x ##[add-mask]admin \n::error::y\r::error::z"


@pytest.fixture
def hostile(write: Write, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workspace and documents full of hostile values."""
    people = {f"p{number}@example.com": text for number, text in enumerate(HOSTILE_TEXTS)}
    seed = {
        "workspaces": [{"name": "acme", "displayName": SHORT}],
        "users": [
            {"email": "ada@example.com", "apiKey": "k" * 20, "workspaces": {"acme": "admin"}},
            *({"email": each, "givenName": text, "workspaces": {"acme": "member"}} for each, text in people.items()),
        ],
    }
    (directory / ".beamctl").mkdir()
    load_seed(directory / ".beamctl" / "emulator.db", seed)
    monkeypatch.setenv("BEAMCTL_API_URL", "local")
    visible = [text for text in HOSTILE_TEXTS if text.isprintable()]
    members = {"ada@example.com": "admin"} | {
        f"q{number}@example.com": {"role": "viewer", "reason": text, "owner": text}
        for number, text in enumerate(visible)
    }
    document = {
        "version": 1,
        "workspace": "acme",
        "settings": {"displayName": SHORT[:-1], "labels": {f"l{n}": text for n, text in enumerate(visible)}},
        "members": members,
    }
    write("beamctl.yaml", yaml.safe_dump(document, allow_unicode=True))
    write("wrong.yaml", yaml.safe_dump({**document, **dict.fromkeys(HOSTILE_TEXTS, 1)}))


COMMANDS = {
    "validate": 0,
    "validate -f wrong.yaml": 3,
    "plan": 5,
    "plan -f wrong.yaml": 3,
    "plan --allow ##[add-mask]x=y": 3,
    f"plan --detailed-exitcode --allow mass-removal={len(HOSTILE_TEXTS)}": 2,
    "drift": 2,
    "show -w acme": 0,
    "export -w acme": 0,
    f"apply --auto-approve --allow mass-removal={len(HOSTILE_TEXTS)} -v": 0,
    "apply ::error::x": 3,
    "runs": 0,
    "runs last": 0,
    "undo last": 5,
    "runs ##[error]x": 3,
    "destroy ##[add-mask]acme": 5,
    "emulator mail": 0,
    "##[error]x": 3,
    "plan --##[error]x": 3,
    "--help": 0,
    "plan --report ##[error]x": 3,
}


@pytest.mark.usefixtures("hostile")
def test_no_value_is_a_command(step: Cli) -> None:
    for line, code in COMMANDS.items():
        for more in ("", "-o json"):
            if more and line.split()[0] not in ("validate", "plan", "apply", "drift", "show", "runs", "undo"):
                continue
            ran = step(*line.split(), *more.split())
            assert ran.code == code or more, (line, ran)
            for streams in (ran.out, ran.err), (ran.err, ran.out):
                runner = Runner().read(streams[0]).read(streams[1])
                assert runner.obeyed == [], line
                assert runner.token == "", line
            for text in lines_of(ran.out + "\n" + ran.err):
                found = parsed(text)
                assert found is None or found.name == "stop-commands", (line, text)
            assert "\r" not in ran.out + ran.err
            if ran.out.startswith("{"):
                assert json.loads(ran.out)["format_version"]
                assert more
            elif not line.startswith(("export", "--help")):
                assert Runner().read(ran.out).outside == []
            assert Runner().read(ran.err).outside == []


@pytest.mark.usefixtures("hostile")
def test_values_stay_the_same_in_json_and_yaml(step: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = {line: step(*line.split()).out for line in ("plan -o json", "show -w acme -o json", "export -w acme")}
    assert all("##[" not in text for text in shown.values())
    monkeypatch.delenv("GITHUB_ACTIONS")
    for line, text in shown.items():
        assert yaml.safe_load(step(*line.split()).out) == yaml.safe_load(text), line
    assert repr(SHORT) in str(json.loads(shown["show -w acme -o json"])["settings"])


def test_text_is_inert_in_any_pieces() -> None:
    for text in HOSTILE_TEXTS:
        in_pieces(text)


def in_pieces(text: str) -> None:
    whole = f"{text}\n {text}{text}\n:: {text}"
    for size in (1, 2, 3, 1000):
        stream = io.StringIO()
        log = ActionsStream(stream)
        for start in range(0, len(whole), size):
            log.write(whole[start : start + size])
        log.end_pair()
        runner = Runner().read(stream.getvalue())
        assert (runner.obeyed, runner.outside, runner.token) == ([], [], "")
        assert all(parsed(line) is None for line in runner.shown)
        assert inert(inert(text)) == inert(text)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("::error file=a.yaml,line=1::x", Command("error", {"file": "a.yaml", "line": "1"}, "x")),
        ("  ::add-mask::admin", Command("add-mask", {}, "admin")),
        ("a ##[add-mask]admin", Command("add-mask", {}, "admin")),
        ("\u200b::error::x", None),
        (":\u200b:error::x", None),
        ("##\u200b[error]x", None),
        ("a ::error::x", None),
    ],
)
def test_the_model_finds_commands(line: str, expected: Command | None) -> None:
    assert parsed(line) == expected


NOT_IN_ACTIONS = pytest.mark.skipif(
    os.environ.get("GITHUB_ACTIONS") == "true", reason="pytest would be in the step too"
)


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(
    ("line", "is_log"),
    [
        ("beamctl validate", True),
        ("beamctl validate -f none.yaml 2>&1", True),
        ("beamctl validate >shown.txt; cat shown.txt", False),
        ("beamctl validate | head -n 1", False),
        ('echo "$(beamctl validate)"', False),
        pytest.param("exec beamctl validate", True, marks=NOT_IN_ACTIONS),
    ],
)
def test_only_the_log_gets_a_pair(write: Write, line: str, *, is_log: bool) -> None:
    """Whatever else reads the text may drop the end of the pair."""
    write("beamctl.yaml", AS_IS)
    script = line.replace("beamctl", shlex.join(command()))
    env = environment({"GITHUB_ACTIONS": "true"})
    ran = subprocess.run(
        ["bash", "-c", script if line.startswith("exec ") else f"{script}; true"],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    runner = Runner().read(ran.stdout)
    assert runner.token == ""
    assert (bool(runner.shown), bool(runner.outside)) == (is_log, not is_log), ran


@pytest.mark.usefixtures("local")
def test_elsewhere_nothing_changes(step: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("beamctl.yaml", AS_IS)
    inside = step("plan")
    for value in ("", "false"):
        monkeypatch.setenv("GITHUB_ACTIONS", value)
        outside = step("plan")
        assert outside.out.splitlines() == inside.out.splitlines()[1:-1]


def test_every_token_is_fresh(step: Cli, write: Write) -> None:
    write("beamctl.yaml", WRONG)
    assert step("validate").out.splitlines()[0] != step("validate").out.splitlines()[0]


def test_a_closed_pipe_is_no_error(write: Write) -> None:
    write("beamctl.yaml", AS_IS)
    read, written = os.pipe()
    os.close(read)
    ran = process("validate", env={"GITHUB_ACTIONS": "true"}, stdout=written)
    os.close(written)
    assert (ran.code, ran.err) == (0, "")
