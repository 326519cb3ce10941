"""Problems found by the schema and the general rules: each with its position, message and hint."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema.exceptions import best_match

from beamctl.document import schema
from beamctl.document.document import Document
from beamctl.document.load import SourceText, load
from beamctl.document.problem import Place, Problem, ProblemCode
from beamctl.document.schema import jsonschema_validator, violation
from beamctl.document.schema_messages import problems_of
from beamctl.document.syntax import NO_BREAK, NO_SPACE
from beamctl.plan.plan_file import saved_text
from tests.fakes.forgery import edited, edits
from tests.fakes.runs import document, planned
from tests.fakes.saved_plans import saved
from tests.fakes.schemas import plain_validator, problems_with
from tests.fakes.workspace import FakeWorkspace, person

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
    ("membrs: {}", 3, 1, ProblemCode.UNKNOWN_KEY, "unknown key 'membrs'", "did you mean 'members'?"),
    ("Members: {}", 3, 1, ProblemCode.UNKNOWN_KEY, "unknown key 'Members'", "did you mean 'members'?"),
    (
        "x\\\u200b: 1",
        3,
        1,
        ProblemCode.UNKNOWN_KEY,
        "unknown key 'x\\\\\\u200b'",
        (
            "valid keys are version, workspace, settings, members, groups, leavers, serviceAccounts, policies, "
            "integrations, environments, secrets, shares, guards and manage"
        ),
    ),
    (
        "settings: {display_name: x}",
        3,
        12,
        ProblemCode.UNKNOWN_KEY,
        "unknown key 'display_name'",
        "did you mean 'displayName'?",
    ),
    ("members:\n  a@x: {rol: admin}", 4, 9, ProblemCode.UNKNOWN_KEY, "unknown key 'rol'", "did you mean 'role'?"),
    (
        "members:\n  a@x: {until: 2027-01-31}",
        4,
        3,
        ProblemCode.MISSING_KEY,
        "'role' is a required property of 'a@x'",
        "add 'role: …'",
    ),
    (
        "settings:\n  groupMappings:\n  - groupName: a\n    role: member\n  - role: member",
        7,
        5,
        ProblemCode.MISSING_KEY,
        "'groupName' is a required property of item 2 of 'groupMappings'",
        "add 'groupName: …'",
    ),
    # roles and modes
    (
        "members:\n  a@x: owner",
        4,
        8,
        ProblemCode.INVALID_VALUE,
        "'owner' is not one of ['admin', 'member', 'viewer']",
        "",
    ),
    (
        "members:\n  a@x: Admin",
        4,
        8,
        ProblemCode.INVALID_VALUE,
        "'Admin' is not one of ['admin', 'member', 'viewer']",
        "did you mean 'admin'?",
    ),
    (
        "members:\n  a@x: {role: memer}",
        4,
        15,
        ProblemCode.INVALID_VALUE,
        "'memer' is not one of ['admin', 'member', 'viewer']",
        "did you mean 'member'?",
    ),
    ("members:\n  a@x: ''", 4, 8, ProblemCode.INVALID_VALUE, "'' is not one of ['admin', 'member', 'viewer']", ""),
    (
        "manage: {members: all}",
        3,
        19,
        ProblemCode.INVALID_VALUE,
        "'all' is not one of ['authoritative', 'additive']",
        "",
    ),
    # types
    (
        "members:\n  a@x: 3",
        4,
        8,
        ProblemCode.WRONG_TYPE,
        "'a@x' must be admin, member, viewer or a mapping, not a number",
        "",
    ),
    (
        "members:\n  a@x: [admin]",
        4,
        8,
        ProblemCode.WRONG_TYPE,
        "'a@x' must be admin, member, viewer or a mapping, not a list",
        NO_DASHES,
    ),
    (
        "members:\n  a@x: {role: 1.5}",
        4,
        15,
        ProblemCode.WRONG_TYPE,
        "'role' must be admin, member or viewer, not 1.5",
        "",
    ),
    (
        "members:\n  a@x: {role: admin, reason: 812}",
        4,
        30,
        ProblemCode.WRONG_TYPE,
        "'reason' must be a string, not a number",
        "put quotes around it",
    ),
    (
        "members:\n  a@x: {role: admin, owner: [x]}",
        4,
        29,
        ProblemCode.WRONG_TYPE,
        "'owner' must be a string, not a list",
        "",
    ),
    (
        "members:\n  a@x: {role: admin, until: 2027}",
        4,
        29,
        ProblemCode.WRONG_TYPE,
        "'until' must be a date, not a number",
        DATE,
    ),
    (
        "members:\n  a@x: {role: admin, until: 31.1.2027}",
        4,
        29,
        ProblemCode.INVALID_VALUE,
        "'31.1.2027' is not a date",
        DATE,
    ),
    ("members:\n- a@x: admin", 4, 1, ProblemCode.WRONG_TYPE, "'members' must be a mapping, not a list", NO_DASHES),
    (
        "members:\n  a@x:admin",
        4,
        3,
        ProblemCode.WRONG_TYPE,
        "'members' must be a mapping, not a string",
        "put a space after the colon: 'key: value'",
    ),
    ("members: {a@x: {role:admin}}", 3, 17, ProblemCode.UNKNOWN_KEY, "unknown key 'role:admin'", NO_SPACE),
    ("guards: {minAdmins:1}", 3, 10, ProblemCode.UNKNOWN_KEY, "unknown key 'minAdmins:1'", NO_SPACE),
    ("guards: {minAdmins:\u00a01}", 3, 10, ProblemCode.UNKNOWN_KEY, "unknown key 'minAdmins:\\xa01'", NO_BREAK),
    ("settings: {labels: {a:b}}", 3, 21, ProblemCode.MISSING_VALUE, "'a:b' has no value", NO_SPACE),
    ("members: nobody", 3, 10, ProblemCode.WRONG_TYPE, "'members' must be a mapping, not a string", ""),
    (
        "settings: {labels: {a: true}}",
        3,
        24,
        ProblemCode.WRONG_TYPE,
        "'a' must be a string, not true",
        "put quotes around it",
    ),
    (
        "settings: {groupMappings: {a: member}}",
        3,
        27,
        ProblemCode.WRONG_TYPE,
        "'groupMappings' must be a list, not a mapping",
        "write '- ' before each item",
    ),
    (
        "guards: {allowedDomains: example.com}",
        3,
        26,
        ProblemCode.WRONG_TYPE,
        "'allowedDomains' must be a list, not a string",
        BRACKETS,
    ),
    (
        "guards: {protected: [1]}",
        3,
        22,
        ProblemCode.WRONG_TYPE,
        "item 1 of 'protected' must be a string, not a number",
        "put quotes around it",
    ),
    (
        "guards: {minAdmins: '2'}",
        3,
        21,
        ProblemCode.WRONG_TYPE,
        "'minAdmins' must be a whole number, not a string",
        "remove the quotes",
    ),
    (
        "guards: {preventDestroy: no}",
        3,
        26,
        ProblemCode.WRONG_TYPE,
        "'preventDestroy' must be true or false, not a string",
        "",
    ),
    (
        "guards: {preventDestroy: 'false'}",
        3,
        26,
        ProblemCode.WRONG_TYPE,
        "'preventDestroy' must be true or false, not a string",
        "remove the quotes",
    ),
    (
        "guards: {preventDestroy: 0}",
        3,
        26,
        ProblemCode.WRONG_TYPE,
        "'preventDestroy' must be true or false, not a number",
        "",
    ),
    (
        "guards: {preventDestroy: ~}",
        3,
        10,
        ProblemCode.MISSING_VALUE,
        "'preventDestroy' has no value",
        "write true or false",
    ),
    ("guards: {minAdmins: 2.5}", 3, 21, ProblemCode.WRONG_TYPE, "'minAdmins' must be a whole number, not 2.5", ""),
    (
        "guards: {maxRemovals: false}",
        3,
        23,
        ProblemCode.WRONG_TYPE,
        "'maxRemovals' must be a whole number or a percentage, not false",
        PERCENTAGE,
    ),
    # missing values
    (
        "members:",
        3,
        1,
        ProblemCode.MISSING_VALUE,
        "'members' has no value",
        "write 'members: {}' for none, or delete the line to leave members unmanaged",
    ),
    (
        "settings:\n  labels:",
        4,
        3,
        ProblemCode.MISSING_VALUE,
        "'labels' has no value",
        "write 'labels: {}' for none, or delete the line to leave labels unmanaged",
    ),
    (
        "guards:",
        3,
        1,
        ProblemCode.MISSING_VALUE,
        "'guards' has no value",
        "indent its keys below it, or delete the line",
    ),
    ("guards: {protected: ~}", 3, 10, ProblemCode.MISSING_VALUE, "'protected' has no value", "write a list"),
    (
        "guards: {protected: [~]}",
        3,
        22,
        ProblemCode.MISSING_VALUE,
        "item 1 of 'protected' has no value",
        "write a string",
    ),
    (
        "members:\n  a@x:",
        4,
        3,
        ProblemCode.MISSING_VALUE,
        "'a@x' has no value",
        "write admin, member, viewer or a mapping",
    ),
    ("members:\n  a@x: {role: }", 4, 9, ProblemCode.MISSING_VALUE, "'role' has no value", ROLES),
    # sizes
    (
        "settings: {displayName: " + "x" * 64 + "}",
        3,
        25,
        ProblemCode.INVALID_VALUE,
        "'displayName' is too long",
        "use at most 63 characters",
    ),
    (
        "members:\n  a@x: {role: admin, reason: ''}",
        4,
        30,
        ProblemCode.INVALID_VALUE,
        "'reason' should be non-empty",
        "add a value, or delete it",
    ),
    (
        "guards: {minAdmins: -1}",
        3,
        21,
        ProblemCode.INVALID_VALUE,
        "'minAdmins' is -1, which is less than the minimum of 0",
        "",
    ),
    (
        "guards: {maxRemovals: -1}",
        3,
        23,
        ProblemCode.INVALID_VALUE,
        "'maxRemovals' is -1, which is less than the minimum of 0",
        "",
    ),
    ("guards: {maxRemovals: 101%}", 3, 23, ProblemCode.INVALID_VALUE, "'101%' is not a percentage", PERCENTAGE),
    ("guards: {maxRemovals: '5'}", 3, 23, ProblemCode.INVALID_VALUE, "'5' is not a percentage", PERCENTAGE),
    ("guards: {maxRemovals: 2.5%}", 3, 23, ProblemCode.INVALID_VALUE, "'2.5%' is not a percentage", PERCENTAGE),
    ("guards: {maxRemovals: ٣%}", 3, 23, ProblemCode.INVALID_VALUE, "'٣%' is not a percentage", PERCENTAGE),
    ("guards: {self: {}}", 3, 10, ProblemCode.INVALID_VALUE, ONE_SELF, ""),
    ("guards: {self: {email: a@x, serviceAccount: b}}", 3, 10, ProblemCode.INVALID_VALUE, ONE_SELF, ""),
    (
        "guards: {self: {email: a@x, service: b}}",
        3,
        29,
        ProblemCode.UNKNOWN_KEY,
        "unknown key 'service'",
        "did you mean 'serviceAccount'?",
    ),
    # the general rules
    ("guards: {protected: [ada]}", 3, 22, ProblemCode.INVALID_EMAIL, "'ada' is not an e-mail address", PATTERN),
    ("guards: {self: {email: x@}}", 3, 24, ProblemCode.INVALID_EMAIL, "'x@' is not an e-mail address", ADDRESS),
    (
        "guards: {protected: [a@x, b@x, A@X]}",
        3,
        32,
        ProblemCode.DUPLICATE_ENTRY,
        "'A@X' is listed twice, first on line 3",
        "delete one of them",
    ),
    ("guards: {allowedDomains: ['@x.com']}", 3, 27, ProblemCode.INVALID_DOMAIN, "'@x.com' is not a domain", DOMAIN),
    ("guards: {allowedDomains: [a b]}", 3, 27, ProblemCode.INVALID_DOMAIN, "'a b' is not a domain", DOMAIN),
    ("guards: {allowedDomains: ['']}", 3, 27, ProblemCode.INVALID_DOMAIN, "'' is not a domain", DOMAIN),
    (
        "guards: {allowedDomains: ['*.x.com']}",
        3,
        27,
        ProblemCode.INVALID_DOMAIN,
        "'*.x.com' is not a domain",
        "list each domain; wildcards are not supported",
    ),
    (
        "guards:\n  allowedDomains:\n  - x.com\n  - X.com",
        6,
        5,
        ProblemCode.DUPLICATE_ENTRY,
        "'X.com' is listed twice, first on line 5",
        "delete one of them",
    ),
    # skipped addresses
    (
        "manage:\n  skip:",
        4,
        3,
        ProblemCode.MISSING_VALUE,
        "'skip' has no value",
        "write 'skip: {}' for none, or delete the line",
    ),
    (
        "shares:\n  images:",
        4,
        3,
        ProblemCode.MISSING_VALUE,
        "'images' has no value",
        "write 'images: {}' for none, or delete the line",
    ),
    (
        "settings:\n  labels:",
        4,
        3,
        ProblemCode.MISSING_VALUE,
        "'labels' has no value",
        "write 'labels: {}' for none, or delete the line to leave labels unmanaged",
    ),
    # names
    (
        "secrets: {a: {value: {env: V}}, '': {value: {env: V}}}",
        3,
        33,
        ProblemCode.INVALID_VALUE,
        "a key of 'secrets' should be non-empty",
        "add a value, or delete it",
    ),
    (
        f"secrets: {{'{'x' * 1001}': {{value: {{env: V}}}}}}",
        3,
        11,
        ProblemCode.INVALID_VALUE,
        "a key of 'secrets' is too long",
        "use at most 1000 characters",
    ),
    (
        "serviceAccounts: {ci: member}",
        3,
        23,
        ProblemCode.WRONG_TYPE,
        "'ci' must be a mapping, not a string",
        "write {role: …}",
    ),
    ("manage: {skip: {a@x: 2027-01-31}}", 3, 22, ProblemCode.WRONG_TYPE, "'a@x' must be a mapping, not a string", ""),
    ("manage: {skip: [a@x]}", 3, 16, ProblemCode.WRONG_TYPE, "'skip' must be a mapping, not a list", NO_DASHES),
    (
        "manage: {skip: {a@x: {reason: b}}}",
        3,
        17,
        ProblemCode.MISSING_KEY,
        "'until' is a required property of 'a@x'",
        "add 'until: …'",
    ),
    (
        "manage: {skip: {a@x: {until: 2027-01-31}}}",
        3,
        17,
        ProblemCode.MISSING_KEY,
        "'reason' is a required property of 'a@x'",
        "add 'reason: …'",
    ),
    (
        "manage: {skip: {a@x: {until: 2027-01-31, reason: ''}}}",
        3,
        50,
        ProblemCode.INVALID_VALUE,
        "'reason' should be non-empty",
        "add a value, or delete it",
    ),
    (
        "manage: {skip: {a@x: {until: soon, reason: b}}}",
        3,
        30,
        ProblemCode.INVALID_VALUE,
        "'soon' is not a date",
        "write a date as YYYY-MM-DD, for example 2027-01-31",
    ),
    (
        "manage: {skip: {a@x: {until: 2027-02-30, reason: b}}}",
        3,
        30,
        ProblemCode.INVALID_DATE,
        "'2027-02-30' is not a valid date",
        "there is no such day: check the year, month and day",
    ),
    (
        "manage: {skip: {a@x: {until: 2027-01-31, reason: b, role: member}}}",
        3,
        53,
        ProblemCode.UNKNOWN_KEY,
        "unknown key 'role'",
        "valid keys are until and reason",
    ),
    (
        "manage: {skip: {ada: {until: 2027-01-31, reason: b}}}",
        3,
        17,
        ProblemCode.INVALID_EMAIL,
        "'ada' is not an e-mail address",
        "write NAME@DOMAIN: {until: …, reason: …}",
    ),
    (
        "manage:\n  skip:\n    a@x: {until: 2027-01-31, reason: b}\n    A@X: {until: 2027-01-31, reason: b}",
        6,
        5,
        ProblemCode.DUPLICATE_EMAIL,
        "'A@X' is the same person as 'a@x' on line 5",
        "keep one of them: case does not matter, and a domain is the same in its xn-- form",
    ),
]

# the whole document, line, column, message, hint
WHOLE = [
    ("workspace: acme", 1, 1, ProblemCode.MISSING_KEY, "'version' is a required property", "add 'version: 1'"),
    ("version: 1", 1, 1, ProblemCode.MISSING_KEY, "'workspace' is a required property", "add 'workspace: …'"),
    (
        "version: 1\nworkspac: acme",
        2,
        1,
        ProblemCode.UNKNOWN_KEY,
        "unknown key 'workspac'",
        "did you mean 'workspace'?",
    ),
    ("version: 2\nworkspace: acme", 1, 10, ProblemCode.INVALID_VALUE, "'version': 1 was expected", ""),
    (
        "version: '1'\nworkspace: acme",
        1,
        10,
        ProblemCode.WRONG_TYPE,
        "'version' must be a whole number, not a string",
        "remove the quotes",
    ),
    (
        "version: 1\nworkspace: 42",
        2,
        12,
        ProblemCode.WRONG_TYPE,
        "'workspace' must be a workspace name, not a number",
        NAME,
    ),
    ("version: 1\nworkspace: Acme Prod", 2, 12, ProblemCode.INVALID_VALUE, "'Acme Prod' is not a workspace name", NAME),
    ("version: 1\nworkspace: acme-", 2, 12, ProblemCode.INVALID_VALUE, "'acme-' is not a workspace name", NAME),
    ('version: 1\nworkspace: "acme\\n"', 2, 12, ProblemCode.INVALID_VALUE, "'acme\\n' is not a workspace name", NAME),
    (
        "version: 1\nworkspace: " + "a" * 64,
        2,
        12,
        ProblemCode.INVALID_VALUE,
        "'workspace' is too long",
        "use at most 63 characters",
    ),
    (
        "null",
        1,
        1,
        ProblemCode.MISSING_VALUE,
        "the document has no value",
        "indent its keys below it, or delete the line",
    ),
    ("- a", 1, 1, ProblemCode.WRONG_TYPE, "the document must be a mapping, not a list", NO_DASHES),
    ("\nhello", 2, 1, ProblemCode.WRONG_TYPE, "the document must be a mapping, not a string", ""),
    (
        "version:1\nworkspace:acme",
        1,
        1,
        ProblemCode.WRONG_TYPE,
        "the document must be a mapping, not a string",
        "put a space after the colon: 'key: value'",
    ),
]


def problems(text: str) -> list[Problem]:
    return list(load([SourceText("f.yaml", text.encode())]).problems)


ROWS = [*((HEAD + text, *rest) for text, *rest in SECTIONS), *WHOLE]


@pytest.mark.parametrize("row", ROWS, ids=[ascii(row[0])[:60] for row in ROWS])
def test_each_problem_has_a_position_a_message_and_a_hint(row: tuple[str, int, int, ProblemCode, str, str]) -> None:
    text, line, column, code, message, hint = row
    assert problems(text) == [Problem(Place("f.yaml", line, column), code, message, hint)]


def test_hostile_text_is_escaped_and_cut() -> None:
    found = problems(HEAD + 'members:\n  "\\e[2J": "\\u202e\\n' + "x" * 10_000 + '"\n')
    assert [problem.message for problem in found] == [
        "'\\u202e\\n" + "x" * 57 + "…' is not one of ['admin', 'member', 'viewer']"
    ]
    found = problems(HEAD + '"\\e]0;\\a": 1\n')
    assert [problem.message for problem in found] == ["unknown key '\\x1b]0;\\x07'"]
    found = problems(HEAD + "guards: {minAdmins: -" + "9" * 99 + "}")
    assert [len(problem.message) < 120 for problem in found] == [True]


def test_an_invalid_value_is_reported_at_every_key_that_has_it() -> None:
    people = "".join(f"  p{n}@x: {'owner' if n % 2 else '{role: admin, reason: 1}'}\n" for n in range(1000))
    found = problems(HEAD + "members:\n" + people)
    assert [problem.place for problem in found] == [
        Place("f.yaml", 4 + n, 9 + len(str(n)) - 1 + (0 if n % 2 else 22)) for n in range(1000)
    ]


def test_equal_values_of_different_types_are_distinguished() -> None:
    found = problems(HEAD + "members:\n  a@x: 1\n  b@x: true\n  c@x: 1.0\n  d@x: '1'\n")
    assert [problem.message.rpartition(" ")[2] for problem in found] == ["number", "true", "1.0", "'viewer']"]


def test_jsonschema_checks_only_entries_that_may_be_invalid() -> None:
    members: dict[str, object] = {f"p{n}@x": {"role": "admin", "reason": f"T-{n}"} for n in range(100)}
    members |= {"q@x": {"role": "admin", "reason": ""}, "r@x": "owner", "s@x": "member"}
    reduced = schema.without_valid_entries("workspace", {"version": 1, "members": members})
    assert reduced == {"version": 1, "members": {"q@x": {"role": "admin", "reason": ""}, "r@x": "owner"}}


def test_a_valid_document_does_not_use_jsonschema() -> None:
    path = Path(__file__).parents[2] / "examples" / "beamctl.yaml"
    code = (
        "import sys; from beamctl.document.load import *; "
        f"assert not load([SourceText('f', open({str(path)!r}, 'rb').read())]).problems; "
        "print('jsonschema' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert shown == "False\n"


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
def test_leaving_out_valid_entries_does_not_hide_problems(members: dict[str, Any]) -> None:
    document = Document("f", {"version": 1, "workspace": "a", "members": members}, {}, {})
    every_error = schema.jsonschema_validator("workspace").iter_errors(document.data)
    assert set(schema.check(document)) == set(problems_of(every_error, document))


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (("[1, 1] has non-unique elements", [1, 1]), "item 2 of 'a' has non-unique elements"),
        (("'1.0' was expected", "2.0"), "item 2 of 'a': '1.0' was expected"),
        (("3 is not a multiple of 2", 3), "item 2 of 'a' is 3, which is not a multiple of 2"),
        (("'x' is odd", "x"), "'x' is odd"),
    ],
)
def test_a_keyword_without_a_message_uses_the_message_of_jsonschema(error: tuple[str, Any], message: str) -> None:
    text, instance = error
    found = problems_of(
        [jsonschema.ValidationError(text, "other", ["a", 1], instance=instance)], Document("f", {}, {}, {})
    )
    assert [problem.message for problem in found] == [message]


def test_skipping_what_is_valid_finds_the_same_violations() -> None:
    """Of a plan, jsonschema looks only into what is invalid. The validator of the tests looks into everything."""
    plan = planned(
        document({"ada@x.io": "admin"}, policies={"p": {"spec": {"type": "location"}}}, guards={"maxRemovals": 9}),
        FakeWorkspace({"ada@x.io": person("ada@x.io"), "bob@x.io": person("bob@x.io")}),
    )
    data = json.loads(saved_text(saved(plan)))
    for _, edit in islice(edits(data), 0, None, 30):
        whole = edited(data, edit)
        found = [f"{error.json_path}: {error.message}" for error in jsonschema_validator("plan").iter_errors(whole)]
        assert found == problems_with("plan", whole)
        best = best_match(plain_validator("plan").iter_errors(whole))
        assert violation(whole, "plan").startswith(best.json_path if best else "")
