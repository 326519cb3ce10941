"""The rules of the code that a machine can check: imports, sizes, names, and what each part can do."""

import ast
import dataclasses
import importlib
import inspect
import io
import re
import tokenize
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from pathlib import Path, PurePath
from typing import TypeVar

import pytest

import beamctl
from beamctl.kinds.registry import all_kinds
from beamctl.plan.kind import Kind

PACKAGE = Path(beamctl.__file__).parent
LAYERS = [
    {"cli"},
    {"workflow"},
    {"report", "runs", "secrets", "api"},
    {"system"},
    {"apply"},
    {"kinds"},
    {"plan"},
    {"document"},
    {"model"},
    {"errors"},
]
"""From the top: a package may import those below it, but none on its level or above. See the map in `README.md`."""

ONE_IMPORTER = {
    "httpx": {"api"},
    "httpcore": {"api"},
    "yaml": {"document", "api"},  # "api" reads the official CLI's file, which is not a beamctl document
    "jsonschema": {"document"},
    "referencing": {"document"},
    "deepdiff": {"plan"},
    "flask": {"emulator"},
    "itsdangerous": {"emulator"},
    "werkzeug": {"emulator"},
    "waitress": {"emulator"},
    "idna": {"model", "emulator"},
    "click": {"cli"},
    "fsspec": {"runs"},
    "apprise": {"api"},
    "keyring": {"secrets"},
    "regex": {"model", "emulator"},
}
EMULATOR_STARTERS = {
    "cli/commands/emulator.py",
    "cli/commands/emulator_serve.py",
    "cli/commands/local.py",
}
LEVEL = {package: level for level, packages in enumerate(LAYERS) for package in packages}
MODULES = sorted(PACKAGE.rglob("*.py"))


def package_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def nodes(path: Path) -> list[ast.AST]:
    """All nodes of a module."""
    return list(ast.walk(parsed(path)))


@pytest.fixture(scope="module", autouse=True)
def forget() -> Iterator[None]:
    """Later tests need not keep the trees in memory."""
    yield
    for cached in (parsed, nodes, imports):
        cached.cache_clear()


