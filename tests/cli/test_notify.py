"""`--notify`: one message per change, to a receiver on the loopback interface. The URL is never shown."""

import http.server
import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.loopback import Api
from tests.cli.process import process
from tests.cli.world import AS_IS, CHANGED, REFUSED, Cli, People, Write, document, error_in

TOKEN = "Canary0Token1Of2A3Webhook"
WITHOUT_EVE = AS_IS.replace("  eve@example.com: member\n", "")
STATE = Path(".beamctl/runs/notified.json")
pytestmark = pytest.mark.usefixtures("local")


class Receiver:
    """What arrived, and how it is answered."""

    def __init__(self, port: int) -> None:
        self.url = f"json://user:Pass-Canary@127.0.0.1:{port}/{TOKEN}"
        self.status = 200
        self.got: list[dict[str, Any]] = []

    def take(self) -> list[tuple[str, str, str]]:
        """Kind, title and text of what arrived since the last call."""
        got, self.got = self.got, []
        return [(each["type"], each["title"], each["message"]) for each in got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == f"/{TOKEN}"
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if there.status == 200:
                there.got.append(body)
            self.send_response(there.status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is called
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        there = Receiver(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield there
        server.shutdown()
        thread.join()


@pytest.fixture
def notified(cli: Cli, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs a command with `BEAMCTL_NOTIFY`; its output never contains a part of the URL."""
    monkeypatch.setenv("BEAMCTL_NOTIFY", f" {receiver.url}\n")

    def call(*arguments: str) -> Any:
        ran = cli(*arguments)
        for secret in (receiver.url, TOKEN, "Pass-Canary"):
            assert secret not in ran.out + ran.err
            assert not STATE.exists() or secret not in STATE.read_text()
        return ran

    return call


def test_drift_is_notified_once_until_it_changes_or_is_gone(notified: Cli, write: Write, receiver: Receiver) -> None:
    write("beamctl.yaml", AS_IS)
    assert (notified("drift").code, receiver.take()) == (0, [])
    write("beamctl.yaml", WITHOUT_EVE)
    assert notified("drift").code == 2
    found = "acme does not match beamctl.yaml.\n+ eve@example.com  is member; not in beamctl.yaml"
    assert receiver.take() == [("warning", "acme: drift: 1 difference", found)]
    assert (notified("drift", "-o", "json").code, receiver.take()) == (2, [])
    write("beamctl.yaml", "# moved\n\n" + WITHOUT_EVE)
    assert (notified("drift").code, receiver.take()) == (2, [])
    write("beamctl.yaml", WITHOUT_EVE.replace("bob@example.com: admin", "bob@example.com: member"))
    assert notified("drift").code == 2
    ((_, title, _),) = receiver.take()
    assert title == "acme: drift: 2 differences"
    write("beamctl.yaml", AS_IS)
    assert notified("drift").code == 0
    assert receiver.take() == [("success", "acme: no more drift", "acme matches beamctl.yaml again.")]
    assert (notified("drift").code, receiver.take()) == (0, [])


def test_each_workspace_and_each_url_is_notified_on_its_own(notified: Cli, write: Write, receiver: Receiver) -> None:
    write("access/acme.yaml", WITHOUT_EVE)
    write("access/labs.yaml", document("labs"))
    assert notified("drift", "-w", "acme").code == 2
    assert len(receiver.take()) == 1
    write("access/labs.yaml", document("labs", "{ada@example.com: admin, kim@example.com: member}"))
    assert notified("drift").code == 2
    ((_, title, text),) = receiver.take()
    assert title == "labs: drift: 1 difference"
    assert "eve" not in text
    assert notified("drift", "--notify", receiver.url + "?x=1").code == 2
    ((_, title, _),) = receiver.take()
    assert title == "acme: drift: 1 difference (and 1 more workspace)"


def test_a_workspace_that_cannot_be_compared_is_notified_once(notified: Cli, write: Write, receiver: Receiver) -> None:
    write("beamctl.yaml", f"{AS_IS}---\n{document('lost', '{ada@example.com: admin}')}")
    assert [notified("drift").code for _ in range(2)] == [1, 1]
    ((kind, title, message),) = receiver.take()
    assert (kind, title) == ("failure", "lost: could not be compared")
    assert message.startswith("lost could not be compared with its document: ")


def test_a_message_that_is_not_accepted_is_sent_again(notified: Cli, write: Write, receiver: Receiver) -> None:
    write("beamctl.yaml", WITHOUT_EVE)
    receiver.status = 500
    ran = notified("drift")
    assert ran.code == 2
    assert ran.err == "Warning: a notification was not accepted by json://…, and the next run sends it again.\n"
    assert not STATE.exists()
    receiver.status = 200
    assert (notified("drift").code, len(receiver.take())) == (2, 1)
    write("beamctl.yaml", AS_IS)
    receiver.status = 404
    assert "Warning" in notified("drift").err
    receiver.status = 200
    assert (notified("drift").code, receiver.take()[0][1]) == (0, "acme: no more drift")


@pytest.mark.usefixtures("no_pauses")
def test_an_apply_that_fails_is_notified_once_until_it_succeeds(
    notified: Cli, write: Write, receiver: Receiver, api: Api
) -> None:
    write("beamctl.yaml", CHANGED)
    api.override = lambda call: ("500 Oops", "", b"") if call.startswith("PUT /users/grace") else None
    assert notified("apply", "--auto-approve").code == 7
    ((urgency, title, text),) = receiver.take()
    assert (urgency, title) == ("failure", "acme: apply failed for 1 of 2 changes")
    assert "\n✗ role grace@example.com  member → admin — " in text
    assert "kim" not in text
    assert (notified("apply", "--auto-approve").code, receiver.take()) == (7, [])
    api.override = lambda _: None
    assert (notified("apply", "--auto-approve").code, receiver.take()) == (0, [])


@pytest.mark.usefixtures("no_pauses")
def test_an_apply_that_is_refused_or_cannot_reach_the_api_is_notified(
    notified: Cli, write: Write, receiver: Receiver, api: Api
) -> None:
    write("beamctl.yaml", REFUSED)
    for times in (1, 0):
        assert notified("apply", "--auto-approve").code == 5
        assert [each[:2] for each in receiver.take()] == [("failure", "acme: apply refused")] * times
    api.always("503 Unavailable", "{}")
    for times in (1, 0):
        assert notified("apply", "--auto-approve").code == 1
        assert [each[:2] for each in receiver.take()] == [("failure", "beamctl: apply failed")] * times
    api.override = lambda _: None
    write("beamctl.yaml", AS_IS)
    assert (notified("apply", "--auto-approve").code, receiver.take()) == (0, [])
    write("beamctl.yaml", REFUSED)
    assert (notified("apply", "--auto-approve").code, len(receiver.take())) == (5, 1)


def test_an_expired_invitation_is_named_as_one(notified: Cli, write: Write, receiver: Receiver, cli: Cli) -> None:
    seed = "workspaces: [{name: labs}]\nusers: [{email: ada@example.com, workspaces: {labs: admin}}]\n"
    invitation = "{workspace: labs, email: kim@example.com, role: member, expiresAt: 2020-01-01T00:00:00Z}"
    write("seed.yaml", f"{seed}invitations: [{invitation}]\n")
    for file in Path(".beamctl").glob("emulator.db*"):
        file.unlink()
    assert cli("emulator", "seed", "seed.yaml").code == 0
    Path("seed.yaml").unlink()
    write("beamctl.yaml", document("labs", "{ada@example.com: admin, kim@example.com: member}"))
    assert notified("drift").code == 2
    ((_, title, text),) = receiver.take()
    assert title == "labs: 1 invitation expired"
    assert "~ kim@example.com  has an expired invitation; beamctl.yaml says member" in text


def test_a_stale_plan_is_notified_but_not_a_refusal_to_approve(notified: Cli, write: Write, receiver: Receiver) -> None:
    write("beamctl.yaml", CHANGED)
    assert notified("plan", "--out", "p.json").code == 0
    assert notified("apply", "p.json").code == 5
    assert receiver.take() == []
    assert notified("apply", "--auto-approve").code == 0
    assert notified("apply", "p.json", "--auto-approve").code == 6
    ((urgency, title, text),) = receiver.take()
    assert (urgency, title) == ("failure", "beamctl: apply failed")
    assert text.startswith("p.json")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            f"https://127.0.0.1/{TOKEN}",
            "URL 1 of --notify and BEAMCTL_NOTIFY begins with 'https', and is",
        ),
        (f"nonsense://{TOKEN}", "begins with 'nonsense', and is not a URL that apprise can send to"),
        (f"slack://{TOKEN}", "begins with 'slack'"),
        ("json://", "is not a URL that apprise can send to"),
        (TOKEN, "URL 1 of --notify and BEAMCTL_NOTIFY is not a URL that apprise can send to"),
        ("", "--notify is empty"),
        (f"json://a/{TOKEN}, json://b/{TOKEN}", "is not a URL that apprise can send to"),
        (f"\x1b]0;{TOKEN}\x07://x", "is not a URL that apprise can send to"),
    ],
)
@pytest.mark.parametrize("command", [("drift",), ("apply", "--auto-approve")])
def test_an_unknown_url_is_refused_before_anything_is_changed(
    cli: Cli, write: Write, people: People, command: tuple[str, ...], url: str, said: str
) -> None:
    write("beamctl.yaml", CHANGED)
    before = dict(people())
    ran = cli(*command, "--notify", url)
    assert ran.code == 3
    assert said in ran.err
    assert TOKEN not in ran.err
    assert not ran.out
    assert people() == before
    assert error_in(cli(*command, "-o", "json", "--notify", url))["code"] == "invalid-usage"


def test_without_the_extra_it_is_refused(write: Write) -> None:
    write("beamctl.yaml", AS_IS)
    missing = (
        "import importlib.util as util; find = util.find_spec; "
        "util.find_spec = lambda name, *more: None if name == 'apprise' else find(name, *more)"
    )
    ran = process("drift", "--notify", "json://127.0.0.1", prelude=missing)
    assert ran.code == 3
    assert "pip install 'beamctl[notify]'" in ran.err


def test_an_empty_variable_is_noted(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("beamctl.yaml", AS_IS)
    monkeypatch.setenv("BEAMCTL_NOTIFY", "")
    ran = cli("drift")
    assert (ran.code, ran.err) == (0, "Note: BEAMCTL_NOTIFY is empty, so no notifications are sent.\n")


def test_what_was_sent_is_not_taken_from_a_checkout(notified: Cli, write: Write, receiver: Receiver) -> None:
    """A pull request could add the key of the drift that it makes, and so silence the alarm."""
    write("beamctl.yaml", WITHOUT_EVE)
    subprocess.run(["git", "init", "-q"], check=True)
    assert notified("drift").code == 2
    assert len(receiver.take()) == 1
    subprocess.run(["git", "add", "-f", str(STATE)], check=True)
    ran = notified("drift")
    assert ran.code == 2
    assert len(receiver.take()) == 1
    assert "earlier notifications are not known, so they are repeated" in ran.err
    assert "is tracked by git, so a pull request may have added it" in ran.err


@pytest.mark.parametrize("content", ["{", "[]", '{"a": []}', '{"a": 1}', "\udcff"])
def test_a_damaged_file_repeats_messages(notified: Cli, write: Write, receiver: Receiver, content: str) -> None:
    write("beamctl.yaml", WITHOUT_EVE)
    STATE.parent.mkdir(parents=True, exist_ok=True)
    STATE.write_bytes(content.encode("utf-8", "surrogateescape"))
    ran = notified("drift")
    assert (ran.code, len(receiver.take())) == (2, 1)
    assert "notified.json is damaged" in ran.err
    assert (notified("drift").err, receiver.take()) == ("", [])


def test_a_folder_that_cannot_be_written_is_a_warning(notified: Cli, write: Write, receiver: Receiver) -> None:
    write("beamctl.yaml", WITHOUT_EVE)
    write("file", "")
    ran = notified("drift", "--record", "file/below")
    assert (ran.code, len(receiver.take())) == (2, 1)
    assert "Warning: the next run repeats this notification: cannot write to file/below" in ran.err


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("@here <!channel> x", "@\u200bhere <\u200b!channel> x"),
        ("https://evil.example", "https:\u200b//evil.example"),
        (f"x {TOKEN} y", "x ••• y"),
        ("{{title}} {0} :smile: **x**", "{{title}} {0} :smile: **x**"),
    ],
)
def test_secrets_mentions_and_links_in_names_are_harmless(
    notified: Cli, write: Write, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, name: str, shown: str
) -> None:
    monkeypatch.setenv("CI_JOB_URL", "https://ci.example.com/jobs/1")
    write("beamctl.yaml", AS_IS + f'settings: {{displayName: "{name}"}}\n')
    assert notified("drift").code == 2
    ((_, _, text),) = receiver.take()
    assert text.splitlines()[1] == f'~ displayName  is "Acme"; beamctl.yaml says "{shown}"'
    assert text.splitlines()[2:] == ["See: https://ci.example.com/jobs/1"]


def test_each_workspace_of_an_apply_is_notified_on_its_own(cli: Cli, write: Write, receiver: Receiver) -> None:
    others = [document("labs", "{ada@example.com: admin, kim@example.com: viewer}"), document("nowhere")]
    write("beamctl.yaml", "---\n".join([REFUSED.replace("maxRemovals: 1", "maxRemovals: 0"), *others]))
    arguments = ("apply", "--auto-approve", "--notify", receiver.url)
    assert cli(*arguments).code == 1
    ((kind, title, text),) = receiver.take()
    assert (kind, title) == ("failure", "acme: apply refused (and 1 more workspace)")
    assert "The apply to acme was refused, and nothing was changed." in text
    assert "Nothing was changed in nowhere: " in text
    assert "labs" not in text
    assert cli(*arguments).code == 1
    assert receiver.take() == []
    write("beamctl.yaml", "---\n".join([AS_IS, *others]))
    assert cli(*arguments).code == 1
    assert receiver.take() == []
    write("beamctl.yaml", "---\n".join([REFUSED.replace("maxRemovals: 1", "maxRemovals: 0"), *others]))
    assert cli(*arguments).code == 1
    assert [title for _, title, _ in receiver.take()] == ["acme: apply refused"]
