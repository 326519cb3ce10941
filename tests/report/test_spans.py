"""Facts as spans: whatever comes from outside is in a value, and nothing is lost."""

import string
from itertools import product

from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.model.text import printable
from beamctl.report.spans import fact_spans, joined, named, own, plain
from beamctl.report.wording import templates
from tests.report.hostile_values import HOSTILE

COMPUTED = ("plural", "duration", "number", "more", "it", "loss", "object")


def filled(code: Code, value: str) -> tuple[Fact, bool]:
    """A fact with this value in every field, and whether its wording shows it."""
    parts = [part for part in string.Formatter().parse(templates()[code]) if part[1]]
    computed = {name for _, name, form, _ in parts if form and form.startswith(COMPUTED)}
    names = {name for _, name, _, _ in parts if name}
    altered = {name for _, name, form, _ in parts if form == "spaced"}
    return Fact(code, {name: 2 if name in computed else value for name in names}), bool(names - computed - altered)


def test_values_from_outside_are_values() -> None:
    for code, value in product(Code, HOSTILE):
        said, is_shown = filled(code, value)
        spans = fact_spans(said)
        ours = [span.text for span in spans if not span.is_value]
        values = [span.text for span in spans if span.is_value]
        assert ours == [span.text for span in fact_spans(filled(code, "?")[0]) if not span.is_value], code
        assert any(printable(value) in text or "$'" in text for text in values) or not is_shown, code
        assert not {"\ue000", "\ue001", "`"} & set("".join(ours)), code


def test_what_the_wording_quotes_is_one_value() -> None:
    said = fact(Code.END_NOT_RECORDED, name="ada@x.io", until="2027-01-31")
    values = [span.text for span in fact_spans(said) if span.is_value]
    assert values == ["ada@x.io", "until: 2027-01-31"]
    assert [span.text for span in fact_spans(fact(Code.RUN_APPLY)) if span.is_value] == ["beamctl apply"]
    assert fact_spans(None) == ()


def test_nested_facts_keep_their_values() -> None:
    spans = fact_spans(fact(Code.PROTECTED, name="a@x.io", guards=("g1", "g2"), loss="demoted"))
    assert [span.text for span in spans if span.is_value] == ["a@x.io", "g1", "g2"]
    assert plain(spans) == "a@x.io is protected by g1 and g2, and would be demoted"


def test_joining_skips_what_is_empty() -> None:
    assert plain(joined([own("a"), (), named(""), named("b")], ", ")) == "a, b"
