"""E-mails that look like others are problems unless the document acknowledges them."""
# ruff: noqa: RUF001 - these letters are what it is about

import pytest

from beamctl.document.load import SourceText
from beamctl.report.drift_text import drift_text
from beamctl.report.plan_text import plan_text
from beamctl.workflow.documents import validate
from tests.fakes.runs import document, planned
from tests.fakes.workspace import FakeWorkspace, person

HEAD = "version: 1\nworkspace: acme\n"
A = "U+0430 (cyrillic small letter a) looks like a"
RETYPE = "retype it with the intended letters; if they are intended, write {role: …, mixedScript: true}"
UNDER_MEMBERS = f"{RETYPE} under members"


def problems(text: str) -> list[tuple[int, int, str, str]]:
    found = validate([SourceText("a.yaml", (HEAD + text).encode())]).problems
    return [(each.place.line, each.place.column, each.message, each.hint) for each in found]


@pytest.mark.parametrize("value", ["admin", "{role: admin}", "{role: admin, mixedScript: false}"])
def test_mixed_scripts_in_an_email_are_a_problem(value: str) -> None:
    assert problems(f"members:\n  аda@example.com: {value}\n") == [
        (4, 3, f"'аda@example.com' mixes alphabets: {A}", RETYPE)
    ]


def test_email_that_looks_like_ascii_is_a_problem() -> None:
    said = "'сосо@example.com' looks like 'coco@example.com': U+0441 (cyrillic small letter es) looks like c"
    assert problems("members:\n  сосо@example.com: admin\n") == [(4, 3, said, RETYPE)]


def test_lookalike_of_another_member_is_a_problem() -> None:
    said = f"'аda@example.com' looks like 'ada@example.com', but is a different address; it mixes alphabets: {A}"
    assert problems("members:\n  ada@example.com: admin\n  аda@example.com: member\n") == [(5, 3, said, RETYPE)]
    assert problems("members:\n  аda@example.com: admin\nguards: {protected: [ada@example.com]}\n") == [
        (4, 3, said, RETYPE)
    ]


def test_single_script_lookalikes_are_a_problem() -> None:
    (found,) = problems("members:\n  ка@пример.рф: admin\n  кa@пример.рф: {role: admin, mixedScript: true}\n")
    assert found[2] == "'ка@пример.рф' looks like 'кa@пример.рф', but is a different address"


def test_dotless_i_is_a_problem_only_if_a_lookalike_is_listed() -> None:
    assert problems("members:\n  yıldız@firma.com.tr: admin\n  mikaël-nº1@example.com: admin\n") == []
    (found,) = problems("members:\n  yıldız@firma.com.tr: admin\n  yildiz@firma.com.tr: admin\n")
    assert found[2] == "'yıldız@firma.com.tr' looks like 'yildiz@firma.com.tr', but is a different address"


def test_guards_are_checked_for_lookalikes() -> None:
    text = "guards:\n  protected: [ada@example.com, аda@example.com]\n  self: {email: bоb@example.com}\n"
    o = "U+043E (cyrillic small letter o) looks like o"
    assert problems(text) == [
        (
            4,
            32,
            f"'аda@example.com' looks like 'ada@example.com', but is a different address; it mixes alphabets: {A}",
            UNDER_MEMBERS,
        ),
        (5, 10, f"'bоb@example.com' mixes alphabets: {o}", UNDER_MEMBERS),
    ]


def test_acknowledged_lookalike_is_no_problem() -> None:
    entry = "{role: admin, mixedScript: true}"
    text = f"members:\n  ada@example.com: admin\n  Аda@example.com: {entry}\n  сосо@example.com: {entry}\n"
    guards = "guards:\n  protected: [аda@example.com]\n  self: {email: аda@example.com}\n"
    assert problems(text + guards) == []


def test_acknowledgement_is_no_change() -> None:
    odd = "аda@example.com"
    want = document({odd: {"role": "admin", "mixedScript": True}})
    assert planned(want, FakeWorkspace.of([person(odd, "admin")])).changes == ()
    assert planned(want, FakeWorkspace.of([person("ada@example.com", "admin")])).changes != ()


@pytest.mark.parametrize("value", ["1", "'true'", "{}"])
def test_acknowledgement_must_be_a_boolean(value: str) -> None:
    found = problems(f"members:\n  ada@example.com: {{role: admin, mixedScript: {value}}}\n")
    assert [each[2].startswith("'mixedScript' must be true or false") for each in found] == [True]


@pytest.mark.parametrize("sections", ["members: [а]", "members: {а: 1}", "guards: {protected: [1, а], self: [а]}"])
def test_malformed_emails_are_not_reported_as_lookalikes(sections: str) -> None:
    assert problems(sections)


def test_live_email_with_mixed_scripts_is_escaped() -> None:
    live = FakeWorkspace.of([person("ada@example.com", "admin"), person("аda@example.com"), person("иван@example.com")])
    plan = planned(document({"ada@example.com": "admin"}, guards={"maxRemovals": 9}), live)
    for text in (plan_text(plan), drift_text(plan)):
        assert "\\u0430da@example.com" in text
        assert "иван@example.com" in text
        assert "аda" not in text
