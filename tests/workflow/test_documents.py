"""Which files are read as documents, and errors for those that cannot be read."""

import os
import socket
import tracemalloc
from pathlib import Path

import pytest

from tests.cli.loopback import Api
from tests.cli.process import process
from tests.cli.world import AS_IS, WRONG, Cli, Write, document, error_in

MIB = 1024 * 1024
REGULAR = "  Name a file or a directory, or - for standard input.\n"
CHECK = "  Check the name and the permissions.\n"


def test_beamctl_yaml_is_the_default(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", document("acme"))
    write("access/labs.yaml", document("labs"))
    assert cli("validate").out == "Valid: 1 workspace (acme).\n"


def test_access_directory_is_the_second_default(cli: Cli, write: Write) -> None:
    write("access/labs.yaml", document("labs"))
    write("access/deeper/acme.yml", document("acme"))
    write("access/README.md", "no document")
    assert cli("validate").out == "Valid: 2 workspaces (acme, labs).\n"


@pytest.mark.parametrize("output", ["text", "json"])
def test_missing_document_has_a_hint(cli: Cli, output: str) -> None:
    ran = cli("validate", "-o", output)
    assert ran.code == 3
    assert ran.err == (
        "Error: there is no beamctl.yaml and no directory access/ here\n"
        "  Name a document with -f FILE, or create beamctl.yaml. `beamctl demo` shows an example.\n"
    )
    assert ran.out == "" if output == "text" else error_in(ran)["message"].startswith("there is no beamctl.yaml")


def test_broken_default_is_an_error(cli: Cli, write: Write, directory: Path) -> None:
    write("access/labs.yaml", document("labs"))
    (directory / "beamctl.yaml").symlink_to("gone.yaml")
    ran = cli("validate")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == f"Error: cannot read beamctl.yaml: No such file or directory\n{CHECK}"


def test_files_directories_and_standard_input_in_one_run(cli: Cli, write: Write) -> None:
    write("one.yaml", document("one"))
    write("more/two.yaml", document("two") + "---\n" + document("three"))
    ran = cli("validate", "-f", "one.yaml", "-f", "more", "-f", "-", stdin=document("four").encode())
    assert ran.out == "Valid: 4 workspaces (one, two, three, four).\n"


def test_hidden_files_are_not_documents(cli: Cli, write: Write, directory: Path) -> None:
    write("acme.yaml", document("acme"))
    write(".git/config.yaml", "[")
    write(".draft.yaml", "[")
    (directory / ".#acme.yaml").symlink_to("somebody@host.1234")
    assert cli("validate", "-f", ".").out == "Valid: 1 workspace (acme).\n"


def test_other_files_in_a_directory_are_named(cli: Cli, write: Write, directory: Path) -> None:
    write("access/A.YAML", document("a"))
    write("access/b.Yml", document("b"))
    write("access/c.json", '{"version": 1,\t"workspace": "c", "members": {"ada@example.com": "admin"}}')
    write("access/team/d.yaml", document("d"))
    write("access/README.md", "no document")
    write("access/e.yaml.bak", document("e"))
    write("elsewhere/f.yaml", document("f"))
    (directory / "access" / "linked").symlink_to("team")
    (directory / "access" / "team" / "up").symlink_to("..")
    (directory / "access" / "out").symlink_to("../elsewhere")
    ran = cli("validate")
    assert ran.out == "Valid: 4 workspaces (a, b, c, d).\n"
    assert ran.err == (
        "Note: files not read: access/README.md, access/e.yaml.bak, access/out. "
        "beamctl reads files ending in .yaml, .yml or .json, and does not follow links out of the directory.\n"
    )
    assert cli("validate", "-q").err == ""


@pytest.mark.parametrize("links", [[], [("a/b", "z")], [("c", "a/again"), (".", "a/root")]])
def test_nested_directories_are_read_once(
    cli: Cli, write: Write, directory: Path, links: list[tuple[str, str]]
) -> None:
    folders = ["a", "a/b", "a/b/c", "a/d", "c", "c/a", "e"]
    for folder in folders:
        write(f"access/{folder}/one.yaml", document(folder.replace("/", "-")))
    for target, link in links:
        (directory / "access" / link).symlink_to(directory / "access" / target)
    assert cli("validate").out == "Valid: 7 workspaces (a-b-c, a-b, a-d, a, c-a, c, e).\n"


def test_linked_directory_is_read(cli: Cli, write: Write, directory: Path) -> None:
    write("access/.store/acme.yaml", document("acme"))
    (directory / "access" / "team").symlink_to(".store")
    assert cli("validate").out == "Valid: 1 workspace (acme).\n"


def test_link_to_a_file_outside_is_refused(cli: Cli, write: Write, directory: Path) -> None:
    write("access/acme.yaml", document("acme"))
    write("home.yaml", "secret: bl_0123456789abcdef0123\n")
    (directory / "access" / "labs.yaml").symlink_to("../home.yaml")
    ran = cli("validate")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        "Error: access/labs.yaml is a link that leads out of access\n  Name it with -f access/labs.yaml, or copy it.\n"
    )


