"""E-mails are delivered to a maildir and by SMTP, for exactly the changes that need one."""

import logging
import os
import socket
import stat
import subprocess
import sys
from asyncio import Server
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from werkzeug.test import Client

from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.control_plane import as_operator, plane_of
from beamctl.emulator.credentials import opens_invitation
from beamctl.emulator.errors import WrongOptionError
from beamctl.emulator.mail import sign_in_email
from beamctl.emulator.mail.maildir import received_emails
from beamctl.emulator.mail.mailer import open_mailer
from beamctl.emulator.server import serve
from beamctl.emulator.store import membership, signing_secret
from tests.emulator.world import World


def messages(mail: Path) -> list[EmailMessage]:
    return [message_from_bytes(one.path.read_bytes(), policy=default) for one in received_emails(mail)]


def link_in(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part
    return next(line for line in str(part.get_content()).splitlines() if line.startswith("http"))


def opens(world: World, url: str) -> bool:
    """Whether the link has the valid key of an existing invitation."""
    _, where, identifier, key = urlsplit(url).path.split("/")
    assert where == "invitation"
    with plane_of(world.app).database.reading() as rows:
        there = membership.invitation_by_id(rows, identifier) is not None
        return there and opens_invitation(signing_secret(rows), identifier, key)


def test_an_invitation_is_an_email_with_a_working_link(mailing: World, mail: Path) -> None:
    assert mailing.call("ada", "POST", "/users", {"email": "Zoe@example.com", "role": "admin"}).status_code == 200
    (message,) = messages(mail)
    assert message["To"] == "Zoe@example.com"
    assert message["Subject"] == "Invitation to the workspace Acme"
    assert message["Date"].datetime == mailing.clock.moment
    (shown,) = received_emails(mail)
    assert "Ada (ada@example.com) invites you to the workspace Acme (acme), with the role admin." in shown.text()
    assert "expires on 8 March 2026, 12:00 UTC" in shown.text()
    url = link_in(message)
    assert url.startswith("http://127.0.0.1:8080/invitation/")
    assert opens(mailing, url)
    mailing.call("ada", "DELETE", "/users/zoe@example.com")
    assert not opens(mailing, url)


def test_renewing_an_expired_invitation_sends_a_new_email(mailing: World, mail: Path) -> None:
    first = mailing.call("ada", "POST", "/users", {"email": "zoe@example.com"})
    mailing.clock.forward(days=8)
    assert first.status_code == mailing.call("ada", "POST", "/users", {"email": "zoe@example.com"}).status_code == 200
    old, new = (link_in(message) for message in messages(mail))
    assert (opens(mailing, old), opens(mailing, new)) == (False, True)


def test_the_email_names_the_inviter(mailing: World, mail: Path) -> None:
    mailing.call("ci", "POST", "/users", {"email": "a@example.com"})
    mailing.call("alan", "POST", "/users", {"email": "b@example.com"})
    with_operator = Client(as_operator(mailing.app))
    mailing.send(with_operator, "POST", "/users", {"email": "c@example.com"}, {"X-Blaxel-Workspace": "acme"})
    beginnings = [message.text().splitlines()[2].partition(" invites")[0] for message in received_emails(mail)]
    assert beginnings == ["The service account ci", "alan@example.com", "The operator of the control plane"]


def test_the_email_has_the_actual_role_of_the_invitation(tmp_path: Path, mail: Path) -> None:
    world = World(tmp_path / "plane.db", frozenset({BehaviorFlag.INVITE_IGNORES_ROLE}), mailer=open_mailer(mail))
    world.call("ada", "POST", "/users", {"email": "zoe@example.com", "role": "admin"})
    assert "with the role member." in received_emails(mail)[0].text()


@pytest.mark.parametrize(
    ("who", "email", "status"),
    [
        ("ada", "new@example.com", 409),
        ("ada", "MAX@example.com", 409),
        ("ada", "nobody", 400),
        ("max", "zoe@example.com", 403),
        (None, "zoe@example.com", 401),
    ],
)
def test_a_refused_request_sends_nothing(mailing: World, mail: Path, who: str | None, email: str, status: int) -> None:
    assert mailing.call(who, "POST", "/users", {"email": email}).status_code == status
    assert not mail.exists()


@pytest.mark.usefixtures("made_up_requests")
def test_a_rolled_back_request_sends_nothing(mailing: World, mail: Path) -> None:
    """The response was ready, but the transaction could not be committed."""
    with plane_of(mailing.app).database.writing() as rows:
        rows.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT")
        rows.execute("CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
        rows.execute("CREATE TRIGGER spoil AFTER INSERT ON invitation BEGIN INSERT INTO child VALUES (1); END")
    answer = Client(mailing.app).post(
        "/v0/users", json={"email": "zoe@example.com"}, headers={"Api-Key": "bl_ada", "X-Blaxel-Workspace": "acme"}
    )
    assert answer.status_code == 500
    assert "zoe@example.com" not in mailing.users()
    assert not mail.exists()


def test_other_changes_send_nothing(mailing: World, mail: Path) -> None:
    mailing.call("ada", "PUT", "/users/new@example.com", {"role": "admin"})
    mailing.call("ada", "PUT", "/users/max@example.com", {"role": "admin"})
    mailing.call("ivy", "POST", "/workspaces/acme/join")
    mailing.call("ada", "DELETE", "/users/max@example.com")
    assert not mail.exists()


def test_nothing_is_written_without_a_mailer(world: World) -> None:
    before = set(world.db.parent.iterdir())
    assert world.call("ada", "POST", "/users", {"email": "zoe@example.com"}).status_code == 200
    assert {path.suffix for path in set(world.db.parent.iterdir()) - before} <= {".db-wal", ".db-shm"}


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host"])
def test_the_host_header_does_not_change_the_link(mailing: World, mail: Path, header: str) -> None:
    mailing.call("ada", "POST", "/users", {"email": "zoe@example.com"}, {header: "evil.example"})
    assert "evil" not in messages(mail)[0].as_string()


def test_every_link_starts_with_the_public_url(tmp_path: Path, mail: Path) -> None:
    world = World(tmp_path / "plane.db", mailer=open_mailer(mail), public_url="https://beam.example.com/")
    world.call("ada", "POST", "/users", {"email": "zoe@example.com"})
    assert link_in(messages(mail)[0]).startswith("https://beam.example.com/invitation/")
    assert messages(mail)[0]["From"].addresses[0].addr_spec == "no-reply@beam.example.com"


def test_links_of_a_server_start_with_its_own_url(mailing: World, mail: Path) -> None:
    def invite(url: str) -> None:
        assert mailing.call("ada", "POST", "/users", {"email": "zoe@example.com"}).status_code == 200
        assert link_in(messages(mail)[0]).startswith(url.removesuffix("v0") + "invitation/")
        raise KeyboardInterrupt

    serve(mailing.app, "127.0.0.1", 0, invite)
    assert messages(mail)


def test_other_emails_are_delivered_alike(mailing: World, mail: Path) -> None:
    plane_of(mailing.app).send(sign_in_email("ada@example.com", "http://127.0.0.1:8080/sign-in/x", 15))
    assert messages(mail)[0]["Subject"] == "Your sign-in link"


def test_concurrent_invitations_write_one_email_each(mailing: World, mail: Path) -> None:
    people = [f"p{number}@example.com" for number in range(20)] * 3
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda email: mailing.call("ada", "POST", "/users", {"email": email}), people))
    assert [answer.status_code for answer in answers].count(200) == 20
    written = messages(mail)
    assert sorted(message["To"] for message in written) == sorted(set(people))
    assert all(opens(mailing, link_in(message)) for message in written)
    assert not list((mail / "tmp").iterdir())


