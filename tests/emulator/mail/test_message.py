"""The content and format of e-mails, parsed as a mail program would."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beamctl.emulator import rules
from beamctl.emulator.mail import (
    Invited,
    UnwritableEmailError,
    compose,
    deliverable,
    invitation_email,
    plain,
    recipient,
    sign_in_email,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINK = "http://127.0.0.1:8080/invitation/1/key"
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
HOSTILE = [
    "a\r\nBcc: eve@example.com",
    "a\n\nbody",
    "=?utf-8?q?=0D=0ABcc:_eve=40example.com?=",
    "==??utf-8?q?=0D=0ABcc:_eve=40example.com?=",
    '<script>alert("x")</script>',
    "\u202egnihton\u2066",
    "\x1b[31mred\x07\x00",
    "a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g",
    '"quoted" <eve@example.com>, mallory@example.com',
    "Zürich 東京 🗼",
    "x" * 63,
    "{link}{0}%s",
]


def invited(
    email: str = "kim@example.com", workspace: str = "Acme", inviter: str = "Ada", role: str = "member"
) -> Invited:
    return Invited(email, role, "acme", workspace, inviter, datetime(2026, 3, 8, 12, tzinfo=UTC))


def read_back(message: EmailMessage) -> EmailMessage:
    back = message_from_bytes(message.as_bytes(), policy=default)
    assert isinstance(back, EmailMessage)
    assert not back.defects
    return back


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part
    return str(part.get_content()).replace("\r\n", "\n")


class HtmlContent(HTMLParser):
    """The HTML part as a browser parses it: elements, links and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.links: list[str | None] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_an_invitation_has_all_details_for_a_decision() -> None:
    back = read_back(compose(invitation_email(invited(inviter="Ada (ada@example.com)"), LINK), "http://[::1]:1", NOON))
    assert back.keys() == HEADERS
    assert back["From"] == "beamctl emulator <no-reply@localhost>"
    assert back["To"] == "kim@example.com"
    assert back["Subject"] == "Invitation to the workspace Acme"
    assert back["Date"].datetime == NOON
    assert back["Auto-Submitted"] == "auto-generated"
    assert back["Message-ID"].endswith("@localhost>")
    for said in (
        "Ada (ada@example.com) invites you to the workspace Acme (acme), with the role member.",
        "for kim@example.com and expires on 8 March 2026, 12:00 UTC.",
        f"View the invitation:\n{LINK}\n",
        "If you did not expect this, ignore it",
    ):
        assert said in text_of(back)
    html = HtmlContent(text_of(back, "html"))
    assert html.links == [LINK]
    assert "expires on 8 March 2026, 12:00 UTC" in html.text


def test_a_workspace_without_a_display_name_is_called_by_its_name() -> None:
    assert invitation_email(invited(workspace=" \n"), LINK).subject == "Invitation to the workspace acme"


def test_a_sign_in_link_says_how_long_it_is_valid() -> None:
    back = read_back(compose(sign_in_email("kim@example.com", LINK, 15), "https://beam.example.com", NOON))
    assert back["From"] == "beamctl emulator <no-reply@beam.example.com>"
    assert "to sign in as kim@example.com. It is valid for 15 minutes." in text_of(back)
    assert LINK in text_of(back)


def test_the_link_is_not_wrapped_in_the_file() -> None:
    link = f"http://127.0.0.1:8080/sign-in/{'x' * 400}"
    assert f"\n{link}\r\n".encode() in compose(sign_in_email("k@example.com", link, 15), link, NOON).as_bytes()


def test_no_line_is_longer_than_smtp_allows() -> None:
    link = f"http://127.0.0.1:8080/sign-in/{'x' * 2000}"
    message = compose(sign_in_email("k@example.com", link, 15), link, NOON)
    assert max(len(line) for line in message.as_bytes().splitlines()) <= 998
    assert link in text_of(read_back(message))


