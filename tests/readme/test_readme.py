"""The README is true: its commands run and print what stands below them, its tables are those of the code."""

import doctest
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from beamctl.api import cli_config, credential
from beamctl.api.request_budget import LARGEST_ANSWER
from beamctl.api.response_body import MOST_VALUES as MOST_ANSWERED
from beamctl.cli import run_records
from beamctl.cli.documents import LARGEST_TOGETHER
from beamctl.cli.exits import Exit
from beamctl.document import text_encoding, yaml_builder
from beamctl.document.load import SourceText
from beamctl.document.problem import MOST_PROBLEMS
from beamctl.document.yaml_errors import DEEPEST
from beamctl.document.yaml_loader import MOST_DOCUMENTS
from beamctl.document.yaml_scalars import LONGEST_NUMBER
from beamctl.kinds.member.live import LONGEST_TEXT
from beamctl.kinds.member.table import ROWS, WANTED
from beamctl.kinds.policy import MOST_LOOKED_INTO
from beamctl.kinds.resource.live import MOST_PAGES
from beamctl.model import email
from beamctl.model.strict_json import MOST_NESTED
from beamctl.plan import plan_file
from beamctl.plan.hazard import NEVER_ALLOWED, Risk
from beamctl.report.style import LONGEST_VALUE
from beamctl.report.text.problems import MOST_SHOWN
from beamctl.workflow.questions import validate
from tests.end_to_end.conftest import clean_environment

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def steps() -> Iterator[tuple[str, str]]:
    """Each command of the console blocks, and what it should print."""
    for block in re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL):
        command, printed = "", ""
        for line in block.splitlines():
            if line.startswith("$ "):
                if command:
                    yield command, printed
                command, printed = line[2:], ""
            elif line.startswith("> ") and not printed:
                command += "\n" + line[2:]
            else:
                printed += line + "\n"
        yield command, printed


def test_the_tour(tmp_path: Path) -> None:
    environment = clean_environment(tmp_path)
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "beamctl").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m beamctl "$@"\n')
    (binaries / "beamctl").chmod(0o755)
    environment["PATH"] = f"{binaries}{os.pathsep}{environment['PATH']}"
    session = "".join(f'{command}\necho "<<$?>>"\n' for command, _ in steps())
    ran = subprocess.run(
        ["bash", "-c", session], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    printed = re.findall(r"(.*?)<<(\d+)>>\n", ran.stdout, re.DOTALL)
    wanted = list(steps())
    assert len(printed) == len(wanted)
    check = doctest.OutputChecker()
    codes = []
    for (command, expected), (got, code) in zip(wanted, printed, strict=True):
        assert check.check_output(expected, got, doctest.ELLIPSIS), (
            f"{command}\n--- README\n{expected}\n--- got\n{got}\n{ran.stderr}"
        )
        codes.append((command.partition("\n")[0], int(code)))
    assert [code for command, code in codes if command == "beamctl validate"] == [3, 0]
    assert [code for command, code in codes if command == "beamctl plan"] == [0, 5]
    assert [code for command, code in codes if command == "beamctl drift"] == [2]
    others = [code for command, code in codes if command not in ("beamctl validate", "beamctl plan", "beamctl drift")]
    assert set(others) == {0}


def test_the_two_commands_are_single_lines_that_set_up_all_they_need() -> None:
    commands = re.findall(r"^```sh\n(.*?)\n```", README, re.MULTILINE | re.DOTALL)
    assert len(commands) == 2
    for command in commands:
        assert "\n" not in command
        assert command.startswith("python3 -m venv --upgrade-deps .venv && .venv/bin/pip install -q ")


def test_the_document_is_valid_as_it_stands() -> None:
    blocks = re.findall(r"^```yaml\n(# yaml-language-server.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    assert validate([SourceText("README.md", blocks[0].encode())]).problems == ()


def decision_table() -> str:
    heads = ["not wanted", *(str(role) for role in WANTED if role)]
    lines = ["| live \\ wanted | " + " | ".join(heads) + " |", "|---" * 5 + "|"]
    for live, cells in ROWS.items():
        name = "nobody" if live is None else f"{live[0].value}, {live[1].value}"
        lines.append(f"| {name} | " + " | ".join(cell.value for cell in cells) + " |")
    return "\n".join(lines)


def hazard_table() -> str:
    lines = ["| hazard | refused because | |", "|---|---|---|"]
    for risk in Risk:
        how = "no flag allows it" if risk in NEVER_ALLOWED else f"`--allow {risk.label}=…`"
        lines.append(f"| `{risk.label}` | {risk.why} | {how} |")
    return "\n".join(lines)


def limit_table() -> str:
    mib = 1024 * 1024
    rows = [
        ("a document, a seed, standard input", f"{text_encoding.LARGEST // mib} MiB"),
        ("all files of one run", f"{LARGEST_TOGETHER // mib} MiB"),
        ("documents in one file", f"{MOST_DOCUMENTS:,}"),
        ("values in one file", f"{yaml_builder.MOST_VALUES:,}"),
        ("values that the aliases of one file stand for", f"{yaml_builder.MOST_COPIED:,}"),
        ("mappings and lists inside one another in a document", f"{DEEPEST:,}"),
        ("characters of a number in a document", f"{LONGEST_NUMBER:,}"),
        ("characters of an e-mail address", f"{email.LONGEST:,}"),
        ("problems that are looked for", f"{MOST_PROBLEMS:,}"),
        ("problems that text output shows; the others are counted", f"{MOST_SHOWN:,}"),
        ("a file of the official CLI, a key file", f"{cli_config.LARGEST // mib} MiB"),
        ("characters of a credential", f"{credential.LONGEST:,}"),
        ("an answer of the API, decompressed", f"{LARGEST_ANSWER // mib} MiB"),
        ("values in an answer of the API", f"{MOST_ANSWERED:,}"),
        ("lists and objects inside one another in an answer", f"{MOST_NESTED:,}"),
        ("characters of a live e-mail, role, source or id", f"{LONGEST_TEXT:,}"),
        ("characters of a value that text output shows; of more, their number and a SHA-256", f"{LONGEST_VALUE:,}"),
        ("pages of a listing", f"{MOST_PAGES:,}"),
        ("policies of one plan of which it is asked who uses them", f"{MOST_LOOKED_INTO:,}"),
        ("a saved plan", f"{plan_file.LARGEST // mib} MiB"),
        ("the record of a run", f"{run_records.LARGEST // mib} MiB"),
    ]
    return "\n".join(["| | at most |", "|---|---|", *(f"| {what} | {most} |" for what, most in rows)])


TABLES = [("table", decision_table()), ("hazards", hazard_table()), ("limits", limit_table())]


@pytest.mark.parametrize(("name", "table"), TABLES)
def test_the_tables_are_those_of_the_code(name: str, table: str) -> None:
    found = re.search(rf"<!-- {name}: begin .*?-->\n(.*?)\n?<!-- {name}: end -->", README, re.DOTALL)
    assert found is not None
    assert found.group(1) == table, f"put this between the marks:\n{table}"


def test_the_exit_codes_are_those_of_the_code() -> None:
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert listed == {int(code) for code in Exit}
