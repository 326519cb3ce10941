"""Destinations and sources of secrets: each one stores or reads a secret, or says why not, without showing it."""

import base64
import errno
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from beamctl.model.api_call import NoResponse, Response, cause
from beamctl.model.secret import (
    Command,
    File,
    Keyring,
    ReadSecret,
    SecretDestination,
    SecretSource,
    StoreSecret,
    Variable,
)
from beamctl.secrets.command import LARGEST
from beamctl.secrets.redaction import OutputRedaction
from beamctl.secrets.vault import LocalSecretStore
from tests.cli.loopback import Api
from tests.cli.probe import assert_unseen
from tests.cli.world import Cli, Write
from tests.fakes.redaction import redaction
from tests.fakes.wording import words

SECRET = "bl_a_canary_that_is_handed_over_once"
PAIR = {"clientId": "c1", "clientSecret": SECRET}


def store(
    sink: SecretDestination, secret: dict[str, str] | None = None, hidden: OutputRedaction | None = None
) -> Response | NoResponse:
    return LocalSecretStore(hidden or redaction()).deliver(StoreSecret(sink, "the key", secret or {"apiKey": SECRET}))


def read_from(source: SecretSource, hidden: OutputRedaction | None = None) -> str:
    answer = LocalSecretStore(hidden or redaction()).fetch(ReadSecret(source))
    assert isinstance(answer, Response | NoResponse)
    return str(answer.body) if isinstance(answer, Response) else f"! {words(cause(answer))}"


def why_refused(place: Any) -> str:
    return LocalSecretStore(redaction()).why_refused({"secretTo": place}, approved=True)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_a_file_is_for_its_owner_only(directory: Path) -> None:
    assert why_refused({"file": "deep/down/key"}) == ""
    assert store(File("deep/down/key")).ok
    path = directory / "deep" / "down" / "key"
    assert path.read_text() == SECRET
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0
    assert store(File("deep/down/key"), PAIR).ok
    assert path.read_text() == f'{{"clientId": "c1", "clientSecret": "{SECRET}"}}'
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["key"]


@pytest.mark.parametrize("path", ["docs/key", "docs/new/key", "a/../docs/key", "./docs/key", "a/up/docs/key"])
def test_a_secret_does_not_follow_a_link_from_a_checkout(directory: Path, path: str) -> None:
    elsewhere = directory.parent / "public"
    elsewhere.mkdir()
    (directory / "a").mkdir()
    (directory / "a" / "up").symlink_to("..")
    (directory / "docs").symlink_to(elsewhere)
    assert "is a symbolic link. Name the folder it points to" in why_refused({"file": path})
    assert not store(File(path)).ok
    assert list(elsewhere.iterdir()) == []
    assert store(File(str(elsewhere / "key"))).ok


