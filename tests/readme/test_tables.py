"""Tables in the documents agree with the code."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any

import pytest

from beamctl.api import cli_config, credential
from beamctl.api.response_body import LARGEST_ANSWER
from beamctl.api.response_body import MOST_VALUES as MOST_ANSWERED
from beamctl.cli.exits import Exit
from beamctl.document import syntax, yaml_builder
from beamctl.document.groups import MOST_EXPANDED
from beamctl.document.problem import MOST_PROBLEMS, MOST_WITH_LINES, ProblemCode
from beamctl.document.scalars import LONGEST_NUMBER
from beamctl.document.syntax import DEEPEST
from beamctl.document.yaml_loader import MOST_DOCUMENTS
from beamctl.emulator import BehaviorFlag, FaultKind
from beamctl.emulator.permission import BY_CALLER_TYPE, BY_ROLE, CallerType, Permission, Role
from beamctl.kinds.member.live import LONGEST_TEXT
from beamctl.kinds.member.table import DESIRED_ROLES, ROWS
from beamctl.kinds.operations import MOST_PAGES
from beamctl.kinds.policy import MOST_LOOKED_INTO
from beamctl.model import email
from beamctl.model.identity import Role as DeclaredRole
from beamctl.model.shard import MOST_SHARDS
from beamctl.model.strict_json import MOST_NESTED
from beamctl.plan import plan_file
from beamctl.plan.hazard import NEVER_ALLOWED, Risk
from beamctl.report.permissions import ABILITIES
from beamctl.report.style import LONGEST_VALUE
from beamctl.runs import last_run
from beamctl.workflow import merge_reports
from beamctl.workflow.documents import LARGEST_TOGETHER
from tests.readme.markdown import ROOT

EMULATOR = (ROOT / "beamctl" / "emulator" / "README.md").read_text("utf-8")
SCHEMA: dict[str, Any] = json.loads((ROOT / "schemas" / "workspace.schema.json").read_text("utf-8"))


def decision_table() -> str:
    heads = ["absent", *(str(role) for role in DESIRED_ROLES if role)]
    lines = ["| live \\ desired | " + " | ".join(heads) + " |", "|---" * 6 + "|"]
    for live, cells in ROWS.items():
        name = "no one" if live is None else f"{live[0].value}, {live[1].value}"
        lines.append(f"| {name} | " + " | ".join(cell.value for cell in cells) + " |")
    return "\n".join(lines)


def limit_table() -> str:
    mib = 1024 * 1024
    rows = [
        ("a document, a seed, standard input", f"{syntax.LARGEST // mib} MiB"),
        ("all files of one run", f"{LARGEST_TOGETHER // mib} MiB"),
        ("documents in a file", f"{MOST_DOCUMENTS:,}"),
        ("values in a file", f"{yaml_builder.MOST_VALUES:,}"),
        ("values that the aliases of a file expand to", f"{yaml_builder.MOST_COPIED:,}"),
        ("nesting of a document", f"{DEEPEST:,}"),
        ("characters of a number in a document", f"{LONGEST_NUMBER:,}"),
        ("characters of an e-mail address", f"{email.LONGEST:,}"),
        ("people and groups that groups expand to, over all workspaces of a run", f"{MOST_EXPANDED:,}"),
        ("problems that are collected", f"{MOST_PROBLEMS:,}"),
        ("problems in text output; the rest is counted", f"{MOST_WITH_LINES:,}"),
        ("a file of the official CLI, a key file", f"{cli_config.LARGEST // mib} MiB"),
        ("characters of a credential", f"{credential.LONGEST:,}"),
        ("a response of the API, decompressed", f"{LARGEST_ANSWER // mib} MiB"),
        ("values in a response of the API", f"{MOST_ANSWERED:,}"),
        ("nesting of a response of the API", f"{MOST_NESTED:,}"),
        ("characters of a live e-mail, role, source or id", f"{LONGEST_TEXT:,}"),
        (
            "characters of a value in text output; of longer ones, the beginning and a digest are shown",
            f"{LONGEST_VALUE:,}",
        ),
        ("pages of a listing", f"{MOST_PAGES:,}"),
        ("policies in a plan whose users are looked up", f"{MOST_LOOKED_INTO:,}"),
        ("a saved plan", f"{plan_file.LARGEST // mib} MiB"),
        ("a run record", f"{last_run.LARGEST // mib} MiB"),
        ("a report to merge", f"{merge_reports.LARGEST // mib} MiB"),
        ("all reports to merge", f"{merge_reports.LARGEST_TOGETHER // mib} MiB in {merge_reports.MOST_FILES:,} files"),
        ("shards of a run", f"{MOST_SHARDS:,}"),
    ]
    return "\n".join(["| | at most |", "|---|---|", *(f"| {what} | {most} |" for what, most in rows)])


def key_rows(schema: dict[str, Any], path: str, *, required: bool = False) -> Iterator[str]:
    """A row for each key of the document, from its schema."""
    about = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] | schema if "$ref" in schema else schema
    variants = [
        SCHEMA["$defs"][variant["$ref"].rpartition("/")[2]] for variant in about.get("anyOf", []) if "$ref" in variant
    ]
    if path:
        values = ", ".join(f"`{value}`" for value in about.get("enum", []))
        sort = values or about.get("type", "" if variants else "integer or percentage")
        roles = any(variant.get("$ref", "").endswith("/role") for variant in about.get("anyOf", []))
        facts = [sort or ("role, or object" if roles else "nothing, or object"), *(["required"] if required else [])]
        facts += [f"default `{json.dumps(about['default'])}`"] if "default" in about and not required else []
        yield f"| `{path}` | {'; '.join(facts)} | {about['description']} |"
    for each in [about, *variants]:
        for key, inner in each.get("properties", {}).items():
            below = f"{path}.{key}" if path else key
            yield from key_rows(inner, below, required=key in each.get("required", []))
        if isinstance(each.get("additionalProperties"), dict) and each["additionalProperties"].get("type") != "string":
            yield from key_rows(each["additionalProperties"], f"{path}.NAME")
        if "properties" in each.get("items", {}):
            for key, inner in each["items"]["properties"].items():
                yield from key_rows(inner, f"{path}[].{key}", required=key in each["items"]["required"])


def key_table() -> str:
    return "\n".join(["| key | value | |", "|---|---|---|", *key_rows(SCHEMA, "")])


def permission_table(head: str, allowed: Mapping[Permission, AbstractSet[Any]], columns: type[Enum]) -> str:
    """One row for all permissions that the same columns have."""
    rows: dict[str, list[str]] = {}
    for permission in (each for each in Permission if each in allowed):
        cells = " | ".join("yes" if column in allowed[permission] else "\N{EN DASH}" for column in columns)
        rows.setdefault(cells, []).append(f"`{permission.value}`")
    lines = [f"| permissions | {head} |", "|---" * (len(columns) + 1) + "|"]
    return "\n".join([*lines, *(f"| {', '.join(names)} | {cells} |" for cells, names in rows.items())])


def role_table() -> str:
    lines = ["| can | " + " | ".join(DeclaredRole) + " |", "|---|---|---|---|"]
    for ability in ABILITIES:
        cells = " | ".join("yes" if role in ability.roles else "\N{EN DASH}" for role in DeclaredRole)
        lines.append(f"| {ability.text} | {cells} |")
    return "\n".join(lines)


def flag_table() -> str:
    lines = ["| flag | with it | the open question |", "|---|---|---|"]
    questions = dict(re.findall(r"^\| `([a-z0-9-]+)` \| .* \| (.*) \|$", EMULATOR, re.MULTILINE))
    return "\n".join(
        [*lines, *(f"| `{flag}` | {flag.meaning} | {questions.get(flag, '?')} |" for flag in BehaviorFlag)]
    )


def fault_table() -> str:
    """One row for all faults with the same meaning."""
    rows: dict[str, list[str]] = {}
    for kind in FaultKind:
        rows.setdefault(kind.meaning, []).append(f"`{kind.value}{kind.argument.shown}`")
    lines = [f"| {', '.join(names)} | {meaning} |" for meaning, names in rows.items()]
    return "\n".join(["| fault | what the client gets |", "|---|---|", *lines])


CLIENTS = {
    "blaxel": "`blaxel` 0.4.24",
    "@blaxel/core": "`@blaxel/core` 0.3.21",
    "beamlit": "`beamlit` 0.0.63",
    "beamlit-environments": "`beamlit` 0.0.30a0",
    "bl": "`bl`",
}
METHODS = ("GET", "POST", "PUT", "DELETE")


def client_matrix() -> str:
    """One row for all paths with the same calls; the calls to one object are in parentheses."""
    calls = json.loads((ROOT / "tests" / "emulator" / "calls.json").read_text("utf-8"))
    cells: dict[str, dict[str, tuple[set[str], set[str]]]] = {}
    for client in CLIENTS:
        for call, result in calls[client].values():
            method, _, path = call.partition(" ")
            base = path.removesuffix("/{}")
            mark = method if result == "ok" else f"{method}\N{SUPERSCRIPT ONE}"
            cells.setdefault(base, {}).setdefault(client, (set(), set()))[path != base].add(mark)
    rows: dict[str, list[str]] = {}
    for base in sorted(cells):
        rows.setdefault(" | ".join(calls_shown(cells[base].get(client)) for client in CLIENTS), []).append(f"`{base}`")
    lines = [f"| path | {' | '.join(CLIENTS.values())} |", "|---" * (len(CLIENTS) + 1) + "|"]
    return "\n".join([*lines, *(f"| {', '.join(bases)} | {shown} |" for shown, bases in rows.items())])


def calls_shown(calls: tuple[set[str], set[str]] | None) -> str:
    if calls is None:
        return "\N{EN DASH}"
    many, one = (
        " ".join(sorted(each, key=lambda mark: METHODS.index(mark.rstrip("\N{SUPERSCRIPT ONE}")))) for each in calls
    )
    return f"{many} ({one})".strip() if one else many


TABLES = [
    ("beamctl/emulator/README.md", "clients", client_matrix()),
    ("beamctl/emulator/README.md", "permissions", permission_table("admin | member | viewer", BY_ROLE, Role)),
    (
        "beamctl/emulator/README.md",
        "callers",
        permission_table("person | service account | operator", BY_CALLER_TYPE, CallerType),
    ),
    ("beamctl/emulator/README.md", "flags", flag_table()),
    ("beamctl/emulator/control.md", "faults", fault_table()),
    ("schemas/README.md", "keys", key_table()),
    ("schemas/README.md", "table", decision_table()),
    ("schemas/README.md", "roles", role_table()),
    ("schemas/limits.md", "limits", limit_table()),
]


@pytest.mark.parametrize(("document", "name", "table"), TABLES)
def test_tables_agree_with_the_code(document: str, name: str, table: str) -> None:
    path = ROOT / document
    found = re.search(
        rf"(<!-- {name}: begin .*?-->\n)(.*?)(\n<!-- {name}: end -->)", path.read_text("utf-8"), re.DOTALL
    )
    assert found is not None
    if os.environ.get("BEAMCTL_WRITE_TABLES") == "1":
        path.write_text(found.string[: found.start(2)] + table + found.string[found.end(2) :], "utf-8")
        return
    assert found[2] == table, "run this test with -n0 and BEAMCTL_WRITE_TABLES=1, and read what was written"


def test_problem_codes_agree_with_the_code() -> None:
    text = (ROOT / "schemas" / "README.md").read_text("utf-8")
    table = text.partition("<!-- problems: begin")[2].partition("<!-- problems: end")[0]
    assert re.findall(r"^\| `([a-z-]+)` \| \S.* \|$", table, re.MULTILINE) == [code.value for code in ProblemCode]


def test_hazards_agree_with_the_code() -> None:
    text = (ROOT / "schemas" / "README.md").read_text("utf-8")
    table = text.partition("<!-- hazards: begin")[2].partition("<!-- hazards: end")[0]
    assert re.findall(r"^\| `([a-z-]+)` \| \S.* \| (.+) \|$", table, re.MULTILINE) == [
        (risk.value, "no flag allows it" if risk in NEVER_ALLOWED else f"`--allow {risk}=…`") for risk in Risk
    ]


def test_exit_codes_agree_with_the_code() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)} == {int(code) for code in Exit}
