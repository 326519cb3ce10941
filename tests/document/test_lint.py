"""Warnings about documents that are valid but probably not intended."""

import pytest

from beamctl.document.load import SourceText
from beamctl.workflow.documents import validate
from tests.fakes.runs import document, planned
from tests.fakes.wording import words
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
        ("settings: {displayName: '$(Name)'}", 3, 25, "'$(Name)' looks like a placeholder"),
        ("settings: {displayName: 'x-#{Name}#'}", 3, 25, "'#{Name}' looks like a placeholder"),
        ("settings: {displayName: '<%= name %>'}", 3, 25, "'<%= name %>' looks like a placeholder"),
        ("settings: {displayName: '%%NAME%%'}", 3, 25, "'%%NAME%%' looks like a placeholder"),
        ("settings: {displayName: $NAME}", 3, 25, "'$NAME' looks like a placeholder"),
        ("members:\n  ${OWNER}@x.io: admin", 4, 3, "'${OWNER}' looks like a placeholder"),
        ("members: {}\nmanage: {skip: {'{{a}}@x.io': {until: 2099-01-01, reason: r}}}", 4, 17, "'{{a}}' looks like a"),
        ("manage: {skip: {a@x.io: {until: 2099-01-01, reason: '${TICKET}'}}}", 3, 53, "'${TICKET}' looks like a"),
        ("settings: {labels: {command: '${A}'}}", 3, 30, "'${A}' looks like a placeholder"),
        ("members: {a@x.io: admin}\nguards: {protected: ['*@Corp.com']}", 4, 22, "no one at Corp.com is under members"),
        ("serviceAccounts: {ci: {role: member, description: '${A}'}}", 3, 51, "'${A}' looks like a placeholder"),
        ("secrets: {A: {value: {file: '${A}'}}}", 3, 29, "'${A}' looks like a placeholder"),
        ("secrets: {'{{ A }}': {value: {env: A}}}", 3, 11, "'{{ A }}' looks like a placeholder"),
        ("shares: {images: {agent/bot: ['${B}']}}", 3, 31, "'${B}' looks like a placeholder"),
        ("shares: {customDomains: {'${B}.x.io': [b]}}", 3, 26, "'${B}' looks like a placeholder"),
        ("members: {a@x.io: admin}\nguards: {protected: [b@x.io]}", 4, 22, "'b@x.io' is not under members"),
        ("members: {a@x.io: admin}\nguards: {self: {email: b@x.io}}", 4, 24, "'b@x.io' is not under members"),
        (
            "serviceAccounts: {ci: {role: member}}\nguards: {self: {serviceAccount: c1}}",
            4,
            33,
            "'c1' is not under serviceAccounts",
        ),
    ],
)
def test_a_probable_mistake_is_a_warning_with_its_position(text: str, line: int, column: int, message: str) -> None:
    checked = validate([SourceText("beamctl.yaml", (HEAD + text).encode())])
    assert checked.problems == ()
    (warning,) = checked.warnings
    assert (warning.place.line, warning.place.column) == (line, column)
    assert warning.message.startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        "settings: {displayName: 'costs $5 or $USD {a} @@ b 5%% (c) # {d}'}",
        "members: {A@x.io: admin}\nguards: {protected: [a@x.io], self: {email: a@X.io}}",
        "guards: {protected: [b@x.io]}\nmembers: {}\nmanage: {skip: {b@x.io: {until: 2099-01-01, reason: r}}}",
        "guards: {protected: [b@x.io]}",
        "guards: {protected: ['*@x.io']}\nmembers: {a@X.io: admin}",
        "guards: {protected: [b@x.io, '*@y.io']}\nmembers: {}\nmanage: {members: additive}",
        "guards: {protected: [b@x.io]}\nmembers: {}\nmanage: {skip: {'*@X.io': {until: 2099-01-01, reason: r}}}",
        "guards: {self: {email: b@x.io}}\nmembers: {}\nmanage: {skip: {'*@x.io': {until: 2099-01-01, reason: r}}}",
        "guards: {protected: ['*@x.io']}\nmembers: {}\nmanage: {skip: {b@x.io: {until: 2099-01-01, reason: r}}}",
        "guards: {protected: [j\xf6rg@b\xfccher.de]}\nmembers: {J\xd6RG@xn--bcher-kva.de: admin}",
        "serviceAccounts: {ci: {role: member}}\nguards: {self: {serviceAccount: ci}}",
        "serviceAccounts: {}\nmanage: {serviceAccounts: additive}\nguards: {self: {serviceAccount: ci}}",
        COMMAND,
    ],
)
def test_an_intended_document_has_no_warning(text: str) -> None:
    checked = validate([SourceText("beamctl.yaml", (HEAD + text).encode())])
    assert (checked.problems, checked.warnings) == ((), ())