@pytest.mark.parametrize("names", [["a.yaml", "a.yaml"], ["a.yaml", "./a.yaml"], [".", "a.yaml"], [".", "."]])
def test_same_file_twice_is_one_file(cli: Cli, write: Write, names: list[str]) -> None:
    write("a.yaml", document("acme"))
    assert cli("validate", *(part for name in names for part in ("-f", name))).out == "Valid: 1 workspace (acme).\n"


def test_workspace_in_two_files_is_a_problem(cli: Cli, write: Write, directory: Path) -> None:
    write("a.yaml", document("acme"))
    ran = cli("validate", "-f", "a.yaml", "-f", str(directory / "a.yaml"))
    assert ran.code == 3
    assert "1 problem." in ran.out


def test_standard_input_twice(cli: Cli) -> None:
    ran = cli("validate", "-f", "-", "-f", "-", stdin=AS_IS.encode())
    assert ran.code == 3
    assert ran.err == "Error: standard input is named twice\n  Use -f - only once.\n"


@pytest.mark.parametrize("content", [b"", b"\n", b"# nothing\n", b"---\n---\n"])
def test_empty_document(cli: Cli, content: bytes) -> None:
    ran = cli("validate", "-f", "-", stdin=content)
    assert ran.code == 3
    assert ran.out == (
        "-: is empty\n    write at least 'version: 1' and 'workspace: NAME'\n\n"
        "1 problem. Nothing was read from or sent to any workspace.\n"
    )


def test_binary_file(cli: Cli, directory: Path) -> None:
    (directory / "beamctl.yaml").write_bytes(b"version: 1\nworkspace: \xff\xfe\n")
    ran = cli("validate")
    assert ran.code == 3
    assert ran.out.startswith("beamctl.yaml:2:12: is not valid UTF-8\n")


def test_huge_file_is_a_problem(cli: Cli, directory: Path) -> None:
    with (directory / "beamctl.yaml").open("wb") as file:
        file.truncate(33 * MIB)
    with (directory / "huger.yaml").open("wb") as file:
        file.truncate(1024 * MIB)
    assert cli("validate").out.startswith("beamctl.yaml: is larger than 32 MiB\n")
    tracemalloc.start()
    try:
        ran = cli("validate", "-f", "huger.yaml")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert ran.code == 3
    assert ran.out.startswith("huger.yaml: is larger than 32 MiB\n    split it into one file per workspace\n")
    assert peak < 80 * MIB


def test_unreadable_standard_input(write: Write) -> None:
    write("beamctl.yaml", AS_IS)
    ran = process("validate", "-f", "-", prelude="import os; os.dup2(os.open('/proc/self/mem', os.O_RDONLY), 0)")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == f"Error: cannot read standard input: Input/output error\n{CHECK}"


def test_huge_standard_input_is_a_problem(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS)
    ran = cli("validate", "-f", "-", stdin=b"#" * (33 * MIB))
    assert (ran.code, ran.out.splitlines()[0]) == (3, "-: is larger than 32 MiB")