def test_a_file_and_its_new_folders_are_synced_to_disk(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: set[int] = set()
    flush = os.fsync

    def fsync(descriptor: int) -> None:
        flushed.add(os.fstat(descriptor).st_ino)
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    assert store(File("deep/down/key")).ok
    made = [directory, directory / "deep", directory / "deep" / "down", directory / "deep" / "down" / "key"]
    assert {each.stat().st_ino for each in made} <= flushed

    def full(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", full)
    handed = store(File("deep/key"))
    assert isinstance(handed, NoResponse)
    assert words(cause(handed)) == "the file deep/key cannot be written: Input/output error"


@pytest.mark.parametrize("sink", [File("key"), Command(python("import sys; open('key', 'w').write(sys.stdin.read())"))])
def test_a_lone_surrogate_is_not_stored(directory: Path, sink: SecretDestination) -> None:
    handed = store(sink, {"apiKey": "bl_half_\ud800_a_character"})
    assert isinstance(handed, NoResponse)
    assert words(cause(handed)) == "the API returned something that is not valid text"
    assert list(directory.iterdir()) == []


TWO = """\
version: 1
workspace: {}
guards: {{maxRemovals: 9}}
manage: {{serviceAccounts: additive}}
serviceAccounts: {{bot: {{role: member, secretTo: {{file: {}}}}}}}
"""


@pytest.mark.usefixtures("local")
def test_one_destination_for_two_workspaces_is_refused(cli: Cli, write: Write, directory: Path) -> None:
    write("a.yaml", TWO.format("acme", "bot.json"))
    write("b.yaml", TWO.format("labs", "./bot.json"))
    ran = cli("apply", "--auto-approve", "-f", "a.yaml", "-f", "b.yaml")
    assert ran.code == 5
    assert "the secrets of bot in acme and of bot in labs would both be stored in the file bot.json" in ran.err
    assert not (directory / "bot.json").exists()


def test_a_file_that_cannot_be_written_is_an_error(directory: Path) -> None:
    (directory / "folder").mkdir()
    (directory / "file").write_text("")
    (directory / "link").symlink_to("file")
    for name in ("folder", "link", "file/below", "with\0zero"):
        assert why_refused({"file": name})
        assert not store(File(name)).ok
    assert (directory / "file").read_text() == ""


def test_a_file_that_git_would_add_is_refused(directory: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], check=True)
    (directory / ".gitignore").write_text("secrets/\nknown\n")
    (directory / "known").write_text("old")
    subprocess.run(["git", "add", "--force", "known"], check=True)
    assert why_refused({"file": "secrets/key"}) == ""
    assert store(File("secrets/key")).ok
    for name in ("key", "sub/key", "known"):  # the last one is ignored by name, but tracked
        assert "does not ignore it" in why_refused({"file": name})
        assert not store(File(name)).ok
    assert not (directory / "key").exists()


def test_a_command_gets_the_secret_on_standard_input(directory: Path) -> None:
    keep = Command(python("import sys; open('kept', 'w').write(sys.stdin.read())"))
    assert store(keep).ok
    assert (directory / "kept").read_text() == SECRET
    assert store(keep, PAIR).ok
    assert (directory / "kept").read_text() == f'{{"clientId": "c1", "clientSecret": "{SECRET}"}}'


def test_a_failing_command_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    tells = Command(python("import sys; print(s := sys.stdin.read()); print(s, file=sys.stderr); sys.exit(3)"))
    assert words(cause(store(tells))) == f"the command {sys.executable} exited with 3: •••"
    assert capfd.readouterr() == ("", "")
    assert not store(Command(("no-such-command-here",))).ok
    assert why_refused({"command": ["no-such-command-here", "x"]}) == "the command no-such-command-here was not found"
    assert why_refused({"command": [sys.executable]}) == ""


LINES = "first line of a key\nsecond line of a key\n"
WRITES = {
    "as it is": ("s", SECRET),
    "in a line": ("'permission denied: ' + s", SECRET),
    "in a URL": ("urllib.parse.quote(s, safe='')", "a/secret that=is?quoted"),
    "in JSON": ("json.dumps(s)", 'a "secret" in\tJSON'),
    "in base64": ("base64.b64encode(s.encode()).decode()", SECRET),
    "in base64, short": ("base64.b64encode(s.encode()).decode()", "short-secret"),
    "in base64, with more": ("base64.b64encode(b'user:' + s.encode()).decode()", SECRET),
    "in base64, in lines": ("base64.encodebytes(s.encode() * 3).decode()", SECRET),
    "in base64, glued": ("'key-' + 'x' + base64.b64encode(b'user:' + s.encode()).decode()", SECRET),
    "in hexadecimal": ("s.encode().hex()", SECRET),
    "in hexadecimal, in groups": ("s.encode().hex(' ', 2)", SECRET),
    "its beginning": ("s[:20] + '...'", SECRET),
    "one line": ("s.splitlines()[1]", LINES),
    "its end": ("s[-15:]", SECRET),
    "in the middle": ("s[10:25]", SECRET),
    "in pieces": ("chr(10).join(s[at:at + 20] for at in range(0, len(s), 20))", SECRET),
    "spaced": ("' '.join(s)", SECRET),
    "at the end of a lot": ("'x' * 100_000 + chr(10) + s", SECRET),
    "cut off": ("s[4:] + 'x' * (65536 - len(s) + 4)", SECRET),
}


@pytest.mark.parametrize(
    ("how", "given"), [*[(how, True) for how in WRITES], *[(how, False) for how in [*WRITES][::4]]]
)
def test_the_error_output_of_a_command_is_shown_without_the_secret(how: str, *, given: bool) -> None:
    expression, secret = WRITES[how]
    code = (
        "import base64, json, sys, urllib.parse\n"
        f"s = sys.stdin.read() if {given} else {secret!r}; {given} or print(s)\n"
        f"print('vault:', {expression}, file=sys.stderr); sys.exit(3)"
    )
    if given:
        answer = store(Command(python(code)), {"apiKey": secret})
        assert isinstance(answer, NoResponse)
        why = words(cause(answer))
    else:
        why = read_from(Command(python(code)))
    assert "exited with 3" in why
    assert len(why) < 500
    assert_unseen(why, [secret, *secret.splitlines(), *(secret[at : at + 8] for at in range(len(secret) - 7))], how)
    plain = secret.encode()
    encodings = (base64.b64encode(plain), base64.b64encode(b"user:" + plain)[8:])
    for encoded in (*(each.decode()[:20] for each in encodings), plain.hex()[:20], plain.hex(" ", 2), " ".join(secret)):
        assert encoded not in why


OURS = "bl_our_own_canary_credential_0001"
SAID = {
    "": "",
    "\n \n": "",
    "no such entry\n": ": no such entry",
    "1\n2\n\n3\n4\n": ": 2 / 3 / 4",
    "progress 1%\rprogress 2%\n": ": progress 1% / progress 2%",
    "\x1b[31mred\x07\x00 \u202eevil": r": \x1b[31mred\x07\x00 \u202eevil",
    OURS: ": •••",
    "bl_0123456789abcdefghij": ": •••",
}


@pytest.mark.parametrize("text", SAID)
def test_the_error_says_why_a_command_failed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("BL_API_KEY", OURS)
    fails = Command(python(f"import sys; sys.stderr.buffer.write({text.encode()!r}); sys.exit(1)"))
    assert words(cause(store(fails))) == f"the command {sys.executable} exited with 1{SAID[text]}"
    assert read_from(fails) == f"! the command {sys.executable} exited with 1{SAID[text]}"
    succeeds = Command(python(f"import sys; sys.stderr.buffer.write({text.encode()!r}); print('it')"))
    assert store(succeeds).ok
    assert read_from(succeeds) == "it"


def test_a_long_error_output_is_cut() -> None:
    for many in (1_000, 1_000_000):
        answer = store(Command(python(f"import sys; sys.exit('é' * {many} + chr(10) + 'x ' * 400 + 'the end')")))
        assert isinstance(answer, NoResponse)
        assert words(cause(answer)).endswith("x x the end")
        assert len(words(cause(answer))) < 400


def test_a_command_is_not_run_by_a_shell(directory: Path) -> None:
    assert store(Command(("cat", "; touch broken", "$(touch broken)"))).ok is False
    assert not (directory / "broken").exists()


def test_a_keyring_stores_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[tuple[str, str], str] = {}
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "pip install 'beamctl[keyring]'" in why_refused({"keyring": {"service": "s", "user": "u"}})
    fake = SimpleNamespace(
        get_keyring=lambda: SimpleNamespace(priority=5),
        set_password=lambda service, user, text: kept.update({(service, user): text}),
        get_password=lambda service, user: kept.get((service, user)),
    )
    monkeypatch.setitem(sys.modules, "keyring", fake)
    assert why_refused({"keyring": {"service": "s", "user": "u"}}) == ""
    assert store(Keyring("s", "u")).ok
    assert kept == {("s", "u"): SECRET}

    def locked(*_: str) -> None:
        raise RuntimeError(SECRET)

    fake.set_password = locked
    assert words(cause(store(Keyring("s", "u")))) == "the keyring entry s for u did not accept it: RuntimeError"
    monkeypatch.setenv("XDG_CONFIG_HOME", "config")  # the checkout would decide what is imported
    assert "XDG_CONFIG_HOME is not an absolute path" in why_refused({"keyring": {"service": "s", "user": "u"}})
    monkeypatch.delenv("XDG_CONFIG_HOME")
    fake.get_keyring = lambda: SimpleNamespace(priority=0)
    assert "no keyring" in why_refused({"keyring": {"service": "s", "user": "u"}})


def test_a_missing_destination_is_an_error() -> None:
    assert "does not say where" in why_refused(None)
    assert "does not say where" in why_refused({"env": "NAME"})
    assert LocalSecretStore(redaction()).why_refused({}, approved=True) == ""


def test_secrets_are_read_from_sources(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    hidden = redaction()
    monkeypatch.setenv("SOME_KEY", "from the environment")
    (directory / "key").write_text("from a file\n")
    assert read_from(Variable("SOME_KEY"), hidden) == "from the environment"
    assert read_from(File("key"), hidden) == "from a file"
    assert read_from(Command(python("print('from a command')")), hidden) == "from a command"
    assert hidden.redact("from a file, from a command, from the environment") == "•••, •••, •••"


def test_missing_secrets_are_an_error(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("BYTES", "\udcff")
    (directory / "empty").write_text("\n")
    (directory / "bytes").write_bytes(b"\xff")
    assert read_from(Variable("NO_SUCH")) == "! the environment variable NO_SUCH is not set"
    assert read_from(Variable("BYTES")) == "! the environment variable BYTES does not contain text"
    assert read_from(Variable("EMPTY")) == "! the environment variable EMPTY is empty"
    assert read_from(Command(python("pass"))).endswith(" printed nothing")
    assert read_from(File("empty")) == "! the file empty is empty"
    assert read_from(File("bytes")).startswith("! ")
    assert read_from(File("none")).startswith("! ")
    assert read_from(Command(python("print('canary'); raise SystemExit(4)"))).endswith("exited with 4")
    assert read_from(Command(python(f"print('x' * {LARGEST})"))).endswith("wrote more than 65,536 bytes")
    assert len(read_from(Command(python(f"print('x' * {LARGEST - 1})")))) == LARGEST - 1
    sources: list[dict[str, object]] = [
        {"env": "NO_SUCH"},
        {"env": "EMPTY"},
        {"file": "none"},
        {"command": ["no-such-one"]},
        {},
    ]
    found = [LocalSecretStore(redaction()).why_refused({"from": {"apiKey": each}}, approved=False) for each in sources]
    assert all(why.startswith(("its apiKey comes from the ", "the doc")) for why in found)
    (directory / "there").write_text("it")
    assert LocalSecretStore(redaction()).why_refused({"from": {"apiKey": {"file": "there"}}}, approved=False) == ""


def test_a_stored_secret_is_redacted_from_then_on() -> None:
    hidden = redaction()
    assert store(File("key"), hidden=hidden).ok
    assert SECRET not in hidden.redact(f"the API said {SECRET}")


MACHINES = """\
version: 1
workspace: acme
manage: {serviceAccounts: additive}
serviceAccounts:
  ci:
    role: member
    secretTo: {file: ci.json}
    apiKeys: {k: {secretTo: PLACE}}
"""


@pytest.mark.usefixtures("local")
def test_apply_stores_a_secret_without_showing_it(cli: Cli, write: Write, directory: Path) -> None:
    keep = [*python("import sys; s = sys.stdin.read(); open('k', 'w').write(s); print(s); print(s, file=sys.stderr)")]
    write("beamctl.yaml", MACHINES.replace("PLACE", json.dumps({"command": keep})))
    ran = [cli("plan", "--out", "plan.json"), cli("apply", "plan.json", "--auto-approve", "--debug", "-o", "json")]
    assert [each.code for each in ran] == [0, 0]
    secrets = [json.loads((directory / "ci.json").read_text())["clientSecret"], (directory / "k").read_text()]
    ran += [cli("show", "-w", "acme", "--debug"), cli("plan"), cli("runs", "last"), cli("undo", "last")]
    assert "No changes" in ran[3].out
    left = [
        path.read_text() for path in directory.rglob("*") if path.suffix in {".json", ".jsonl"} and path.stem != "ci"
    ]
    assert len(left) >= 2
    for text in [*left, *(each.out + each.err for each in ran)]:
        assert not any(secret in text for secret in secrets)
    assert all(len(secret) > 20 for secret in secrets)


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("place", ['{file: "no/dir/../../ci.json/k"}', "{command: [no-such-command-here]}", ""])
def test_apply_without_a_destination_changes_nothing(cli: Cli, write: Write, directory: Path, place: str) -> None:
    (directory / "ci.json").mkdir() if "dir" in place else None
    line = f"secretTo: {place}" if place else ""
    write("beamctl.yaml", MACHINES.replace("secretTo: PLACE", line))
    ran = cli("apply", "--auto-approve")
    assert ran.code == 5
    assert "nothing was changed" in ran.err
    assert "serviceAccounts (0)" in cli("show", "-w", "acme").out


@pytest.mark.usefixtures("local")
def test_a_failing_command_that_prints_the_secret(cli: Cli, write: Write, directory: Path) -> None:
    fails = [*python("import sys; s = sys.stdin.read(); open('seen', 'w').write(s); sys.exit(s)")]
    write("beamctl.yaml", MACHINES.replace("PLACE", json.dumps({"command": fails})))
    ran = cli("apply", "--auto-approve", "--debug")
    assert ran.code == 7
    assert "exited with 1: •••; the key was deleted again" in ran.out
    assert (directory / "seen").read_text() not in ran.out + ran.err + cli("runs", "last").out


CONNECTION = """\
version: 1
workspace: acme
integrations: {openai: {integration: openai, secret: {apiKey: {env: CONNECTION_KEY}}}}
"""


@pytest.mark.usefixtures("local")
def test_the_secret_of_a_connection_comes_from_its_declared_source(
    cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("beamctl.yaml", CONNECTION)
    refused = cli("apply", "--auto-approve")
    assert refused.code == 5
    assert "openai: its apiKey comes from the environment variable CONNECTION_KEY, which is not set" in refused.err
    monkeypatch.setenv("CONNECTION_KEY", SECRET)
    ran = cli("apply", "--auto-approve", "--debug")
    assert ran.code == 0
    assert SECRET not in ran.out + ran.err


def test_an_api_that_quotes_the_request_does_not_show_the_secret(
    cli: Cli, write: Write, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_KEY", 'canary"of\\a\nshop')
    write("beamctl.yaml", "version: 1\nworkspace: acme\nsecrets: {SHOP: {value: {env: SHOP_KEY}}}\n")
    quoted = json.dumps({"error": json.dumps({"name": "SHOP", "value": 'canary"of\\a\nshop'}), "code": 400})
    refusal = ("400 Bad Request", "Content-Type: application/json", quoted.encode())
    api.override = lambda call: refusal if call.startswith("POST") else None
    ran = cli("apply", "--auto-approve", "--debug", "--report", "json=r.json")
    assert ran.code == 7
    assert "< 400 in" in ran.err
    assert "canary" not in ran.out + ran.err + Path("r.json").read_text() + cli("runs", "last", "-o", "json").out