FILES = """
import os, sys
os.umask(0)
from pathlib import Path
from beamctl.emulator import create_app, open_mailer
from beamctl.emulator.control_plane import plane_of
from beamctl.emulator.mail import sign_in_email
app = create_app(Path(sys.argv[1]), mailer=open_mailer(Path(sys.argv[2])))
plane_of(app).send(sign_in_email("kim@example.com", "http://127.0.0.1:8080/sign-in/x", 15))
"""


def test_emails_are_readable_by_their_owner_only(world: World, mail: Path) -> None:
    subprocess.run([sys.executable, "-c", FILES, str(world.db), str(mail)], check=True, timeout=60)
    for path in (mail, *mail.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    assert len(list((mail / "new").iterdir())) == 1


def test_an_empty_folder_becomes_a_maildir(mailing: World, mail: Path) -> None:
    (mail / "cur").mkdir(parents=True)
    mailing.call("ada", "POST", "/users", {"email": "zoe@example.com"})
    assert len(messages(mail)) == 1


@pytest.mark.parametrize("way", ["a file", "below a file", "new is a file"])
def test_an_unwritable_maildir_does_not_undo_the_change(
    mailing: World, mail: Path, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    match way:
        case "a file":
            mail.write_text("")
        case "below a file":
            mailing = World(mailing.db.with_name("other.db"), mailer=open_mailer(mailing.db / "mail"))
        case _:
            (mail / "tmp").mkdir(parents=True)
            (mail / "new").write_text("")
    assert mailing.call("ada", "POST", "/users", {"email": "zoe@example.com"}).status_code == 200
    assert "zoe@example.com" in mailing.users()
    (record,) = caplog.records
    assert record.getMessage().startswith("an e-mail to zoe@example.com was not delivered: ")
    assert record.levelno == logging.WARNING
    assert "/invitation/" not in caplog.text
    if way == "new is a file":
        assert not list((mail / "tmp").iterdir())


def test_an_address_that_cannot_receive_email_can_be_invited(
    mailing: World, mail: Path, caplog: pytest.LogCaptureFixture
) -> None:
    email = "=?utf-8?q?eve=40example.com?=@example.com"
    assert mailing.call("ada", "POST", "/users", {"email": email}).status_code == 200
    assert not mail.exists()
    assert f"cannot compose an e-mail to {email}: " in caplog.text


def test_emails_are_read_back(mailing: World, mail: Path) -> None:
    assert received_emails(mail) == []
    for email in ("a@example.com", "jörg@bücher.example", "A2@example.com"):
        mailing.call("ada", "POST", "/users", {"email": email})
        mailing.clock.forward(minutes=1)
    addresses = ["a@example.com", "jörg@xn--bcher-kva.example", "A2@example.com"]
    found = received_emails(mail)
    for number, message in enumerate(found):
        os.utime(message.path, (number, number))
    assert [message.to for message in received_emails(mail)] == addresses
    assert [message.date.minute for message in found if message.date] == [0, 1, 2]
    for asked, to in (
        ("A@Example.com", addresses[0]),
        ("JÖRG@BÜCHER.example", addresses[1]),
        (addresses[1], addresses[1]),
    ):
        assert [message.to for message in received_emails(mail, asked)] == [to]
    assert received_emails(mail, "nobody@example.com") == []
    assert "jörg@bücher.example" in received_emails(mail, addresses[1])[0].text()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"To: \nSubject\n",
        b"Date: rubbish\nTo: @@<\nContent-Type: text/plain; charset=nonsense\n\nx",
        b"Subject: =?x?\nContent-Type: multipart/mixed\n\n",
        b"To: a@example.com\nContent-Type: image/png\n\nx",
    ],
)
def test_emails_of_other_programs_are_ignored(mail: Path, content: bytes) -> None:
    (mail / "cur").mkdir(parents=True)
    (mail / "cur" / "1.x.y:2,S").write_bytes(content)
    (mail / "cur" / ".hidden").write_bytes(content)
    (message,) = received_emails(mail)
    assert isinstance(message.text(), str)


