"""The links in letters: each lets in the one it is for, and nobody else."""

from datetime import timedelta

import pytest

from beamctl.emulator import WrongOptionError, create_app, link, token
from beamctl.emulator.public_url import IN_PROCESS, PublicUrl
from tests.emulator.world import NOON, World

SECRET, OTHER = b"s" * 32, b"t" * 32
ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def key_of(invitation: str, secret: bytes = SECRET) -> str:
    return link.to_invitation("http://here", secret, invitation).removeprefix(f"http://here/invitation/{invitation}/")


def test_the_key_of_an_invitation_opens_that_one_only() -> None:
    key = key_of(ONE)
    assert link.opens_invitation(SECRET, ONE, key)
    assert not link.opens_invitation(SECRET, TWO, key)
    assert not link.opens_invitation(OTHER, ONE, key)


@pytest.mark.parametrize("key", ["", "x", key_of(ONE)[:-1], f"{key_of(ONE)}=", key_of(ONE).swapcase(), "é" * 43, "\0"])
def test_what_is_no_key_opens_nothing(key: str) -> None:
    assert not link.opens_invitation(SECRET, ONE, key)


def test_nothing_else_that_is_signed_is_a_key() -> None:
    for use in token.Use:
        issued = token.issue(SECRET, f"link to invitation {ONE}", use, NOON)
        assert not link.opens_invitation(SECRET, ONE, issued.rpartition(".")[2])


def test_a_link_to_sign_in_is_for_one_address_and_a_quarter_of_an_hour() -> None:
    url = link.to_sign_in("http://here", SECRET, "jörg@example.com", NOON)
    shown = url.removeprefix("http://here/sign-in/")
    assert link.address_signing_in(SECRET, shown, NOON + timedelta(minutes=14, seconds=59)) == "jörg@example.com"
    assert link.address_signing_in(SECRET, shown, NOON + timedelta(minutes=15)) is None
    assert link.address_signing_in(OTHER, shown, NOON) is None
    assert link.address_signing_in(SECRET, shown[:-2], NOON) is None


def test_a_token_for_one_use_is_none_for_another() -> None:
    for use in token.Use:
        issued = token.issue(SECRET, "kim@example.com", use, NOON)
        assert [other for other in token.Use if token.subject(SECRET, issued, other, NOON)] == [use]


def test_a_link_to_sign_in_is_no_credential_of_the_api(world: World) -> None:
    from beamctl.emulator.app import plane_of
    from beamctl.emulator.store.secret import token_secret

    with plane_of(world.app).database.reading() as rows:
        secret = token_secret(rows)
        ada = rows.execute("SELECT sub FROM person WHERE folded = 'ada@example.com'").fetchone()["sub"]
    for subject in (ada, "ada@example.com"):
        issued = token.issue(secret, subject, token.Use.SIGN_IN, NOON)
        answer = world.call(None, "GET", "/users", headers={"Authorization": f"Bearer {issued}"})
        assert answer.status_code == 401


@pytest.mark.parametrize("given", ["https://beam.example.com", "http://127.0.0.1:99", "http://[::1]:8080", "http://a/"])
def test_a_public_url_that_was_given_stays(given: str) -> None:
    url = PublicUrl(given)
    url.listens("0.0.0.0", 1)  # noqa: S104 - nothing listens
    assert str(url) == given.rstrip("/")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:99"),
        ("localhost", "http://localhost:99"),
        ("::1", "http://[::1]:99"),
        ("0.0.0.0", "http://127.0.0.1:99"),  # noqa: S104 - nothing listens
        ("::", "http://[::1]:99"),
        ("", "http://127.0.0.1:99"),
    ],
)
def test_the_public_url_is_where_it_listens(host: str, url: str) -> None:
    reached = PublicUrl()
    assert str(reached) == IN_PROCESS
    reached.listens(host, 99)
    assert str(reached) == url


@pytest.mark.parametrize(
    "given",
    [
        *(
            "",
            "beam.example.com",
            "ftp://a",
            "javascript:alert(1)",
            "http://",
            "http://:80",
            "http://a:0",
            "http://a:x",
        ),
        *("http://u:p@a", "http://a/b", "http://a?b", "http://a#b", "http://a b", "http://a\n", "http://[", "HTTP://a"),
    ],
)
def test_what_is_no_public_url_is_refused_before_there_is_a_file(world: World, given: str) -> None:
    db = world.db.with_name("never.db")
    with pytest.raises(WrongOptionError, match="is not a public URL: write it like"):
        create_app(db, public_url=given)
    assert not db.exists()