def test_a_plan_repeats_the_warnings() -> None:
    live = FakeWorkspace.of([person("root@x.io", "admin")])
    plan = planned(document({"root@x.io": "admin"}, guards={"protected": ["rot@x.io"]}), live)
    (note,) = plan.notes
    assert words(note.fact) == "'rot@x.io' is not under members: check the spelling"
    assert note.place is not None
    assert plan.differs is False


def problems_of(text: str) -> list[tuple[int, int, str]]:
    found = validate([SourceText("beamctl.yaml", (HEAD + text).encode())]).problems
    return [(each.place.line, each.place.column, each.message) for each in found]


SKIPPED = "{until: 2099-01-01, reason: r}"


@pytest.mark.parametrize(
    ("text", "admins"),
    [
        ("members: {a@x.io: admin, b@x.io: member}", "1 admin"),
        ("members: {a@x.io: {role: admin}, b@x.io: {role: viewer}}", "1 admin"),
        ("members: {a@x.io: {role: admin, until: 2020-01-01}}", "1 admin"),
        ("members: {a@x.io: viewer}", "0 admins"),
        ("members: {}", "0 admins"),
        ("members: {a@x.io: admin}\nmanage: {skip: {}}", "1 admin"),
        (f"members: {{a@x.io: admin, b@x.io: member}}\nmanage: {{skip: {{B@x.io: {SKIPPED}}}}}", "1 admin"),
        ("members: {a@x.io: admin}\nsettings: {groupMappings: [{groupName: ops, role: member}]}", "1 admin"),
        ("members: {a@x.io: admin}\nmanage: {serviceAccounts: additive}", "1 admin"),
    ],
)
def test_a_min_admins_that_the_document_cannot_meet_is_a_problem(text: str, admins: str) -> None:
    found = problems_of(f"{text}\nguards: {{maxRemovals: 9,\n  minAdmins: 2}}")
    assert found == [(text.count("\n") + 5, 14, f"minAdmins is 2, but members lists {admins}")]


@pytest.mark.parametrize(
    "text",
    [
        "members: {a@x.io: admin, b@x.io: {role: admin}}",
        "members: {a@x.io: admin, b@x.io: {role: admin, until: 2020-01-01}}",
        "members: {a@x.io: admin}\nmanage: {members: additive}",
        "members: {a@x.io: admin}\nsettings: {groupMappings: [{groupName: ops, role: admin}]}",
        f"members: {{a@x.io: admin}}\nmanage: {{skip: {{b@x.io: {SKIPPED}}}}}",
        f"members: {{a@x.io: admin}}\nmanage: {{skip: {{'*@x.io': {SKIPPED}}}}}",
        "settings: {displayName: Acme}",
    ],
)
def test_min_admins_counts_admins_that_are_not_listed(text: str) -> None:
    assert problems_of(f"{text}\nguards: {{minAdmins: 2}}") == []


def test_min_admins_is_not_checked_against_members_with_problems() -> None:
    found = problems_of("members: {a@x.io: admin, b@x.io: amdin}\nguards: {minAdmins: 2}")
    assert [message for _, _, message in found] == ["'amdin' is not one of ['admin', 'member', 'viewer']"]