def content_of(envelope: Envelope) -> bytes:
    assert isinstance(envelope.content, bytes)
    return envelope.content


class Relay(Controller):
    """A mail server on loopback that keeps its messages."""

    def __init__(self, reply: str = "250 OK", *, utf8: bool = True) -> None:
        self.envelopes: list[Envelope] = []
        self._reply = reply
        super().__init__(self, hostname="127.0.0.1", port=0, enable_SMTPUTF8=utf8)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name there
        self.envelopes.append(envelope)
        return self._reply.format(content=content_of(envelope).decode().replace("\r\n", " "))

    @property
    def address(self) -> str:
        assert isinstance(self.server, Server)
        return f"127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    def _trigger_server(self) -> None:
        """Connect, so that a server without a fixed port is known to listen."""
        with socket.create_connection(("127.0.0.1", int(self.address.rpartition(":")[2])), 5) as knocking:
            knocking.recv(1024)


@contextmanager
def running(relay: Relay) -> Iterator[Relay]:
    relay.start()
    try:
        yield relay
    finally:
        relay.stop()


def test_emails_go_by_smtp_and_into_the_maildir(tmp_path: Path, mail: Path) -> None:
    with running(Relay()) as relay:
        world = World(tmp_path / "plane.db", mailer=open_mailer(mail, relay.address))
        for email in ("zoe@example.com", "jörg@bücher.example"):
            assert world.call("ada", "POST", "/users", {"email": email}).status_code == 200
    zoe, joerg = relay.envelopes
    assert (zoe.mail_from, zoe.rcpt_tos) == ("no-reply@localhost", ["zoe@example.com"])
    assert (joerg.smtp_utf8, joerg.rcpt_tos) == (True, ["jörg@xn--bcher-kva.example"])
    for envelope, written in zip(relay.envelopes, messages(mail), strict=True):
        sent = message_from_bytes(content_of(envelope), policy=default)
        assert link_in(sent) == link_in(written)
        assert opens(world, link_in(sent))
        assert sent["Message-ID"] == written["Message-ID"]


