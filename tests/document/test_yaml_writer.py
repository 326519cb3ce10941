"""Written documents are read back unchanged: the loader and the writer agree on which texts are strings."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.document.load import SourceText, load
from beamctl.document.scalars import LONGEST_NUMBER
from beamctl.document.yaml_writer import Comment, Section, written

numbers = st.from_regex(r"[-+]?(0x|0o)?[0-9a-f]{1,3}(\.[0-9]?)?([eE][-+]?[0-9])?", fullmatch=True)
words = st.sampled_from(["no", "null", "~", "", "yes", ".inf", "- a", "a: b", "#", "&a", "!x", "<<", "=", "2027-01-31"])
texts = st.text(st.characters(codec="utf-8"), max_size=8) | numbers | words
values = st.recursive(
    texts | st.integers(-99, 99) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def read(text: str) -> Any:
    (document,) = load([SourceText("a.yaml", text.encode())]).documents
    return document.data


@given(st.dictionaries(texts, values, max_size=3))
def test_any_data_is_read_back_unchanged(entries: dict[str, Any]) -> None:
    head = [("version", 1), ("workspace", "acme")]
    text = written([*head, Section("settings", (Comment("\n- a: b"), *entries.items()))])
    assert read(text)["settings"] == entries


@given(st.dictionaries(texts, st.dictionaries(texts, values, max_size=2), max_size=3))
def test_a_mapping_with_comments_on_several_lines(entries: dict[str, dict[str, Any]]) -> None:
    inner = [Section(key, (Comment("a: b"), *value.items(), Comment("- c"))) for key, value in entries.items()]
    text = written([("version", 1), ("workspace", "acme"), Section("settings", tuple(inner))])
    assert read(text)["settings"] == entries
    assert "\n\n" not in text.partition("\n\n")[2]


@pytest.mark.parametrize("text", ["\n", "a\n", "a\nb", "\n\n'x'\n"])
def test_a_line_break_is_written_as_an_escape(text: str) -> None:
    samples: list[dict[str, Any]] = [{text: {}}, {"a": {text: text}}, {"a": [text]}]
    for entries in samples:
        found = written([("version", 1), ("workspace", "acme"), Section("settings", tuple(entries.items()))])
        assert read(found)["settings"] == entries


@pytest.mark.parametrize("text", ["0E0", "1e3", "0o17", "0x1F", ".5", "+1.", "9" * (LONGEST_NUMBER + 1)])
def test_a_string_that_looks_like_a_number_is_quoted(text: str) -> None:
    assert written([("displayName", text)]) == f'displayName: "{text}"\n'
