"""Links in e-mails and tokens are each valid for one purpose and one user."""

from datetime import timedelta

import pytest

from beamctl.emulator.credentials import (
    TokenUse,
    invitation_link,
    issue_token,
    opens_invitation,
    sign_in_address,
    sign_in_link,
    token_subject,
)
from tests.emulator.world import NOON, World

SECRET, OTHER = b"s" * 32, b"t" * 32
ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def key_of(invitation: str, secret: bytes = SECRET) -> str:
    return invitation_link("http://here", secret, invitation).removeprefix(f"http://here/invitation/{invitation}/")


def test_an_invitation_link_is_valid_for_that_invitation_only() -> None:
    key = key_of(ONE)
    assert opens_invitation(SECRET, ONE, key)
    assert not opens_invitation(SECRET, TWO, key)
    assert not opens_invitation(OTHER, ONE, key)


@pytest.mark.parametrize("key", ["", "x", key_of(ONE)[:-1], f"{key_of(ONE)}=", key_of(ONE).swapcase(), "é" * 43, "\0"])
def test_an_invalid_link_is_refused(key: str) -> None:
    assert not opens_invitation(SECRET, ONE, key)


def test_other_signed_values_are_not_valid_links() -> None:
    for use in TokenUse:
        issued = issue_token(SECRET, f"link to invitation {ONE}", use, NOON)
        assert not opens_invitation(SECRET, ONE, issued.rpartition(".")[2])


def test_a_sign_in_link_is_for_one_address_and_15_minutes() -> None:
    url = sign_in_link("http://here", SECRET, "jörg@example.com", NOON)
    shown = url.removeprefix("http://here/sign-in/")
    assert sign_in_address(SECRET, shown, NOON + timedelta(minutes=14, seconds=59)) == "jörg@example.com"
    assert sign_in_address(SECRET, shown, NOON + timedelta(minutes=15)) is None
    assert sign_in_address(OTHER, shown, NOON) is None
    assert sign_in_address(SECRET, shown[:-2], NOON) is None


def test_a_token_is_valid_for_one_purpose() -> None:
    for use in TokenUse:
        issued = issue_token(SECRET, "kim@example.com", use, NOON)
        assert [other for other in TokenUse if token_subject(SECRET, issued, other, NOON)] == [use]


def test_a_sign_in_link_is_not_an_api_credential(world: World) -> None:
    from beamctl.emulator.control_plane import plane_of
    from beamctl.emulator.store import signing_secret

    with plane_of(world.app).database.reading() as rows:
        secret = signing_secret(rows)
        ada = rows.execute("SELECT sub FROM person WHERE folded = 'ada@example.com'").fetchone()["sub"]
    for subject in (ada, "ada@example.com"):
        issued = issue_token(secret, subject, TokenUse.SIGN_IN, NOON)
        answer = world.call(None, "GET", "/users", headers={"Authorization": f"Bearer {issued}"})
        assert answer.status_code == 401
