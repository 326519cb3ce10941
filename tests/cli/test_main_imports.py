"""Which libraries each command imports: start-up time is measured in libraries that are not loaded."""

import json

import pytest

from tests.cli.process import process
from tests.cli.world import AS_IS, CHANGED, Write

HEAVY = {
    "apprise",
    "click",
    "httpx",
    "jsonschema",
    "yaml",
    "flask",
    "werkzeug",
    "waitress",
    "deepdiff",
    "rich",
    "sqlite3",
    "regex",
}
PRINT_MODULES = """\
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted(name for name in sys.modules if sys.modules[name])), file=sys.stderr))
"""


def imported(*arguments: str, code: int = 0) -> set[str]:
    """The heavy libraries that a run imported."""
    ran = process(*arguments, prelude=PRINT_MODULES)
    assert ran.code == code, ran
    return HEAVY & set(json.loads(ran.err.splitlines()[-1]))


def test_version_imports_no_library() -> None:
    assert imported("--version") == set()


@pytest.mark.parametrize("arguments", [["--help"], ["-h"]])
def test_help_imports_only_click(arguments: list[str]) -> None:
    assert imported(*arguments) == {"click"}


def test_an_unknown_command_imports_only_click() -> None:
    assert imported("plna", code=3) == {"click"}


@pytest.mark.parametrize("output", ["text", "json"])
def test_validate_imports_no_network_library(write: Write, output: str) -> None:
    write("beamctl.yaml", AS_IS + "settings: {labels: {env: prod}}\n")
    assert imported("validate", "-o", output) <= {"click", "yaml", "jsonschema"}


def test_an_invalid_document_imports_no_network_library(write: Write) -> None:
    write("beamctl.yaml", AS_IS + "nonsense: 1\n")
    assert imported("plan", code=3) <= {"click", "yaml", "jsonschema"}


def test_a_missing_credential_imports_no_network_library(write: Write) -> None:
    write("beamctl.yaml", AS_IS)
    assert imported("plan", code=4) <= {"click", "yaml", "jsonschema"}


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("command", ["plan", "drift", "show", "apply"])
def test_a_real_api_does_not_import_the_emulator(write: Write, command: str) -> None:
    write("beamctl.yaml", AS_IS)
    assert imported(command) <= {"click", "yaml", "jsonschema", "httpx"}


@pytest.mark.usefixtures("local")
def test_only_a_nested_difference_imports_deepdiff(write: Write) -> None:
    write("beamctl.yaml", CHANGED + "settings: {displayName: Other}\n")
    assert "deepdiff" not in imported("plan")
    write("beamctl.yaml", AS_IS + "settings: {labels: {env: prod}}\n")
    assert "deepdiff" in imported("plan")


@pytest.mark.parametrize("command", ["validate", "plan", "apply", "drift", "show", "destroy", "demo"])
def test_command_help_imports_no_network_library(command: str) -> None:
    assert imported(command, "--help") <= {"click", "yaml", "jsonschema"}
