"""Groups, leavers, and workspaces over several documents: problems, warnings, and the composed document."""

from __future__ import annotations

from datetime import date

import pytest

from beamctl.document.desired import Desired, GroupStep, Leaver
from beamctl.document.groups import MOST_EXPANDED
from beamctl.document.load import SourceText
from beamctl.document.problem import Place, Problem, ProblemCode
from beamctl.workflow.documents import Checked, validate

HEAD = "version: 1\n"
ACME = f"{HEAD}workspace: acme\n"


def check(*texts: str) -> Checked:
    """The files a.yaml, b.yaml … read in the opposite order."""
    files = [SourceText(f"{'abcdef'[number]}.yaml", text.encode()) for number, text in enumerate(texts)]
    return validate(files[::-1])


def composed(*texts: str) -> Desired:
    found = check(*texts)
    assert found.problems == ()
    (desired,) = found.desired
    return desired


def lines(found: tuple[Problem, ...]) -> list[str]:
    return [f"{each.place.source}:{each.place.line}: {each.code}: {each.message}" for each in found]


def problems(*texts: str) -> list[str]:
    return lines(check(*texts).problems)


def test_groups_are_replaced_by_their_people_and_every_line_is_known() -> None:
    shared = (
        f"{HEAD}groups:\n  platform:\n    owner: grace@x.io\n    members:\n      bob@x.io: {{until: 2027-01-31}}\n"
        "    includes:\n    - sre\n  sre:\n    members:\n      Kim@x.io:\n      ada@x.io:\n"
    )
    desired = composed(
        f"{ACME}members:\n  ada@x.io: admin\n  groups:\n"
        "    platform: {role: member, until: 2026-12-31, reason: T-1}\n    sre: viewer\n",
        shared,
    )
    assert desired.section("members") == {
        "ada@x.io": "admin",
        "bob@x.io": {"role": "member", "until": "2026-12-31", "reason": "T-1", "owner": "grace@x.io"},
        "Kim@x.io": {"role": "member", "until": "2026-12-31", "reason": "T-1", "then": "viewer"},
    }
    assert desired.document.key_place("members", "Kim@x.io") == Place("b.yaml", 11, 7)
    assert desired.through["kim@x.io"] == (
        (
            GroupStep("platform", Place("a.yaml", 6, 5)),
            GroupStep("sre", Place("b.yaml", 8, 7)),
            GroupStep("Kim@x.io", Place("b.yaml", 11, 7)),
        ),
        (GroupStep("sre", Place("a.yaml", 7, 5)), GroupStep("Kim@x.io", Place("b.yaml", 11, 7))),
    )
    assert "ada@x.io" not in desired.through
    assert desired.sources == ("a.yaml", "b.yaml")


def test_a_person_listed_directly_wins_even_after_the_end() -> None:
    text = (
        f"{ACME}groups: {{g: {{members: {{ADA@x.io: }}}}}}\n"
        "members: {ada@x.io: {role: viewer, until: 2020-01-01}, groups: {g: admin}}\n"
    )
    assert composed(text).section("members") == {"ada@x.io": {"role": "viewer", "until": "2020-01-01"}}


def test_one_person_through_five_paths_has_the_highest_role_of_each_day() -> None:
    names = "".join(f"  g{number}: {{members: {{ada@x.io: }}}}\n" for number in range(5))
    grants = (
        "g0: {role: admin, until: 2027-01-01}, g1: {role: member, until: 2027-02-01}, g2: viewer, "
        "g3: {role: member, until: 2026-12-01}, g4: {role: viewer, until: 2026-11-01}"
    )
    desired = composed(f"{ACME}groups:\n{names}members: {{groups: {{{grants}}}}}\n")
    later = {"role": "member", "until": "2027-02-01", "then": "viewer"}
    assert desired.section("members") == {"ada@x.io": {"role": "admin", "until": "2027-01-01", "then": later}}
    assert [way[0].name for way in desired.through["ada@x.io"]] == ["g0", "g1", "g2"]