@pytest.mark.parametrize("name", ["pipe", "/dev/zero", "/dev/null"])
def test_special_file_is_not_waited_for(cli: Cli, directory: Path, name: str) -> None:
    os.mkfifo(directory / "pipe")
    ran = cli("validate", "-f", name)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == f"Error: {name} is not a regular file\n{REGULAR}"


def test_pipe_in_a_directory_is_an_error(cli: Cli, write: Write, directory: Path) -> None:
    write("access/acme.yaml", AS_IS)
    os.mkfifo(directory / "access" / "zoo.yaml")
    assert cli("validate").err == f"Error: access/zoo.yaml is not a regular file\n{REGULAR}"


def unreadable(directory: Path) -> dict[str, str]:
    """Names that not even root can read, and why."""
    (directory / "loop.yaml").symlink_to("loop.yaml")
    (directory / "dangling.yaml").symlink_to("gone.yaml")
    (directory / "file.yaml").write_text(AS_IS)
    return {
        "missing.yaml": "No such file or directory",
        "loop.yaml": "Too many levels of symbolic links",
        "dangling.yaml": "No such file or directory",
        "file.yaml/inside.yaml": "Not a directory",
        "x" * 300: "File name too long",
        "/proc/self/mem": "Input/output error",
    }


@pytest.mark.parametrize("command", ["validate", "plan", "emulator seed"])
def test_unreadable_file(cli: Cli, directory: Path, command: str) -> None:
    for name, why in unreadable(directory).items():
        option = [name] if command == "emulator seed" else ["-f", name]
        ran = cli(*command.split(), *option)
        assert (ran.code, ran.out) == (3, "")
        assert ran.err == f"Error: cannot read {name}: {why}\n{CHECK}"
    assert not (directory / ".beamctl").exists()


def test_impossible_file_name(cli: Cli) -> None:
    assert cli("validate", "-f", "a\0b").err == "Error: 'a\\x00b' is not a valid file name\n  Check the name.\n"


@pytest.mark.parametrize(("link", "target"), [("loop.yaml", "loop.yaml"), ("team.yaml", "../gone.yaml")])
def test_broken_link_is_named(cli: Cli, write: Write, directory: Path, link: str, target: str) -> None:
    write("access/acme.yaml", AS_IS)
    (directory / "access" / link).symlink_to(target)
    ran = cli("validate")
    assert ran.code == 3
    assert ran.err.startswith(f"Error: cannot read access/{link}: ")


def test_directory_loop_ends(cli: Cli, write: Write, directory: Path) -> None:
    write("access/acme.yaml", AS_IS)
    (directory / "access" / "again").symlink_to(".")
    assert cli("validate").out == "Valid: 1 workspace (acme).\n"


def test_directory_without_documents(cli: Cli, directory: Path) -> None:
    (directory / "access").mkdir()
    ran = cli("validate")
    assert ran.code == 3
    assert ran.err == ("Error: there is no .yaml, .yml or .json file in access\n  Name a file or another directory.\n")


def test_hostile_file_name_is_escaped(cli: Cli, directory: Path) -> None:
    name = "\x1b[2J\u202eevil\n.yaml"
    (directory / name).write_text(WRONG)
    ran = cli("validate", "-f", name)
    assert ran.out.startswith("\\x1b[2J\\u202eevil\\n.yaml:4:20: ")
    assert "cannot read \\x1b[2J\\u202e" in cli("validate", "-f", name + "x").err
    assert cli("validate", "-f", name, "-o", "json").json["problems"][0]["file"] == name


def test_file_name_that_is_not_utf_8(cli: Cli, directory: Path) -> None:
    name = os.fsdecode(b"caf\xe9.yaml")
    (directory / name).write_text(WRONG)
    assert cli("validate", "-f", name).out.startswith("caf\\udce9.yaml:4:20: ")
    assert cli("validate", "-f", name, "-o", "json").code == 3


def test_document_without_the_file_option(cli: Cli, write: Write) -> None:
    write("acme.yaml", AS_IS)
    ran = cli("plan", "acme.yaml")
    assert ran.code == 3
    assert ran.err == (
        "Error: Got unexpected extra argument (acme.yaml)\n"
        "  To name documents, use -f:  beamctl plan -f FILE\n"
        "  See: beamctl plan --help\n"
    )


