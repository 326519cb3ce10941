"""The redactor hides known secrets in every encoding."""

import html
import json
import re
from collections.abc import Callable
from itertools import product
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beamctl.model.text import printable
from beamctl.secrets.redaction import HIDDEN, Redactor

secret = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)


@given(secrets=st.lists(secret, min_size=1, max_size=4), around=st.lists(st.text(max_size=20), min_size=2, max_size=5))
def test_no_secret_remains_in_any_text(secrets: list[str], around: list[str]) -> None:
    mask = Redactor(secrets)
    text = "".join(piece + secrets[index % len(secrets)] for index, piece in enumerate(around))
    cleaned = mask.clean(text)
    assert not any(each in cleaned for each in secrets)
    assert len(cleaned) <= 300
    assert cleaned.isprintable()


@given(secret, st.integers(0, 320))
@example("\\0\\", 0)  # as it is and in JSON; it overlaps itself
@example("aba", 0)
def test_a_secret_that_is_cut_off_is_hidden(text: str, before: int) -> None:
    padded = "." * before + text * 3
    cleaned = Redactor([text]).clean(padded)
    assert set(cleaned) <= set("." + HIDDEN + "…")


def test_a_short_secret_is_hidden_in_api_messages_but_not_in_reports() -> None:
    mask = Redactor(["admin", "1234567"])
    assert mask.has_short
    assert mask.clean("admin 1234567") == f"{HIDDEN} {HIDDEN}"
    assert mask.hide("admin 1234567") == "admin 1234567"
    long = Redactor(["12345678"])
    assert (long.has_short, long.hide("x12345678")) == (False, f"x{HIDDEN}")


def test_a_secret_inside_a_url_is_hidden() -> None:
    assert Redactor(["a/b+c="]).clean(f"GET /x?key={quote('a/b+c=', safe='')}") == f"GET /x?key={HIDDEN}"


ODD = [
    'canary"with\\quotes and a space',
    "canary/ünïcode<&>'日本😀",
    "first-canary-line\nsecond\tcanary\r\nthird",
    '\\\\canary\\\\\\"\\n',
    "\nü\\ü/",
]
ENCODERS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": json.dumps,
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON of PHP": lambda text: json.dumps(text).replace("/", "\\/"),
    "JSON of Go": lambda text: json.dumps(text, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026"),
    "Python": repr,
    "URL": quote,
    "URL, everything": lambda text: quote(text, safe=""),
    "HTML": html.escape,
    "printable": printable,
}


NESTED = [[name] for name in ENCODERS] + [
    [*pair] for pair in product([each for each in ENCODERS if "JSON" in each], repeat=2)
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("encoders", NESTED, ids=" in ".join)
def test_a_secret_is_hidden_in_every_encoding(odd: str, encoders: list[str]) -> None:
    text = odd
    for name in encoders:
        text = ENCODERS[name](text)
    hidden = Redactor([odd]).redact(f"{{{text}}}")
    assert HIDDEN in hidden
    assert not re.search(r"\w", hidden.replace(HIDDEN, ""))


@pytest.mark.parametrize("odd", ['\\\\\\canary"', '"canary"'])
def test_a_text_of_many_backslashes_takes_no_longer(odd: str) -> None:
    assert HIDDEN in Redactor([odd]).hide("\\" * 1_000_000 + odd)


def test_a_body_that_quotes_a_body_is_hidden() -> None:
    body = {"error": json.dumps({"value": ODD[0]}), "code": 400}
    assert "canary" not in Redactor([ODD[0]]).body(body)


def test_long_lines_of_a_secret_are_hidden_alone() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIcanaryAAAAAAAAAAAAAAAAAAAAAAA\n  MIIcanaryBBBBBBBBBBBBBBBBBBBBBBB\n-----END"
    assert "canary" not in Redactor([key]).clean(f"cut off: {key[:90]}")
    assert Redactor([key]).clean("  MIIcanaryBBBBBBBBBBBBBBBBBBBBBBB") == f"  {HIDDEN}"


def test_a_longer_secret_is_hidden_before_one_inside_it() -> None:
    assert Redactor(["abc", "abcdef"]).clean("abcdef abc") == f"{HIDDEN} {HIDDEN}"


@pytest.mark.parametrize("odd", ["\ud800", "caf\udce9 " * 9, "\ud800 of a key that is longer than any"])
def test_a_secret_of_another_type_is_learned(odd: str) -> None:
    assert Redactor([odd]).clean(f"a {odd} b") == "a ••• b"


def test_secrets_can_be_added_later() -> None:
    mask = Redactor()
    mask.learn("token-1", "")
    assert mask.clean("it was token-1") == f"it was {HIDDEN}"


def test_control_characters_in_external_text_are_escaped() -> None:
    assert Redactor().clean("a\x1b[2Jb\r\nc\u202ed\ud800") == r"a\x1b[2Jb\r\nc\u202ed\ud800"


def test_long_text_is_cut() -> None:
    assert Redactor().clean("x" * 301) == "x" * 299 + "…"
    assert Redactor().clean("x" * 300) == "x" * 300


NAMES = [
    "apiKey",
    "api_key",
    "secret",
    "client_secret",
    "access_token",
    "refresh_token",
    "device_code",
    "password",
    "client_credentials",
    "X-Blaxel-Authorization",
]


@pytest.mark.parametrize("name", NAMES)
def test_members_of_a_body_are_hidden_by_name(name: str) -> None:
    body = {"items": [{name: "canary-1", "inner": {name: {"deep": ["canary-2"]}}, "name": "shown"}]}
    shown = Redactor().body(body)
    assert "canary" not in shown
    assert "shown" in shown
    assert list(Redactor().secrets_in(body)) == ["canary-1", "canary-2"]


json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(json_value, st.sampled_from(NAMES))
def test_any_body_is_shown_without_its_secrets(value: object, name: str) -> None:
    shown = Redactor().body({"outer": [value, {name: "canary-0"}]}, 10_000)
    assert "canary-0" not in shown
    assert "\n" not in shown


def test_short_values_are_hidden_only_as_whole_words() -> None:
    assert list(Redactor().secrets_in({"secret": {"mode": "on", "key": "long-enough", "n": 5}})) == ["long-enough"]


def test_a_secret_of_the_body_is_hidden_across_lines() -> None:
    pem = "-----BEGIN\nabc\n-----END"
    assert Redactor().clean(f"bad key {pem}", also=[pem]) == f"bad key {HIDDEN}"


def test_repr_hides_the_secrets() -> None:
    assert "canary" not in repr(Redactor(["canary"]))


def test_long_bodies_are_cut() -> None:
    assert len(Redactor().body({"a": json.dumps(["x"] * 500)})) == 200


def test_a_secret_in_base64_or_in_json_is_hidden() -> None:
    mask = Redactor(['a"long\\secret/of+somebody'])
    for spelled in (
        'a"long\\secret/of+somebody',
        'a\\"long\\\\secret/of+somebody',
        "YSJsb25nXHNlY3JldC9vZitzb21lYm9keQ",
    ):
        assert mask.hide(f"x {spelled} y") == f"x {HIDDEN} y"


def test_the_start_of_a_truncated_secret_is_hidden() -> None:
    mask = Redactor(["0123456789abcdefghijklmnopqrstuvwxyz", "short-secret"])
    assert mask.hide("'0123456789abcdefghijk…' and short-secr") == f"'{HIDDEN}…' and short-secr"
    assert mask.hide("0123456789abc") == "0123456789abc"
