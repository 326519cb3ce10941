"""A plan that someone signed is the plan that is applied: `plan --sign` and `apply --verify`, with real ssh-keygen."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from beamctl.system.signature import NAMESPACE
from tests.cli.process import Ran
from tests.cli.world import CHANGED, Cli, People, Write

pytestmark = [
    pytest.mark.usefixtures("local"),
    pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen (package openssh-client)"),
]
SIGN = ("plan", "--out", "p.json", "--sign", "keys/ada")
VERIFY = ("apply", "p.json", "--auto-approve", "--verify", "signers")


@pytest.fixture(scope="session")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for name, passphrase in (("ada", ""), ("eve", ""), ("locked", "passphrase")):
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", str(folder / name)]
        subprocess.run(keygen, check=True, stdin=subprocess.DEVNULL)
    return folder


@pytest.fixture
def keys(made_keys: Path, directory: Path, write: Write) -> Path:
    shutil.copytree(made_keys, directory / "keys")
    write("signers", f'ada@example.com namespaces="{NAMESPACE}" {(made_keys / "ada.pub").read_text()}')
    write("beamctl.yaml", CHANGED)
    return directory / "keys"


@pytest.mark.usefixtures("keys")
def test_a_signed_plan_is_applied_and_says_who_signed_it(cli: Cli) -> None:
    planned = cli(*SIGN)
    assert planned.code == 0, planned.err
    assert "Saved the plan, and its signature in p.json.sig." in planned.err
    assert planned.err.endswith("To apply it:  beamctl apply p.json --verify ALLOWED_SIGNERS\n")
    assert cli(*SIGN).code == 0  # both files are replaced
    applied = cli(*VERIFY)
    assert applied.code == 0, applied.err
    assert ", signed by ada@example.com, valid until " in applied.out


@pytest.mark.usefixtures("keys")
def test_without_verify_a_signature_changes_nothing(cli: Cli) -> None:
    assert cli(*SIGN).code == 0
    Path("p.json.sig").write_text("anything")
    applied = cli("apply", "p.json", "--auto-approve", "-o", "json")
    assert applied.code == 0, applied.err
    assert "signer" not in applied.json["saved"]


@pytest.mark.usefixtures("keys")
def test_the_signer_is_in_the_json_result(cli: Cli) -> None:
    assert cli(*SIGN).code == 0
    assert cli(*VERIFY, "-o", "json").json["saved"]["signer"] == "ada@example.com"


def test_undo_can_sign_and_the_agent_can_hold_the_key(
    cli: Cli, keys: Path, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The private key is not in a file any more, as with a key that has a passphrase."""
    before = dict(people())
    assert cli("apply", "--auto-approve").code == 0
    started = subprocess.run(["ssh-agent", "-c", "-a", "agent"], check=True, capture_output=True, text=True).stdout
    monkeypatch.setenv("SSH_AUTH_SOCK", str(Path("agent").absolute()))
    try:
        subprocess.run(["ssh-add", "-q", "keys/ada"], check=True)
        (keys / "ada").unlink()
        undone = cli("undo", "last", "--out", "p.json", "--sign", "keys/ada.pub")
        assert "Saved the plan, and its signature in p.json.sig." in undone.err
    finally:
        os.kill(int(started.split("SSH_AGENT_PID ")[1].split(";")[0]), signal.SIGTERM)
    ran = cli(*VERIFY, "--allow", "removes-admin=grace@example.com")
    assert ran.code == 0, ran.err
    assert set(before) - set(people()) == set()


def edited() -> None:
    """The digest is still right, so only the signature detects it."""
    Path("p.json").write_text(Path("p.json").read_text() + "\n")


def by(key: str, namespace: str = NAMESPACE) -> Callable[[], object]:
    def act() -> None:
        Path("p.json.sig").unlink()
        command = ["ssh-keygen", "-q", "-Y", "sign", "-f", f"keys/{key}", "-n", namespace, "p.json"]
        subprocess.run(command, check=True, capture_output=True)

    return act


def only_for(options: str) -> Callable[[], object]:
    return lambda: Path("signers").write_text(f"ada@example.com {options} {Path('keys/ada.pub').read_text()}")


def folder() -> None:
    Path("p.json.sig").unlink()
    Path("p.json.sig").mkdir()