@cache
def imports(path: Path) -> frozenset[str]:
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module == "beamctl")


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(path: Path, names: set[str]) -> set[str]:
    """The modules that a module imports, also inside functions, except for type checking only."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        match node:
            case ast.If(test=ast.Name("TYPE_CHECKING"), orelse=otherwise):
                visit(ast.Module(otherwise, []))
            case ast.Import(names=aliases):
                found.update(alias.name for alias in aliases)
            case ast.ImportFrom(module=str(module), names=aliases):
                inner = {f"{module}.{alias.name}" for alias in aliases}
                found.update(inner & names)
                if inner - names:
                    found.add(module)
            case _:
                for each in ast.iter_child_nodes(node):
                    visit(each)

    visit(parsed(path))
    return found & names - {module_of(path)}


def cycles(edges: dict[str, set[str]]) -> list[list[str]]:
    """The modules of each import cycle: what is left after modules on no cycle are removed one after the other."""
    left = {name: set(others) for name, others in edges.items()}
    while ends := [name for name in left if not left[name] or not any(name in others for others in left.values())]:
        for name in ends:
            del left[name]
        left = {name: others & left.keys() for name, others in left.items()}
    return [sorted(left)] if left else []


def test_there_are_no_import_cycles() -> None:
    names = {module_of(path) for path in MODULES}
    assert cycles({module_of(path): imported_modules(path, names) for path in MODULES}) == []


def test_cycles_are_found() -> None:
    line = {"a": {"b"}, "b": {"c"}, "c": set(), "d": {"a"}}
    assert cycles(line) == []
    assert cycles({**line, "c": {"a"}}) == [["a", "b", "c"]]


def test_every_package_has_a_row() -> None:
    packages = {package_of(path) for path in MODULES} - {"__init__", "__main__", "schemas"}
    assert packages == set(LEVEL) | {"emulator"}


def test_the_map_in_the_readme_is_this_tree() -> None:
    text = (PACKAGE / "README.md").read_text()
    rows = re.findall(r"^\| `(\w+)(?:/|\.py)` \|", text, re.MULTILINE)
    assert sorted(rows) == sorted([*LEVEL, "emulator"])
    levels = [LEVEL.get(row, len(LAYERS)) for row in rows]
    assert levels == sorted(levels)
    named = set(re.findall(r"`((?:\w+/)+[\w.*]*)`", text))
    assert [path for path in named if not any(list(root.glob(path)) for root in (PACKAGE, PACKAGE.parent))] == []


def test_imports_point_one_way() -> None:
    assert {str(path.relative_to(PACKAGE)): wrong for path in MODULES if (wrong := list(forbidden(path)))} == {}


def forbidden(path: Path) -> Iterator[str]:
    """The imports that a module must not have."""
    here = package_of(path)
    for name in imports(path):
        parts = name.split(".")
        if here not in ONE_IMPORTER.get(parts[0], {here}):
            yield name
        if parts[0] != "beamctl" or len(parts) == 1 or parts[1] == "__version__":
            continue
        there = parts[1]
        if there == "emulator":
            allowed = here == "emulator" or str(path.relative_to(PACKAGE)) in EMULATOR_STARTERS
        elif here == "emulator":
            allowed = False
        else:
            allowed = here in ("__init__", "__main__", there) or LEVEL[there] > LEVEL[here]
        if not allowed:
            yield name


def test_modules_and_functions_stay_small() -> None:
    for path in MODULES:
        lines = path.read_text().count("\n")
        assert lines <= (350 if path.name == "code.py" else 250), path  # one line a code
        functions = [node for node in nodes(path) if isinstance(node, ast.FunctionDef)]
        for node in functions:
            assert (node.end_lineno or 0) - node.lineno < 50, f"{path}: {node.name}"


def code_lines(text: str) -> int:
    """The number of lines with code: without comments, docstrings and blank lines."""
    prose = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or 0) + 1)
    }
    layout = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    tokens = [each for each in tokenize.generate_tokens(io.StringIO(text).readline) if each.type not in layout]
    return len({line for each in tokens for line in range(each.start[0], each.end[0] + 1)} - prose)


def test_lines_of_code_are_counted() -> None:
    assert code_lines('"""A.\n\nB."""\n\n# c\nx = (\n    1,\n)  # d\n"""Of x."""\n') == 3


def test_a_small_module_says_why_it_is_one() -> None:
    for path in MODULES:
        text = path.read_text()
        if path.name != "__init__.py" and code_lines(text) < 40:
            second = (ast.get_docstring(ast.parse(text)) or "").split("\n\n")[1:2]
            assert second, f"{path} has no second paragraph"
            assert second[0].startswith("A module of its own: "), f"{path} does not say why it is one"


def test_class_names_are_unique() -> None:
    core = [path for path in MODULES if package_of(path) != "emulator"]
    names = [node.name for path in core for node in nodes(path) if isinstance(node, ast.ClassDef)]
    assert [name for name, count in Counter(names).items() if count > 1] == []


def test_only_child_process_starts_programs() -> None:
    """`demo` only starts beamctl itself."""
    starters = {"subprocess", "pty", "multiprocessing"}
    found = {str(path.relative_to(PACKAGE)) for path in MODULES if starters & imports(path)}
    assert found == {"system/child_process.py", "cli/commands/demo.py"}
    users = {str(path.relative_to(PACKAGE)) for path in MODULES if "beamctl.system.child_process" in imports(path)}
    assert users == {"system/git.py", "system/signature.py", "secrets/command.py"}
    calls = {"system", "popen", "startfile", "posix_spawn", "posix_spawnp", "fork", "execv", "execvp", "execve"}
    for path in MODULES:
        assert not [node for node in nodes(path) if isinstance(node, ast.Attribute) and node.attr in calls], path


ENGINE = [path for path in MODULES if package_of(path) in {"plan", "apply", "report", "workflow", "cli"}]
KIND_NAMES = {name for kind in all_kinds() for name in (kind.name, kind.section)}
CHANGE_FIELD = {"secrets"}
"""The key of a change in JSON that is spelled like a section."""


def test_the_engine_knows_no_kind_by_name() -> None:
    for path in ENGINE:
        known = {name for name in imports(path) if name.startswith("beamctl.kinds")}
        assert known <= ({"beamctl.kinds.registry"} if package_of(path) in {"workflow", "cli"} else set()), path
        literals = {node.value for node in nodes(path) if isinstance(node, ast.Constant)}
        assert literals & KIND_NAMES <= CHANGE_FIELD, path


def test_plan_and_drift_cannot_write() -> None:
    from beamctl.model.api_call import Reader

    public = {name for name in vars(Reader) if not name.startswith("_")}
    assert public == {"get"}


DELETER_NAMES = {"Deleter", "DeletionLink", "open_deletion_link", "deleter", "delete_workspace"}
MAY_DELETE = {
    "model/api_call.py",
    "api/workspace.py",
    "workflow/connection.py",
    "cli/commands/destroy.py",
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
    ours = {str(path.relative_to(PACKAGE)): path for path in MODULES if package_of(path) != "emulator"}
    found = {name for name, path in ours.items() if DELETER_NAMES & set(names_in(parsed(path)))}
    assert found == MAY_DELETE
    stories = {
        node.name: set(names_in(node))
        for node in parsed(PACKAGE / "workflow" / "destroy.py").body
        if isinstance(node, ast.FunctionDef)
    }
    assert {name for name, used in stories.items() if DELETER_NAMES & used} == {"destroy"}
    users = {name for name, path in ours.items() if "beamctl.workflow.destroy" in imports(path)}
    assert users == {"cli/commands/destroy.py"}


def test_no_kind_can_delete_a_workspace() -> None:
    """Apply sends what `kinds` makes: no path of a DELETE may start like a workspace's path."""
    found = set()
    for path in MODULES:
        deletes = any(
            isinstance(node, ast.Attribute) and node.attr == "DELETE" and ast.unparse(node.value) == "Method"
            for node in nodes(path)
        )
        texts = [node.value for node in nodes(path) if isinstance(node, ast.Constant)]
        if deletes and any(isinstance(text, str) and text.startswith("/workspaces") for text in texts):
            found.add(str(path.relative_to(PACKAGE)))
    assert found == {"api/workspace.py"}


