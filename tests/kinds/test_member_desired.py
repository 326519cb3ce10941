"""Problems in the members section, with their text and place."""

import pytest

from beamctl.document.load import SourceText
from beamctl.workflow.documents import validate


def problems(members: str) -> list[tuple[int, int, str, str]]:
    text = f"version: 1\nworkspace: acme\nmembers:\n{members}"
    found = validate([SourceText("a.yaml", text.encode())]).problems
    return [(each.place.line, each.place.column, each.message, each.hint) for each in found]


def test_duplicate_emails_are_a_problem() -> None:
    assert problems("  ada@x.io: admin\n  ADA@x.io: member\n") == [
        (
            5,
            3,
            "'ADA@x.io' is the same person as 'ada@x.io' on line 4",
            "keep one of them: case does not matter, and a domain is the same in its xn-- form",
        )
    ]


@pytest.mark.parametrize(
    ("email", "why"),
    [
        ("ada", ""),
        ("ada@", ""),
        ("@x.io", ""),
        ("a@b@c", ""),
        ("a b@x.io", ": it cannot contain U+0020 (space)"),
        ("ada@-x.io", ": a part of its domain begins or ends with a hyphen"),
        ("\u201cbarbara@example.com\u201d", ": it cannot contain U+201C (left double quotation mark)"),
        ("a@exa%6dple.com", ": its domain cannot contain U+0025 (percent sign)"),
    ],
)
def test_invalid_email_is_a_problem(email: str, why: str) -> None:
    assert problems(f"  {email!r}: admin\n") == [
        (4, 3, f"{email!r} is not an e-mail address{why}", "write NAME@DOMAIN: role")
    ]


def test_email_that_is_too_long_is_a_problem() -> None:
    (found,) = problems(f"  {'a' * 250}@x.io: admin\n")
    assert found[2].endswith("is longer than 254 characters")


def test_invalid_date_is_a_problem() -> None:
    assert problems("  a@x.io: {role: member, until: 2026-02-30}\n") == [
        (4, 33, "'2026-02-30' is not a valid date", "there is no such day: check the year, month and day")
    ]


def test_duplicate_group_is_a_problem() -> None:
    mappings = "".join(f"  - {{groupName: g, role: {role}}}\n" for role in ("admin", "member"))
    text = f"version: 1\nworkspace: acme\nsettings:\n  groupMappings:\n{mappings}"
    (found,) = validate([SourceText("a.yaml", text.encode())]).problems
    assert (found.place.line, found.message) == (6, "the group 'g' is already mapped on line 5")
    assert found.hint == "a group can have only one role: remove one of the two"


def test_duplicate_group_is_found_among_malformed_entries() -> None:
    mappings = ["{groupName: a, role: admin}", "7", "{role: admin}", *["{groupName: g, role: member}"] * 3]
    lines = "".join(f"  - {mapping}\n" for mapping in mappings)
    text = f"version: 1\nworkspace: acme\nsettings:\n  groupMappings:\n{lines}"
    found = validate([SourceText("a.yaml", text.encode())]).problems
    assert [(each.place.line, each.message) for each in found if "already" in each.message] == [
        (9, "the group 'g' is already mapped on line 8"),
        (10, "the group 'g' is already mapped on line 8"),
    ]


@pytest.mark.parametrize("text", ["[]", "settings: []", "settings: {groupMappings: {}}"])
def test_malformed_settings_are_reported_by_the_schema_only(text: str) -> None:
    found = validate([SourceText("a.yaml", text.encode())]).problems
    assert found
    assert not [each for each in found if "already" in each.message]
