"""From files to desired states and problems."""

from __future__ import annotations

import runpy
from datetime import date
from pathlib import Path

import pytest

from beamctl.document import schema
from beamctl.document.desired import Guards, Limit, Mode, Self, Skip
from beamctl.document.load import Loaded, SourceText, load
from beamctl.document.problem import MOST_PROBLEMS, Place, Problem, ProblemCode
from beamctl.document.schema import load_schema, schema_path
from beamctl.document.yaml_loader import MOST_DOCUMENTS

FULL = """\
# yaml-language-server: $schema=../schemas/workspace.schema.json
version: 1
workspace: acme-prod

settings:
  displayName: Acme (production)
  labels: {env: production}
  groupMappings:
  - {groupName: platform, role: member}

members:
  ada@example.com: admin
  bob@contractor.example: {role: member, until: 2027-01-31, reason: TICKET-812, owner: ada}

guards:
  minAdmins: 2
  maxRemovals: 30%
  allowedDomains: [Example.COM, contractor.example]
  protected: [Ada@example.com]
  preventDestroy: false
  self: {serviceAccount: ci-deployer}

manage:
  members: additive
  skip:
    Kim@example.com: {until: 2027-01-31, reason: TICKET-901}
"""


def loaded(*texts: str) -> Loaded:
    return load([SourceText(f"{number}.yaml", text.encode()) for number, text in enumerate(texts, 1)])


def test_a_document_with_every_section() -> None:
    result = loaded(FULL)
    assert result.problems == ()
    (desired,) = result.desired
    assert desired.workspace == "acme-prod"
    assert desired.guards == Guards(
        min_admins=2,
        max_removals=Limit(30, percent=True),
        allowed_domains=("example.com", "contractor.example"),
        protected=("ada@example.com",),
        prevent_destroy=False,
        runs_as=Self(service_account="ci-deployer"),
    )
    assert desired.mode("members") is Mode.ADDITIVE
    assert desired.mode("settings") is Mode.AUTHORITATIVE
    assert desired.skip == {
        "kim@example.com": Skip("Kim@example.com", date(2027, 1, 31), "TICKET-901", Place("1.yaml", 26, 5))
    }
    assert desired.section("members")["bob@contractor.example"]["until"] == "2027-01-31"
    assert desired.section("policies") is None
    assert desired.document.key_place("members", "ada@example.com") == Place("1.yaml", 12, 3)


def test_defaults() -> None:
    (desired,) = loaded("version: 1\nworkspace: a\n").desired
    assert desired.guards == Guards()
    assert desired.guards.prevent_destroy
    assert desired.manage == {}
    assert desired.skip == {}
    assert desired.section("members") is None


@pytest.mark.parametrize(
    ("written", "limit"), [("5", Limit(5)), ("5.0", Limit(5)), ("0", Limit(0)), ("100%", Limit(100, percent=True))]
)
def test_limits_of_guards(written: str, limit: Limit) -> None:
    (desired,) = loaded(f"version: 1\nworkspace: a\nguards: {{maxRemovals: {written}}}\n").desired
    assert desired.guards.max_removals == limit
    assert type(desired.guards.max_removals.number) is int


def test_self_can_be_an_email_address() -> None:
    (desired,) = loaded("version: 1\nworkspace: a\nguards: {self: {email: Ada@x}}\n").desired
    assert desired.guards.runs_as == Self(email="Ada@x")


def test_empty_members_differ_from_unmanaged_members() -> None:
    (desired,) = loaded("version: 1\nworkspace: a\nmembers: {}\n").desired
    assert desired.section("members") == {}


def test_several_files_and_documents_keep_their_order() -> None:
    result = loaded("version: 1\nworkspace: c\n---\nversion: 1\nworkspace: a\n", "---\nversion: 1\nworkspace: b\n---\n")
    assert result.problems == ()
    assert [(desired.workspace, desired.document.source) for desired in result.desired] == [
        ("c", "1.yaml"),
        ("a", "1.yaml"),
        ("b", "2.yaml"),
    ]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n---\n"])
def test_an_empty_file_is_a_problem(text: str) -> None:
    assert loaded(text).problems == (
        Problem(
            Place("1.yaml"), ProblemCode.EMPTY_FILE, "is empty", "write at least 'version: 1' and 'workspace: NAME'"
        ),
    )