def test_a_domain_wildcard_skips_or_protects_all_its_addresses() -> None:
    people = [person("root@x.io", "admin"), person("a@y.io"), person("B@Y.io"), person("c@z.io")]
    skip = {
        "*@Y.io": {"until": "2099-01-01", "reason": "TICKET-1"},
        "*@none.io": {"until": "2099-01-01", "reason": "r"},
    }
    plan = planned(document({"root@x.io": "admin"}, manage={"skip": skip}), FakeWorkspace.of(people))
    assert [change.name for change in plan.changes] == ["c@z.io"]
    assert [words(note.fact).partition(" until")[0] for note in plan.notes] == [
        "*@Y.io is skipped",
        "*@none.io is skipped",
    ]
    assert [
        words(note.fact).endswith("; no one at none.io is in the workspace or under members") for note in plan.notes
    ] == [
        False,
        True,
    ]
    guarded = planned(document({"root@x.io": "admin"}, guards={"protected": ["*@y.io"]}), FakeWorkspace.of(people))
    protected = [hazard.value for hazard in guarded.hazards if hazard.risk.value == "removes-protected"]
    assert protected == ["B@Y.io", "a@y.io"]


@pytest.mark.parametrize("section", ["members", "protected", "skip", "self"])
@pytest.mark.parametrize("text", ["*", "*@*", "a*@x.io", "*@x.*", "@*", "**@x.io"])
def test_other_wildcards_are_problems(section: str, text: str) -> None:
    written = {
        "members": f"members: {{'{text}': member}}",
        "protected": f"guards: {{protected: ['{text}']}}",
        "skip": f"manage: {{skip: {{'{text}': {{until: 2099-01-01, reason: r}}}}}}",
        "self": f"guards: {{self: {{email: '{text}'}}}}",
    }
    ((line, _, message),) = problems_of(written[section])
    assert line == 3
    takes_patterns = section in ("protected", "skip")
    expected = (
        f"'{text}' is not an e-mail address or '*@DOMAIN'"
        if takes_patterns
        else "contains a '*': only guards.protected"
    )
    assert expected in message


@pytest.mark.parametrize("text", ["*@b\xfccher.de", "*@XN--bcher-kva.de"])
@pytest.mark.parametrize("live", ["b@B\xfccher.de", "b@xn--bcher-kva.de"])
def test_unicode_and_ascii_spellings_of_a_domain_are_equal(text: str, live: str) -> None:
    people = FakeWorkspace.of([person("root@x.io", "admin"), person(live)])
    skip = {text: {"until": "2099-01-01", "reason": "r"}}
    assert planned(document({"root@x.io": "admin"}, manage={"skip": skip}), people).changes == ()
    plan = planned(document({"root@x.io": "admin"}, guards={"protected": [text]}), people)
    assert [hazard.value for hazard in plan.hazards if hazard.risk.value == "removes-protected"] == [live]
    allowed = document({"root@x.io": "admin", live: "admin"}, guards={"allowedDomains": ["x.io", text[2:]]})
    assert "grants-outside-domain" not in [hazard.risk.value for hazard in planned(allowed, people).hazards]


@pytest.mark.parametrize(
    "text",
    [
        "guards:\n  protected:\n    - *@y.io\n",
        "guards:\n  protected: [a@x.io, *@y.io]\n",
        "manage:\n  skip:\n    *@y.io: {until: 2099-01-01, reason: r}\n",
        "manage:\n  skip: {*@y.io: {until: 2099-01-01, reason: r}}\n",
    ],
)
def test_the_hint_explains_an_unquoted_asterisk(text: str) -> None:
    (found,) = validate([SourceText("beamctl.yaml", (HEAD + text).encode())]).problems
    lines = (HEAD + text).splitlines()
    assert "*@y.io" in lines[found.place.line - 1]
    assert found.message == "did not find expected alphabetic or numeric character while scanning an alias"
    assert "guards.protected and manage.skip it means everyone at that domain" in found.hint
