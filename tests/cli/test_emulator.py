"""`beamctl emulator` and `--api-url local`."""

import signal
import socket
import sqlite3
from pathlib import Path

import pytest

from beamctl.emulator import BehaviorFlag
from tests.cli.process import running
from tests.cli.world import AS_IS, CHANGED, SEED, Cli, People, Write

BAD_SEED = """\
workspaces:
  - {name: Acme}
  - {name: acme, labels: [1]}
  - {name: acme}
users:
  - {email: nobody}
  - {email: ada@example.com, workspaces: {elsewhere: admin}, password: x}
invitation: []
"""


@pytest.mark.parametrize("command", ["plan", "apply --auto-approve", "drift", "show"])
def test_local_without_a_database_says_how_to_create_one(cli: Cli, write: Write, directory: Path, command: str) -> None:
    write("beamctl.yaml", AS_IS)
    ran = cli(*command.split(), "--api-url", "local")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        "Error: there is no emulator database yet: .beamctl/emulator.db does not exist\n"
        "  Create one from a seed file:  beamctl emulator seed FILE\n"
        "  `beamctl demo` creates one with example data.\n"
    )
    assert not (directory / ".beamctl").exists()


@pytest.mark.parametrize("content", [b"this is no database, but long enough to look at\n" * 50, b"short"])
def test_a_file_that_is_not_a_database_is_an_error(cli: Cli, write: Write, directory: Path, content: bytes) -> None:
    write("beamctl.yaml", AS_IS)
    write("seed.yaml", SEED)
    (directory / ".beamctl").mkdir()
    (directory / ".beamctl" / "emulator.db").write_bytes(content)
    for command in (
        ["plan", "--api-url", "local"],
        ["emulator", "seed", "seed.yaml"],
        ["emulator", "serve", "--port", "0"],
        ["emulator", "call", "--as", "ada@example.com", "GET", "/users"],
    ):
        ran = cli(*command)
        assert (ran.code, ran.out) == (3, "")
        assert ran.err.startswith("Error: cannot open .beamctl/emulator.db as an emulator database: ")
        assert ran.err.endswith(
            "  Move it away and create a new one:  beamctl emulator seed FILE --db .beamctl/emulator.db\n"
        )
    assert (directory / ".beamctl" / "emulator.db").read_bytes() == content


def test_a_database_of_another_program_is_an_error(cli: Cli, write: Write, directory: Path) -> None:
    write("seed.yaml", SEED)
    with sqlite3.connect(directory / "other.db") as other:
        other.execute("CREATE TABLE kept (value)")
    other.close()
    before = (directory / "other.db").read_bytes()
    ran = cli("emulator", "seed", "seed.yaml", "--db", "other.db")
    assert ran.code == 3
    assert ran.err.startswith("Error: other.db is a SQLite database of another application\n")
    assert (directory / "other.db").read_bytes() == before


def test_a_database_path_that_cannot_be_used_is_an_error(cli: Cli, write: Write) -> None:
    write("seed.yaml", SEED)
    write("file", "")
    ran = cli("emulator", "seed", "seed.yaml", "--db", "file/emulator.db")
    assert ran.code == 3
    assert ran.err.startswith("Error: cannot use file/emulator.db: ")


def test_a_seed_is_loaded(cli: Cli, write: Write, people: People) -> None:
    write("seed.yaml", SEED)
    ran = cli("emulator", "seed", "seed.yaml", "--db", "new/emulator.db")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    created = [line.partition(", shown only once: ") for line in lines[:-1]]
    assert [before.partition(" (")[0] for before, _, _ in created] == [
        "Created for bob@example.com",
        "Created for eve@example.com",
    ]
    assert all(key for _, _, key in created)
    assert lines[-1] == "Loaded seed.yaml into new/emulator.db."
    assert len(people()) == 4


def test_a_seed_is_read_from_standard_input(cli: Cli, write: Write) -> None:
    assert cli("emulator", "seed", "-", stdin=SEED.encode()).code == 0
    write("beamctl.yaml", AS_IS)
    assert cli("plan", "--detailed-exitcode", "--api-url", "local").code == 0


@pytest.mark.usefixtures("database")
def test_loading_a_seed_twice_is_an_error(cli: Cli, write: Write, people: People) -> None:
    before = people()
    write("seed.yaml", SEED)
    for command in (["emulator", "seed", "seed.yaml"], ["emulator", "serve", "--port", "0", "--seed", "seed.yaml"]):
        ran = cli(*command)
        assert (ran.code, ran.out) == (3, "")
        lines = ran.err.splitlines()
        assert lines[0] == "Error: the seed seed.yaml cannot be loaded into .beamctl/emulator.db"
        assert "  workspaces[0].name: the workspace acme already exists" in lines
        assert lines[-1].startswith("  To continue with .beamctl/emulator.db, do not load a seed. To start over,")
    assert people() == before


def test_every_problem_of_a_seed_is_reported(cli: Cli, write: Write) -> None:
    write("seed.yaml", BAD_SEED)
    ran = cli("emulator", "seed", "seed.yaml")
    assert (ran.code, ran.out) == (3, "")
    for place in (
        "workspaces[0].name: must be lowercase",
        "workspaces[1].labels: must map strings to strings",
        "users[0].email: is not an e-mail address",
        "users[1].password: unknown; must be one of email, workspaces,",
        "invitation: unknown; must be one of workspaces, users, invitations, serviceAccounts",
    ):
        assert f"\n  {place}" in ran.err
    assert "To continue with" not in ran.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "seed.yaml:"),
        ("", "Error: seed.yaml is not a single document\n"),
        ("a: 1\n---\nb: 2\n", "Error: seed.yaml is not a single document\n"),
        ("just a text", "Error: the seed seed.yaml cannot be loaded into .beamctl/emulator.db\n"),
    ],
)
def test_a_file_that_is_not_a_seed_is_an_error(cli: Cli, write: Write, text: str, said: str) -> None:
    write("seed.yaml", text)
    ran = cli("emulator", "seed", "seed.yaml")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(said)


