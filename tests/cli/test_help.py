"""Commands, options and help: valid, misspelled and unknown."""

import importlib

import click
import pytest

from beamctl import __version__
from beamctl.cli.main import COMMANDS
from beamctl.plan.hazard import NEVER_ALLOWED, Risk
from tests.cli.process import process
from tests.cli.world import AS_IS, CHANGED, REFUSED, Cli, People, Write, error_in

READERS = ("plan", "apply", "drift", "show")


@pytest.mark.parametrize("name", COMMANDS)
def test_command_help_starts_with_its_summary_in_the_command_list(cli: Cli, name: str) -> None:
    ran = cli(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    first = ran.out.split("\n\n")[1]
    assert " ".join(first.split()) == COMMANDS[name]
    assert cli(name, "-h") == ran


def test_the_list_of_commands(cli: Cli) -> None:
    ran = cli("--help")
    assert (ran.code, ran.err) == (0, "")
    listed = " ".join(ran.out.partition("Commands:")[2].partition("Examples:")[0].split())
    assert listed == " ".join(f"{name} {line}" for name, line in COMMANDS.items())
    assert cli("-h") == ran


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str) -> None:
    command: click.Command = importlib.import_module(f"beamctl.cli.commands.{name.replace('-', '_')}").command
    below = list(command.commands.values()) if isinstance(command, click.Group) else []
    for each in [command, *below]:
        assert each.help
        for parameter in each.params:
            assert not isinstance(parameter, click.Option) or (parameter.help or "").endswith((".", ")")), (
                parameter.name
            )


def test_examples_of_emulator_call_are_on_separate_lines(cli: Cli) -> None:
    shown = cli("emulator", "call", "--help").out
    assert "\n  beamctl emulator call --as kim@example.com POST /workspaces/acme/join\n" in shown
    assert """PUT /users/kim@example.com '{"role": "admin"}'\n""" in shown
    assert "\\b" not in shown


@pytest.mark.parametrize("arguments", [["--version"], ["--version", "--version"]])
def test_the_version(cli: Cli, arguments: list[str]) -> None:
    assert cli(*arguments).out == f"beamctl {__version__}\n"
    assert process(*arguments).out == f"beamctl {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["emulator"]])
def test_beamctl_without_a_command(cli: Cli, arguments: list[str]) -> None:
    ran = cli(*arguments)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("Usage: beamctl")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("plna", "No such command 'plna'. Did you mean 'plan'?"),
        ("aply", "No such command 'aply'. Did you mean 'apply'?"),
        ("Drift", "No such command 'Drift'. Did you mean 'drift'?"),
        ("login", "No such command 'login'."),
        ("--dry-run", "No such option '--dry-run'."),
    ],
)
def test_an_unknown_command(cli: Cli, typed: str, said: str) -> None:
    ran = cli(typed)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == f"Error: {said}\n  See: beamctl --help\n"


@pytest.mark.parametrize("command", [*COMMANDS, "emulator serve", "emulator seed", "emulator call", "emulator sync"])
@pytest.mark.parametrize("option", ["--dry_run", "--dry-run", "--destroy", "-x"])
def test_an_unknown_option_is_an_error(cli: Cli, command: str, option: str) -> None:
    ran = cli(*command.split(), option)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("Error: No such option")
    assert ran.err.endswith(f"  See: beamctl {command} --help\n")


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_options_are_not_abbreviated(cli: Cli, command: str) -> None:
    assert cli(command, "--auto").code == 3
    assert cli(command, "--detailed").code == 3


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["plan", "--auto-approve"], ["--auto-approve"]),
        (["drift", "--allow", "mass-removal=1"], ["--allow"]),
        (["plan", "-o", "xml"], ["'--output'", "'xml' is not one of 'text', 'json'"]),
        (["apply", "--parallelism", "0"], ["'--parallelism'", "1<=x<=64"]),
        (["apply", "--parallelism", "65"], ["'--parallelism'", "1<=x<=64"]),
        (["plan", "--timeout", "0"], ["'--timeout'", "0.1<=x<=600"]),
        (["plan", "--timeout", "inf"], ["'--timeout'", "0.1<=x<=600"]),
        (["plan", "--timeout", "soon"], ["'--timeout'", "'soon'"]),
        (["plan", "-f"], ["-f", "requires an argument"]),
        (["show", "--workspace"], ["--workspace", "requires an argument"]),
        (["demo", "one", "two"], ["unexpected extra argument (two)"]),
        (
            ["emulator", "call", "--as", "ada@example.com", "PATCH", "/users"],
            ["'PATCH' is not one of "],
        ),
        (["emulator", "call", "GET", "/users"], ["--as"]),
        (["emulator", "serve", "--port", "65536"], ["'--port'", "0<=x<=65535"]),
    ],
)
def test_an_invalid_option_value_is_named(cli: Cli, arguments: list[str], named: list[str]) -> None:
    ran = cli(*arguments)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("Error: ")
    assert all(text in ran.err.splitlines()[0] for text in named)


