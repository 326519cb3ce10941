"""Invitations reach people: letters in a maildir and by SMTP, for what happened and for nothing else."""

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

from beamctl.emulator import Quirk, WrongOptionError, as_operator, link, open_post, received_letters, serve
from beamctl.emulator.app import plane_of
from beamctl.emulator.mail.emails import sign_in
from beamctl.emulator.store import invitation
from beamctl.emulator.store.secret import token_secret
from tests.emulator.world import World


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def posting(tmp_path: Path, mail: Path) -> World:
    return World(tmp_path / "plane.db", post=open_post(mail))


def letters(mail: Path) -> list[EmailMessage]:
    return [message_from_bytes(one.path.read_bytes(), policy=default) for one in received_letters(mail)]


def link_in(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part
    return next(line for line in str(part.get_content()).splitlines() if line.startswith("http"))


def opens(world: World, url: str) -> bool:
    """Whether the link has the right key, for an invitation that is there."""
    _, where, identifier, key = urlsplit(url).path.split("/")
    assert where == "invitation"
    with plane_of(world.app).database.reading() as rows:
        there = invitation.by_id(rows, identifier) is not None
        return there and link.opens_invitation(token_secret(rows), identifier, key)


def test_an_invitation_is_a_letter_with_a_working_link(posting: World, mail: Path) -> None:
    assert posting.call("ada", "POST", "/users", {"email": "Zoe@example.com", "role": "admin"}).status_code == 200
    (message,) = letters(mail)
    assert message["To"] == "Zoe@example.com"
    assert message["Subject"] == "Invitation to the workspace Acme"
    assert message["Date"].datetime == posting.clock.moment
    (shown,) = received_letters(mail)
    assert "Ada (ada@example.com) invites you to the workspace Acme (acme), with the role admin." in shown.text()
    assert "expires on 8 March 2026, 12:00 UTC" in shown.text()
    url = link_in(message)
    assert url.startswith("http://127.0.0.1:8080/invitation/")
    assert opens(posting, url)
    posting.call("ada", "DELETE", "/users/zoe@example.com")
    assert not opens(posting, url)


def test_an_invitation_that_has_expired_is_renewed_with_a_new_letter(posting: World, mail: Path) -> None:
    first = posting.call("ada", "POST", "/users", {"email": "zoe@example.com"})
    posting.clock.forward(days=8)
    assert first.status_code == posting.call("ada", "POST", "/users", {"email": "zoe@example.com"}).status_code == 200
    old, new = (link_in(message) for message in letters(mail))
    assert (opens(posting, old), opens(posting, new)) == (False, True)


def test_whoever_invites_is_named(posting: World, mail: Path) -> None:
    posting.call("ci", "POST", "/users", {"email": "a@example.com"})
    posting.call("alan", "POST", "/users", {"email": "b@example.com"})
    with_operator = Client(as_operator(posting.app))
    posting.send(with_operator, "POST", "/users", {"email": "c@example.com"}, {"X-Blaxel-Workspace": "acme"})
    beginnings = [letter.text().splitlines()[2].partition(" invites")[0] for letter in received_letters(mail)]
    assert beginnings == ["The service account ci", "alan@example.com", "The operator of the control plane"]


def test_the_letter_tells_the_role_that_the_invitation_really_has(tmp_path: Path, mail: Path) -> None:
    world = World(tmp_path / "plane.db", frozenset({Quirk.INVITE_IGNORES_ROLE}), post=open_post(mail))
    world.call("ada", "POST", "/users", {"email": "zoe@example.com", "role": "admin"})
    assert "with the role member." in received_letters(mail)[0].text()


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
def test_what_is_refused_sends_nothing(posting: World, mail: Path, who: str | None, email: str, status: int) -> None:
    assert posting.call(who, "POST", "/users", {"email": email}).status_code == status
    assert not mail.exists()


@pytest.mark.usefixtures("made_up_requests")
def test_what_is_undone_sends_nothing(posting: World, mail: Path) -> None:
    """The answer was ready, and then the transaction could not be committed."""
    with plane_of(posting.app).database.writing() as rows:
        rows.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT")
        rows.execute("CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
        rows.execute("CREATE TRIGGER spoil AFTER INSERT ON invitation BEGIN INSERT INTO child VALUES (1); END")
    answer = Client(posting.app).post(
        "/v0/users", json={"email": "zoe@example.com"}, headers={"Api-Key": "bl_ada", "X-Blaxel-Workspace": "acme"}
    )
    assert answer.status_code == 500
    assert "zoe@example.com" not in posting.users()
    assert not mail.exists()


def test_other_changes_send_nothing(posting: World, mail: Path) -> None:
    posting.call("ada", "PUT", "/users/new@example.com", {"role": "admin"})
    posting.call("ada", "PUT", "/users/max@example.com", {"role": "admin"})
    posting.call("ivy", "POST", "/workspaces/acme/join")
    posting.call("ada", "DELETE", "/users/max@example.com")
    assert not mail.exists()


def test_without_a_post_nothing_is_written(world: World) -> None:
    before = set(world.db.parent.iterdir())
    assert world.call("ada", "POST", "/users", {"email": "zoe@example.com"}).status_code == 200
    assert {path.suffix for path in set(world.db.parent.iterdir()) - before} <= {".db-wal", ".db-shm"}


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host"])
def test_a_link_never_goes_where_a_request_wants(posting: World, mail: Path, header: str) -> None:
    posting.call("ada", "POST", "/users", {"email": "zoe@example.com"}, {header: "evil.example"})
    assert "evil" not in letters(mail)[0].as_string()


def test_a_public_url_begins_every_link(tmp_path: Path, mail: Path) -> None:
    world = World(tmp_path / "plane.db", post=open_post(mail), public_url="https://beam.example.com/")
    world.call("ada", "POST", "/users", {"email": "zoe@example.com"})
    assert link_in(letters(mail)[0]).startswith("https://beam.example.com/invitation/")
    assert letters(mail)[0]["From"].addresses[0].addr_spec == "no-reply@beam.example.com"


def test_served_the_links_go_to_where_it_listens(posting: World, mail: Path) -> None:
    def invite(url: str) -> None:
        assert posting.call("ada", "POST", "/users", {"email": "zoe@example.com"}).status_code == 200
        assert link_in(letters(mail)[0]).startswith(url.removesuffix("v0") + "invitation/")
        raise KeyboardInterrupt

    serve(posting.app, "127.0.0.1", 0, invite)
    assert letters(mail)


def test_other_letters_go_the_same_way(posting: World, mail: Path) -> None:
    plane_of(posting.app).send(sign_in("ada@example.com", "http://127.0.0.1:8080/sign-in/x", 15))
    assert letters(mail)[0]["Subject"] == "Your sign-in link"


def test_many_inviting_at_once_write_one_letter_for_each_invitation(posting: World, mail: Path) -> None:
    people = [f"p{number}@example.com" for number in range(20)] * 3
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda email: posting.call("ada", "POST", "/users", {"email": email}), people))
    assert [answer.status_code for answer in answers].count(200) == 20
    written = letters(mail)
    assert sorted(message["To"] for message in written) == sorted(set(people))
    assert all(opens(posting, link_in(message)) for message in written)
    assert not list((mail / "tmp").iterdir())


