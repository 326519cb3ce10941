"""E-mail addresses: folded to compare, refused where they can be none."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.model.email import LONGEST, domain, fault, folded


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.com",
        "Ada.Lovelace+ci@Example.COM",
        "o'brien@example.com",
        "a/b%c=d@example.com",
        "jörg@müller.example",
        "a@localhost",
        "a" * (LONGEST - 2) + "@x",
    ],
)
def test_can_be_an_address(address: str) -> None:
    assert fault(address) == ""


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "a@b@c",
        "a b@c",
        " a@b",
        "a@b\n",
        "a@b.",
        "a@.b",
        "a@b..c",
        "a..b@c",
        ".a@b",
        "a.@b",
        "a@-b",
        "a@b-",
        "a@b_c",
        "a@b/c",
        "<a@b>",
        "a@b, c@d",
        "Ada <a@b>",
        "a\0@b",
        "a@[127.0.0.1]",
    ],
)
def test_can_be_none(address: str) -> None:
    assert fault(address) == "is not an e-mail address"


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("a\u200b@b", "U+200B (zero width space)"),
        ("a@b\u202ec", "U+202E (right-to-left override)"),
        ("a\xad@b", "U+00AD (soft hyphen)"),
        ("a\xa0@b", "U+00A0 (no-break space)"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645@b", "U+200C (zero width non-joiner)"),
    ],
)
def test_what_cannot_be_seen_is_named(address: str, what: str) -> None:
    assert fault(address) == f"has a character that cannot be seen: {what}"


def test_too_long() -> None:
    assert fault("a" * (LONGEST - 1) + "@x") == "is longer than 254 characters"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("J\xd6RG@x", "jo\u0308rg@x"),
        ("\u03a3@x", "\u03c2@x"),
    ],
)
def test_two_spellings_of_one_address(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@given(st.text(st.characters(max_codepoint=0x17E, exclude_characters="\xdf"), max_size=30))
def test_folding_twice_is_folding_once_and_blind_to_composition(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert folded(unicodedata.normalize("NFD", text)) == once


def test_the_domain_is_what_follows_the_last_at() -> None:
    assert domain("Ada@Example.COM") == "example.com"
    assert domain("a@b@C") == "c"


@pytest.mark.parametrize("other", ["\u212aim@x.io", "ki\u017f@x.io", "stra\xdfe@x.io", "\ufb01n@x.io"])
def test_no_letter_folds_into_a_plain_one(other: str) -> None:
    plain = unicodedata.normalize("NFKC", other.casefold())
    assert plain.isascii()
    assert folded(other) != folded(plain)


@given(st.text())
def test_only_plain_addresses_fold_to_plain_ones(text: str) -> None:
    assert folded(text).isascii() is text.isascii()
    assert folded(folded(text)) == folded(text)
