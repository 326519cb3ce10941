"""Which e-mails look like those of one person."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.kinds.member.rename import pairs

ALIKE = [
    ("eve@old.io", "eve@new.io"),
    ("Eve@OLD.io", "eve@new.io"),
    ("jane.doe@x.io", "janedoe@x.io"),
    ("jane+test@x.io", "jane@x.io"),
    ("jane@x.io", "jane+beamlit@y.io"),
    ("jane_doe@x.io", "jane-doe@y.io"),
    ("kate@x.io", "katie@x.io"),
    ("katie@x.io", "kate@x.io"),
    ("smith@x.io", "smyth@x.io"),
    ("garce@x.io", "grace@x.io"),
    ("jane.doe@x.io", "jdoe@x.io"),
    ("j.doe@x.io", "jane.doe@x.io"),
    ("müller@x.io", "muller@x.io"),
    ("bot2@x.io", "bot2@y.io"),
    ("user12a@x.io", "user12b@x.io"),
    ("grace@x.io", "graec@x.io"),
    ("abcde1@x.io", "abced1@x.io"),
    ("a" * 63 + "b@x.io", "a" * 63 + "c@x.io"),
    ("a" * 62 + "bc@x.io", "a" * 62 + "cb@x.io"),
]
DIFFERENT = [
    ("eve@x.io", "kim@x.io"),
    ("bob@x.io", "rob@x.io"),
    ("mary@x.io", "mark@x.io"),
    ("user1@x.io", "user2@x.io"),
    ("user01@x.io", "user10@x.io"),
    ("jane.doe@x.io", "jane.doe2@x.io"),
    ("jane.doe@x.io", "john.doe@x.io"),
    ("jane.doe@x.io", "jane.roe-smith@x.io"),
    ("smith@x.io", "smyth@y.io"),
    ("jane.doe@x.io", "jdoe@y.io"),
    ("lisas@x.io", "elisa@x.io"),
    ("nobody", "nobody@x.io"),
    ("", "eve@x.io"),
    ("@x.io", "+x@x.io"),
    ("a" * 64 + "b@x.io", "a" * 64 + "c@x.io"),
    ("a" * 63 + "bc@x.io", "a" * 63 + "cb@x.io"),
    ("a" * 70 + "b@x.io", "a" * 70 + "c@x.io"),
]


@pytest.mark.parametrize(("old", "new"), ALIKE)
def test_emails_of_one_person(old: str, new: str) -> None:
    assert pairs([old], [new]) == [(old, new)]
    assert pairs([new], [old]) == [(new, old)]


@pytest.mark.parametrize(("old", "new"), DIFFERENT)
def test_emails_of_different_people(old: str, new: str) -> None:
    assert pairs([old], [new]) == []


def test_most_similar_email_is_named_in_any_order() -> None:
    coming = ["eve@z.io", "eve@a.io", "e.ve@old.io", "grace@x.io"]
    for each in (coming, coming[::-1]):
        assert pairs(["kim@x.io", "eve@old.io"], each) == [("eve@old.io", "e.ve@old.io")]
    assert pairs(["eve@old.io"], ["eve@z.io", "eve@a.io"]) == [("eve@old.io", "eve@a.io")]
    assert pairs(["eve@old.io"], ["eve@a.io", "e.ve@old.io", "ev.e@a.io"]) == [("eve@old.io", "e.ve@old.io")]
    assert pairs(["jane.doe@old.io"], ["janedoe@a.io", "jane-doe@old.io"]) == [("jane.doe@old.io", "jane-doe@old.io")]


@pytest.mark.parametrize(
    ("leaving", "coming"),
    [
        ([f"person{n}@old.io" for n in range(5000)], [f"person{n}@new.io" for n in range(5000)]),
        ([f"a+{n}@x.io" for n in range(5000)], [f"{'a' * 64}{n}@x.io" for n in range(5000)]),
        ([f"{'a' * 40}+{n}@x.io" for n in range(5000)], [f"{'a' * 39}b+{n}@x.io" for n in range(5000)]),
    ],
    ids=["one pair each", "none", "all similar"],
)
def test_thousands_of_emails_are_fast(leaving: list[str], coming: list[str]) -> None:
    begun = time.process_time()
    found = pairs(leaving, coming)
    assert time.process_time() - begun < 10  # comparing all pairs takes minutes
    assert len(found) in (0, 5000)


NAMES = st.text("abc.+1", min_size=1, max_size=7)
EMAILS = st.builds(lambda name, domain: f"{name}@{domain}.io", NAMES, st.sampled_from("xy"))


@settings(deadline=None)
@given(st.lists(EMAILS, unique=True, max_size=6), st.lists(EMAILS, unique=True, max_size=6), st.randoms())
def test_each_leaver_is_matched_once_in_any_order(leaving: list[str], coming: list[str], random: object) -> None:
    found = pairs(leaving, coming)
    assert len({old for old, _ in found}) == len(found)
    assert {old for old, _ in found} <= set(leaving)
    assert {new for _, new in found} <= set(coming)
    for each in (leaving, coming):
        random.shuffle(each)  # type: ignore[attr-defined]
    assert pairs(leaving, coming) == found


@settings(deadline=None)
@given(EMAILS, EMAILS)
def test_similarity_is_symmetric(one: str, other: str) -> None:
    assert bool(pairs([one], [other])) is bool(pairs([other], [one]))
