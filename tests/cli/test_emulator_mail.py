"""`beamctl emulator mail`, and where `serve` puts e-mails."""

from pathlib import Path

import pytest

from beamctl.emulator import utc_now
from beamctl.emulator.mail import compose, sign_in_email
from beamctl.emulator.mail.maildir import Maildir
from tests.cli.process import running
from tests.cli.world import CHANGED, SEED, Cli, Write

INVITE = ["emulator", "call", "--as", "ada@example.com", "-w", "acme", "POST", "/users"]


@pytest.mark.usefixtures("local")
def test_an_apply_sends_emails_that_can_be_read(cli: Cli, write: Write, directory: Path) -> None:
    write("beamctl.yaml", CHANGED)
    assert cli("apply", "--auto-approve").code == 0
    assert len(list((directory / ".beamctl" / "mail" / "new").iterdir())) == 1
    ran = cli("emulator", "mail")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "1 e-mail in .beamctl/mail:"
    assert lines[2].endswith("  kim@example.com  Invitation to the workspace Acme")
    assert "The operator of the control plane invites you to the workspace Acme (acme), with the role viewer." in lines
    assert any(line.startswith("http://127.0.0.1:8080/invitation/") for line in lines)
    assert lines[-1] == "(Links work while the emulator is running:  beamctl emulator serve)"


@pytest.mark.usefixtures("database")
def test_the_newest_email_is_shown_also_for_one_address(cli: Cli) -> None:
    for email in ("kim@example.com", "joe@example.com"):
        assert cli(*INVITE, f'{{"email": "{email}"}}').code == 0
    ran = cli("emulator", "mail")
    assert ran.out.startswith("2 e-mails in .beamctl/mail, the newest last:\n")
    assert "To:       joe@example.com\n" in ran.out
    assert "To:       kim@example.com\n" not in ran.out
    ran = cli("emulator", "mail", "--to", "KIM@example.com")
    assert ran.out.startswith("1 e-mail to KIM@example.com in .beamctl/mail:\n")
    assert "To:       kim@example.com\n" in ran.out
    assert "joe@example.com" not in ran.out


@pytest.mark.parametrize("arguments", [[], ["--to", "kim@example.com"], ["--mail", "nowhere"], ["--db", "nowhere.db"]])
def test_no_emails(cli: Cli, directory: Path, arguments: list[str]) -> None:
    ran = cli("emulator", "mail", *arguments)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("No e-mail ")
    assert "Invitations send one" in ran.out
    assert list(directory.iterdir()) == []


def test_a_long_list_of_emails_is_cut(cli: Cli) -> None:
    for number in range(25):
        Maildir(Path("mail")).deliver(
            compose(sign_in_email(f"p{number}@example.com", "http://a", 15), "http://a", utc_now())
        )
    ran = cli("emulator", "mail", "--mail", "mail")
    assert ran.out.startswith("25 e-mails in mail, the newest last:\n\n  … 5 older\n")
    assert ran.out.count("Your sign-in link") == 21


def test_terminal_control_characters_are_escaped(cli: Cli, directory: Path) -> None:
    (directory / "mail" / "new").mkdir(parents=True)
    (directory / "mail" / "new" / "1").write_bytes(
        b"To: a@example.com\nSubject: =?utf-8?q?=1B[31mx?=\n\na\x1b[2Jb\x07\n"
    )
    ran = cli("emulator", "mail", "--mail", "mail")
    assert r"\x1b[31mx" in ran.out
    assert r"a\x1b[2Jb\x07" in ran.out


def test_a_folder_that_is_not_a_maildir_is_an_error(cli: Cli, write: Write) -> None:
    write("file", "")
    ran = cli("emulator", "mail", "--db", "file/emulator.db")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "Error: cannot read file/mail: Not a directory\n  Name another folder with --mail.\n"


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--smtp", "a:b", "'a:b' is not a mail server: write HOST or HOST:PORT"),
        ("--public-url", "example.com", "'example.com' is not a public URL: write it like https://beam.example.com, "),
    ],
)
def test_an_invalid_mail_option_of_serve_is_an_error(
    cli: Cli, directory: Path, option: str, value: str, says: str
) -> None:
    ran = cli("emulator", "serve", "--port", "0", "--db", "new.db", option, value)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"Error: {says}")
    assert ran.err.endswith("  See: beamctl emulator serve --help\n")
    assert not (directory / "new.db").exists()


def test_serve_says_where_emails_are_and_how_to_read_them(
    cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("seed.yaml", SEED)
    write("beamctl.yaml", CHANGED)
    options = ["--db", "served.db", "--mail", "my letters", "--public-url", "https://beam.example.com"]
    with running("emulator", "serve", "--port", "0", "--seed", "seed.yaml", *options) as server:
        assert server.stdout
        said, listens = (next(line for line in server.stdout if text in line) for text in ("E-mails", "listens on"))
        monkeypatch.setenv("BEAMCTL_API_KEY", "bl_canary_that_nobody_may_ever_see")
        assert cli("apply", "--auto-approve", "--api-url", listens.split(" on ")[1].split()[0]).code == 0
        server.terminate()
        server.communicate()
    assert said == "E-mails are written to my letters. To read them:  beamctl emulator mail --mail 'my letters'\n"
    assert "https://beam.example.com/invitation/" in cli("emulator", "mail", "--mail", "my letters").out