LIFTABLE = ", ".join(risk.value for risk in Risk if risk not in NEVER_ALLOWED)


@pytest.mark.parametrize("command", ["plan", "apply"])
@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("nonsense=1", "unknown hazard 'nonsense'", f"Known hazards: {LIFTABLE}."),
        ("=1", "unknown hazard ''", f"Known hazards: {LIFTABLE}."),
        ("Mass-Removal=1", "unknown hazard 'Mass-Removal'", f"Known hazards: {LIFTABLE}."),
        (
            "last-admin=none",
            "last-admin cannot be allowed: no accepted admin would remain, and no one could restore access",
            "Name another admin in the document first.",
        ),
        ("last-admin", "last-admin cannot be allowed: ", ""),
    ],
)
def test_an_invalid_allowance(cli: Cli, write: Write, command: str, text: str, said: str, hint: str) -> None:
    write("beamctl.yaml", AS_IS)
    ran = cli(command, "--allow", text)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"Error: --allow: {said}")
    assert hint in ran.err


@pytest.mark.parametrize("text", ["mass-removal", "mass-removal="])
def test_an_allowance_without_a_value(cli: Cli, write: Write, text: str) -> None:
    write("beamctl.yaml", AS_IS)
    assert cli("plan", "--allow", text).err == (
        "Error: --allow mass-removal needs a value\n  Use --allow mass-removal=VALUE as printed with the hazard.\n"
    )


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize(
    ("command", "text"), [(["plan"], CHANGED), (["plan"], AS_IS), (["apply"], AS_IS), (["apply", "-f", "-"], AS_IS)]
)
def test_an_unused_allowance_is_reported(cli: Cli, write: Write, command: list[str], text: str, output: str) -> None:
    write("beamctl.yaml", text)
    ran = cli(*command, "--allow", "self-lockout=\x1b[2Jeve@example.com", "-o", output, stdin=text.encode())
    assert ran.code == 0
    assert ran.err == (
        "Note: --allow self-lockout=\\x1b[2Jeve@example.com has no effect: the plan has no such hazard.\n"
    )
    assert cli("plan", "--allow", "mass-removal=1", "-q").err == ""


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("options", [[], ["--auto-approve"], ["-q", "--auto-approve"]])
@pytest.mark.parametrize(
    ("text", "granted", "others"),
    [
        (CHANGED, [], ["removes-admin=ada@example.com"]),
        (CHANGED, [], ["mass-removal=1", "self-lockout=\x1b[2Jeve@example.com"]),
        (REFUSED, ["mass-removal=2"], ["mass-removal=1"]),
        (REFUSED, ["mass-removal=2"], ["mass-removal=2 "]),
    ],
)
def test_an_allowance_for_another_plan_is_refused(  # noqa: PLR0913, PLR0917 - a table of two dimensions
    cli: Cli, write: Write, people: People, text: str, granted: list[str], others: list[str], options: list[str]
) -> None:
    write("beamctl.yaml", text)
    before = people()
    flags = [part for each in [*others, *granted] for part in ("--allow", each)]
    ran = cli("apply", *flags, *options)
    assert ran.code == 5
    assert ran.out == cli("plan", *flags).out
    named = " and ".join(f"--allow {each}" for each in others).replace("\x1b", "\\x1b")
    assert ran.err == (
        f"Error: no hazard of the plan matches {named}: the plan is not the one that was reviewed, "
        "so nothing was changed\n"
        "  Run `beamctl plan` to see the current plan, and allow exactly what it prints.\n"
    )
    answer = cli("apply", *flags, *options, "-o", "json")
    assert answer.code == 5
    assert f"matches {named}: " in error_in(answer)["message"]
    assert people() == before


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("value", ["1", "3", "02", "2 ", "all"])
def test_an_allowance_is_for_one_plan(cli: Cli, write: Write, people: People, value: str) -> None:
    before = people()
    write("beamctl.yaml", REFUSED)
    ran = cli("apply", "--auto-approve", "--allow", f"mass-removal={value}")
    assert ran.code == 5
    assert ran.err == f"Note: --allow mass-removal={value} has no effect: the plan has no such hazard.\n"
    assert people() == before


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("command", READERS)
def test_quiet_hides_messages_but_not_the_result(cli: Cli, write: Write, command: str) -> None:
    write("beamctl.yaml", AS_IS)
    allow = ["--allow", "mass-removal=9"] if command in ("plan", "apply") else []
    loud, quiet = cli(command, *allow), cli(command, *allow, "-q")
    assert bool(loud.err) is bool(allow)
    assert (quiet.code, quiet.out, quiet.err) == (loud.code, loud.out, "")


def test_quiet_does_not_silence_errors(cli: Cli) -> None:
    assert cli("plan", "-q") == cli("plan")
    assert cli("plan", "-q").err.startswith("Error: there is no beamctl.yaml")
