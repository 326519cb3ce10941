"""A connection's secret is never one of beamctl's credentials, and comes from a file elsewhere only if that is
allowed."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beamctl.system.files import is_within
from tests.cli.loopback import Api
from tests.cli.process import process
from tests.cli.world import CANARY, Cli, Write
from tests.fakes.saved_plans import by_hand

NEEDED = "sk-canary-0123456789-of-a-connection"


def connection(source: dict[str, Any], more: str = "", name: str = "ai") -> str:
    secret = json.dumps({"apiKey": source})
    return f"version: 1\nworkspace: acme\nintegrations: {{{name}: {{integration: openai, secret: {secret}}}}}\n{more}"


def guards(*paths: str) -> str:
    return f"guards: {{secretSources: {json.dumps(paths)}}}\n"


def sent(api: Api) -> list[str]:
    return [call for call in api.calls if call.startswith(("POST", "PUT"))]


@pytest.mark.parametrize(
    "name",
    [
        "BL_API_KEY",
        "BEAMCTL_CLIENT_CREDENTIALS",
        "BEAMLIT_API_URL",
        "bl_token",
        "BL_OTHER",
        "BEAMCTL_API_KEY__ACME_PROD",
    ],
)
def test_a_variable_of_beamctl_is_a_problem(cli: Cli, write: Write, name: str) -> None:
    write("beamctl.yaml", connection({"env": name}))
    ran = cli("validate")
    assert ran.code == 3
    assert ran.out.startswith(f"beamctl.yaml:3:69: {name!r} may hold beamctl's own credential, which is never sent")


@pytest.mark.usefixtures("local")
def test_a_saved_plan_cannot_name_one_either(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", connection({"env": "OTHER"}))
    assert cli("plan", "--out", "p.json").code == 0

    def changed(data: dict[str, Any]) -> None:
        data["resource_changes"][0]["secrets"]["from"]["apiKey"]["env"] = "BL_API_KEY"

    Path("p.json").write_bytes(by_hand(Path("p.json").read_bytes(), changed))
    ran = cli("apply", "p.json", "--auto-approve")
    assert ran.code == 3
    assert "has a change that beamctl would not plan" in ran.err


def test_a_file_that_holds_the_credential_is_refused(
    cli: Cli, write: Write, api: Api, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BEAMCTL_API_KEY")
    write("key", CANARY)
    os.link("key", "hard")
    Path("soft").symlink_to("key")
    Path("sub").mkdir()
    config = directory.parent / "home" / ".blaxel" / "config.yaml"
    config.parent.mkdir()
    config.write_text(f"workspaces: [{{name: acme, credentials: {{apiKey: {CANARY}}}}}]\n")
    allowed = guards("sub/../key", str(config))
    for path in ("key", "sub/../key", "hard", "soft", str(config)):
        write("beamctl.yaml", connection({"file": path}, allowed))
        ran = cli("apply", "--auto-approve", "--api-key-file", "key")
        assert ran.code == 5, path
        assert "may hold beamctl's own credential" in ran.err
    assert sent(api) == []


def test_beamctls_credential_is_not_sent_from_any_source(
    cli: Cli, write: Write, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("copy", f"{CANARY}\n")
    write("in-it", f"user={CANARY};")
    monkeypatch.setenv("OTHER", CANARY)
    tells = {"command": [sys.executable, "-c", "print(open('copy').read())"]}
    for source in ({"file": "copy"}, {"file": "in-it"}, {"env": "OTHER"}, tells):
        write("beamctl.yaml", connection(source))
        ran = cli("apply", "--auto-approve")
        assert ran.code == 7
        assert "contains beamctl's own credential, which is never sent; nothing was sent" in ran.out
    assert sent(api) == []


@pytest.mark.usefixtures("local")
def test_a_file_outside_the_folder_is_a_hazard(cli: Cli, write: Write, directory: Path) -> None:
    outer = directory.parent / "outer key"
    outer.write_text(NEEDED)
    for path in ("../outer key", str(outer), "access/../../outer key"):
        write("access/acme.yaml", connection({"file": path}))
        refused = cli("plan")
        assert refused.code == cli("apply", "--auto-approve").code == 5
        assert f"apiKey of ai would be read from {path}, outside the folder of access/acme.yaml" in refused.out
        assert f"--allow 'secret-source={path}'" in refused.out
        assert cli("plan", "--allow", f"secret-source={path}").code == 0
        for entry in (path, os.path.dirname(path)):  # noqa: PTH120 - as it is written
            write("access/acme.yaml", connection({"file": path}, guards("unrelated", entry)))
            assert cli("plan").code == 0
    assert cli("apply", "--auto-approve").code == 0


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(
    ("document", "path", "code"),
    [
        ("beamctl.yaml", "secrets/key", 0),
        ("access/acme.yaml", "access/secrets/key", 0),
        ("access/acme.yaml", "./access//x/../key", 0),
        ("access/acme.yaml", "secrets/key", 5),
        ("access/acme.yaml", "access2/key", 5),
        ("../work/beamctl.yaml", "key", 0),
        ("../b/beamctl.yaml", "key", 5),
        ("../a.yaml", "key", 0),
    ],
)
def test_the_folder_is_that_of_the_document(cli: Cli, write: Write, document: str, path: str, code: int) -> None:
    write(document, connection({"file": path}))
    assert cli("plan", "-f", document).code == code


@pytest.mark.usefixtures("local")
def test_the_folder_of_standard_input_is_the_current_directory(cli: Cli) -> None:
    assert cli("plan", "-f", "-", stdin=connection({"file": "secrets/key"}).encode()).code == 0
    assert cli("plan", "-f", "-", stdin=connection({"file": "../key"}).encode()).code == 5


@pytest.mark.usefixtures("local")
def test_a_link_that_leads_outside_is_outside(cli: Cli, write: Write, directory: Path) -> None:
    (directory.parent / "outer").write_text(NEEDED)
    write("sub/real", NEEDED)
    Path("out").symlink_to("../outer")
    Path("in").symlink_to("sub/real")
    Path("up").symlink_to("..")
    for path, code in (
        ("out", 5),
        ("up/outer", 5),
        ("in", 0),
        ("up/work/sub/real", 0),
        (str(directory / "sub/real"), 0),
    ):
        write("beamctl.yaml", connection({"file": path}))
        ran = cli("plan", "--out", f"{path.replace('/', '-')}.json")
        assert ran.code == cli("apply").code == code or cli("apply").code == 5
        assert ("which leads to" in ran.out) == (code == 5)
    write("beamctl.yaml", connection({"file": "up/outer"}, guards("../outer")))
    assert cli("plan").code == 0
    write("beamctl.yaml", connection({"file": "out"}))
    assert cli("apply", "--auto-approve", "--allow", "secret-source=out").code == 0


@pytest.mark.usefixtures("local")
def test_a_link_that_was_changed_since_the_plan_was_saved(cli: Cli, write: Write, directory: Path) -> None:
    (directory.parent / "outer").write_text(NEEDED)
    write("key", NEEDED)
    write("beamctl.yaml", connection({"file": "key"}))
    assert cli("plan", "--out", "p.json").code == 0
    Path("key").unlink()
    Path("key").symlink_to("../outer")
    assert cli("apply", "p.json", "--auto-approve").code == 5


def without_hazards(data: dict[str, Any]) -> None:
    data["workspaces"][0] |= {"hazards": [], "refused": False}


def from_elsewhere(data: dict[str, Any]) -> None:
    data["resource_changes"][0]["secrets"]["from"]["apiKey"]["file"] = "/etc/hostname"


def that_cannot_be(data: dict[str, Any]) -> None:
    data["resource_changes"][0]["secrets"]["from"]["apiKey"]["file"] = "key\0"


def without_the_line(data: dict[str, Any]) -> None:
    del data["resource_changes"][0]["source"]


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(
    ("path", "edit"),
    [("/etc/hostname", without_hazards), ("key", from_elsewhere), ("key", that_cannot_be), ("key", without_the_line)],
)
def test_a_saved_plan_cannot_drop_the_hazard(
    cli: Cli, write: Write, path: str, edit: Callable[[dict[str, Any]], None]
) -> None:
    write("key", NEEDED)
    write("beamctl.yaml", connection({"file": path}))
    cli("plan", "--out", "p.json")
    Path("p.json").write_bytes(by_hand(Path("p.json").read_bytes(), edit))
    ran = cli("apply", "p.json", "--auto-approve")
    assert ran.code == 5
    assert "Refused (exit 5): secret-source" in ran.out


@pytest.mark.usefixtures("local")
def test_a_saved_plan_includes_what_the_document_allows(cli: Cli, write: Write, directory: Path) -> None:
    (directory.parent / "outer").write_text(NEEDED)
    write("beamctl.yaml", connection({"file": "../outer"}, guards("../outer")))
    assert cli("plan", "--out", "p.json").code == 0
    assert cli("apply", "p.json", "--auto-approve").code == 0


@pytest.mark.usefixtures("local")
def test_the_value_of_a_hazard_is_printable_and_exact(cli: Cli, write: Write) -> None:
    odd, plain = "../k\u0435y", "'../k\\u0435y'"  # a Cyrillic letter
    write("beamctl.yaml", connection({"file": odd}))
    (hazard,) = cli("plan", "-o", "json").json["workspaces"][0]["hazards"]
    assert hazard["value"] == plain
    assert cli("plan", "--allow", f"secret-source={plain}").code == 0
    write("beamctl.yaml", connection({"file": "../k\\u0435y"}))
    assert cli("plan", "--allow", f"secret-source={plain}").code == 5


def test_a_program_gets_no_credential(cli: Cli, write: Write, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BL_API_KEY", "BEAMLIT_API_URL", "BL_OTHER"):
        monkeypatch.setenv(name, f"{name} of {len(api.calls)}")
    tells = "import os; open('env', 'w').write(' '.join(os.environ)); print('sk-0123456789')"
    keeps = "import os, sys; sys.stdin.read(); open('env2', 'w').write(' '.join(os.environ))"
    machine = json.dumps({"ci": {"role": "member", "secretTo": {"command": [sys.executable, "-c", keeps]}}})
    more = f"manage: {{serviceAccounts: additive}}\nserviceAccounts: {machine}\n"
    write("beamctl.yaml", connection({"command": [sys.executable, "-c", tells]}, more))
    assert cli("apply", "--auto-approve").code == 0
    for name in ("env", "env2"):
        names = Path(name).read_text().split()
        assert "PATH" in names
        assert not [each for each in names if each.startswith(("BL_", "BEAMCTL_", "BEAMLIT_"))]


@pytest.mark.usefixtures("local")
def test_no_file_is_read_before_the_plan_is_approved(write: Write) -> None:
    write("needed", NEEDED)
    write("kept/ci", "old")
    more = "manage: {serviceAccounts: additive}\nserviceAccounts: {ci: {role: member, secretTo: {file: kept/ci}}}\n"
    write("beamctl.yaml", connection({"file": "needed"}, more))
    watch = (
        "sys.addaudithook(lambda e, a: print('READ', a[0]) if e == 'open' and str(a[0])[-3:] in ('ded', '/ci') else 0)"
    )
    ran = process("apply", prelude=watch)
    assert ran.code == 5
    assert "there is no terminal to ask on" in ran.err
    assert "READ" not in ran.out
    assert "READ needed" in process("apply", "--auto-approve", prelude=watch).out


def test_an_impossible_file_name_is_in_no_folder() -> None:
    assert is_within("/a/b", "/a")
    assert is_within("/a", "/")
    assert not is_within("/ab", "/a")
    assert not is_within("/a/b", "a\0")
    assert not is_within("a\0", "/")
    assert not is_within("a\0", "a\0")