def test_only_apply_can_show_a_secret() -> None:
    found = {str(path.relative_to(PACKAGE)) for path in MODULES if "beamctl.secrets.terminal" in imports(path)}
    assert found == {"cli/commands/apply.py", "workflow/apply_view.py", "secrets/vault.py"}


def test_the_workspace_deleter_has_no_other_method() -> None:
    from beamctl.model.api_call import Deleter, Sender

    assert {name for name in vars(Deleter) if not name.startswith("_")} == {"delete_workspace"}
    assert {name for name in vars(Sender) if not name.startswith("_")} == {"send"}


MUTATING = {"append", "add", "clear", "extend", "insert", "pop", "popitem", "remove", "setdefault", "sort", "update"}
IMMUTABLE = (str, bytes, int, float, frozenset, range, re.Pattern, PurePath, timedelta, datetime, Enum, type, TypeVar)
"""Types of constants. Unions of types and functions are constants too."""


def is_constant(value: object) -> bool:
    if isinstance(value, tuple | dict | list):
        return all(map(is_constant, value.values() if isinstance(value, dict) else value))
    if value is None or isinstance(value, IMMUTABLE) or type(value) is object or inspect.isroutine(value):
        return True
    if dataclasses.is_dataclass(value):
        is_frozen: bool = vars(type(value))["__dataclass_params__"].frozen
        return is_frozen and all(is_constant(getattr(value, each.name)) for each in dataclasses.fields(value))
    is_type = type(value).__module__ in ("types", "typing", "collections.abc")
    return is_type or (isinstance(value, Kind) and all(map(is_constant, vars(value).values())))