def test_a_link_is_not_in_the_repr_of_an_email() -> None:
    assert "invitation/1/key" not in repr(invitation_email(invited(), LINK))


@pytest.mark.parametrize(
    ("email", "written"),
    [
        ("kim@EXAMPLE.com", "kim@EXAMPLE.com"),
        ("kim@bücher.example", "kim@xn--bcher-kva.example"),
        ("kim@faß.example", "kim@xn--fa-hia.example"),  # not fass.example, which is another domain
        ("jörg@bücher.example", "jörg@xn--bcher-kva.example"),
        ("jörg@example.com", "jörg@example.com"),
        ("o'neil+a/b=c|d!#$%&*^`{}~?@example.com", "o'neil+a/b=c|d!#$%&*^`{}~?@example.com"),
    ],
)
def test_addresses_in_other_alphabets(email: str, written: str) -> None:
    assert deliverable(email) == written
    message = compose(invitation_email(invited(email), LINK), LINK, NOON)
    raw = message.as_bytes()
    assert f"\nTo: {written}\r\n".encode() in raw
    assert recipient(message) == written
    assert email in text_of(read_back(message))
    assert raw.partition(b"\r\n\r\n")[0].isascii() == written.isascii()


@pytest.mark.parametrize(
    "email",
    [
        "=?utf-8?q?eve=40example.com?=@example.com",
        "=?utf-8?q?a=0d=0aBcc:eve=40example.com?=@example.com",
        "kim@x.=?utf-8?q?=0d=0aBcc:eve?=",
        "kim@example.com\N{FULLWIDTH COMMA}eve",  # which some programs treat as a comma
        "kim@eve\N{FULLWIDTH COMMERCIAL AT}example.com",
        "kim@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH QUESTION MARK}utf-8?q?=0d=0aBcc?=",
        "kim@\N{TOKYO TOWER}.example",  # not a valid host name since 2010
    ],
)
def test_an_ambiguous_address_gets_no_email(email: str) -> None:
    with pytest.raises(UnwritableEmailError) as error:
        compose(invitation_email(invited(email), LINK), LINK, NOON)
    assert LINK not in str(error.value)


@pytest.mark.parametrize("text", HOSTILE)
def test_names_cannot_inject_headers_or_markup(text: str) -> None:
    check_names_are_text(text)


@given(st.text(max_size=63))
@example("=?us-ascii?q?=0A?=")
@example("= \u200b?=")
def test_any_name_cannot_inject_headers_or_markup(text: str) -> None:
    check_names_are_text(text)


def check_names_are_text(text: str) -> None:
    one = invitation_email(invited(workspace=text, inviter=text, role=text), LINK)
    back = read_back(compose(one, LINK, NOON))
    assert back.keys() == HEADERS
    assert [str(address) for address in back["To"].addresses] == ["kim@example.com"]
    assert all(str(value).isprintable() for value in back.values())
    assert [part.get_content_type() for part in back.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert text_of(back).count("\n") == text_of(
        read_back(compose(invitation_email(invited(), LINK), LINK, NOON))
    ).count("\n")
    html = HtmlContent(text_of(back, "html"))
    assert html.elements == {"html", "head", "meta", "title", "body", "p", "a", "br"}
    assert html.links == [LINK]
    assert plain(text) in html.text


addresses = st.builds("{}@{}".format, st.text(min_size=1, max_size=24), st.text(min_size=1, max_size=24)).filter(
    lambda email: not rules.email(email)
)


@given(addresses)
@example("a=?@example.com")
@example("a@b?=")
@example("'@a'")
def test_an_email_goes_to_exactly_the_invited_address_or_nowhere(email: str) -> None:
    try:
        message = compose(invitation_email(invited(email), LINK), LINK, NOON)
    except UnwritableEmailError:
        return
    assert recipient(message) == deliverable(email)
    lines = message.as_bytes().partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert [line.partition(":")[0] for line in lines if not line.startswith(" ")] == HEADERS
