"""E-mail addresses: how they are compared, and which are refused."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.model.email import LONGEST, NO_ADDRESS, domain, fault, folded


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.com",
        "Ada.Lovelace+ci@Example.COM",
        "o'brien@example.com",
        "a/b%c=d@example.com",
        "jörg@müller.example",
        "a@localhost",
        "a@ci.internal",
        "a@x.test",
        "a@r3---sn-4g5e.example.com",
        "a@1.2x",
        "\u65e5\u672c@\u4f8b\u3048.\u30c6\u30b9\u30c8",
        "stra\xdfe@stra\xdfe.de",
        "hawai\u02bbi@x.io",
        f"a@{'b' * 63}.com",
        "a" * 64 + "@" + "b." * 94 + "c",
    ],
)
def test_valid_addresses(address: str) -> None:
    assert fault(address) == ""


@pytest.mark.parametrize("address", ["", "ada", "@example.com", "ada@", "a@b@c", "a@b, c@d", "ada\uff20example.com"])
def test_an_address_needs_one_at_sign_with_text_on_both_sides(address: str) -> None:
    assert fault(address) == NO_ADDRESS


IT, DOMAIN = "it cannot contain ", "its domain cannot contain "
DOTS = "the part before the @ begins or ends with a dot, or has two in a row"
EMPTY = "its domain begins or ends with a dot, or has two in a row"
LONG_NAME = "the part before the @ is longer than 64 bytes"
HYPHEN = "a part of its domain begins or ends with a hyphen"
LONG = "a part of its domain is longer than 63 characters"
NUMBER = "its domain is a number or an IP address"
CANNOT_BE = {
    "a b@c": IT + "U+0020 (space)",
    " a@b": IT + "U+0020 (space)",
    "a\0@b": IT + "U+0000 (no name)",
    "<a@b>": IT + "U+003C (less-than sign)",
    "Ada <a@b>": IT + "U+0020 (space)",
    "a@b\n": DOMAIN + "U+000A (no name)",
    "a@b_c": DOMAIN + "U+005F (low line)",
    "a@b/c": DOMAIN + "U+002F (solidus)",
    "a@b:25": DOMAIN + "U+003A (colon)",
    "a@[127.0.0.1]": DOMAIN + "U+005B (left square bracket)",
    "a@[IPv6:::1]": DOMAIN + "U+005B (left square bracket)",
    "a@example!com": DOMAIN + "U+0021 (exclamation mark)",
    "a@exa%6dple.com": DOMAIN + "U+0025 (percent sign)",
    "ada@exam\u2019ple.com": DOMAIN + "U+2019 (right single quotation mark)",
    "ada@example\u3002com": DOMAIN + "U+3002 (ideographic full stop)",
    "ada@i\u2764.ws": DOMAIN + "U+2764 (heavy black heart)",
    "a..b@c": DOTS,
    ".a@b": DOTS,
    "a.@b": DOTS,
    "a" * 65 + "@b.c": LONG_NAME,
    "a!" + "a" * 63 + "@b.c": LONG_NAME,
    "\xfc" * 33 + "@b.c": LONG_NAME,
    "a@b.": EMPTY,
    "a@.b": EMPTY,
    "a@b..c": EMPTY,
    "a@-b": HYPHEN,
    "a@b-": HYPHEN,
    "a@b.c-.d": HYPHEN,
    "a@b.-\xfc.d": HYPHEN,
    f"a@{'b' * 64}.com": LONG,
    "a@b." + "\xfc" * 64: LONG,
    "a@127.0.0.1": NUMBER,
    "a@b.25": NUMBER,
    "a@\u0661\u0662": NUMBER,
    "a@\uff45xample.com": "'example' in its domain is not written in plain ASCII letters",
    "a@xn--zzzzzzzz99.com": "'xn--zzzzzzzz99' in its domain is not valid: Invalid A-label",
    "a@" + "b" * 60 + "\xfc.com": "'" + "b" * 60 + "\xfc' in its domain is not valid: Label too long",
    "a@" + ".".join(["\xfc" * 40] * 6): "its domain is longer than 253 characters",
}


@pytest.mark.parametrize(("address", "why"), CANNOT_BE.items())
def test_an_invalid_address_says_why(address: str, why: str) -> None:
    assert fault(address) == f"{NO_ADDRESS}: {why}"


PUNCTUATION = [
    char
    for char in map(chr, range(0x80, 0x1F900))
    if unicodedata.category(char)[0] in "PS" and not fault(f"a{char}@x.io").startswith("contains an invisible")
]


def test_punctuation_and_symbols_outside_ascii_are_refused() -> None:
    quotes = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u2032\xab\xbb\u2039\u300c\u301d\uff02\uff07\u275d\xb4\u05f3"
    assert set(quotes) <= set(PUNCTUATION)
    for char in PUNCTUATION:
        for address in (f"a{char}b@x.io", f"{char}a@x.io", f"a@x{char}y.io", f"a@x.io{char}"):
            assert f"cannot contain U+{ord(char):04X} (" in fault(address)


LABELS = st.text("aZ0-\xfc_. '\u2019", max_size=4) | st.sampled_from(
    ["a" * 63, "b" * 64, "xn--mller-kva", "1", "xn--a"]
)


@given(st.lists(LABELS, min_size=1, max_size=4).map(".".join))
def test_a_domain_that_is_accepted_has_only_valid_labels(host: str) -> None:
    if not fault(f"a@{host}"):
        for label in folded(host).split("."):
            assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", label)


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
def test_an_invisible_character_is_named(address: str, what: str) -> None:
    assert fault(address) == f"contains an invisible character: {what}"


def test_an_address_that_is_too_long_is_refused() -> None:
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
def test_folding_is_idempotent_and_ignores_composition(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert folded(unicodedata.normalize("NFD", text)) == once


def test_the_domain_is_what_follows_the_last_at() -> None:
    assert domain("Ada@Example.COM") == "example.com"
    assert domain("a@b@C") == "c"


@pytest.mark.parametrize("other", ["\u212aim@x.io", "ki\u017f@x.io", "stra\xdfe@x.io", "\ufb01n@x.io"])
def test_no_other_letter_folds_into_an_ascii_letter(other: str) -> None:
    plain = unicodedata.normalize("NFKC", other.casefold())
    assert plain.isascii()
    assert folded(other) != folded(plain)


MIXED = (
    st.text(
        st.sampled_from(
            "aAkK\u212a\u017f\xdf\u1e9e\u0130\u03a3\u03c3\u03c2\xfc\xdc\u0308\ufb01\uff41\u200b\xad\u3002.@-"
        )
    )
    | st.text()
)


@given(MIXED)
def test_only_ascii_addresses_fold_to_ascii_addresses(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert text.isascii() or not once.isascii() or "xn--" in once
    assert folded(text + "@x.io").isascii() is text.isascii()


@given(st.text(st.characters(codec="ascii")), st.text(st.characters(codec="ascii")))
def test_ascii_addresses_are_equal_if_they_differ_only_by_case(one: str, other: str) -> None:
    assert (folded(one) == folded(other)) is (one.lower() == other.lower())


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("j\xf6rg@m\xfcller.example", "J\xd6RG@xn--mller-kva.example"),
        ("a@M\xdcLLER.Example", "a@XN--mller-KVA.example"),
        ("a@mu\u0308ller.example", "a@xn--mller-kva.example"),
        ("a@stra\xdfe.de", "a@xn--strae-oqa.de"),
        ("a@\u03b5\u03bb\u03bb\u03ac\u03c2.gr", "a@xn--hxarsa0b.gr"),
        ("a@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444", "a@xn--e1afmkfd.xn--p1ai"),
        ("a@\u4f8b\u3048.jp", "a@xn--r8jz45g.jp"),
    ],
)
def test_a_domain_has_one_form(written: str, shown: str) -> None:
    assert fault(written) == fault(shown) == ""
    assert folded(written) == folded(shown) == shown.lower()
    assert domain(written) == domain(shown)
    assert folded(written.partition("@")[2]) == folded(shown.partition("@")[2])


@pytest.mark.parametrize(
    "other", ["a@stra\xdfe.de", "a@\uff45xample.com", "a@exa\xadmple.com", "a@\u212ai.com", "a@\ufb01n.com"]
)
def test_no_other_letters_pass_for_an_ascii_domain(other: str) -> None:
    plain = unicodedata.normalize("NFKC", other.replace("\xad", "").casefold())
    assert plain.isascii()
    assert folded(other) != folded(plain)


def test_ten_thousand_addresses_are_folded_in_linear_time() -> None:
    begun = time.process_time()
    for number in range(10_000):
        assert not fault(f"person.{number}@mail.example.com")
        folded(f"person.{number}@m\xfcller.example.com")
    assert time.process_time() - begun < 1