def test_a_workspace_over_several_documents() -> None:
    desired = composed(
        f"{ACME}settings: {{displayName: Acme}}\n",
        f"{ACME}members:\n  ada@x.io: admin\nmanage: {{skip: {{kim@x.io: {{until: 2027-01-01, reason: x}}}}}}\n",
        f"{ACME}members:\n  bob@x.io: member\nsettings: {{labels: {{a: b}}}}\n---\n{ACME}manage:\n  members: additive\n"
        "  skip: {lee@x.io: {until: 2027-01-01, reason: y}}\n",
    )
    assert desired.document.source == "b.yaml", "the first that lists members"
    assert desired.section("members") == {"ada@x.io": "admin", "bob@x.io": "member"}
    assert desired.section("settings") == {"displayName": "Acme", "labels": {"a": "b"}}
    assert desired.skip["lee@x.io"].place == Place("c.yaml", 11, 10)
    assert set(desired.skip) == {"kim@x.io", "lee@x.io"}
    assert desired.document.key_place("members", "bob@x.io") == Place("c.yaml", 4, 3)
    assert desired.document.key_place("settings") == Place("c.yaml", 5, 1)
    assert desired.document.place("manage", "members") == Place("c.yaml", 10, 12)
    assert desired.sources == ("b.yaml", "c.yaml", "a.yaml")


def test_a_role_inside_a_group_has_a_hint() -> None:
    (problem,) = check(f"{HEAD}groups: {{platform: {{members: {{ada@x.io: admin}}}}}}\n").problems
    assert "a group has no roles" in problem.hint


def test_leavers_do_not_count_as_admins() -> None:
    text = f"{ACME}guards: {{minAdmins: 2}}\nmembers: {{ada@x.io: admin, Eve@x.io: admin}}\n"
    leavers = f"{HEAD}leavers: {{eve@x.io: {{since: 2026-12-01, reason: HR-77}}}}\n"
    assert problems(text) == []
    message = "minAdmins is 2, but members lists 1 admin, not counting leavers"
    assert problems(text, leavers) == [f"a.yaml:3: too-few-admins: {message}"]