def test_no_files_have_no_problems() -> None:
    assert load([]) == Loaded((), (), ())


def test_problems_of_all_files_are_sorted() -> None:
    result = loaded(
        "version: 1\nworkspace: b\nx: [\n",
        "version: 2\nworkspace: A\ny: 1\nversion: 1\n",
        "",
        "version: 1\nworkspace: c\n",
    )
    assert [(problem.place.source, problem.place.line) for problem in result.problems] == [
        ("1.yaml", 4),
        ("2.yaml", 1),
        ("2.yaml", 2),
        ("2.yaml", 3),
        ("2.yaml", 4),
        ("3.yaml", 0),
    ]
    assert [desired.workspace for desired in result.desired] == ["c"]


def test_the_same_file_given_twice_is_a_problem() -> None:
    source = SourceText("a.yaml", b"version: 1\nworkspace: acme\n")
    assert load([source, source]).problems == (
        Problem(
            Place("a.yaml", 2, 12),
            ProblemCode.DUPLICATE_WORKSPACE,
            "the workspace 'acme' is declared twice, first at a.yaml:2",
            "pass each file only once",
        ),
    )


def test_an_unreadable_value_is_reported_once() -> None:
    result = loaded("version: *one\nworkspace: !name a\nmembers: {a@x: !role admin, b@x: *role}\n")
    assert [problem.message for problem in result.problems] == [
        "the alias '*one' has no anchor before it",
        "tags such as '!name' are not supported",
        "tags such as '!role' are not supported",
        "the alias '*role' has no anchor before it",
    ]
    assert result.desired == ()


def test_the_schema_is_read_once() -> None:
    assert schema_path("workspace").is_file()
    assert load_schema("workspace") is load_schema("workspace")


@pytest.mark.parametrize("folder", ["beamctl/schemas", "schemas"], ids=["wheel", "checkout"])
def test_the_schema_is_found_in_a_wheel_and_in_a_checkout(tmp_path: Path, folder: str) -> None:
    module = tmp_path / "beamctl" / "document" / "schema.py"
    module.parent.mkdir(parents=True)
    module.write_bytes(Path(schema.__file__).read_bytes())
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "workspace.schema.json").write_text("{}")
    load_it = runpy.run_path(str(module))["load_schema"]
    assert load_it("workspace") == {}
    with pytest.raises(FileNotFoundError, match="installation is incomplete: the schema 'plan' is missing"):
        load_it("plan")


def test_the_number_of_problems_is_limited() -> None:
    head = "version: 1\nworkspace: "
    tags = "".join(f"  a{n}@x.io: !x admin\n" for n in range(2_000))
    wrong = "".join(f"  a{n}@x.io: w{n}\n" for n in range(2_000))
    for members in (tags, wrong):
        loaded = load([SourceText("a.yaml", f"{head}acme\nmembers:\n{members}".encode()), SourceText("b.yaml", b"[")])
        assert len(loaded.problems) == MOST_PROBLEMS + 2
        enough = "too many problems: stopped after 1,000"
        assert [(each.place.source, each.message) for each in loaded.problems if not each.place.line] == [
            ("a.yaml", enough),
            ("b.yaml", enough),
        ]
        assert loaded.desired == ()


def test_a_document_that_was_not_checked_is_not_desired() -> None:
    wrong = "".join(f"  a{n}@x.io: w{n}\n" for n in range(2_000))
    text = f"version: 1\nworkspace: a\nmembers:\n{wrong}\n---\nversion: 1\nworkspace: b\n---\nworkspace: c\n"
    loaded = load([SourceText("a.yaml", text.encode())])
    assert (loaded.desired, len(loaded.documents)) == ((), 1)


def test_the_number_of_documents_is_limited() -> None:
    text = "".join(f"--- {{version: 1, workspace: w{n}}}\n" for n in range(MOST_DOCUMENTS + 1))
    (problem,) = load([SourceText("a.yaml", text.encode())]).problems
    assert (problem.place.line, problem.message) == (1_001, "more than 1,000 documents in one file")
    assert load([SourceText("a.yaml", text.rpartition("---")[0].encode())]).problems == ()
