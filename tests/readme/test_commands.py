"""Every command in every document runs and prints the output below it. Every other example is valid."""

import doctest
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from beamctl.cli.main import COMMANDS, beamctl
from beamctl.document.load import SourceText
from beamctl.emulator import load_seed
from beamctl.workflow.documents import validate
from beamctl.workflow.known_drift import read_known
from tests.ci.warm_start import warm_beamctl
from tests.end_to_end.conftest import clean_environment
from tests.readme.markdown import DOCUMENTS, ROOT, blocks, code_spans, languages, name, steps

TEXTS = {name(path): path.read_text("utf-8") for path in DOCUMENTS}
SERVE = "beamctl emulator serve"


def session(commands: list[tuple[str, str]]) -> str:
    """A bash script that marks the end of each command and keeps its exit code in `$?` for the next one."""
    script = ""
    for number, (command, expected) in enumerate(commands):
        if command.startswith(SERVE):  # it keeps running for the commands below it
            lines, file = expected.count("\n"), f"serving-{number}"
            command = (  # noqa: PLW2901
                f"exec 3>{file}; {command} >&3 2>&1 & servers+=($!); "
                f'for i in $(seq 300); do [ "$(wc -l <{file})" -ge {lines} ] && break; sleep 0.1; done; cat {file}'
            )
        script += f'{command}\nexit_code=$?; echo "<<$exit_code>>"; (exit $exit_code)\n'
    return f"servers=(); trap '[ ${{#servers[@]}} = 0 ] || kill ${{servers[@]}}' EXIT\n{script}exit 0\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with warm_beamctl(tmp_path_factory.mktemp("warm")) as command:
        yield command


@pytest.mark.parametrize("document", [document for document, text in TEXTS.items() if blocks(text, "console")])
def test_the_commands_of(document: str, tmp_path: Path, warm: str) -> None:
    text = TEXTS[document].replace("8080", str(free_port()))
    for program in ("curl", "ssh-keygen"):
        if f"$ {program} " in text and not shutil.which(program):
            pytest.skip(f"needs {program}")
    environment = clean_environment(tmp_path)
    binaries = tmp_path / "bin"
    binaries.mkdir()
    cold = f'case "$*" in "emulator serve"*) exec {shlex.quote(sys.executable)} -m beamctl "$@" ;; esac'  # to be killed
    (binaries / "beamctl").write_text(f'#!/bin/sh\n{cold}\nexec {warm} "$@"\n')
    (binaries / "beamctl").chmod(0o755)
    environment["PATH"] = f"{binaries}{os.pathsep}{environment['PATH']}"
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    commands = list(steps(text))
    ran = subprocess.run(
        ["bash", "-c", session(commands)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    printed = re.findall(r"(.*?)<<(\d+)>>\n", ran.stdout, re.DOTALL)
    assert len(printed) == len(commands), ran
    check = doctest.OutputChecker()
    wrong = []
    for index, ((command, expected), (output, code)) in enumerate(zip(commands, printed, strict=True)):
        if not check.check_output(expected.rstrip(), output.rstrip(), doctest.ELLIPSIS):
            wrong.append(f"$ {command}\n--- {document}\n{expected}\n--- output\n{output}")
        following = commands[index + 1][0] if index + 1 < len(commands) else ""
        if code != "0" and "$?" not in following:
            wrong.append(f"$ {command}\nexits {code}, which {document} does not show\n{output}")
    assert not wrong, "\n\n".join(wrong)


def test_both_readme_commands_are_self_contained_lines() -> None:
    commands = blocks(TEXTS["README.md"], "sh")
    assert len(commands) == 2
    for command in commands:
        assert command.count("\n") == 1
        assert command.startswith("python3 -m venv --upgrade-deps .venv && .venv/bin/pip install -q ")


@pytest.mark.parametrize("document", TEXTS)
def test_each_block_ends(document: str) -> None:
    ends = re.findall(r"^```(.*)$", TEXTS[document], re.MULTILINE)[1::2]
    assert len(ends) * 2 == len(re.findall(r"^```", TEXTS[document], re.MULTILINE))
    assert not any(ends)


@pytest.mark.parametrize("document", TEXTS)
def test_each_block_has_a_tested_language(document: str) -> None:
    tested = {"console", "yaml", "json", "python", "text"} | ({"sh"} if document == "README.md" else set())
    assert set(languages(TEXTS[document])) <= tested


@pytest.mark.parametrize(
    ("document", "block"), [(document, block) for document, text in TEXTS.items() for block in blocks(text, "yaml")]
)
def test_yaml_block_is_valid(document: str, block: str, tmp_path: Path) -> None:
    """The first line of each block names its file."""
    file = block.splitlines()[0]
    if file == "# .github/workflows/access.yml":
        assert yaml.safe_load(block)["jobs"]
    elif file == "# seed.yaml":
        load_seed(tmp_path / "emulator.db", yaml.safe_load(block))
    elif file == "# known.yaml":
        (tmp_path / "known.yaml").write_text(block)
        assert read_known(str(tmp_path / "known.yaml"))
    else:
        assert file.startswith(("# beamctl.yaml", "# yaml-language-server:")), f"{document}: which file is this?"
        assert validate([SourceText(document, block.encode())]).problems == ()


@pytest.mark.parametrize("document", TEXTS)
def test_json_blocks_are_json(document: str) -> None:
    for block in blocks(TEXTS[document], "json"):
        json.loads(block)


@pytest.mark.parametrize("document", [document for document, text in TEXTS.items() if blocks(text, "python")])
def test_python_blocks_run(document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks of a document in one module, so that a block can use names of an earlier one."""
    monkeypatch.chdir(tmp_path)
    exec(compile("\n".join(blocks(TEXTS[document], "python")), document, "exec"), {"__name__": "example"})  # noqa: S102


def options(command: click.Command) -> set[str]:
    return {"--help", "-h", *(name for option in command.params for name in [*option.opts, *option.secondary_opts])}


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the words after `beamctl` name, and the remaining words."""
    command: click.Command = beamctl
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, f"there is no command {words[0]!r}"
        command, words = found, words[1:]
    return command, words


def every_command() -> list[click.Command]:
    groups = [command_of([word])[0] for word in COMMANDS]
    return [*groups, *(sub for group in groups if isinstance(group, click.Group) for sub in group.commands.values())]


@pytest.mark.parametrize("document", TEXTS)
def test_commands_and_options_in_the_text_exist(document: str) -> None:
    known = {option for command in every_command() for option in options(command)} | {"--version"}
    for span in code_spans(TEXTS[document]):
        if span.startswith("beamctl ") and "…" not in span:
            command, words = command_of(span.split()[1:])
            assert {word.partition("=")[0] for word in words if word.startswith("-") and word != "-"} <= options(
                command
            ), span
        elif re.match("--[a-z]", span):
            assert span.split()[0].partition("=")[0] in known, span


def test_the_table_of_commands_is_complete() -> None:
    listed = re.findall(r"^\| `beamctl ([a-z-]+)[^`]*` \|", TEXTS["README.md"], re.MULTILINE)
    assert listed == list(COMMANDS)


def test_readme_is_one_page() -> None:
    assert len(TEXTS["README.md"].splitlines()) <= 250
    assert len(TEXTS["beamctl/emulator/README.md"].splitlines()) <= 300