@pytest.mark.parametrize(
    ("relay", "email", "says"),
    [
        (Relay("554 no: {content}"), "zoe@example.com", "the mail server responded with 554"),
        (Relay(utf8=False), "jörg@example.com", "the mail server: SMTPNotSupportedError"),
    ],
)
def test_a_refusing_mail_server_does_not_undo_the_change_and_is_not_quoted(
    tmp_path: Path, mail: Path, caplog: pytest.LogCaptureFixture, relay: Relay, email: str, says: str
) -> None:
    with running(relay):
        world = World(tmp_path / "plane.db", mailer=open_mailer(mail, relay.address))
        assert world.call("ada", "POST", "/users", {"email": email}).status_code == 200
    assert email in world.users()
    assert len(messages(mail)) == 1
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("beamctl")]
    assert ours == [f"an e-mail to {email} was not delivered: {says}"]


def test_an_unreachable_mail_server_does_not_undo_the_change(
    tmp_path: Path, mail: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    world = World(tmp_path / "plane.db", mailer=open_mailer(mail, f"localhost:{port}"))
    assert world.call("ada", "POST", "/users", {"email": "zoe@example.com"}).status_code == 200
    assert len(messages(mail)) == 1
    assert "an e-mail to zoe@example.com was not delivered: Connection refused" in caplog.text


@pytest.mark.parametrize("text", ["", ":25", "a:b", "a:70000", "a:0", "u@a", "a/b", "http://a", "a b", "a\nb", "[::1"])
def test_an_invalid_mail_server_is_an_error(text: str) -> None:
    with pytest.raises(WrongOptionError, match="is not a mail server: write HOST or HOST:PORT"):
        open_mailer(smtp=text)


def test_writing_an_email_does_not_sync_the_disk(mailing: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_file: int) -> None:
        pytest.fail("fsync")

    monkeypatch.setattr(os, "fsync", never)
    assert mailing.call("ada", "POST", "/users", {"email": "zoe@example.com"}).status_code == 200
