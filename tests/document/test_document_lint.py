"""Warnings: what is valid and probably not meant."""

import pytest

from beamctl.document.load import SourceText
from beamctl.usecases.questions import validate
from tests.fakes.runs import document, planned
from tests.fakes.workspace import FakeWorkspace, person

HEAD = "version: 1\nworkspace: acme\n"


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("settings: {displayName: '${NAME}'}", 3, 25, "'${NAME}' looks like a placeholder that was not filled in"),
        ("settings: {labels: {env: '@@ENV@@'}}", 3, 26, "'@@ENV@@' looks like a placeholder that was not filled in"),
        ("settings:\n  displayName: 'a {{ x }} b'", 4, 16, "'{{ x }}' looks like a placeholder that was not filled in"),
        ("serviceAccounts: {ci: {role: member, description: '${A}'}}", 3, 51, "'${A}' looks like a placeholder"),
        ("members: {a@x.io: admin}\nguards: {protected: [b@x.io]}", 4, 22, "'b@x.io' is not under members"),
        ("members: {a@x.io: admin}\nguards: {self: {email: b@x.io}}", 4, 24, "'b@x.io' is not under members"),
    ],
)
def test_what_is_probably_not_meant_is_a_warning_at_its_place(text: str, line: int, column: int, message: str) -> None:
    checked = validate([SourceText("beamctl.yaml", (HEAD + text).encode())])
    assert checked.problems == ()
    (warning,) = checked.warnings
    assert (warning.place.line, warning.place.column) == (line, column)
    assert warning.message.startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        "settings: {displayName: 'costs $5 {a} @@ b'}",
        "members: {A@x.io: admin}\nguards: {protected: [a@x.io], self: {email: a@X.io}}",
        "guards: {protected: [b@x.io]}\nmembers: {}\nmanage: {skip: {b@x.io: {until: 2099-01-01, reason: r}}}",
        "guards: {protected: [b@x.io]}",
    ],
)
def test_what_is_meant_is_no_warning(text: str) -> None:
    checked = validate([SourceText("beamctl.yaml", (HEAD + text).encode())])
    assert (checked.problems, checked.warnings) == ((), ())


def test_a_plan_repeats_the_warnings() -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin")])
    plan = planned(document({"root@x.io": "admin"}, guards={"protected": ["rot@x.io"]}), live)
    (note,) = plan.notes
    assert note.text == "'rot@x.io' is not under members: check the spelling"
    assert note.place is not None
    assert plan.differs is False
