"""Any bytes give problems or documents, never an exception, and never both for the same document."""

from __future__ import annotations

import codecs

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from beamctl.document.load import SourceText, load
from beamctl.document.yaml_loader import parse_plain

WORDS = """
version: workspace: acme settings: members: guards: manage: a@x admin owner role until reason labels: groupMappings:
minAdmins: preventDestroy: maxRemovals: 25% self: email protected: allowedDomains: : - ? , [ ] { } &a *a !!str !x <<:
*a ' " | > #
%YAML --- ... ~ null true 1.5 .inf .nan 0x1F 1 \\ \\u0000 {{x}}
"""
SIGNS = [
    " ",
    "\n",
    "\n  ",
    "\n    ",
    "\t",
    "\0",
    "\r",
    "\x85",
    "\u2028",
    "\u202e",
    "\ud800",
    "\ufeff",
    "ä",
    "😀",
    ": ",
    "- ",
]
PIECES = st.sampled_from(WORDS.split()) | st.sampled_from(SIGNS[:4]) | st.sampled_from(SIGNS)
YAMLISH = st.lists(PIECES, max_size=40).map("".join)
HEAD = "version: 1\nworkspace: acme\n"


def check(content: bytes) -> None:
    result = load([SourceText("f.yaml", content)])
    assert bool(result.desired) or bool(result.problems)
    for problem in result.problems:
        assert problem.place.source == "f.yaml"
        assert problem.message.isprintable()
        assert problem.hint.isprintable()
        assert problem.place.line <= content.count(b"\n") + content.count(b"\r") + 1
    parse_plain(content, "f.yaml")


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_give_documents_or_problems(content: bytes) -> None:
    check(content)


@settings(deadline=None)
@given(st.text())
def test_any_text_gives_documents_or_problems(text: str) -> None:
    parse_plain(text, "f.yaml")
    check(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=400, deadline=None)
@given(YAMLISH)
def test_yaml_like_text_gives_documents_or_problems(text: str) -> None:
    check(text.encode("utf-8", "surrogatepass"))
    check((HEAD + text).encode("utf-8", "surrogatepass"))


@settings(max_examples=200, deadline=None)
@given(YAMLISH)
@example('"\\ud800"')
@example('"\\UFFFFFFFF"')
def test_yaml_like_text_with_the_python_parser_gives_documents_or_problems(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(yaml, "CSafeLoader")
        check(text.encode("utf-8", "surrogatepass"))


VALUE = st.recursive(
    st.sampled_from(
        ["admin", "owner", "", "25%", "a@x", "é", "null", "1", "1.5", "true", "~", "'1'", "9" * 5000, ".nan"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(st.sampled_from(["role", "email", "a@x", "b", "until"]), inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}"
        )
    ),
    max_leaves=8,
)
SECTION = st.sampled_from(
    ["settings", "members", "guards", "manage", "version", "workspace", "guards: {protected", "guards: {self", "x"]
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(SECTION, VALUE, max_size=4))
def test_any_value_in_any_section_gives_documents_or_problems(sections: dict[str, str]) -> None:
    lines = [f"{section}: {value}{'}' * section.count('{')}\n" for section, value in sections.items()]
    check((HEAD + "".join(lines)).encode())


@pytest.mark.parametrize(
    "content",
    [
        b"\x00" * 1000,
        codecs.BOM_UTF16_LE,
        codecs.BOM_UTF16_BE + b"\xd8\x00",
        codecs.BOM_UTF32_LE + "a: b".encode("utf-32-le"),
        "a: b".encode("utf-16-le"),
        b"version: " + b"9" * 1_000_000,
        b"version: 0x" + b"f" * 1_000_000,
        b"version: 1e" + b"9" * 1_000_000,
        b"version: -" + b"9" * 99,
        b"a" * 1_000_000,
        b"k" * 2000 + b": v",
        b"'" * 100_000,
        b"\n" * 1_000_000,
        b": " * 10_000,
        b"? " * 10_000,
        b"- " * 10_000,
        b"[" * 1_000_000,
        b"{" * 1_000_000,
        b"{a: " * 10_000,
        b"&a " * 10_000,
        b"&a [*a, &a [*a]]",
        b"--- &a\n--- *a",
        b"%TAG ! tag:yaml.org,2002:python/\n---\n!object:os.system x",
        b"!!binary |\n  //79",
        b"!!set {a, b}",
        b"!<tag:yaml.org,2002:python/object/new:os.system> [x]",
        b"a: !!python/name:os.system",
        b"<<: {a: b}\n<<: [x]",
        b"__proto__: {}\n",
    ],
    ids=lambda content: ascii(content[:24]),
)
def test_known_attacks_are_problems(content: bytes) -> None:
    check(content)
