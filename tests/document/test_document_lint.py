"""Warnings: what is valid and probably not meant."""

import pytest

from beamctl.document.load import SourceText
from beamctl.model.email import NOT_PLAIN
from beamctl.usecases.questions import validate
from tests.fakes.runs import document, planned
from tests.fakes.workspace import FakeWorkspace, person

COMMAND = """serviceAccounts:
  ci: {role: member, apiKeys: {k: {expiresIn: 90d, secretTo: {command: [sh, -c, 'echo "${TOKEN}" {{ x }}']}}}}
"""
HEAD = "version: 1\nworkspace: acme\n"


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("settings: {displayName: '${NAME}'}", 3, 25, "'${NAME}' looks like a placeholder that was not filled in"),
        ("settings: {labels: {env: '@@ENV@@'}}", 3, 26, "'@@ENV@@' looks like a placeholder that was not filled in"),
        ("settings:\n  displayName: 'a {{ x }} b'", 4, 16, "'{{ x }}' looks like a placeholder that was not filled in"),
        ("settings: {displayName: 'a ${{ x }} b'}", 3, 25, "'${{ x }}' looks like a placeholder"),
        ("settings: {labels: {command: '${A}'}}", 3, 30, "'${A}' looks like a placeholder"),
        ("members: {a@x.io: admin}\nguards: {protected: ['*@Corp.com']}", 4, 22, "no one at corp.com is under members"),
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
        "guards: {protected: ['*@x.io']}\nmembers: {a@X.io: admin}",
        "guards: {protected: [b@x.io, '*@y.io']}\nmembers: {}\nmanage: {members: additive}",
        COMMAND,
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


def problems_of(text: str) -> list[tuple[int, int, str]]:
    found = validate([SourceText("beamctl.yaml", (HEAD + text).encode())]).problems
    return [(each.place.line, each.place.column, each.message) for each in found]


def test_guards_that_the_document_does_not_meet() -> None:
    def said(text: str) -> list[str]:
        checked = validate([SourceText("beamctl.yaml", (HEAD + "guards: {minAdmins: 2}\n" + text).encode())])
        assert checked.problems == ()
        return [each.message for each in checked.warnings]

    message = "minAdmins is 2, and members lists 1 admin"
    assert said("members: {a@x.io: admin, b@x.io: member}") == [message]
    assert said("members: {a@x.io: {role: admin}, b@x.io: {role: viewer}}") == [message]
    assert said("members: {a@x.io: admin, b@x.io: {role: admin}}") == []
    assert said("members: {a@x.io: admin}\nmanage: {members: additive}") == []
    assert said("members: {a@x.io: admin}\nsettings: {groupMappings: [{groupName: ops, role: admin}]}") == []
    assert said("members: {a@x.io: admin}\nmanage: {skip: {b@x.io: {until: 2099-01-01, reason: r}}}") == []
    assert said("members: {a@x.io: admin}\nmanage: {skip: {}}") == [message]
    assert said("settings: {displayName: Acme}") == []


def test_everyone_at_a_domain_is_skipped_or_protected() -> None:
    people = [person("root@x.io", "admin"), person("a@y.io"), person("B@Y.io"), person("c@z.io")]
    skip = {
        "*@Y.io": {"until": "2099-01-01", "reason": "TICKET-1"},
        "*@none.io": {"until": "2099-01-01", "reason": "r"},
    }
    plan = planned(document({"root@x.io": "admin"}, manage={"skip": skip}), FakeWorkspace.of(people))
    assert [change.name for change in plan.changes] == ["c@z.io"]
    assert [note.text.partition(" until")[0] for note in plan.notes] == ["*@Y.io is skipped", "*@none.io is skipped"]
    assert [note.text.endswith("; no one at none.io is in the workspace or under members") for note in plan.notes] == [
        False,
        True,
    ]
    guarded = planned(document({"root@x.io": "admin"}, guards={"protected": ["*@y.io"]}), FakeWorkspace.of(people))
    protected = [hazard.value for hazard in guarded.hazards if hazard.risk.label == "removes-protected"]
    assert protected == ["B@Y.io", "a@y.io"]


@pytest.mark.parametrize("section", ["members", "protected", "skip", "self"])
@pytest.mark.parametrize("text", ["*", "*@*", "a*@x.io", "*@x.*", "@*", "**@x.io"])
def test_no_other_asterisk_is_accepted(section: str, text: str) -> None:
    written = {
        "members": f"members: {{'{text}': member}}",
        "protected": f"guards: {{protected: ['{text}']}}",
        "skip": f"manage: {{skip: {{'{text}': {{until: 2099-01-01, reason: r}}}}}}",
        "self": f"guards: {{self: {{email: '{text}'}}}}",
    }
    ((line, _, message),) = problems_of(written[section])
    assert line == 3
    takes_patterns = section in ("protected", "skip")
    told = f"'{text}' is not an address or '*@DOMAIN'" if takes_patterns else "has a '*', which has no meaning here"
    assert told in message


@pytest.mark.parametrize("text", ["*@b\xfccher.de", "*@xn--bcher-kva.de", "*@mail.XN--bcher-kva.de"])
def test_a_domain_of_two_spellings_is_in_no_pattern(text: str) -> None:
    skip = f"manage: {{skip: {{'{text}': {{until: 2099-01-01, reason: r}}}}}}"
    for written in (f"guards: {{protected: ['{text}']}}", skip):
        ((line, _, message),) = problems_of(written)
        assert (line, message) == (3, f"'{text}' {NOT_PLAIN}")


def test_an_asterisk_without_quotes_says_what_it_would_mean() -> None:
    ((line, column, message),) = problems_of("guards:\n  protected:\n    - *@y.io\n")
    assert (line, column, message) == (5, 8, "a value cannot begin with '*' without quotes")