def cut() -> None:
    signature = Path("p.json.sig").read_text()
    Path("p.json.sig").write_text(signature[: len(signature) // 2])


NOT_VALID: dict[str, tuple[Callable[[], object], str]] = {
    "edited": (edited, "--verify: p.json.sig is not a signature of p.json: "),
    "not signed": (lambda: Path("p.json.sig").unlink(), "--verify: p.json has no signature: cannot read p.json.sig"),
    "unknown signer": (by("eve"), "--verify: p.json was signed by a key that signers does not allow: "),
    "signed for git": (by("ada", "git"), "--verify: p.json.sig is not a signature of p.json: "),
    "allowed for git": (only_for('namespaces="git"'), "was signed by a key that signers does not allow: "),
    "expired signer": (only_for('valid-before="20200101"'), "was signed by a key that signers does not allow: "),
    "truncated signature": (cut, "--verify: p.json.sig is not a signature of p.json: "),
    "empty signature": (lambda: Path("p.json.sig").write_text(""), "--verify: p.json.sig is not a signature of "),
    "no signers": (lambda: Path("signers").unlink(), "--verify needs a file of allowed signers: cannot read signers"),
    "no signer": (lambda: Path("signers").write_text("# none\n"), "a key that signers does not allow: "),
    "invalid signers": (lambda: Path("signers").write_text("ada\n"), "a key that signers does not allow: "),
    "signature is a folder": (folder, "--verify: p.json has no signature: p.json.sig is not a regular file"),
}


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("name", NOT_VALID)
def test_a_plan_without_a_valid_signature_is_not_applied(cli: Cli, people: People, name: str) -> None:
    spoil, said = NOT_VALID[name]
    assert cli(*SIGN).code == 0
    before = dict(people())
    spoil()
    refused(cli(*VERIFY), said)
    assert people() == before


def refused(ran: Ran, said: str) -> None:
    assert ran.code == 3, ran
    assert ran.out == ""
    assert said in ran.err.splitlines()[0]
    assert ran.err.splitlines()[1].startswith("  ")  # what to do


@pytest.mark.usefixtures("keys")
def test_the_signature_is_verified_before_the_plan_is_parsed(cli: Cli) -> None:
    assert cli(*SIGN).code == 0
    Path("p.json").write_text("{")
    refused(cli(*VERIFY), "p.json.sig is not a signature of p.json")


@pytest.mark.usefixtures("keys")
def test_the_bytes_that_were_verified_are_applied(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program called ssh-keygen replaces the plan while it verifies the signature. beamctl does not read it again."""
    assert cli(*SIGN).code == 0
    real = shutil.which("ssh-keygen")
    Path("bin").mkdir()
    Path("bin/ssh-keygen").write_text(f'#!/bin/sh\necho "{{}}" > {Path("p.json").absolute()}\nexec {real} "$@"\n')
    Path("bin/ssh-keygen").chmod(0o755)
    monkeypatch.setenv("PATH", f"{Path('bin').absolute()}:/usr/bin:/bin")
    assert cli(*VERIFY).code == 0
    assert Path("p.json").read_text() == "{}\n"


NOT_SIGNED = [
    (("--sign", "keys/none"), "--sign: cannot read keys/none: No such file or directory"),
    (("--sign", "keys"), "--sign: keys is not a regular file"),
    (("--sign", "keys/locked"), "--sign: cannot sign with keys/locked: "),
    (("--sign", "signers"), "--sign: cannot sign with signers: "),
    (("--sign", "a\0b"), "--sign: "),
    (("--sign", "keys/ada", "--report", "text=p.json.sig"), "p.json.sig: the file is a document or the plan"),
    (("--sign", "keys/ada", "--report", "text=keys/ada"), "keys/ada: the file is a document or the plan of this run"),
]


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(("options", "said"), NOT_SIGNED)
def test_a_plan_that_cannot_be_signed_is_not_saved(cli: Cli, options: tuple[str, ...], said: str) -> None:
    began = time.monotonic()
    refused(cli("plan", "--out", "p.json", *options), said)
    assert time.monotonic() - began < 10  # nothing waited for a passphrase
    assert not Path("p.json").exists()
    assert not Path("p.json.sig").exists()


@pytest.mark.usefixtures("keys")
def test_other_files_are_no_signatures(cli: Cli) -> None:
    Path("p.json.sig").write_text("notes")
    refused(cli(*SIGN), "--sign: p.json.sig already exists and is not a signature")
    Path("p.json.sig").unlink()
    Path("p.json.sig").symlink_to("/dev/null")
    refused(cli(*SIGN), "--sign: p.json.sig already exists and is not a signature")
    assert not Path("p.json").exists()


@pytest.mark.usefixtures("keys")
def test_ssh_keygen_is_missing(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli(*SIGN).code == 0
    Path("empty").mkdir()
    monkeypatch.setenv("PATH", str(Path("empty").absolute()))
    refused(cli(*VERIFY), "--verify: ssh-keygen was not found, so p.json was not used")
    refused(cli(*SIGN), "--sign: ssh-keygen was not found")


@pytest.mark.usefixtures("keys")
def test_signing_needs_a_saved_plan(cli: Cli) -> None:
    refused(cli("plan", "--sign", "keys/ada"), "--sign applies only to a saved plan")
    refused(cli("apply", "--auto-approve", "--verify", "signers"), "--verify needs a saved plan")
    for command in (("plan", "--out", "p.json", "--sign="), ("apply", "p.json", "--verify=")):
        assert "is empty" in cli(*command).err


@pytest.mark.usefixtures("keys")
def test_names_in_the_list_of_signers_cannot_forge_output(cli: Cli) -> None:
    assert cli(*SIGN).code == 0
    Path("signers").write_text(f"\u202ee\x1b[31m`@here`|::error::x {Path('keys/ada.pub').read_text()}")
    ran = cli(*VERIFY)
    assert ran.code == 0, ran.err
    assert "\\u202e" in ran.out