FILES = """
import os, sys
os.umask(0)
from pathlib import Path
from beamctl.emulator import create_app, open_post
from beamctl.emulator.app import plane_of
from beamctl.emulator.mail.emails import sign_in
app = create_app(Path(sys.argv[1]), post=open_post(Path(sys.argv[2])))
plane_of(app).send(sign_in("kim@example.com", "http://127.0.0.1:8080/sign-in/x", 15))
"""


def test_letters_are_for_their_owner_only_whatever_the_umask(world: World, mail: Path) -> None:
    subprocess.run([sys.executable, "-c", FILES, str(world.db), str(mail)], check=True, timeout=60)
    for path in (mail, *mail.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    assert len(list((mail / "new").iterdir())) == 1


def test_a_folder_that_is_no_maildir_yet_becomes_one(posting: World, mail: Path) -> None:
    (mail / "cur").mkdir(parents=True)
    posting.call("ada", "POST", "/users", {"email": "zoe@example.com"})
    assert len(letters(mail)) == 1


@pytest.mark.parametrize("way", ["a file", "below a file", "new is a file"])
def test_a_maildir_that_cannot_be_written_undoes_nothing(
    posting: World, mail: Path, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    match way:
        case "a file":
            mail.write_text("")
        case "below a file":
            posting = World(posting.db.with_name("other.db"), post=open_post(posting.db / "mail"))
        case _:
            (mail / "tmp").mkdir(parents=True)
            (mail / "new").write_text("")
    assert posting.call("ada", "POST", "/users", {"email": "zoe@example.com"}).status_code == 200
    assert "zoe@example.com" in posting.users()
    (record,) = caplog.records
    assert record.getMessage().startswith("an e-mail to zoe@example.com was not delivered: ")
    assert record.levelno == logging.WARNING
    assert "/invitation/" not in caplog.text
    if way == "new is a file":
        assert not list((mail / "tmp").iterdir())


def test_an_address_that_cannot_be_written_to_can_be_invited_still(
    posting: World, mail: Path, caplog: pytest.LogCaptureFixture
) -> None:
    email = "=?utf-8?q?eve=40example.com?=@example.com"
    assert posting.call("ada", "POST", "/users", {"email": email}).status_code == 200
    assert not mail.exists()
    assert f"cannot compose an e-mail to {email}: " in caplog.text


def test_reading_back(posting: World, mail: Path) -> None:
    assert received_letters(mail) == []
    for email in ("a@example.com", "jörg@bücher.example", "A2@example.com"):
        posting.call("ada", "POST", "/users", {"email": email})
        posting.clock.forward(minutes=1)
    addresses = ["a@example.com", "jörg@xn--bcher-kva.example", "A2@example.com"]
    found = received_letters(mail)
    for number, letter in enumerate(found):
        os.utime(letter.path, (number, number))
    assert [letter.to for letter in received_letters(mail)] == addresses
    assert [letter.date.minute for letter in found if letter.date] == [0, 1, 2]
    for asked, to in (
        ("A@Example.com", addresses[0]),
        ("JÖRG@BÜCHER.example", addresses[1]),
        (addresses[1], addresses[1]),
    ):
        assert [letter.to for letter in received_letters(mail, asked)] == [to]
    assert received_letters(mail, "nobody@example.com") == []
    assert "jörg@bücher.example" in received_letters(mail, addresses[1])[0].text()


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
def test_letters_of_somebody_else_do_no_harm(mail: Path, content: bytes) -> None:
    (mail / "cur").mkdir(parents=True)
    (mail / "cur" / "1.x.y:2,S").write_bytes(content)
    (mail / "cur" / ".hidden").write_bytes(content)
    (letter,) = received_letters(mail)
    assert isinstance(letter.text(), str)


def content_of(envelope: Envelope) -> bytes:
    assert isinstance(envelope.content, bytes)
    return envelope.content


class Relay(Controller):
    """A real mail server on loopback, which remembers what it was sent."""

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
        """Knocks, so that a server without a fixed port starts too."""
        with socket.create_connection(("127.0.0.1", int(self.address.rpartition(":")[2])), 5) as knocking:
            knocking.recv(1024)


@contextmanager
def running(relay: Relay) -> Iterator[Relay]:
    relay.start()
    try:
        yield relay
    finally:
        relay.stop()


def test_letters_go_by_smtp_and_into_the_maildir(tmp_path: Path, mail: Path) -> None:
    with running(Relay()) as relay:
        world = World(tmp_path / "plane.db", post=open_post(mail, relay.address))
        for email in ("zoe@example.com", "jörg@bücher.example"):
            assert world.call("ada", "POST", "/users", {"email": email}).status_code == 200
    zoe, joerg = relay.envelopes
    assert (zoe.mail_from, zoe.rcpt_tos) == ("no-reply@localhost", ["zoe@example.com"])
    assert (joerg.smtp_utf8, joerg.rcpt_tos) == (True, ["jörg@xn--bcher-kva.example"])
    for envelope, written in zip(relay.envelopes, letters(mail), strict=True):
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
def test_a_relay_that_refuses_undoes_nothing_and_its_words_are_not_logged(
    tmp_path: Path, mail: Path, caplog: pytest.LogCaptureFixture, relay: Relay, email: str, says: str
) -> None:
    with running(relay):
        world = World(tmp_path / "plane.db", post=open_post(mail, relay.address))
        assert world.call("ada", "POST", "/users", {"email": email}).status_code == 200
    assert email in world.users()
    assert len(letters(mail)) == 1
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("beamctl")]
    assert ours == [f"an e-mail to {email} was not delivered: {says}"]


def test_a_relay_that_is_not_there_undoes_nothing(tmp_path: Path, mail: Path, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    world = World(tmp_path / "plane.db", post=open_post(mail, f"localhost:{port}"))
    assert world.call("ada", "POST", "/users", {"email": "zoe@example.com"}).status_code == 200
    assert len(letters(mail)) == 1
    assert "an e-mail to zoe@example.com was not delivered: Connection refused" in caplog.text


@pytest.mark.parametrize("text", ["", ":25", "a:b", "a:70000", "a:0", "u@a", "a/b", "http://a", "a b", "a\nb", "[::1"])
def test_what_is_no_mail_server(text: str) -> None:
    with pytest.raises(WrongOptionError, match="is not a mail server: write HOST or HOST:PORT"):
        open_post(smtp=text)


def test_nothing_waits_for_the_disk(posting: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_file: int) -> None:
        pytest.fail("fsync")

    monkeypatch.setattr(os, "fsync", never)
    assert posting.call("ada", "POST", "/users", {"email": "zoe@example.com"}).status_code == 200