@pytest.mark.parametrize("command", [["seed"], ["serve", "--port", "0", "--seed"]])
def test_a_missing_seed_leaves_no_database_behind(cli: Cli, directory: Path, command: list[str]) -> None:
    ran = cli("emulator", *command, "missing.yaml")
    assert ran.code == 3
    assert ran.err.startswith("Error: cannot read missing.yaml: No such file or directory\n")
    assert not (directory / ".beamctl").exists()


def test_an_unknown_behavior_flag_is_an_error(cli: Cli, directory: Path) -> None:
    ran = cli("emulator", "serve", "--quirk", "no-such-quirk")
    assert (ran.code, ran.out) == (3, "")
    listed = ", ".join(quirk.value for quirk in BehaviorFlag)
    assert ran.err == f"Error: there is no quirk 'no-such-quirk'\n  Choose from {listed}.\n"
    assert not (directory / ".beamctl").exists()


def test_a_port_in_use_is_an_error(cli: Cli) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = cli("emulator", "serve", "--port", str(port))
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"Error: cannot listen on 127.0.0.1, port {port}: ")
    assert ran.err.endswith("  Choose another --port, or --port 0 for a free one.\n")


def test_a_port_in_use_loads_no_seed(cli: Cli, write: Write) -> None:
    write("seed.yaml", SEED)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert cli("emulator", "serve", "--port", str(taken.getsockname()[1]), "--seed", "seed.yaml").code == 3
    assert cli("emulator", "seed", "seed.yaml").code == 0  # as with another port


@pytest.mark.usefixtures("database")
def test_a_seed_that_cannot_be_loaded_stops_serve(cli: Cli, write: Write) -> None:
    write("seed.yaml", BAD_SEED)
    ran = cli("emulator", "serve", "--port", "0", "--seed", "seed.yaml")
    assert (ran.code, ran.out) == (3, "")
    assert "workspaces[0].name: must be lowercase" in ran.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_runs_until_it_is_stopped(
    cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    write("seed.yaml", SEED)
    write("beamctl.yaml", CHANGED)
    with running("emulator", "serve", "--port", "0", "--seed", "seed.yaml", "--db", "served.db") as server:
        assert server.stdout is not None
        line = next(line for line in server.stdout if "listens on" in line)
        url = line.split(" on ")[1].split()[0]
        assert line == f"The emulator listens on {url} (database: served.db)\n"
        assert next(server.stdout) == f"Users sign in and manage their workspaces at {url.removesuffix('/v0')}/\n"
        assert next(server.stdout).startswith(f"To use it:  export BEAMCTL_API_URL={url} BEAMCTL_API_KEY=KEY ")
        assert next(server.stdout).startswith(f"bl, Go and @blaxel/core follow BL_API_URL={url}; Python's SDK ")
        monkeypatch.setenv("BEAMCTL_API_KEY", "bl_nobody")
        ran = cli("plan", "--api-url", url)
        assert ran.code == 4
        server.send_signal(number)
        out, err = server.communicate()
    assert (server.returncode, out, err) == (0, "", "")


def test_call_without_a_database_is_an_error(cli: Cli, directory: Path) -> None:
    ran = cli("emulator", "call", "--as", "ada@example.com", "GET", "/users")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == ("Error: .beamctl/emulator.db does not exist\n  Create it:  beamctl emulator seed FILE\n")
    assert not (directory / ".beamctl").exists()


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("body", ["{", "role=admin", "{'role': 'admin'}", ""])
def test_call_with_a_body_that_is_not_json_is_an_error(cli: Cli, people: People, body: str) -> None:
    before = people()
    ran = cli("emulator", "call", "--as", "ada@example.com", "-w", "acme", "PUT", "/users/eve@example.com", body)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("Error: the body is not JSON: ")
    assert ran.err.endswith("""  Write it like '{"role": "admin"}'.\n""")
    assert people() == before


@pytest.mark.usefixtures("database")
def test_call_as_an_invalid_user_is_an_error(cli: Cli) -> None:
    ran = cli("emulator", "call", "--as", "nobody", "GET", "/users")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "Error: --as: 'nobody' is not an e-mail address\n  Write it like --as kim@example.com.\n"


@pytest.mark.usefixtures("database")
def test_call_sends_requests_and_prints_responses(cli: Cli, people: People) -> None:
    by_ada = ["emulator", "call", "--as", "ada@example.com", "-w", "acme"]
    ran = cli(*by_ada, "put", "users/eve@example.com", '{"role": "viewer"}')
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith('200 {"')
    assert people()["eve@example.com"] == "viewer"
    ran = cli(
        "emulator",
        "call",
        "--as",
        "eve@example.com",
        "-w",
        "acme",
        "PUT",
        "/users/eve@example.com",
        '{"role": "admin"}',
    )
    assert ran.code == 1
    assert ran.out.startswith("403 {")
    assert people()["eve@example.com"] == "viewer"
    assert cli(*by_ada, "GET", "/nonsense").out.startswith("404 {")


@pytest.mark.usefixtures("database")
def test_a_change_made_outside_beamctl_is_drift(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS)
    assert cli("drift", "--api-url", "local").code == 0
    cli("emulator", "call", "--as", "ada@example.com", "-w", "acme", "DELETE", "/users/eve@example.com")
    ran = cli("drift", "--api-url", "local")
    assert ran.code == 2
    assert "eve@example.com  is missing; beamctl.yaml says member" in ran.out