def test_checks_of_the_whole_workspace_are_made_on_the_composed_document() -> None:
    guards = f"{ACME}guards: {{minAdmins: 2, protected: [eve@x.io]}}\n"
    one = f"{ACME}members: {{ada@x.io: admin}}\n"
    assert problems(guards, one) == ["a.yaml:3: too-few-admins: minAdmins is 2, but members lists 1 admin"]
    found = check(guards, one, f"{HEAD}workspace: acme\nmembers: {{bob@x.io: admin}}\n")
    assert (found.problems, lines(found.warnings)) == (
        (),
        ["a.yaml:3: unlisted-name: 'eve@x.io' is not under members"],
    )


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((HEAD,), ["a.yaml:1: missing-key: 'workspace' is a required property"]),
        (("groups: {}\n",), ["a.yaml:1: missing-key: 'version' is a required property"]),
        (
            (f"{HEAD}groups: {{}}\nmembers: {{}}\n",),
            ["a.yaml:1: missing-key: 'workspace' is a required property"],
        ),
        ((f"{HEAD}groups: {{a: {{}}}}\n",) * 2,
         ["b.yaml:2: duplicate-group: the group 'a' is declared twice, first at a.yaml:2"]),
        (
            (
                f"{HEAD}groups:\n  a: {{includes: [b]}}\n",
                f"{HEAD}groups:\n  b: {{includes: [c]}}\n  c: {{includes: [a]}}\n",
            ),
            ["b.yaml:4: group-cycle: groups include each other: 'a' → 'b' → 'c' → 'a' (a.yaml:3, b.yaml:3, b.yaml:4)"],
        ),
        (
            (f"{HEAD}groups: {{a: {{includes: [a]}}}}\n",),
            ["a.yaml:2: group-cycle: groups include each other: 'a' → 'a' (a.yaml:2)"],
        ),
        (
            (f"{HEAD}groups: {{a: {{includes: [nope]}}}}\n",),
            ["a.yaml:2: unknown-group: there is no group 'nope'"],
        ),
        (
            (f"{ACME}members: {{groups: {{platfrom: member}}}}\ngroups: {{platform: {{}}}}\n",),
            ["a.yaml:3: unknown-group: there is no group 'platfrom'"],
        ),
        (
            (f"{ACME}members: {{platform: member}}\ngroups: {{platform: {{}}}}\n",),
            ["a.yaml:3: misplaced-group: 'platform' is a group, not a person"],
        ),
        (
            (f"{HEAD}groups: {{a: {{members: {{Bob@x.io: , bob@x.io: }}}}}}\n",),
            ["a.yaml:2: duplicate-email: 'bob@x.io' is the same person as 'Bob@x.io' on line 2"],
        ),
        (
            (f"{ACME}members: {{ada@x.io: admin}}\n", f"{ACME}members: {{ada@x.io: member}}\n"),
            ["b.yaml:3: duplicate-email: 'ada@x.io' is listed twice, first at a.yaml:3"],
        ),
        (
            (f"{ACME}members: {{ada@x.io: admin}}\n", f"{ACME}members: {{ADA@x.io: admin}}\n"),
            ["b.yaml:3: duplicate-email: 'ADA@x.io' is the same person as 'ada@x.io' at a.yaml:3"],
        ),
        (
            (f"{ACME}settings: {{displayName: A}}\n", f"{ACME}settings: {{displayName: A}}\n"),
            ["b.yaml:3: duplicate-key: 'displayName' is declared twice under settings, first at a.yaml:3"],
        ),
        (
            (f"{ACME}shares: {{images: {{a/b: [c]}}}}\n", f"{ACME}shares: {{images: {{a/b: [d]}}}}\n"),
            ["b.yaml:3: duplicate-key: 'a/b' is declared twice under shares.images, first at a.yaml:3"],
        ),
        (
            (f"{ACME}shares: {{images: {{a/b: [c]}}}}\n", f"{ACME}shares: {{images: {{a/c: [c]}}}}\n"),
            [],
        ),
        (
            (f"{HEAD}leavers: {{eve@x.io: {{since: 2027-01-01, reason: r}}}}\n",) * 2,
            ["b.yaml:2: duplicate-email: 'eve@x.io' is listed twice, first at a.yaml:2"],
        ),
        (
            (f"{HEAD}leavers: {{eve@x.io: {{since: 2027-02-30, reason: r}}}}\n",),
            ["a.yaml:2: invalid-date: '2027-02-30' is not a valid date"],
        ),
        (
            (f"{HEAD}groups: {{{'a' * 64}: {{}}, {'a' * 63}: {{}}}}\n",),
            [f"a.yaml:2: invalid-name: '{'a' * 59}…' is not a group name"],
        ),
        (
            (f"{HEAD}groups: {{'a|`b': {{}}, '@here': {{}}}}\n",),
            [
                "a.yaml:2: invalid-name: 'a|`b' is not a group name",
                "a.yaml:2: invalid-name: '@here' is not a group name",
            ],
        ),
        (
            (
                f"{ACME}members: {{groups: {{a: member}}}}\n",
                f"{HEAD}groups: {{a: {{members: {{bad: , b@x.io: {{until: 2027-02-30}}}}}}}}\n",
            ),
            [
                "b.yaml:2: invalid-email: 'bad' is not an e-mail address",
                "b.yaml:2: invalid-date: '2027-02-30' is not a valid date",
            ],
        ),
    ],
)  # fmt: skip
def test_each_problem_is_reported_once_with_all_places(texts: tuple[str, ...], expected: list[str]) -> None:
    assert problems(*texts) == expected


