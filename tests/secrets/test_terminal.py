"""`beamctl apply --reveal-secrets` shows a created secret once, on a terminal and nowhere else."""

import os
import pty
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from beamctl.apply.record import Ended
from beamctl.model.api_call import NoResponse, Response
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.model.secret import File, StoreSecret
from beamctl.secrets.terminal import SecretTerminal
from beamctl.secrets.vault import LocalSecretStore
from tests.cli.loopback import Api
from tests.cli.process import terminal
from tests.cli.world import Cli, Write, error_in
from tests.fakes.emulated_accounts import EmulatedAccounts, account
from tests.fakes.redaction import redaction
from tests.fakes.runs import document
from tests.fakes.wording import words

MACHINES = """\
version: 1
workspace: acme
serviceAccounts:
  ci:
    role: admin
    apiKeys:
      here: {}
      both: {secretTo: {file: both}}
"""
CLIENT = re.compile(
    r"\nThe client secret of ci of acme, shown only once:\nclientId:\n(\S+)\nclientSecret:\n(\S+)\n(?=\n)"
)
KEY = re.compile(r"\nThe API key ci/(\w+) of acme, shown only once:\n(\S+)\n(?=\n)")


def test_a_created_secret_is_shown_once_on_the_terminal(
    cli: Cli, api: Api, write: Write, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("beamctl.yaml", MACHINES)
    with terminal("apply", "--auto-approve", "--reveal-secrets", "--debug") as screen:
        code, seen = screen.end()
    assert code == 0
    ((client_id, secret),) = CLIENT.findall(seen)
    keys = dict(KEY.findall(seen))
    assert set(keys) == {"here", "both"}
    assert (directory / "both").read_text() == keys["both"]
    assert "✓ create ci/here" in seen
    assert "it went to the terminal" in seen
    assert "it went to the file both and the terminal" in seen
    for each in (secret, *keys.values()):
        assert len(each) > 20
        assert seen.count(each) == 1
    kept = [path for path in directory.rglob("*") if path.is_file() and path.name != "both"]
    assert any(path.suffix == ".jsonl" for path in kept)
    for path in kept:
        assert not any(each.encode() in path.read_bytes() for each in (secret, *keys.values()))
    for credential in (*keys.values(), ""):
        monkeypatch.setenv("BEAMCTL_API_KEY", credential)
        if not credential:
            monkeypatch.delenv("BEAMCTL_API_KEY")
            monkeypatch.setenv("BEAMCTL_CLIENT_CREDENTIALS", f"{client_id}:{secret}")
        assert cli("plan", "--detailed-exitcode").code == 0
    assert api.writes


@pytest.mark.usefixtures("local")
def test_a_saved_plan_shows_its_secret_after_confirmation(cli: Cli, write: Write, directory: Path) -> None:
    write("beamctl.yaml", MACHINES)
    assert cli("plan", "--out", "plan.json").code == 0
    with terminal("apply", "plan.json", "--reveal-secrets") as screen:
        assert "shown only once" not in screen.read_until("accepted: ")
        screen.type("yes\n")
        code, seen = screen.end()
    assert code == 0
    assert len(KEY.findall(seen)) == 2
    assert not any(secret in (directory / "plan.json").read_text() for _, secret in KEY.findall(seen))


@pytest.mark.usefixtures("local")
def test_without_the_option_the_error_names_both_ways(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", MACHINES)
    with terminal("apply", "--auto-approve", "-f", "beamctl.yaml") as screen:
        code, seen = screen.end()
    assert code == 5
    assert "there is no destination for ci/here: add secretTo, or apply on a terminal with --reveal-secrets" in seen
    assert "nothing was changed: ci: the document does not say where to store it, and 1 more like this\n" in seen
    assert seen.endswith("show the secret on this terminal:  beamctl apply -f beamctl.yaml --reveal-secrets\n")
    assert "serviceAccounts (0)" in cli("show", "-w", "acme").out


def test_without_a_terminal_it_is_refused_before_any_request(cli: Cli, api: Api, write: Write) -> None:
    write("beamctl.yaml", MACHINES)
    ran = cli("apply", "--auto-approve", "--reveal-secrets")
    assert ran.code == 3
    assert ran.err.startswith("Error: --reveal-secrets needs a terminal, but standard output is not one, so nothing ")
    ran = cli("apply", "--auto-approve", "--reveal-secrets", "-o", "json")
    assert error_in(ran)["exit_code"] == 3
    with terminal("apply", "--auto-approve", "--reveal-secrets", stdout=subprocess.DEVNULL) as screen:
        assert screen.end()[0] == 3
    for options, stdin in (
        (["-f", "-"], None),
        ([], subprocess.DEVNULL),
        (["--auto-approve", "-o", "json"], None),
    ):
        with terminal("apply", "--reveal-secrets", *options, stdin=stdin) as screen:
            code, seen = screen.end()
        assert code == 3
        assert "--reveal-secrets" in seen
    assert api.calls == []


@contextmanager
def screens() -> Iterator[tuple[SecretTerminal, int]]:
    """A terminal and the reader of its screen."""
    ours, theirs = pty.openpty()
    try:
        yield SecretTerminal(theirs), ours
    finally:
        os.close(theirs)
        os.close(ours)


def secret_of(name: str, shown: str = "bl_shown") -> StoreSecret:
    return StoreSecret(None, f"the API key {name}", {"apiKey": shown})


def test_hostile_names_are_escaped_and_hostile_secrets_are_not_shown() -> None:
    with screens() as (screen, ours):
        for hostile in ("\x1b]52;c;AAAA\x07", "a\nb", "\u202eabc", "\ud800"):
            assert "not printable ASCII" in screen.show(secret_of("k", hostile))
            answer = LocalSecretStore(redaction(), screen).deliver(secret_of("k", hostile))
            assert isinstance(answer, NoResponse)
            assert words(answer.fact) == (
                "the terminal cannot show it: it contains characters that are not printable ASCII"
            )
        assert screen.show(secret_of("\x1b]0;evil\x07/\u0430\u202e")) == ""
        shown = os.read(ours, 10_000)
    assert shown == b"\r\nThe API key \\x1b]0;evil\\x07/\\u0430\\u202e, shown only once:\r\nbl_shown\r\n\r\n"


def test_output_of_several_threads_is_not_mixed() -> None:
    with screens() as (screen, ours):
        seen = b""
        threads = [threading.Thread(target=screen.show, args=(secret_of(f"k{at}", f"bl_{at}"),)) for at in range(20)]
        for thread in threads:
            thread.start()
        while seen.count(b"shown only once:") < 20 or not seen.endswith(b"\r\n\r\n"):
            seen += os.read(ours, 10_000)
        for thread in threads:
            thread.join()
    blocks = {f"The API key k{at}, shown only once:\r\nbl_{at}" for at in range(20)}
    assert set(seen.decode().strip().split("\r\n\r\n\r\n")) == blocks


@contextmanager
def hung_up() -> Iterator[SecretTerminal]:
    """A terminal that was disconnected."""
    ours, theirs = pty.openpty()
    os.close(ours)
    try:
        yield SecretTerminal(theirs)
    finally:
        os.close(theirs)


def test_a_disconnected_terminal_is_a_failed_delivery(tmp_path: Path, directory: Path) -> None:
    with hung_up() as screen:
        vault = LocalSecretStore(redaction(), screen)
        answer = vault.deliver(secret_of("k"))
        assert isinstance(answer, NoResponse)
        assert words(answer.fact) == "the terminal cannot be written to: Input/output error"
        both = StoreSecret(File("both"), "the API key k", {"apiKey": "bl_kept"})
        answer = vault.deliver(both)
        assert isinstance(answer, Response)
        assert words(answer.body) == "the file both; the terminal cannot be written to: Input/output error"
        assert (directory / "both").read_text() == "bl_kept"
        machines = EmulatedAccounts(tmp_path, [account("bot")])
        keys: dict[str, object] = {"seed": {}, "shown": {}}
        want = document(serviceAccounts={"runner": {"role": "admin"}, "bot": {"role": "member", "apiKeys": keys}})
        (event,) = [each for each in machines.apply(machines.plan(want), vault) if isinstance(each, Ended)]
    assert words(event.outcome.remark) == (
        "it could not be stored: the terminal cannot be written to: Input/output error; the key was deleted again"
    )
    assert [key["name"] for key in machines.keys("bot")] == ["seed"]


def test_a_vault_without_a_terminal_shows_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    assert LocalSecretStore(redaction()).deliver(secret_of("k")) == NoResponse(fact=fact(Code.NO_DESTINATION))
    assert capfd.readouterr() == ("", "")
