"""The official SDKs, each in a child process that can only connect to this machine."""

import ast
import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.emulator.process import running

DRIVER = Path(__file__).with_name("sdk_driver.py")


@dataclass(frozen=True)
class Sdk:
    """A running SDK: `sdk("workspaces.get_workspace", "acme")` returns the response."""

    process: subprocess.Popen[str]
    base: str
    key: str = "bl_ada"
    pair: str = ""

    def __call__(self, operation: str, *path: str, **given: object) -> dict[str, Any]:
        """The result: `status` and `parsed`, or the exception in `raised`."""
        assert self.process.stdin
        assert self.process.stdout
        as_whom = {"base": self.base, "key": self.key, "pair": self.pair}
        step = {**as_whom, "operation": operation, "path": path, "given": given}
        self.process.stdin.write(json.dumps(step) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert answer.pop("away") == []
        return answer

    def parsed(self, operation: str, *path: str, **given: object) -> Any:
        answer = self(operation, *path, **given)
        assert answer["status"] == 200
        return answer["parsed"]


NODE_DRIVER = DRIVER.with_suffix(".mjs")
NODE_MODULES = {
    "@blaxel/core": ("index.js", "client/client.gen.js"),
    "@blaxel/sdk": ("common/autoload.js", "client/index.js"),
}
"""For each npm package, the module that sets up its client, and the client's."""


def official_client(name: str) -> Path:
    """The folder of a client that is not installed with the tests."""
    clients = os.environ.get("OFFICIAL_CLIENTS")
    assert clients, "OFFICIAL_CLIENTS must name the folder into which .ci/run installs the clients"
    path = Path(clients).resolve() / name
    assert path.is_dir(), f"{name} is not in {path.parent}"
    return path


@contextmanager
def driving(home: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Import the SDK once, which is slow. It must not find a login of the user who runs the tests."""
    own = {"HOME": str(home), "DO_NOT_TRACK": "1", "BL_WORKSPACE": "acme", "BL_API_KEY": "bl_unused"}
    with running(str(DRIVER), *arguments, **own) as process:
        yield process


@contextmanager
def driving_node(home: Path, package: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """The same for an npm package, as Ada."""
    folder = official_client("node_modules") / package
    own = {"HOME": str(home), "DO_NOT_TRACK": "1", "BL_WORKSPACE": "acme", "BL_API_KEY": "bl_ada"}
    with running(
        str(NODE_DRIVER), str(folder), *NODE_MODULES[package], program="node", **{**own, **variables}
    ) as process:
        yield process


def operations(api: Path, rooms: frozenset[str]) -> set[str]:
    """Every operation of an SDK in some packages, such as `workspaces.get_workspace`, by its files."""
    found = {f"{path.parent.name}.{path.stem}" for path in api.glob("*/*.py") if path.stem != "__init__"}
    return {name for name in found if name.partition(".")[0] in rooms}


def named_in(test: Path) -> set[str]:
    """Every operation that a test calls by its full name."""
    texts = {node.args[0] for node in ast.walk(ast.parse(test.read_text())) if isinstance(node, ast.Call) and node.args}
    names = {text.value for text in texts if isinstance(text, ast.Constant) and isinstance(text.value, str)}
    return {name for name in names if re.fullmatch(r"[a-z_]+\.[a-z_]+", name)}
