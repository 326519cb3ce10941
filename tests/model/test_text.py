"""Invisible characters are refused in names and escaped in all output."""
# ruff: noqa: RUF001 - the tests are about these letters

import re
import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from beamctl.document.load import SourceText
from beamctl.document.problem import Problem, quoted
from beamctl.emulator.rules import is_visible
from beamctl.model.confusables import marked
from beamctl.model.email import fault
from beamctl.model.text import escaped, printable, unseen, visible
from beamctl.report.style import value
from beamctl.workflow.documents import validate

EVERYTHING = "".join(map(chr, range(0xE1000)))
IGNORABLE = regex.findall(r"\p{Default_Ignorable_Code_Point}", EVERYTHING)
HIDDEN = [*IGNORABLE, "\u2800"]
SHOWN_RAW = [each for each in HIDDEN if each.isprintable()]
ESCAPE = re.compile(r"\\(?:\\|[nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
SEEN = ["zoé", "ışık", "田中", "Ада", "देवनागरी", "محمد", "สมชาย", "ខ្មែរ", "한국", "ad\u0301a", "naïve-ß"]
PICTURES = ["👩\u200d💻", "👩🏽\u200d🚒", "❤\ufe0f\u200d🔥", "☀\ufe0f", "🏳\ufe0f\u200d🌈"]
letters = st.sampled_from(
    ["a", "\\", "u", "\u00ad", "0", "2", "e", "\u202e", "\u034f", "\u200d", "\ufe0f", "👩", "\n", "я"]
)


def without_pictures(shown: str) -> str:
    """The text without characters that may join emoji."""
    return regex.sub(r"(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])[\u200d\ufe0f]", "", shown)


def test_these_are_the_invisible_characters_that_python_calls_printable() -> None:
    assert len(IGNORABLE) > 4_000
    assert len(SHOWN_RAW) >= 268


def test_an_address_with_an_invisible_character_is_refused() -> None:
    for each in HIDDEN:
        assert fault(f"a{each}da@example.com").startswith("contains an invisible character: U+"), ascii(each)
        assert fault(f"ada@exa{each}mple.com"), ascii(each)
        assert unseen(f"ci{each}") == each
        assert not is_visible(f"ci{each}")


def test_an_invisible_character_is_escaped() -> None:
    for each in HIDDEN:
        for text in (f"a{each}b", f"{each}", f"я{each}", f'"{each}'):
            for shown in (
                printable(text),
                escaped(text),
                visible(text),
                quoted(text),
                value(text),
                value({text: text}),
            ):
                assert each not in shown, ascii(text)
                assert ESCAPE.search(shown), ascii(text)


@pytest.mark.parametrize("text", SEEN)
def test_visible_text_is_unchanged(text: str) -> None:
    assert printable(text) == visible(text) == text
    assert unseen(text) == ""
    assert is_visible(text)
    assert fault(f"{text}@example.com") == ""


@pytest.mark.parametrize("text", PICTURES)
def test_a_joined_emoji_is_shown_but_refused_in_names(text: str) -> None:
    assert printable(text) == visible(text) == text
    assert unseen(text) in ("\u200d", "\ufe0f")
    assert fault(f"{text}@example.com")


def test_characters_that_are_not_escaped_are_printable() -> None:
    for each in EVERYTHING[:0x4000]:
        if visible(each) == each and not each.isascii() and each != "\u200d":
            assert each.isprintable(), ascii(each)
            assert is_visible(each), ascii(each)


def read_back(shown: str) -> str:
    return ESCAPE.sub(lambda found: found[0].encode().decode("unicode_escape"), shown)


@given(st.one_of(st.text(letters), st.text()))
def test_escaped_text_can_be_read_back(text: str) -> None:
    shown = printable(text)
    assert read_back(shown) == text or shown == text
    assert without_pictures(shown).isprintable()
    assert not unseen(without_pictures(shown))
    if marked(shown) == shown:  # otherwise an escape could create a word that mixes alphabets: `\n` before Cyrillic
        assert printable(shown) == shown  # a part of a message may already have been escaped


@given(st.one_of(st.text(letters), st.text()))
def test_the_output_filter_keeps_newlines_and_colors(text: str) -> None:
    shown = visible(f"\x1b[31m{text}\x1b[0m\n")
    assert shown.startswith("\x1b[31m")
    assert shown.endswith("\x1b[0m\n")
    assert not unseen(without_pictures("".join(each for each in shown if not each.isascii() or each.isprintable())))


@given(st.text())
def test_the_emulator_and_beamctl_agree_on_visible_text(text: str) -> None:
    assert is_visible(text) is (unseen(text) == "")


NAMES = [
    "members:\n  NAME@example.com: admin",
    "members:\n  ada@NAME.com: admin",
    "manage:\n  skip:\n    NAME@example.com: {until: 2099-01-01, reason: x}",
    "guards:\n  protected: [ NAME@example.com]",
    "guards:\n  allowedDomains: [ NAME.com]",
    "guards:\n  self: {email: NAME@example.com}",
    "guards:\n  self: {serviceAccount: NAME}",
    "settings:\n  labels: { NAME: x}",
    "settings:\n  groupMappings: [{groupName: NAME, role: admin}]",
    "serviceAccounts:\n  NAME: {role: member}",
    "serviceAccounts:\n  ci: {role: member, clientId: NAME}",
    "serviceAccounts:\n  ci: {role: member, apiKeys: { NAME: {}}}",
    "serviceAccounts:\n  ci: {role: member, secretTo: {file: NAME}}",
    "serviceAccounts:\n  ci: {role: member, secretTo: {command: [ NAME]}}",
    "serviceAccounts:\n  ci: {role: member, secretTo: {command: [cat, NAME]}}",
    "serviceAccounts:\n  ci: {role: member, secretTo: {keyring: {service: NAME, user: u}}}",
    "serviceAccounts:\n  ci: {role: member, secretTo: {keyring: {service: s, user: NAME}}}",
    "serviceAccounts:\n  ci: {role: member, apiKeys: {hub: {secretTo: {command: [cat, NAME]}}}}",
    "policies:\n  NAME: {spec: {type: location}}",
    "policies:\n  labels: {labels: { NAME: x}, spec: {type: location}}",
    "integrations:\n  NAME: {integration: a}",
    "integrations:\n  a: {integration: NAME}",
    "integrations:\n  a: {integration: a, config: { NAME: x}}",
    "integrations:\n  a: {integration: a, secret: {k: {env: NAME}}}",
    "integrations:\n  a: {integration: a, secret: {k: {file: NAME}}}",
    "integrations:\n  a: {integration: a, secret: {k: {command: [cat, NAME]}}}",
    "environments:\n  NAME: {}",
    "environments:\n  dev: {policies: [ NAME]}",
]


@pytest.mark.parametrize("more", NAMES)
@pytest.mark.parametrize("hidden", ["\u034f", "\u3164", "\u2800", "\U000e0100", "\u200d"])
def test_a_name_with_an_invisible_character_is_a_problem(more: str, hidden: str) -> None:
    text = f"version: 1\nworkspace: acme\n{more.replace('NAME', f'a{hidden}b')}\n"
    problems = problems_of(text)
    number, line = next((number, each) for number, each in enumerate(text.split("\n"), 1) if hidden in each)
    column = line[: line.index(hidden)].rindex(" ") + 2
    assert (number, column) in [(each.place.line, each.place.column) for each in problems]
    assert all(hidden not in f"{each.message} {each.hint}" for each in problems)
    assert not problems_of(text.replace(hidden, "é")) or not problems_of(text.replace(hidden, "e"))


def problems_of(text: str) -> tuple[Problem, ...]:
    return validate([SourceText("a.yaml", text.encode())]).problems


def test_a_workspace_name_with_an_invisible_character_is_a_problem() -> None:
    (problem,) = problems_of("version: 1\nworkspace: a\u034fcme\n")
    assert (problem.place.line, problem.place.column) == (2, 12)
    assert "a\\u034fcme" in problem.message


def test_descriptions_may_have_an_invisible_character() -> None:
    joined = "می\u200cخو ❤\ufe0f"
    text = (
        f"version: 1\nworkspace: acme\nmembers: {{a@x.io: {{role: admin, reason: {joined}, owner: {joined}}}}}\n"
        f"settings: {{displayName: {joined}, labels: {{team: {joined}}}, groupMappings: []}}\n"
        f"serviceAccounts: {{ci: {{role: member, description: {joined}}}}}\n"
    )
    assert problems_of(text) == ()


def test_blank_characters_without_the_unicode_property() -> None:
    for each in "\u2d7f\U0001107f\U00016fe4\U0001d159":
        assert unicodedata.category(each) not in ("Cf", "Zs")
        assert unseen(f"a{each}") == each
        assert printable(f"a{each}") == "a" + each.encode("unicode_escape").decode()
