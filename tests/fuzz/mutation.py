"""Mutations of valid texts, since input that is nearly valid is the hardest for a loader."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

PIECES = [
    *b"\0 \n \r \t \\ \" ' # { } [ ] , @ ~ \xff".split(b" "),
    *b": |- |? |&a |*a|<<: *a|!x |!!python/name:os.system |true|null|.nan|1e999|-1|x@y|{}|[]|role:|guards: ".split(
        b"|"
    ),
    *(b" ", b"  ", b"|\n", b">-\n", b"---\n", b"...\n", b"%YAML 9.9\n", b"members:\n", b"version: 1\n"),
    *(b'"\\ud800"', b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\xd0\xb0"),
    *(b"9" * 101, b"a" * 300, b"[" * 60, b"{a: " * 60),
]


@dataclass(frozen=True)
class Edit:
    """One edit: the text between two positions (in thousandths of its length) is replaced."""

    start: int
    length: int
    piece: bytes
    twice: bool

    def apply(self, text: bytes) -> bytes:
        start = len(text) * self.start // 1000
        cut = text[start : start + self.length]
        return text[:start] + (cut * 2 if self.twice else b"") + self.piece + text[start + self.length :]


EDITS = st.builds(
    Edit,
    st.integers(0, 1000),
    st.integers(0, 40),
    st.sampled_from([b"", *PIECES]) | st.binary(max_size=4),
    st.booleans(),
)


def mutated(valid: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of the texts after a few edits."""

    def bent(text: bytes, edits: Sequence[Edit]) -> bytes:
        for edit in edits:
            text = edit.apply(text)
        return text

    return st.builds(bent, st.sampled_from(valid), st.lists(EDITS, min_size=1, max_size=6))
