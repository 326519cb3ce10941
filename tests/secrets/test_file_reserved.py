"""Plans and secrets that beamctl writes never replace files that it reads: documents, records, schemas and saved
plans."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.loopback import Api
from tests.cli.world import AS_IS, CANARY, CHANGED, Cli, Write, error_in

RUNS = Path(".beamctl") / "runs"
MACHINE = """\
version: 1
workspace: acme
manage: {{serviceAccounts: additive}}
serviceAccounts: {{ci: {{role: member, secretTo: {{file: {}}}}}}}
"""


@pytest.fixture
def record(cli: Cli, write: Write, local: Path) -> Path:
    """The record of a run, next to `beamctl.yaml`, `access/other.yaml` and the saved plan `old.json`."""
    assert local.exists()
    write("beamctl.yaml", CHANGED)
    assert cli("apply", "--auto-approve").code == 0
    write("access/other.yaml", AS_IS.replace("acme", "labs"))
    assert cli("plan", "--out", "old.json").code == 0
    (found,) = RUNS.iterdir()
    return found


def everything() -> dict[str, bytes]:
    return {
        str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file() and "emulator" not in path.name
    }


def link(make: Callable[[str, str], None], target: str, name: str) -> str:
    make(target, name)
    return name


@pytest.mark.parametrize("command", [["plan"], ["undo", "last"]])
def test_a_saved_plan_replaces_only_a_saved_plan(cli: Cli, write: Write, record: Path, command: list[str]) -> None:
    write("workspace.schema.json", '{"$schema": "x"}')
    write("printed.json", cli("plan", "-o", "json").out)
    write("linked.json", Path("old.json").read_text())
    write("cut.json", Path("old.json").read_text()[:-9])
    Path("up").symlink_to(".")
    refused = ["beamctl.yaml", "./up/beamctl.yaml", str(record), f"{RUNS}/new.json", "up/.beamctl/runs/x", "new.yaml"]
    refused += ["workspace.schema.json", "printed.json", "cut.json"]
    refused += [link(os.link, "beamctl.yaml", "hard"), link(os.symlink, "beamctl.yaml", "soft")]
    refused += [link(os.link, "linked.json", "hard.json"), "new.YML"]
    before = everything()
    for path in refused:
        ran = cli(*command, "--out", path, "-o", "json")
        assert ran.code == 3, path
        assert error_in(ran)["message"].startswith(f"--out: {path} ")
    assert everything() == before
    write("empty.json", "")
    for path in ("old.json", "empty.json", "new.json"):
        assert cli(*command, "--out", path).code in (0, 5)  # undo removes an admin, which can be saved
        assert "saved" in json.loads(Path(path).read_text())


def test_a_saved_plan_does_not_replace_a_link(cli: Cli, write: Write) -> None:
    write("empty", "")
    Path("link").symlink_to("empty")
    Path("dangling").symlink_to("nowhere")
    for path in ("link", "dangling"):
        ran = cli("plan", "--out", path)
        assert ran.code == 3, path
        assert f"--out: {path} is a symbolic link, so it was not written" in ran.err
        assert Path(path).is_symlink()


def test_a_plan_is_not_written_into_a_records_folder_elsewhere(cli: Cli, record: Path) -> None:
    record.parent.rename("elsewhere")
    assert cli("plan", "--record", "elsewhere", "--out", "elsewhere/p.json").code == 3
    assert cli("plan", "--record", "elsewhere", "--out", "p.json").code == 0


def test_a_secret_does_not_replace_a_document_record_or_plan(cli: Cli, write: Write, record: Path) -> None:
    Path("up").symlink_to(".")
    os.link("access/other.yaml", "hard")
    copied = [record.rename("copied"), Path("old.json").rename("another.json")]
    record.write_bytes(copied[0].read_bytes())
    places = ["access/acme.yaml", "./access/acme.yaml", "up/access/acme.yaml", "access/other.yaml", "hard"]
    places += [str(record), f"{RUNS}/new", f"up/{RUNS}/new", "copied", "another.json"]
    for place in places:
        write("access/acme.yaml", MACHINE.format(place))
        before = everything()
        ran = cli("apply", "-f", "access", "-w", "acme", "--auto-approve")
        assert ran.code == 5, place
        assert "so nothing was changed" in ran.err
        assert everything() == before


@pytest.mark.parametrize("which", ["key file", "env file", "configuration"])
def test_a_secret_does_not_replace_the_credential(
    cli: Cli, write: Write, api: Api, directory: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    if which == "key file":
        key = directory / "key"
        key.write_text(CANARY)
        options = ["--api-key-file", "key"]
    elif which == "env file":
        key = directory / "key"
        key.write_text(f"BL_API_KEY={CANARY}\n")
        options = ["--env-file", "key"]
    else:
        key = directory.parent / "home" / ".blaxel" / "config.yaml"
        key.parent.mkdir()
        key.write_text(f"workspaces: [{{name: acme, credentials: {{apiKey: {CANARY}}}}}]\n")
        options = []
    monkeypatch.delenv("BEAMCTL_API_KEY")
    Path("up").symlink_to(".")
    places = [str(key), f"{directory}/./up/key" if which != "configuration" else f"{key.parent}/../.blaxel/config.yaml"]
    places += [link(os.link, str(key), "hard"), link(os.symlink, str(key), "soft")]
    for place in places:
        write("beamctl.yaml", MACHINE.format(place))
        ran = cli("apply", "--auto-approve", *options)
        assert (ran.code, key.read_text().count(CANARY)) == (5, 1), place
    assert [call for call in api.calls if call.startswith("POST")] == []


@pytest.mark.usefixtures("local")
def test_a_secret_does_not_replace_a_document_or_schema_of_other_runs(cli: Cli, write: Write) -> None:
    write("other.yaml", AS_IS)
    write("workflow.YML", "on: push\n")
    write("document", "# labs\n" + AS_IS.replace("acme", "labs"))
    write("document.json", '{"version": 1, "workspace": "labs"}')
    write("schema.json", '{\n  "$schema": "https://json-schema.org/draft/2020-12/schema"\n}\n')
    write("schema", '\ufeff{"title": "x", "$schema": "y", "title": "twice"}')
    Path("up").symlink_to(".")
    names = ["other.yaml", "workflow.YML", "document", "document.json", "schema.json", "schema"]
    places = [f"{above}{name}" for name in names for above in ("", "./", "up/")]
    places += [link(os.link, name, f"hard-{name.partition('.')[0]}") for name in names[:2]]
    places += [link(os.symlink, name, f"soft-{name.partition('.')[0]}") for name in names[:2]]
    for place in [*places, "new.yaml"]:
        write("beamctl.yaml", MACHINE.format(place))
        before = everything()
        ran = cli("apply", "--auto-approve")
        assert (ran.code, everything() == before) == (5, True), place
        assert "so nothing was changed" in ran.err


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("named", [[], ["-f", "access"]])
def test_a_secret_is_not_written_where_it_would_be_read_as_a_document(cli: Cli, write: Write, named: list[str]) -> None:
    Path("up").symlink_to(".")
    for place in ("access/ci.json", "access/keys/ci.JSON", "up/access/ci.json", "access/ci.Yml"):
        write("access/acme.yaml", MACHINE.format(place))
        assert cli("plan", *named, "--out", "saved").code == 0
        before = everything()
        for plan in (named, ["saved"]):
            ran = cli("apply", *plan, "--auto-approve")
            assert (ran.code, everything() == before) == (5, True), place
            assert "Error: cannot get or store a secret, so nothing was changed: " in ran.err
            assert f" ends in {Path(place).suffix}, and beamctl reads such files " in ran.err
            assert "Change its source or destination in the document, or fix the cause, and apply again." in ran.err


@pytest.mark.usefixtures("local")
def test_a_json_file_outside_the_document_folders_may_hold_a_secret(cli: Cli, write: Write) -> None:
    write("access/acme.yaml", MACHINE.format("keys/ci.json"))
    assert cli("apply", "--auto-approve").code == 0
    assert Path("keys/ci.json").exists()


@pytest.mark.usefixtures("local")
def test_a_json_file_next_to_a_named_document_may_hold_a_secret(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", MACHINE.format("ci.json"))
    assert cli("plan", "--out", "saved").code == 0
    assert cli("apply", "saved", "--auto-approve").code == 0
    assert Path("ci.json").exists()


@pytest.mark.usefixtures("local")
def test_nothing_is_written_into_the_folders_of_git_and_of_beamctl(cli: Cli, write: Write) -> None:
    write(".git/config", "[core]\n")
    write("module/.GIT/config", "[core]\n")
    write(".beamctl/empty", "")
    Path("g").symlink_to(".git")
    whys = {
        "is part of the git repository": [
            ".git/config",
            ".git/hooks/new",
            "module/.GIT/config",
            "g/config",
            "./x/.git",
        ],
        "is in beamctl's own folder": [".beamctl/empty", ".beamctl/new", ".BeamCtl/new", "x/.beamctl/y/z"],
    }
    for why, places in whys.items():
        for place in places:
            write("beamctl.yaml", MACHINE.format(place))
            before = everything()
            ran = cli("apply", "--auto-approve")
            assert (ran.code, everything() == before) == (5, True), place
            assert "so nothing was changed" in ran.err
            assert why in ran.err
            ran = cli("plan", "--out", place)
            assert (ran.code, everything() == before) == (3, True), place
            assert ran.err.startswith(f"Error: --out: {place} {why}, so it was not written\n")


def test_the_error_says_why_a_file_is_not_replaced(cli: Cli, write: Write) -> None:
    write("one", "")
    os.link("one", "two")
    for name, why in [
        ("two", "has more than one hard link and may also be another file"),
        ("new.YML", "ends in .YML, and beamctl reads such files as documents"),
    ]:
        assert cli("plan", "--out", name).err.startswith(f"Error: --out: {name} {why}, so it was not written\n")


def test_a_secret_does_not_replace_the_applied_plan(cli: Cli, write: Write, record: Path) -> None:
    assert record.exists()
    write("beamctl.yaml", MACHINE.format("p"))
    assert cli("plan", "--out", "p").code == 0
    assert cli("apply", "p", "--auto-approve").code == 5
    write("beamctl.yaml", MACHINE.format("beamctl.yaml"))
    assert cli("plan", "--out", "p").code == 0
    assert cli("apply", "p", "--auto-approve").code == 5


def test_a_secret_replaces_the_previous_secret(cli: Cli, write: Write, record: Path) -> None:
    assert record.exists()
    write("key", "the one before it")
    write("beamctl.yaml", MACHINE.format("key"))
    assert cli("apply", "--auto-approve").code == 0
    assert "clientSecret" in Path("key").read_text()


EMPTY = [
    ("plan --record=", "--record"),
    ("plan --out=", "--out"),
    ("plan --file= -w acme", "--file"),
    ("apply --auto-approve --allow a=b --allow ", "--allow"),
    ("runs --record ", "--record"),
    ("undo last --expires ", "--expires"),
    ("undo last -w=", ""),
    ("apply ", "PLAN"),
    ("apply -- ", "PLAN"),
    ("runs ", "RUN"),
    ("undo ", "RUN"),
    ("destroy acme --confirm ", "--confirm"),
    ("export --split=", "--split"),
    ("emulator serve --host ", "--host"),
    ("emulator serve --db=", "--db"),
    ("emulator serve --clock=", "--clock"),
    ("emulator mail --mail ", "--mail"),
    ("emulator seed ", "FILE"),
    ("demo ", "DIRECTORY"),
]


@pytest.mark.parametrize(("line", "name"), EMPTY)
def test_empty_values_are_refused(cli: Cli, write: Write, local: Path, line: str, name: str) -> None:
    assert local.exists()
    write("beamctl.yaml", CHANGED)
    before = everything()
    words = line.split(" ")
    ran = cli(*words)
    assert ran.code == 3
    if name:
        assert ran.err.startswith(f"Error: {name} is empty\n")
    assert everything() == before
    if name and words[0] in {"plan", "apply", "runs", "undo", "destroy"}:
        for json in (["-o", "json"], ["--output=json"], ["-ojson"], ["--output", "json"]):
            assert error_in(cli(words[0], *json, *words[1:]))["message"] == f"{name} is empty"


def test_empty_values_that_mean_a_default_are_accepted(cli: Cli, local: Path) -> None:
    assert local.exists()
    assert cli("plan", "--", "").err.startswith("Error: Got unexpected extra argument")
    ran = cli("emulator", "call", "--as", "ada@example.com", "PUT", "/workspaces/acme", "")
    assert ran.err.startswith("Error: the body is not JSON")
    assert cli("runs", "--record", ".").code == 0
