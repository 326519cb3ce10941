"""Addresses that differ by case are one mailbox; letters that only look alike are not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.emulator import rules
from beamctl.emulator.errors import SeedError
from beamctl.emulator.mail.maildir import received_emails
from beamctl.emulator.mail.mailer import open_mailer
from beamctl.emulator.seed import load_seed
from beamctl.model import email as ours
from tests.emulator.console.browsing import Browser
from tests.emulator.console.emails import link_in_last_email
from tests.emulator.world import SEED, Clock, World

LONG_S_SAM = "\u017fam@example.com"
OTHERS = [LONG_S_SAM, "\u212aim@example.com", "stra\xdfe@example.com"]
"""Addresses of other mailboxes than the ASCII addresses that `casefold` turns them into."""

TRICKY = st.sampled_from("aAsSkKiI\u017f\u212a\xdf\u1e9e\u0130\u0131\u03c3\u03c2\xe5\u212b\ufb01\u0308\u0301@.\xd6\xf6")


@given(st.one_of(st.text(max_size=20), st.text(TRICKY, max_size=20)))
def test_the_emulator_folds_addresses_as_beamctl_does(text: str) -> None:
    assert rules.folded(f"{text}@X.io") == ours.folded(f"{text}@X.io")


@pytest.mark.parametrize("other", OTHERS)
def test_another_mailbox_is_another_user(world: World, other: str) -> None:
    plain = other.casefold()
    for address in (plain, other):
        assert world.call("ada", "POST", "/users", {"email": address, "role": "member"}).status_code == 200
    assert world.call("ada", "PUT", f"/users/{other}", {"role": "viewer"}).get_json()["email"] == other
    assert world.users()[plain]["role"] == "member"
    assert world.call("ada", "DELETE", f"/users/{plain}").status_code == 200
    assert (plain in world.users(), other in world.users()) == (False, True)


def test_a_seed_can_contain_both(tmp_path: Path) -> None:
    both = [{"email": address, "workspaces": {"acme": "member"}} for address in ("sam@example.com", LONG_S_SAM)]
    world = World(tmp_path / "plane.db", seed={**SEED, "users": [*SEED["users"][:1], *both]})
    assert {"sam@example.com", LONG_S_SAM} <= set(world.roles())
    twice = [{"email": address} for address in ("J\xf6rg@example.com", "jo\u0308rg@example.com")]
    with pytest.raises(SeedError, match="already"):
        load_seed(tmp_path / "other.db", {"users": twice}, now=Clock())


def test_a_sign_in_link_is_not_valid_for_a_similar_address(tmp_path: Path) -> None:
    mail = tmp_path / "mail"
    browser = Browser(World(tmp_path / "plane.db", mailer=open_mailer(mail)))
    browser.submit(browser.get("/sign-in"), "Send me a link", email=LONG_S_SAM)
    assert browser.get(link_in_last_email(mail)).heading == "Sign up"


def test_a_sign_in_link_goes_to_the_address_of_the_account(tmp_path: Path) -> None:
    mail = tmp_path / "mail"
    browser = Browser(World(tmp_path / "plane.db", mailer=open_mailer(mail)))
    browser.submit(browser.get("/sign-in"), "Send me a link", email="ANN+OPS@EXAMPLE.COM")
    (message,) = received_emails(mail)
    assert message.to == "Ann+Ops@example.com"
    assert "Ann+Ops@example.com" in browser.get(link_in_last_email(mail)).text