def test_a_lookalike_in_a_group_of_two_workspaces_is_reported_once_and_can_be_acknowledged() -> None:
    group = f"{HEAD}groups:\n  a:\n    members:\n      \u0430da@x.io: {{MARK}}\n"
    two = "".join(f"---\n{HEAD}workspace: {name}\nmembers: {{groups: {{a: member}}}}\n" for name in ("v", "w"))
    (problem,) = check(group.replace("MARK", "") + two).problems
    assert (problem.place.line, problem.hint.endswith("add mixedScript: true")) == (5, True)
    assert check(group.replace("MARK", "mixedScript: true") + two).problems == ()


def test_warnings() -> None:
    text = (
        f"{ACME}members:\n  eve@x.io: member\n  groups: {{a: member}}\ngroups:\n"
        "  a: {includes: [b], members: {bob@x.io: , 'x{{y}}@x.io': {}}}\n  b: {members: {BOB@x.io: , eve@x.io: }}\n"
        "  c: {includes: [d]}\n  d: {members: {lee@x.io: {reason: $NAME}}}\n"
        "leavers: {Eve@x.io: {since: 2027-01-01, reason: HR-7}}\n"
    )
    found = check(text)
    assert found.problems == ()
    assert lines(found.warnings) == [
        "a.yaml:4: listed-leaver: 'eve@x.io' is still listed, but leaves on 2027-01-01 (leavers on line 11)",
        "a.yaml:7: duplicate-membership: 'bob@x.io' is in 'a' directly and through 'b', on line 8",
        "a.yaml:7: placeholder: '{{y}}' looks like a placeholder that was not filled in",
        "a.yaml:8: listed-leaver: 'eve@x.io' is still listed, but leaves on 2027-01-01 (leavers on line 11)",
        "a.yaml:9: unused-group: no workspace and no other group uses the group 'c'",
        "a.yaml:10: placeholder: '$NAME' looks like a placeholder that was not filled in",
    ]
    (desired,) = found.desired
    assert desired.leavers == {"eve@x.io": Leaver("Eve@x.io", date(2027, 1, 1), "HR-7", Place("a.yaml", 11, 11))}
    assert "eve@x.io" in desired.section("members"), "the day is not known when documents are loaded"


def test_groups_alone_are_valid_and_not_unused() -> None:
    assert check(f"{HEAD}groups: {{a: {{members: {{ada@x.io: }}}}}}\n") == Checked((), ())


def test_the_number_of_people_in_groups_is_limited() -> None:
    """Nothing is expanded if all of it would be too much."""
    people = "".join(f"    p{number}@x.io:\n" for number in range(10_000))
    count = MOST_EXPANDED // 10_001
    text = "".join(
        f"--- {{version: 1, workspace: w{n}, members: {{groups: {{a: member}}}}}}\n" for n in range(count + 1)
    )
    (problem,) = check(f"{HEAD}groups:\n  a:\n   members:\n{people}", text).problems
    assert (problem.place, problem.code) == (Place("b.yaml", count + 1, 45), ProblemCode.LIMIT_EXCEEDED)


def test_a_chain_of_many_groups_needs_no_recursion() -> None:
    chain = "".join(f"  g{n}: {{includes: [g{n + 1}]}}\n" for n in range(2_000))
    ring = f"{HEAD}groups:\n{chain}  g2000: {{includes: [g0]}}\n"
    (problem,) = check(ring).problems
    assert problem.message.startswith("groups include each other: 'g0' → 'g1' → 'g2'")
    assert len(problem.message) < 400


def test_a_group_is_not_named_like_a_key_of_documents() -> None:
    assert problems(f"{HEAD}groups: {{members: {{members: {{ada@x.io: }}}}}}", f"{ACME}members: {{}}") == [
        "a.yaml:2: invalid-name: a group cannot be named 'members', which is a key of documents"
    ]