@pytest.mark.parametrize("command", ["validate", "plan", "apply --auto-approve", "drift", "show"])
def test_all_problems_of_all_files_without_a_request(cli: Cli, write: Write, api: Api, command: str) -> None:
    write("access/b.yaml", "version: 1\nworkspace: Labs\nsetings: {}\n")
    write("access/a.yaml", WRONG)
    write("access/c.yaml", AS_IS.replace("acme", "fine"))
    write("access/d.yaml", "version: [\n")
    ran = cli(*command.split())
    shown = ran.out if command == "validate" else ran.err
    found = [line for line in shown.splitlines() if line.startswith("access/")]
    places = [tuple(line.split(":")[:3]) for line in found]
    assert ran.code == 3
    assert [place[0] for place in places] == ["access/a.yaml", "access/b.yaml", "access/b.yaml", "access/d.yaml"]
    assert places[:3] == [("access/a.yaml", "4", "20"), ("access/b.yaml", "2", "12"), ("access/b.yaml", "3", "1")]
    assert "\n4 problems. Nothing was read from or sent to any workspace.\n" in shown
    assert api.calls == []
    assert (ran.out if command != "validate" else ran.err) == ""


TWO = document("acme") + "---\n" + document("labs", "{ada@example.com: admin, kim@example.com: viewer}")


