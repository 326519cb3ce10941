"""Letters that look like others."""
# ruff: noqa: RUF001 - the tests are about these letters

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.model.confusables import described, disguised_letter, look, mixed_letter, skeleton
from beamctl.model.text import printable

MIXED = {
    "аda@example.com": "а",
    "ada@exаmple.com": "а",
    "Αda@example.com": "Α",
    "adα@example.com": "α",
    "аda.lovelace@example.com": "а",
    "ada.а@example.com": "а",
    "ծda@example.com": "ծ",
    "Ꭺda@example.com": "Ꭺ",
    "ａda@example.com": "ａ",
    "𝐚da@example.com": "𝐚",
    "\u212aim@example.com": "\u212a",
    "漢б@example.com": "б",
}
DISGUISED = {
    "сосо@example.com": ("с", "coco@example.com"),
    "АТОМ@example.com": ("А", "atom@example.com"),
    "ΑΝΝΑ@example.com": ("Α", "anna@example.com"),
    "ոսօ@example.com": ("ո", "nuo@example.com"),
    "ada@сосо.com": ("с", "ada@coco.com"),
    "ki\u017f@example.com": ("\u017f", "kis@example.com"),
    "\ufb01n@example.com": ("\ufb01", "fin@example.com"),
}
HONEST = [
    "ada@example.com",
    "josé@example.com",
    "stra\xdfe@example.com",
    "łukasz@przykład.pl",
    "иван@example.com",
    "иван@пример.рф",
    "γιώργος@example.com",
    "日本@example.com",
    "tokyo東京@example.com",
    "ひらがなa@example.com",
    "서울seoul@example.com",
    "ㄅ漢a@example.com",
    "hawai\u02bbi@example.com",
    "देवनागरी@example.com",
    "yıldız@firma.com.tr",
    "mikaël-nº1@example.com",
    "nº1@example.com",
    "1ª-жанна@example.com",
    "5µm@example.com",
]


@pytest.mark.parametrize(("email", "letter"), MIXED.items())
def test_an_address_that_mixes_alphabets_is_marked(email: str, letter: str) -> None:
    assert mixed_letter(email) == letter
    assert printable(email) != email
    assert printable(email).isascii() or "漢" in email


@pytest.mark.parametrize(("email", "expected"), DISGUISED.items())
def test_an_address_that_looks_like_ascii_is_marked(email: str, expected: tuple[str, str]) -> None:
    assert mixed_letter(email) == ""
    assert (disguised_letter(email), skeleton(email)) == expected


@pytest.mark.parametrize("email", HONEST)
def test_an_address_in_one_alphabet_is_shown_as_it_is(email: str) -> None:
    assert mixed_letter(email) == disguised_letter(email) == ""
    assert printable(email) == email


def test_a_letter_is_described() -> None:
    assert described("а") == "U+0430 (cyrillic small letter a) looks like a"
    assert described("ж") == "U+0436 (cyrillic small letter zhe)"
    assert described("\u212a") == "U+212A (kelvin sign) looks like k"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Acme Россия, IT-отдел", "Acme Россия, IT-отдел"),
        ("“аda@example.com”", "“\\u0430da@example.com”"),
        ("сосо@example.com", "\\u0441\\u043e\\u0441\\u043e@example.com"),
        ("сосо", "сосо"),
        ("pаypal and Россия", "p\\u0430ypal and Россия"),
        ("'adа@exаmple.com' → x", "'ad\\u0430@ex\\u0430mple.com' → x"),
        ("𝐚da", "\\U0001d41ada"),
        ("иван\nада", "иван\\nада"),
        ("Nº1, 1ª, 5µm", "Nº1, 1ª, 5µm"),
        ("👩\u200d💻 👩🏽\u200d🚒 ❤️\u200d🔥", "👩\u200d💻 👩🏽\u200d🚒 ❤️\u200d🔥"),
        ("👩\u200da\u200d💻 \u200d👩\u200d \ufe0f\u200d👩", "👩\\u200da\\u200d💻 \\u200d👩\\u200d \\ufe0f\\u200d👩"),
        ("👩\u200d💻\u202e", "👩\u200d💻\\u202e"),
        ("ıс@example.com", "ı\\u0441@example.com"),
        ("\u202eada", "\\u202eada"),
        ("\ud800ада", "\\ud800ада"),
    ],
)
def test_confusable_text_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    shown = re.sub(r"(?<=\W)\u200d(?=\W)", "", printable(text))  # characters that join two emoji into one
    assert shown.isprintable()
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in shown)
    for email in (text, f"{text}@x.io"):
        assert len(mixed_letter(email)) <= 1
        assert len(disguised_letter(email)) <= 1


@given(st.text(st.characters(max_codepoint=126, min_codepoint=32)))
def test_plain_text_is_unchanged(text: str) -> None:
    assert printable(text) == text
    assert skeleton(text) == re.sub("['\"`]", "", text.lower())


@pytest.mark.parametrize(
    "written",
    [
        "\u201cbarbara@example.com\u201d",
        "\u201abarbara\u2018@example.com",
        "\xabBarbara\xbb@example.com",
        "bar\u200bbara@example.com",
        "bar\u3164bara@exam\xadple.com",
        "'barbara'@example.com",
        "barbara\u02bc@example.com",
        "b\u0430rbara\uff02@ex\u2019ample.com",
    ],
)
def test_quotes_and_invisible_characters_are_refused(written: str) -> None:
    assert skeleton(written) == "barbara@example.com"


def test_a_letter_that_looks_like_a_quote_is_marked() -> None:
    assert (disguised_letter("o\u02bcbrien@x.io"), look("o\u02bcbrien@x.io")) == ("\u02bc", "o'brien@x.io")


def test_a_long_text_is_checked_in_linear_time() -> None:
    text = "я-" * 100_000  # a lookahead for an @ from each of them would take minutes
    assert printable(text) == text
