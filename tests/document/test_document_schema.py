"""What the schema and the general rules say of a document: every problem, its place, its words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.document import schema
from beamctl.document.deduplication import deduplicate
from beamctl.document.document import Document
from beamctl.document.load import SourceText, load
from beamctl.document.problem import Place, Problem
from beamctl.document.schema_error import SchemaError
from beamctl.document.schema_file import load_schema
from beamctl.document.schema_messages import problems_of
from beamctl.document.yaml_errors import NO_BREAK, NO_SPACE

HEAD = "version: 1\nworkspace: acme\n"
ROLES = "write admin, member or viewer"
NO_DASHES = "write 'key: value' lines, without '- ' before them"
ONE_SELF = "'self' must have exactly one of serviceAccount and email"
BRACKETS = "put square brackets around it, or write '- ' before each item"
PERCENTAGE = "write a number without quotes, or a whole percentage from 0% to 100%, for example 25%"
DATE = "write a date as YYYY-MM-DD, for example 2027-01-31"
NAME = "write lowercase letters, digits and single hyphens between them, for example acme-prod"
DOMAIN = "write the part after the @ of an address, such as example.com"
ADDRESS = "write an address such as ada@example.com"
PATTERN = "write an address such as ada@example.com, or '*@example.com' for everyone at a domain"

# what follows version and workspace (line 3 on), line, column, message, hint
SECTIONS = [
    # keys
    ("membrs: {}", 3, 1, "unknown key 'membrs'", "did you mean 'members'?"),
    ("Members: {}", 3, 1, "unknown key 'Members'", "did you mean 'members'?"),
    (
        "x\\\u200b: 1",
        3,
        1,
        "unknown key 'x\\\\\\u200b'",
        (
            "valid keys are version, workspace, settings, members, serviceAccounts, policies, integrations, "
            "environments, guards and manage"
        ),
    ),
    ("settings: {display_name: x}", 3, 12, "unknown key 'display_name'", "did you mean 'displayName'?"),
    ("members:\n  a@x: {rol: admin}", 4, 9, "unknown key 'rol'", "did you mean 'role'?"),
    ("members:\n  a@x: {until: 2027-01-31}", 4, 3, "'role' is missing from 'a@x'", "add 'role: …'"),
    (
        "settings:\n  groupMappings:\n  - groupName: a\n    role: member\n  - role: member",
        7,
        5,
        "'groupName' is missing from item 2 of 'groupMappings'",
        "add 'groupName: …'",
    ),
    # roles and modes
    ("members:\n  a@x: owner", 4, 8, "'owner' is not a role", ROLES),
    (
        "members:\n  a@x: Admin",
        4,
        8,
        "'Admin' is not a role",
        "did you mean 'admin'? Valid values are admin, member and viewer",
    ),
    (
        "members:\n  a@x: {role: memer}",
        4,
        15,
        "'memer' is not a role",
        "did you mean 'member'? Valid values are admin, member and viewer",
    ),
    ("members:\n  a@x: ''", 4, 8, "'' is not a role", ROLES),
    ("manage: {members: all}", 3, 19, "'all' is not a mode", "write authoritative or additive"),
    # types
    ("members:\n  a@x: 3", 4, 8, "'a@x' must be admin, member, viewer or a mapping, not a number", ""),
    ("members:\n  a@x: [admin]", 4, 8, "'a@x' must be admin, member, viewer or a mapping, not a list", NO_DASHES),
    ("members:\n  a@x: {role: 1.5}", 4, 15, "'role' must be admin, member or viewer, not 1.5", ""),
    (
        "members:\n  a@x: {role: admin, reason: 812}",
        4,
        30,
        "'reason' must be a string, not a number",
        "put quotes around it",
    ),
    ("members:\n  a@x: {role: admin, owner: [x]}", 4, 29, "'owner' must be a string, not a list", ""),
    ("members:\n  a@x: {role: admin, until: 2027}", 4, 29, "'until' must be a date, not a number", DATE),
    ("members:\n  a@x: {role: admin, until: 31.1.2027}", 4, 29, "'31.1.2027' is not a date", DATE),
    ("members:\n- a@x: admin", 4, 1, "'members' must be a mapping, not a list", NO_DASHES),
    ("members:\n  a@x:admin", 4, 3, "'members' must be a mapping, not a string", "put a space after the colon"),
    ("members: {a@x: {role:admin}}", 3, 17, "unknown key 'role:admin'", NO_SPACE[1]),
    ("guards: {minAdmins:1}", 3, 10, "unknown key 'minAdmins:1'", NO_SPACE[1]),
    ("guards: {minAdmins:\u00a01}", 3, 10, "unknown key 'minAdmins:\\xa01'", NO_BREAK),
    ("settings: {labels: {a:b}}", 3, 21, "'a:b' has no value", NO_SPACE[1]),
    ("members: nobody", 3, 10, "'members' must be a mapping, not a string", ""),
    ("settings: {labels: {a: true}}", 3, 24, "'a' must be a string, not true", "put quotes around it"),
    (
        "settings: {groupMappings: {a: member}}",
        3,
        27,
        "'groupMappings' must be a list, not a mapping",
        "write '- ' before each item",
    ),
    ("guards: {allowedDomains: example.com}", 3, 26, "'allowedDomains' must be a list, not a string", BRACKETS),
    ("guards: {protected: [1]}", 3, 22, "item 1 of 'protected' must be a string, not a number", "put quotes around it"),
    ("guards: {minAdmins: '2'}", 3, 21, "'minAdmins' must be a whole number, not a string", "remove the quotes"),
    ("guards: {preventDestroy: no}", 3, 26, "'preventDestroy' must be true or false, not a string", ""),
    (
        "guards: {preventDestroy: 'false'}",
        3,
        26,
        "'preventDestroy' must be true or false, not a string",
        "remove the quotes",
    ),
    ("guards: {preventDestroy: 0}", 3, 26, "'preventDestroy' must be true or false, not a number", ""),
    ("guards: {preventDestroy: ~}", 3, 10, "'preventDestroy' has no value", "write true or false"),
    ("guards: {minAdmins: 2.5}", 3, 21, "'minAdmins' must be a whole number, not 2.5", ""),
    (
        "guards: {maxRemovals: false}",
        3,
        23,
        "'maxRemovals' must be a whole number or a percentage, not false",
        PERCENTAGE,
    ),
    # nothing
    (
        "members:",
        3,
        1,
        "'members' has no value",
        "write 'members: {}' for none, or delete the line to leave members unmanaged",
    ),
    (
        "settings:\n  labels:",
        4,
        3,
        "'labels' has no value",
        "write 'labels: {}' for none, or delete the line to leave labels unmanaged",
    ),
    ("guards:", 3, 1, "'guards' has no value", "indent its keys below it, or delete the line"),
    ("guards: {protected: ~}", 3, 10, "'protected' has no value", "write a list"),
    ("guards: {protected: [~]}", 3, 22, "item 1 of 'protected' has no value", "write a string"),
    ("members:\n  a@x:", 4, 3, "'a@x' has no value", "write admin, member, viewer or a mapping"),
    ("members:\n  a@x: {role: }", 4, 9, "'role' has no value", ROLES),
    # sizes
    (
        "settings: {displayName: " + "x" * 64 + "}",
        3,
        25,
        "'displayName' is 64 characters long; it must be at most 63",
        "shorten it",
    ),
    ("members:\n  a@x: {role: admin, reason: ''}", 4, 30, "'reason' is empty", "add a value, or delete it"),
    ("guards: {minAdmins: -1}", 3, 21, "'minAdmins' must be at least 0, not -1", ""),
    ("guards: {maxRemovals: -1}", 3, 23, "'maxRemovals' must be at least 0, not -1", ""),
    ("guards: {maxRemovals: 101%}", 3, 23, "'101%' is not a percentage", PERCENTAGE),
    ("guards: {maxRemovals: '5'}", 3, 23, "'5' is not a percentage", PERCENTAGE),
    ("guards: {maxRemovals: 2.5%}", 3, 23, "'2.5%' is not a percentage", PERCENTAGE),
    ("guards: {maxRemovals: ٣%}", 3, 23, "'٣%' is not a percentage", PERCENTAGE),
    ("guards: {self: {}}", 3, 10, ONE_SELF, ""),
    ("guards: {self: {email: a@x, serviceAccount: b}}", 3, 10, ONE_SELF, ""),
    ("guards: {self: {email: a@x, service: b}}", 3, 29, "unknown key 'service'", "did you mean 'serviceAccount'?"),
    # the general rules
    ("guards: {protected: [ada]}", 3, 22, "'ada' is not an e-mail address", PATTERN),
    ("guards: {self: {email: x@}}", 3, 24, "'x@' is not an e-mail address", ADDRESS),
    ("guards: {protected: [a@x, b@x, A@X]}", 3, 32, "'A@X' is listed twice, first on line 3", "delete one of them"),
    ("guards: {allowedDomains: ['@x.com']}", 3, 27, "'@x.com' is not a domain", DOMAIN),
    ("guards: {allowedDomains: [a b]}", 3, 27, "'a b' is not a domain", DOMAIN),
    ("guards: {allowedDomains: ['']}", 3, 27, "'' is not a domain", DOMAIN),
    (
        "guards: {allowedDomains: ['*.x.com']}",
        3,
        27,
        "'*.x.com' is not a domain",
        "list each domain; wildcards are not supported",
    ),
    (
        "guards:\n  allowedDomains:\n  - x.com\n  - X.com",
        6,
        5,
        "'X.com' is listed twice, first on line 5",
        "delete one of them",
    ),
    # who is skipped
    (
        "manage:\n  skip:",
        4,
        3,
        "'skip' has no value",
        "write 'skip: {}' for none, or delete the line to leave skip unmanaged",
    ),
    ("serviceAccounts: {ci: member}", 3, 23, "'ci' must be a mapping, not a string", "write {role: …}"),
    ("manage: {skip: {a@x: 2027-01-31}}", 3, 22, "'a@x' must be a mapping, not a string", ""),
    ("manage: {skip: [a@x]}", 3, 16, "'skip' must be a mapping, not a list", NO_DASHES),
    ("manage: {skip: {a@x: {reason: b}}}", 3, 17, "'until' is missing from 'a@x'", "add 'until: …'"),
    ("manage: {skip: {a@x: {until: 2027-01-31}}}", 3, 17, "'reason' is missing from 'a@x'", "add 'reason: …'"),
    (
        "manage: {skip: {a@x: {until: 2027-01-31, reason: ''}}}",
        3,
        50,
        "'reason' is empty",
        "add a value, or delete it",
    ),
    (
        "manage: {skip: {a@x: {until: soon, reason: b}}}",
        3,
        30,
        "'soon' is not a date",
        "write a date as YYYY-MM-DD, for example 2027-01-31",
    ),
    (
        "manage: {skip: {a@x: {until: 2027-02-30, reason: b}}}",
        3,
        30,
        "'2027-02-30' is not a valid date",
        "write YYYY-MM-DD",
    ),
    (
        "manage: {skip: {a@x: {until: 2027-01-31, reason: b, role: member}}}",
        3,
        53,
        "unknown key 'role'",
        "valid keys are until and reason",
    ),
    (
        "manage: {skip: {ada: {until: 2027-01-31, reason: b}}}",
        3,
        17,
        "'ada' is not an e-mail address",
        "write NAME@DOMAIN: {until: …, reason: …}",
    ),
    (
        "manage:\n  skip:\n    a@x: {until: 2027-01-31, reason: b}\n    A@X: {until: 2027-01-31, reason: b}",
        6,
        5,
        "'A@X' is the same person as 'a@x' on line 5",
        "keep one of them: case and the xn-- form of a domain make no difference",
    ),
]

# the whole document, line, column, message, hint
WHOLE = [
    ("workspace: acme", 1, 1, "'version' is missing", "add 'version: …'"),
    ("version: 1", 1, 1, "'workspace' is missing", "add 'workspace: …'"),
    ("version: 1\nworkspac: acme", 2, 1, "unknown key 'workspac'", "did you mean 'workspace'?"),
    ("version: 2\nworkspace: acme", 1, 10, "'version' must be 1, not 2", ""),
    ("version: '1'\nworkspace: acme", 1, 10, "'version' must be a whole number, not a string", "remove the quotes"),
    ("version: 1\nworkspace: 42", 2, 12, "'workspace' must be a workspace name, not a number", NAME),
    ("version: 1\nworkspace: Acme Prod", 2, 12, "'Acme Prod' is not a workspace name", NAME),
    ("version: 1\nworkspace: acme-", 2, 12, "'acme-' is not a workspace name", NAME),
    ('version: 1\nworkspace: "acme\\n"', 2, 12, "'acme\\n' is not a workspace name", NAME),
    (
        "version: 1\nworkspace: " + "a" * 64,
        2,
        12,
        "'workspace' is 64 characters long; it must be at most 63",
        "shorten it",
    ),
    ("null", 1, 1, "the document has no value", "indent its keys below it, or delete the line"),
    ("- a", 1, 1, "the document must be a mapping, not a list", NO_DASHES),
    ("\nhello", 2, 1, "the document must be a mapping, not a string", ""),
    ("version:1\nworkspace:acme", 1, 1, "the document must be a mapping, not a string", "put a space after the colon"),
]


def problems(text: str) -> list[Problem]:
    return list(load([SourceText("f.yaml", text.encode())]).problems)


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "hint"),
    [*((HEAD + text, *rest) for text, *rest in SECTIONS), *WHOLE],
    ids=[ascii(row[0])[:60] for row in [*SECTIONS, *WHOLE]],
)
def test_one_problem(text: str, line: int, column: int, message: str, hint: str) -> None:
    assert problems(text) == [Problem(Place("f.yaml", line, column), message, hint)]


def test_hostile_text_is_escaped_and_cut() -> None:
    found = problems(HEAD + 'members:\n  "\\e[2J": "\\u202e\\n' + "x" * 10_000 + '"\n')
    assert [problem.message for problem in found] == ["'\\u202e\\n" + "x" * 57 + "…' is not a role"]
    found = problems(HEAD + '"\\e]0;\\a": 1\n')
    assert [problem.message for problem in found] == ["unknown key '\\x1b]0;\\x07'"]
    found = problems(HEAD + "guards: {minAdmins: -" + "9" * 99 + "}")
    assert [len(problem.message) < 120 for problem in found] == [True]


def test_the_same_wrong_value_is_reported_at_every_key_that_has_it() -> None:
    people = "".join(f"  p{n}@x: {'owner' if n % 2 else '{role: admin, reason: 1}'}\n" for n in range(1000))
    found = problems(HEAD + "members:\n" + people)
    assert [problem.place for problem in found] == [
        Place("f.yaml", 4 + n, 9 + len(str(n)) - 1 + (0 if n % 2 else 22)) for n in range(1000)
    ]


def test_equal_values_of_different_types_are_told_apart() -> None:
    found = problems(HEAD + "members:\n  a@x: 1\n  b@x: true\n  c@x: 1.0\n  d@x: '1'\n")
    assert [problem.message.rpartition(" ")[2] for problem in found] == ["number", "true", "1.0", "role"]


def test_people_with_different_reasons_are_checked_as_one() -> None:
    members = {f"p{n}@x": {"role": "admin", "reason": f"T-{n}"} for n in range(100)}
    members["q@x"] = {"role": "admin", "reason": ""}
    reduced, twins = deduplicate(load_schema("workspace"), {"members": members})
    assert list(reduced["members"]) == ["p0@x", "q@x"]
    assert twins == {("members", "p0@x"): [f"p{n}@x" for n in range(1, 100)]}


ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["admin", "owner", 1, None]),
        "reason": st.sampled_from(["a", "b", "", 1, True, None]),
        "owner": st.sampled_from(["…", "x", []]),
        "until": st.sampled_from(["2027-01-31", "2027-02-31", "soon"]),
        "unknown": st.just(1),
    },
)
VALUE: st.SearchStrategy[Any] = st.sampled_from(["admin", "member", "owner", 1, 1.0, True, None, [], ""]) | ENTRY


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abcdefgh"), VALUE))
def test_checking_each_distinct_value_once_finds_the_same_as_checking_every_one(members: dict[str, Any]) -> None:
    document = Document("f", {"version": 1, "workspace": "a", "members": members}, {}, {})
    once = schema.check(document)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "deduplicate", lambda _, data: (data, {}))
        assert set(once) == set(schema.check(document))


def test_a_keyword_without_words_of_its_own_is_still_reported() -> None:
    fault = SchemaError(("a", 1), "uniqueItems", demand=True, instance=[1, 1], schemas=[{"title": "Set of things"}])
    document = Document("f", {}, {}, {})
    assert [problem.message for problem in problems_of(fault, document)] == [
        "item 2 of 'a' is not a set of things (uniqueItems)"
    ]