@pytest.mark.usefixtures("local")
def test_workspace_is_selected(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", TWO)
    heads = [line for line in cli("plan", "-w", "labs").out.splitlines() if " · local" in line]
    assert heads == ["labs · local"]
    assert [each["workspace"] for each in cli("plan", "-o", "json").json["workspaces"]] == ["acme", "labs"]
    picked = cli("plan", "-w", "labs", "-w", "acme", "-w", "labs", "-o", "json").json
    assert [each["workspace"] for each in picked["workspaces"]] == ["acme", "labs"]


def test_only_the_selected_workspace_is_read_and_changed(cli: Cli, write: Write, api: Api) -> None:
    write("beamctl.yaml", TWO)
    assert cli("apply", "-w", "labs", "--auto-approve").code == 0
    assert api.writes == ["POST /users"]
    assert cli("plan", "-w", "labs", "--detailed-exitcode").code == 0
    assert cli("drift", "-w", "acme").code == 2


@pytest.mark.parametrize("command", ["plan", "apply", "drift"])
def test_workspace_without_a_document(cli: Cli, write: Write, command: str) -> None:
    write("beamctl.yaml", TWO)
    ran = cli(command, "-w", "acme", "-w", "lasb")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "Error: no document declares the workspace 'lasb'\n  Declared: acme, labs.\n"


@pytest.mark.usefixtures("local")
def test_refusal_in_one_workspace_does_not_stop_the_others(cli: Cli, write: Write) -> None:
    write(
        "beamctl.yaml",
        document("labs", "{ada@example.com: admin, kim@example.com: viewer}") + "---\n" + TWO.split("---")[0],
    )
    ran = cli("apply", "--auto-approve")
    assert ran.code == 5
    assert ran.out.endswith(
        "  ✓ invite kim@example.com  viewer\nApplied to labs: 1 done.\n\nlabs  applied: 1 done\n"
        "acme  refused (mass-removal, removes-admin): nothing changed\n"
        "2 workspaces: 1 refused, 1 applied; 1 done in all.\n"
    )
    assert cli("plan", "-w", "labs", "--detailed-exitcode").code == 0


def named(cli: Cli, *arguments: str) -> str:
    ran = cli("show", "-o", "json", "--api-url", "local", *arguments)
    return str(ran.json["workspace"])


@pytest.mark.usefixtures("database")
def test_workspace_that_show_selects(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran = cli("show", "--api-url", "local")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "Error: no workspace given\n  Name one with -w NAME, or set BEAMCTL_WORKSPACE.\n"
    (tmp_path / "home" / ".blaxel").mkdir()
    (tmp_path / "home" / ".blaxel" / "config.yaml").write_text("context: {workspace: hollow}\n")
    assert named(cli) == "hollow"
    monkeypatch.setenv("BL_WORKSPACE", "quiet")
    assert named(cli) == "quiet"
    monkeypatch.setenv("BEAMCTL_WORKSPACE", "labs")
    assert named(cli) == "labs"
    write("beamctl.yaml", document("acme"))
    assert named(cli) == "acme"
    write("other.yaml", document("labs"))
    assert named(cli, "-f", "other.yaml") == "labs"
    assert named(cli, "-f", "other.yaml", "-w", "quiet") == "quiet"
    write("beamctl.yaml", TWO)
    ran = cli("show", "--api-url", "local", "-o", "json")
    assert [each["workspace"] for each in ran.json["workspaces"]] == ["acme", "labs"]
    assert named(cli, "-w", "labs") == "labs"


@pytest.mark.usefixtures("local", "made_up_requests")
@pytest.mark.parametrize("name", ["", "a b", "café", "../labs", "x" * 40_000])
def test_invalid_workspace_name(cli: Cli, name: str) -> None:
    ran = cli("show", "-w", name)
    assert ran.code in (1, 3)
    assert ran.out == ""
    assert len(ran.err) < 1000


def test_number_of_files_is_limited(cli: Cli, directory: Path) -> None:
    (directory / "access").mkdir()
    for number in range(5):
        with (directory / "access" / f"{number}.yaml").open("wb") as file:
            file.truncate(32 * MIB)
    ran = cli("validate")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == ("Error: the files together are larger than 128 MiB\n  Run it for some of them at a time.\n")


def test_many_problems_are_counted_and_shortened(cli: Cli, write: Write) -> None:
    write("few.yaml", "version: 1\nworkspace: acme\n" + "".join(f"k{n}: 1\n" for n in range(101)))
    ran = cli("validate", "-f", "few.yaml")
    assert ran.out.count("unknown key") == 100
    assert "\n… and 1 more; fix these first\n\n101 problems. " in ran.out
    assert len(cli("validate", "-f", "few.yaml", "-o", "json").json["problems"]) == 101
    write("many.yaml", "version: 1\nworkspace: acme\n" + "".join(f"k{n}: 1\n" for n in range(3_000)))
    ran = cli("plan", "-f", "many.yaml")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("many.yaml: too many problems: stopped after 1,000\n    fix those first\n")
    assert ran.err.endswith("\nmore than 1,000 problems. Nothing was read from or sent to any workspace.\n")
    assert ran.err.count("\n") == 203


def test_long_key_is_shortened(cli: Cli, write: Write) -> None:
    key = "a" * 900
    write("long.yaml", f"version: 1\nworkspace: acme\nmembers:\n  {key}@x.io: admin\n  {key}: {key}\n{key}: 1\n")
    ran = cli("validate", "-f", "long.yaml")
    assert ran.code == 3
    assert max(map(len, ran.out.splitlines())) < 200


def test_special_files_with_a_document_name(cli: Cli, write: Write, directory: Path) -> None:
    write("access/acme.yaml", AS_IS)
    (directory / "access" / "folder.yaml").mkdir()
    assert cli("validate").code == 0
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("access/socket.yaml")
        assert cli("validate").err == f"Error: access/socket.yaml is not a regular file\n{REGULAR}"
    (directory / "access" / "socket.yaml").unlink()
    (directory / "access" / "zero.yaml").symlink_to("/dev/zero")
    assert cli("validate").err.startswith("Error: access/zero.yaml is a link that leads out of access\n")


def test_hostile_name_in_a_directory_is_escaped(cli: Cli, directory: Path) -> None:
    (directory / "access").mkdir()
    for name in (os.fsencode("\x1b[2J\u202ea\n.yaml"), b"b\xff.yaml"):
        (directory / "access" / os.fsdecode(name)).write_text(WRONG)
    ran = cli("validate")
    assert ran.out.splitlines()[0].startswith("access/\\x1b[2J\\u202ea\\n.yaml:4:20: ")
    assert "access/b\\udcff.yaml:4:20: " in ran.out
    os.mkfifo(os.fsencode(directory) + b"/access/\x1b.yaml")
    assert cli("validate").err == f"Error: access/\\x1b.yaml is not a regular file\n{REGULAR}"
