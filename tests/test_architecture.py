"""The house rules that a machine can check: who may import whom, and how large a room may get."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import beamctl

PACKAGE = Path(beamctl.__file__).parent
LAYERS = [
    {"cli"},
    {"workflow"},
    {"report", "runs", "secrets", "api"},
    {"system"},
    {"apply", "destroy"},
    {"kinds"},
    {"plan"},
    {"document"},
    {"model"},
    {"errors"},
]
"""From the top; a room may import those below it, never its neighbour or those above."""

ONE_IMPORTER = {
    "httpx": {"api"},
    "httpcore": {"api"},
    "yaml": {"document", "api"},  # "api" reads the official CLI's file, which is not a document of ours
    "jsonschema": {"document"},
    "referencing": {"document"},
    "deepdiff": {"plan"},
    "flask": {"emulator"},
    "werkzeug": {"emulator"},
    "waitress": {"emulator"},
    "idna": {"model", "emulator"},
    "click": {"cli"},
    "keyring": {"secrets"},
    "regex": {"model", "emulator"},
}
EMULATOR_STARTERS = {
    "cli/commands/emulator.py",
    "cli/commands/emulator_approve.py",
    "cli/commands/emulator_mail.py",
    "cli/commands/emulator_instruments.py",
    "cli/commands/emulator_seed.py",
    "cli/commands/emulator_serve.py",
    "cli/commands/local.py",
}
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module == "beamctl")


def test_every_room_has_a_row() -> None:
    rooms = {room_of(path) for path in MODULES} - {"__init__", "__main__", "schemas"}
    assert rooms == set(LEVEL) | {"emulator"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    here = room_of(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] in ONE_IMPORTER:
            assert here in ONE_IMPORTER[parts[0]], f"{here} imports {name}"
        if parts[0] != "beamctl" or len(parts) == 1 or parts[1] == "__version__":
            continue
        there = parts[1]
        if there == "emulator":
            assert here == "emulator" or str(path.relative_to(PACKAGE)) in EMULATOR_STARTERS, f"{path} imports {name}"
        elif here == "emulator":
            pytest.fail(f"the emulator imports {name}")
        elif here not in ("__init__", "__main__") and there != here:
            assert LEVEL[there] > LEVEL[here], f"{here} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_rooms_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 250
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    for node in functions:
        assert (node.end_lineno or 0) - node.lineno < 50, f"{path}: {node.name}"


def test_no_class_name_stands_for_two_things() -> None:
    core = [path for path in MODULES if room_of(path) != "emulator"]
    names = [
        node.name for path in core for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)
    ]
    assert [name for name, count in Counter(names).items() if count > 1] == []


def test_programs_are_started_in_one_place() -> None:
    """`demo` starts only beamctl itself."""
    starters = {"subprocess", "pty", "multiprocessing"}
    found = {str(path.relative_to(PACKAGE)) for path in MODULES if starters & set(imports(path))}
    assert found == {"system/child_process.py", "cli/commands/demo.py"}
    users = {str(path.relative_to(PACKAGE)) for path in MODULES if "beamctl.system.child_process" in set(imports(path))}
    assert users == {"system/git.py", "secrets/command.py"}
    calls = {"system", "popen", "startfile", "posix_spawn", "posix_spawnp", "fork", "execv", "execvp", "execve"}
    for path in MODULES:
        nodes = ast.walk(ast.parse(path.read_text()))
        assert not [node for node in nodes if isinstance(node, ast.Attribute) and node.attr in calls], path


def test_the_engine_knows_no_kind_by_name() -> None:
    for room in ("plan", "apply", "report"):
        for path in sorted((PACKAGE / room).rglob("*.py")):
            assert not any(name.startswith("beamctl.kinds") for name in imports(path)), path


def test_what_plans_cannot_write() -> None:
    from beamctl.model.ports import Reader

    public = {name for name in vars(Reader) if not name.startswith("_")}
    assert public == {"get"}


DELETER_NAMES = {"Deleter", "LastLink", "open_last_link", "deleter", "delete_workspace"}
MAY_DELETE = {
    "model/ports.py",
    "api/workspace.py",
    "workflow/connection.py",
    "cli/commands/destroy.py",
    "destroy/deletion.py",
    "workflow/destroy.py",
}


def names_in(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        match each:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.alias(name=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case _:
                pass


def test_only_destroy_can_delete_a_workspace() -> None:
    ours = {str(path.relative_to(PACKAGE)): path for path in MODULES if room_of(path) != "emulator"}
    found = {name for name, path in ours.items() if DELETER_NAMES & set(names_in(ast.parse(path.read_text())))}
    assert found == MAY_DELETE
    stories = {
        node.name: set(names_in(node))
        for node in ast.parse((PACKAGE / "workflow" / "destroy.py").read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    assert {name for name, used in stories.items() if DELETER_NAMES & used} == {"destroy"}
    assert {name for name, path in ours.items() if "beamctl.destroy.deletion" in set(imports(path))} == {
        "workflow/destroy.py",
        "cli/commands/destroy.py",
        "report/json_report.py",
        "report/text/destroy.py",
    }


def test_no_other_call_is_a_deletion_of_a_workspace() -> None:
    """What an apply sends is made in `kinds`: none of it may be DELETE of a path that begins like a workspace."""
    found = set()
    for path in MODULES:
        tree = ast.parse(path.read_text())
        deletes = any(
            isinstance(node, ast.Attribute) and node.attr == "DELETE" and ast.unparse(node.value) == "Method"
            for node in ast.walk(tree)
        )
        texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        if deletes and any(isinstance(text, str) and text.startswith("/workspaces") for text in texts):
            found.add(str(path.relative_to(PACKAGE)))
    assert found == {"api/workspace.py"}


def test_only_apply_can_show_a_secret() -> None:
    found = {str(path.relative_to(PACKAGE)) for path in MODULES if "beamctl.secrets.terminal" in set(imports(path))}
    assert found == {"cli/commands/apply.py", "workflow/apply_view.py", "secrets/vault.py"}


def test_the_port_for_the_end_of_a_workspace_can_do_nothing_else() -> None:
    from beamctl.model.ports import Deleter, Sender

    assert {name for name in vars(Deleter) if not name.startswith("_")} == {"delete_workspace"}
    assert {name for name in vars(Sender) if not name.startswith("_")} == {"send"}