def assigned_in(tree: ast.Module) -> Iterator[str]:
    """The names that a module assigns at top level."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name))


def changed_in(node: ast.AST) -> Iterator[str]:
    """The names of objects that the code modifies."""
    for each in ast.walk(node):
        match each:
            case ast.Global(names=names):
                yield from names
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                yield name
            case ast.Attribute(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                yield name
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if method in MUTATING:
                yield name
            case _:
                pass


def test_modules_hold_no_state() -> None:
    """Dictionaries count as constants if no code modifies an object of that name."""
    core = [path for path in MODULES if package_of(path) not in ("emulator", "__main__")]
    trees = {path: parsed(path) for path in core}
    changed = {name for tree in trees.values() for name in changed_in(tree)}
    for path, tree in trees.items():
        module = importlib.import_module(module_of(path))
        for name in set(assigned_in(tree)) - {"__all__"}:
            value = getattr(module, name)
            assert is_constant(value), f"{path}: {name} can change"
            assert not isinstance(value, list), f"{path}: {name} can change"
            assert not isinstance(value, dict) or name not in changed, f"{path}: {name} is changed"


def test_workflows_get_prompts_and_output_as_arguments() -> None:
    for path in sorted((PACKAGE / "workflow").rglob("*.py")):
        assert not {"click", "sys"} & {name.split(".")[0] for name in imports(path)}, path
        assert not {"print", "input"} & set(names_in(parsed(path))), path


PROSE = re.compile(r"[A-Za-z]{2,}[,:;]? [A-Za-z]{2,}")
READS_TEXT = {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "split", "index"}
READS_TEXT |= {"rsplit", "find", "count", "get", "pop"}
LIBRARY_TEXTS = {
    "cli/output.py": "click's messages",
    "document/syntax.py": "libyaml's messages",
    "kinds/service_account/live.py": "the marker in a description, which the API keeps",
    "kinds/service_account/decide.py": "the value of the attribute `unfinished`, as `show` and plans have it",
}


def is_prose(node: ast.AST, constants: Collection[str]) -> bool:
    match node:
        case ast.Constant(value=str(text)):
            return bool(PROSE.search(text))
        case ast.Name(id=name):
            return name in constants
        case ast.Call():  # what a function returns is not its arguments
            return False
        case _:
            return any(is_prose(each, constants) for each in ast.iter_child_nodes(node))


def read_as_data(tree: ast.AST) -> Iterator[ast.AST]:
    """Values that are compared, looked up, or split."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, comparators=others):
                yield from (left, *others)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re")), args=[pattern, *_]):
                yield pattern
            case ast.Call(func=ast.Attribute(attr=name), args=args) if name in READS_TEXT:
                yield from args
            case ast.Subscript(slice=key):
                yield key
            case ast.MatchValue(value=value):
                yield value
            case _:
                pass


def test_no_english_text_is_used_as_data() -> None:
    """English text is never compared, looked up, sorted by or split; `report` makes it from codes."""
    core = {str(path.relative_to(PACKAGE)): parsed(path) for path in MODULES if package_of(path) != "emulator"}
    constants = {
        (name.removesuffix(".py").replace("/", "."), node.targets[0].id)
        for name, tree in core.items()
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        if isinstance(node.value, ast.Constant | ast.JoinedStr) and is_prose(node.value, ())
    }
    found = set()
    for name, tree in core.items():
        here = {constant for module, constant in constants if module == name.removesuffix(".py").replace("/", ".")}
        imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
        here |= {
            alias.asname or alias.name
            for node in imported
            for alias in node.names
            if (str(node.module).removeprefix("beamctl."), alias.name) in constants
        }
        if any(is_prose(node, here) for node in read_as_data(tree)):
            found.add(name)
    assert found == LIBRARY_TEXTS.keys(), found ^ LIBRARY_TEXTS.keys()
